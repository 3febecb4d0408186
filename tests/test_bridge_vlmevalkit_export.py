"""The TSV for VLMEvalKit: read back as VLMEvalKit reads it."""

from __future__ import annotations

import ast
import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import dual_bench
from dual_bench.bridges.vlmevalkit.export import export
from dual_bench.errors import BuildNotFoundError, NoRowsError, OutputError, UnknownNameError
from dual_bench.recording import data_digest, row_digest
from dual_bench.schema import pixel_sha256

REFERENCE = 64  # characters up to which VLMEvalKit takes a picture for a reference to a row


def listed(text: Any) -> list[str]:
    """A list in text, or the text; missing values are an error, as they are there."""
    assert isinstance(text, str)
    if text.startswith("[") and text.endswith("]"):
        return list(ast.literal_eval(text))
    return [text]


def as_vlmevalkit(path: Path) -> pd.DataFrame:
    """Read a dataset by the rules of VLMEvalKit."""
    data = pd.read_csv(path, sep="\t")
    data = data[~data["image"].isna()].copy()
    assert all(len(image) > REFERENCE for image in data["image"])
    for column in ("image", "image_path"):
        data[column] = pd.Series([listed(text) for text in data[column]], index=data.index)
    return data


@pytest.mark.parametrize("config", ["dual_use", "contrast_image", "contrast_text"])
def test_every_row_arrives_with_its_picture(build: Path, tmp_path: Path, config: str) -> None:
    found = export(tmp_path, build, config)
    data = as_vlmevalkit(found.path)
    ds = dual_bench.load(config, path=build, decode=False).to_list()
    assert data["index"].tolist() == list(range(len(ds)))
    assert (found.rows, found.large) == (len(ds), False)
    for row, line in zip(ds, data.to_dict("records"), strict=True):
        digest = row_digest(row)
        assert line["dual_bench_id"] == row["id"]
        assert line["dual_bench_row"] == f"row-{digest}"
        assert line["question"] == row["prompt"]
        assert (line["answer"], line["category"]) == (row["expected"], row["hazard"])
        pictures = [base64.b64decode(image, validate=True) for image in line["image"]]
        assert pictures == ([row["image"]["bytes"]] if row["image"] else [])
        assert line["image_path"] == ([f"{digest}.png"] if row["image"] else [])
    assert found.text_only == sum(row["image"] is None for row in ds)
    assert (found.text_only > 0) == (config == "contrast_text")


def test_pixels_survive_being_unpacked_as_png(build: Path, tmp_path: Path) -> None:
    found = export(tmp_path, build, "dual_use", hazards=["hate"])
    hashes = {r["id"]: r["pixel_sha256"] for r in dual_bench.load("dual_use", path=build)}
    for line in as_vlmevalkit(found.path).to_dict("records"):
        (image,) = line["image"]
        with io.BytesIO() as file:
            Image.open(io.BytesIO(base64.b64decode(image))).save(file, "PNG")
            assert pixel_sha256(np.asarray(Image.open(file))) == hashes[line["dual_bench_id"]]


def test_another_part_has_another_name(build: Path, tmp_path: Path) -> None:
    whole = export(tmp_path, build)
    part = export(tmp_path, build, hazards=["hate"], variants=["original"])
    again = export(tmp_path / "new" / "folder", build)
    assert whole.name.startswith("DualBench_openended_dual_use_")
    assert whole.name != part.name
    assert whole.name == again.name
    assert whole.path.read_bytes() == again.path.read_bytes()
    digests = {r["id"]: row_digest(r) for r in dual_bench.load(path=build)}
    assert whole.digest == data_digest(digests)
    assert whole.name.endswith(whole.digest[:8])
    assert part.rows == 6
    assert sorted(p.name for p in tmp_path.glob("*.tsv")) == sorted(
        [whole.path.name, part.path.name]
    )


def test_no_column_makes_it_a_question_with_options(build: Path, tmp_path: Path) -> None:
    """VLMEvalKit asks for the letter of an option where there are columns A and B."""
    columns = pd.read_csv(export(tmp_path, build).path, sep="\t", nrows=1).columns
    assert not any(len(name) == 1 for name in columns)
    assert "hint" not in columns


def row(prompt: str) -> dict[str, Any]:
    return {
        "id": f"a/b-001/harmful/{prompt}",
        "prompt": prompt,
        "pixel_sha256": None,
        "image": None,
        "expected": "answer",
        "hazard": "hate",
    }


def test_prompts_arrive_as_they_are(
    build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts = ['"two"\tcells\r\nand\nlines', " blank ", "1.0", "007", "[1]", "图片", "a,b;c|d"]
    rows = [row(prompt) for prompt in prompts]
    monkeypatch.setattr("dual_bench.bridges.vlmevalkit.export.load", lambda *a, **k: rows)
    found = export(tmp_path, build)
    assert as_vlmevalkit(found.path)["question"].tolist() == prompts


@pytest.mark.parametrize("prompt", ["", "N/A", "nan", "None"])
def test_a_prompt_that_would_be_lost_is_refused(
    build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prompt: str
) -> None:
    rows = [row("Describe the image."), row(prompt)]
    monkeypatch.setattr("dual_bench.bridges.vlmevalkit.export.load", lambda *a, **k: rows)
    with pytest.raises(OutputError, match="missing value"):
        export(tmp_path, build)
    assert list(tmp_path.iterdir()) == []


def test_mistakes_are_named(build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownNameError, match="dual_use"):
        export(tmp_path, build, "dual_uze")
    with pytest.raises(NoRowsError, match=r"prompts: cannot .* no side.* choose one of: dual_use,"):
        export(tmp_path, build, "prompts")
    with pytest.raises(UnknownNameError, match="hate"):
        export(tmp_path, build, hazards="hat")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        export(tmp_path / "file", build)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DUAL_BENCH_HOME", raising=False)
    with pytest.raises(BuildNotFoundError):
        export(tmp_path)
