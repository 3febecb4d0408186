"""`python -m perturb list` and `python -m perturb apply`: perturb a picture of your own."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
from PIL import Image, UnidentifiedImageError

from dual_bench.console import OneLineErrors
from dual_bench.errors import PerturbationError
from dual_bench.files import whole_file
from perturb.keys import seed_of
from perturb.paper import PAPER
from perturb.registry import Perturber, perturbation


@click.group(cls=OneLineErrors)
def main() -> None:
    """Deterministic perturbations of pictures."""


@main.command(name="list")
def list_() -> None:
    """Every perturbation, a line each."""
    for p in PAPER.values():
        acts = "picture" if p.transform else "page"
        click.echo(f"{p.name:18} {acts:8} {p.about}")


@main.command()
@click.argument("image", type=click.Path(path_type=Path))
@click.option("--variant", required=True, help="One of `list` that acts on the picture.")
@click.option("--key", required=True, help="Names the item; the same key, the same pixels.")
@click.option("--photos", type=click.Path(path_type=Path), help="Folder, for real_background.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="PNG to write.")
def apply(image: Path, variant: str, key: str, photos: Path | None, out: Path) -> None:
    """Perturb IMAGE (dark text on a light page) and write it as PNG."""
    spec = perturbation(variant)
    if spec.transform is None:
        raise PerturbationError(f"{variant} changes the page before it is drawn, not a picture")
    if variant == "real_background" and (photos is None or not photos.is_dir()):
        raise PerturbationError(f"real_background needs --photos with a folder, got {photos}")
    try:
        with Image.open(image) as file:
            pixels = np.asarray(file.convert("RGB"))
    except (OSError, UnidentifiedImageError) as err:
        raise PerturbationError(f"{image}: cannot be read as a picture: {err}") from err
    result = Perturber(photos or Path()).apply(variant, pixels, seed_of("own", key, variant))
    with whole_file(out) as part:
        Image.fromarray(result).save(part, "PNG")
    click.echo(str(out))


if __name__ == "__main__":
    main()
