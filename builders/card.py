"""What stands beside the data in a build folder: the card and what belongs to it.

The texts are templates in dataset_cards/; this module fills in what a build knows. A number
that is measured elsewhere (legibility, cues) is read from where it is kept, never typed in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template

from builders import contrast_legibility
from builders.contact_sheet import contact_sheet
from builders.contrast_sheet import one_of_each_hazard
from builders.cues import Cue
from builders.cues import read_figures as read_cues
from builders.dual_use import PHOTOS
from builders.legibility import LEGIBLE, read_figures, summary
from builders.texts import read_prompts
from dual_bench.schema import Config, FileEntry, Manifest
from dual_bench.schema.columns import COLUMNS, DEFAULT_CONFIG, SPLIT
from dual_bench.taxonomy import HAZARDS
from perturb import PAPER

ICONS = Path(__file__).parent / "icons"
TEMPLATES = Path(__file__).parents[1] / "dataset_cards"
SHEET = "contact_sheet.jpg"
CONTRAST_SHEET = "contrast_sheet.jpg"
NAMED = {  # file in a build -> template
    "README.md": "card.md",
    "DATASHEET.md": "datasheet.md",
    "croissant_rai.json": "croissant_rai.json",
}


def configs_yaml(manifest: Manifest) -> str:
    """The `configs:` of the card's YAML; the fingerprint in the pattern names the content."""
    lines = ["configs:"]
    default = DEFAULT_CONFIG if DEFAULT_CONFIG in manifest.configs else next(iter(manifest.configs))
    for name in manifest.configs:
        lines += [f"- config_name: {name}"]
        lines += ["  default: true"] if name == default else []
        lines += ["  data_files:", f"  - split: {SPLIT}"]
        lines += [f"    path: data/{manifest.fingerprint}/{name}/*.parquet"]
    return "\n".join(lines)


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def contents(configs: Mapping[str, Config], files: Sequence[FileEntry]) -> str:
    """A Markdown table of what there is to load."""
    rows = []
    for config in configs.values():
        mine = [f for f in files if f.config == config.name]
        size = sum(f.bytes for f in mine) / 1e6
        rows.append([f"`{config.name}`", sum(f.rows for f in mine), f"{size:.1f} MB", config.about])
    return markdown_table(["config", "rows", "size", "what"], rows)


def _legibility() -> str:
    rows = [
        [v, s.pictures, f"{s.all:.1%}", f"{s.harmful:.1%}", f"{s.benign:.1%}", f"{s.mean_cer:.4f}"]
        for v, s in summary(read_figures()).items()
    ]
    head = ["variant", "pictures", "read", "harmful side", "benign side", "mean error rate"]
    return markdown_table(head, rows)


def _cues(found: Sequence[Cue]) -> str:
    rows = [
        [f"`{c.config}`", f"`{c.variant}`", c.pairs, _by_chance(c.row), _by_chance(c.pair)]
        for c in found
    ]
    return markdown_table(["config", "variant", "pairs", "one row", "side by side"], rows)


def _by_chance(rate: tuple[float, float, float]) -> str:
    value, low, high = rate
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _words() -> str:
    rows = [
        [
            f"`{config}`",
            f"`{variant}`",
            s.pictures,
            f"{s.harmful:.1%}",
            f"{s.benign:.1%}",
            f"{s.mean:.2%}",
        ]
        for config, variant, s in contrast_legibility.summary(contrast_legibility.read_figures())
    ]
    head = ["config", "variant", "pictures", "harmful side", "benign side", "words found"]
    return markdown_table(head, rows)


def _hazards() -> str:
    rows = [[h.code, f"`{h.slug}`", h.name, h.definition] for h in HAZARDS]
    return markdown_table(["code", "slug", "name", "definition"], rows)


def files(manifest: Manifest, data: Sequence[FileEntry]) -> dict[str, bytes]:
    """Name -> content of everything in a build that is neither data nor manifest."""
    cues_build, found = read_cues()
    values = {
        "configs": configs_yaml(manifest),
        "contents": contents(manifest.configs, data),
        "legibility": _legibility(),
        "legible_rate": f"{LEGIBLE:g}",
        "hazards": _hazards(),
        "columns": markdown_table(
            ["column", "type", "what"], [[f"`{n}`", *column] for n, column in COLUMNS.items()]
        ),
        "variants": markdown_table(
            ["variant", "what"], [[f"`{p.name}`", p.about] for p in PAPER.values()]
        ),
        "data_version": manifest.data_version,
        "fingerprint": manifest.fingerprint,
        "pairs": str(manifest.pairs_per_hazard),
        "prompts": str(len(read_prompts())),
        "sheet": SHEET,
        "contrast_sheet": CONTRAST_SHEET,
        "cues": _cues(found),
        "words": _words(),
        "words_read": f"{contrast_legibility.READ:.0%}",
        "cues_build": cues_build,
    }
    texts = {
        name: Template((TEMPLATES / template).read_text("utf-8")).substitute(values).encode()
        for name, template in NAMED.items()
    }
    return texts | {
        SHEET: contact_sheet(),
        CONTRAST_SHEET: one_of_each_hazard(),
        "eval.yaml": (TEMPLATES / "eval.yaml").read_bytes(),
        "photos.tsv": (PHOTOS / "photos.tsv").read_bytes(),
        "icons.LICENSE.txt": (ICONS / "LICENSE.txt").read_bytes(),
    }
