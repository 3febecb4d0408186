"""`dual-bench run` with a model in a folder: its name, a template, and what a dry run shows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.run_kit import Row, command, lines, mistake, rows_of
from tests.tiny_vlm import make_vlm

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

CHOICE = ("--hazard", "hate", "--pairs-per-hazard", 1, "--device", "cpu", "--max-tokens", 3)


@pytest.fixture
def run(build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """The arguments of a run in a folder that holds a model `m`; without the model."""
    logging = pytest.importorskip("transformers.utils.logging")
    monkeypatch.setattr(logging, "_tqdm_active", False)  # its bar is not ours to judge
    monkeypatch.chdir(tmp_path)
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # on a shared machine one is faster than two
    make_vlm(tmp_path / "m")
    yield ["run", "--out", tmp_path / "run", "--data", build.resolve(), *CHOICE]
    torch.set_num_threads(before)


def settings(folder: Path) -> Row:
    found: Row = json.loads((folder / "run.json").read_text())["run"]
    return found


def test_two_spellings_are_one_model(run: list[object], tmp_path: Path) -> None:
    command(*run, "--model", "transformers:./m")
    assert settings(tmp_path / "run")["model"] == str((tmp_path / "m").resolve())
    before = (tmp_path / "run" / "responses.jsonl").read_bytes()
    for spelling in ("m", "m/", tmp_path / "m", "run/../m"):
        command(*run, "--model", f"transformers:{spelling}")
    assert (tmp_path / "run" / "responses.jsonl").read_bytes() == before
    shutil.copytree("m", "other")
    assert "model: was" in mistake(*run, "--model", "transformers:other")


def test_under_a_name_a_folder_may_move_but_not_change(run: list[object], tmp_path: Path) -> None:
    command(*run, "--model", "transformers:m", "--name", "Mine")
    shutil.move("m", "moved")
    command(*run, "--model", "transformers:moved", "--name", "Mine")
    assert {line["model"] for line in lines(tmp_path / "run")} == {"Mine"}
    assert str(tmp_path) not in (tmp_path / "run" / "run.json").read_text()
    make_vlm(tmp_path / "m", seed=2)
    told = mistake(*run, "--model", "transformers:m", "--name", "Mine")
    assert "generation.weights: was" in told


def test_a_template_reaches_the_model(run: list[object], build: Path, tmp_path: Path) -> None:
    more = ["--model", "transformers:m", "--prompt", "{prompt} Now."]
    (first, second) = rows_of(build, "dual_use", hazards=["hate"])[:2]
    shown = command(*run, *more, "--dry-run").output
    assert f"<image>{first['prompt']} Now.<|im_end|>" in shown
    assert "to be asked: 2 of 2 rows\nreplies: at most 6 tokens (2 x 3)" in shown
    assert not (tmp_path / "run").exists()
    command(*run, *more)
    assert {line["id"]: line["meta"]["prompt"] for line in lines(tmp_path / "run")} == {
        row["id"]: f"{row['prompt']} Now." for row in (first, second)
    }
    assert "to be asked: 0 of 2 rows" in command(*run, *more, "--dry-run").output
