"""The card: valid metadata, every number filled in, and a contact sheet that shows everything."""

import io
import json
from pathlib import Path

import numpy as np
from huggingface_hub import DatasetCard
from PIL import Image

from builders.contact_sheet import CELL, GAP, HEAD, LABEL
from builders.cues import read_figures as read_cues
from builders.legibility import read_figures, summary
from dual_bench.schema import COLUMNS, CONFIGS, VARIANTS, read_manifest
from dual_bench.taxonomy import HAZARDS


def test_the_metadata_is_what_the_hub_reads(build: Path) -> None:
    card = DatasetCard.load(build / "README.md")
    data = card.data.to_dict()
    assert data["license"] == "cc-by-4.0"
    assert data["language"] == ["en", "zh"]
    assert [c["config_name"] for c in data["configs"]] == list(CONFIGS)
    assert [c.get("default", False) for c in data["configs"]] == [True, *[False] * 4]
    assert data["extra_gated_prompt"]
    assert "checkbox" in data["extra_gated_fields"].values()


def test_the_card_says_what_it_must(build: Path) -> None:
    text = (build / "README.md").read_text(encoding="utf-8")
    for heading in ("Content warning", "How it was made", "How it differs", "Limits", "Licence"):
        assert heading in text
    for paper in ("2510.10846", "VSCBench: Bridging the Gap"):
        assert paper in text
    for hazard in HAZARDS:
        assert hazard.definition in text
    for name, column in COLUMNS.items():
        assert f"| `{name}` | {column.dtype} | {column.about} |" in text
    for variant, share in summary(read_figures()).items():
        assert f"| {variant} | 2400 | {share.all:.1%} | {share.harmful:.1%} |" in text


def test_what_lies_beside_the_data_is_there_and_hashed(build: Path) -> None:
    beside = {f.path for f in read_manifest(build).files if not f.config}
    assert beside == {
        "README.md",
        "DATASHEET.md",
        "croissant_rai.json",
        "eval.yaml",
        "contact_sheet.jpg",
        "contrast_sheet.jpg",
        "icons.LICENSE.txt",
        "photos.tsv",
    }
    rai = json.loads((build / "croissant_rai.json").read_text(encoding="utf-8"))
    assert rai["version"] == read_manifest(build).data_version


def test_the_contact_sheet_has_a_picture_in_every_cell(build: Path) -> None:
    with Image.open(io.BytesIO((build / "contact_sheet.jpg").read_bytes())) as image:
        sheet = np.asarray(image)
    for row in range(len(HAZARDS)):
        for column in range(len(VARIANTS)):
            top, left = HEAD + row * (CELL + GAP), LABEL + column * (CELL + GAP)
            cell = sheet[top : top + CELL, left : left + CELL]
            assert cell.shape == (CELL, CELL, 3)
            assert cell.max() > 200  # paper
            assert cell.min() < 160  # ink


def test_the_card_has_the_figures_of_the_cue_test(build: Path) -> None:
    text = (build / "README.md").read_text(encoding="utf-8")
    measured, found = read_cues()
    assert f"whole build `{measured}`" in text.replace("\n", " ")
    for c in found:
        assert f"| `{c.config}` | `{c.variant}` | {c.pairs} | {c.row[0]:.3f} [" in text


def test_the_contrast_sheet_has_six_pictures_of_each_hazard(build: Path) -> None:
    with Image.open(build / "contrast_sheet.jpg") as sheet:
        wide, high = sheet.size
    assert wide > 6 * 256
    assert high > len(HAZARDS) * 256
