"""What stands beside the data in a build folder: the card and what belongs to it.

The texts are templates in dataset_cards/; this module fills in what a build knows. A number
that is measured elsewhere (legibility) is read from where it is kept, never typed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from string import Template

from builders.contact_sheet import contact_sheet
from builders.dual_use import PHOTOS
from builders.legibility import LEGIBLE, read_figures, summary
from builders.texts import read_prompts
from dual_bench.schema import CONFIGS, FileEntry, Manifest
from dual_bench.schema.columns import COLUMNS, DEFAULT_CONFIG, SPLIT
from dual_bench.taxonomy import HAZARDS
from perturb import PAPER

TEMPLATES = Path(__file__).parents[1] / "dataset_cards"
SHEET = "contact_sheet.jpg"
NAMED = {  # file in a build -> template
    "README.md": "card.md",
    "DATASHEET.md": "datasheet.md",
    "croissant_rai.json": "croissant_rai.json",
}


def _configs(manifest: Manifest) -> str:
    """The `configs:` of the card's YAML; the fingerprint in the pattern names the content."""
    lines = ["configs:"]
    for name in CONFIGS:
        lines += [f"- config_name: {name}"]
        lines += ["  default: true"] if name == DEFAULT_CONFIG else []
        lines += ["  data_files:", f"  - split: {SPLIT}"]
        lines += [f"    path: data/{manifest.fingerprint}/{name}/*.parquet"]
    return "\n".join(lines)


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _contents(files: Sequence[FileEntry]) -> str:
    rows = []
    for config in CONFIGS.values():
        mine = [f for f in files if f.config == config.name]
        size = sum(f.bytes for f in mine) / 1e6
        rows.append([f"`{config.name}`", sum(f.rows for f in mine), f"{size:.1f} MB", config.about])
    return _table(["config", "rows", "size", "what"], rows)


def _legibility() -> str:
    rows = [
        [v, s.pictures, f"{s.all:.1%}", f"{s.harmful:.1%}", f"{s.benign:.1%}", f"{s.mean_cer:.4f}"]
        for v, s in summary(read_figures()).items()
    ]
    head = ["variant", "pictures", "read", "harmful side", "benign side", "mean error rate"]
    return _table(head, rows)


def _hazards() -> str:
    rows = [[h.code, f"`{h.slug}`", h.name, h.definition] for h in HAZARDS]
    return _table(["code", "slug", "name", "definition"], rows)


def files(manifest: Manifest, data: Sequence[FileEntry]) -> dict[str, bytes]:
    """Name -> content of everything in a build that is neither data nor manifest."""
    values = {
        "configs": _configs(manifest),
        "contents": _contents(data),
        "legibility": _legibility(),
        "legible_rate": f"{LEGIBLE:g}",
        "hazards": _hazards(),
        "columns": _table(
            ["column", "type", "what"], [[f"`{n}`", *column] for n, column in COLUMNS.items()]
        ),
        "variants": _table(["variant", "what"], [[f"`{p.name}`", p.about] for p in PAPER.values()]),
        "data_version": manifest.data_version,
        "fingerprint": manifest.fingerprint,
        "pairs": str(manifest.pairs_per_hazard),
        "prompts": str(len(read_prompts())),
        "sheet": SHEET,
    }
    texts = {
        name: Template((TEMPLATES / template).read_text("utf-8")).substitute(values).encode()
        for name, template in NAMED.items()
    }
    credits_ = (PHOTOS / "photos.tsv").read_bytes()
    return texts | {SHEET: contact_sheet(), "photos.tsv": credits_}
