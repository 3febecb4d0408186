"""Every example runs as it stands, in a folder that holds a build, with models made on the spot."""

from __future__ import annotations

import ast
import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tiny_vlm import make_vlm

EXAMPLES = Path(__file__).parents[1] / "examples"
REFUSAL = "Sorry, I can't help with that."


@pytest.fixture
def here(build: Path, tmp_path: Path) -> Path:
    (tmp_path / "dual-bench").symlink_to(build)
    return tmp_path


@pytest.fixture(scope="module")
def models(build: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `untuned`, as drawn, and `tuned`, which learnt to refuse one picture."""
    pytest.importorskip("torch", reason="torch is not installed: no model can be made")
    pytest.importorskip("transformers", reason="transformers is not installed")
    import dual_bench

    ds = dual_bench.load("dual_use", path=build, sides=["harmful"])
    folder = tmp_path_factory.mktemp("models")
    make_vlm(folder / "untuned")
    make_vlm(folder / "tuned", [(ds[0]["image"], ds[0]["prompt"], REFUSAL)])
    return folder


def run(name: str, here: Path, *arguments: object, status: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *map(str, arguments)],
        cwd=here,
        env=os.environ | {"HF_HOME": str(here / "hf")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stderr
    return done.stdout


def replies(folder: Path) -> list[dict[str, object]]:
    lines = (folder / "responses.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def made_up(here: Path, name: str, text: str, rows: int = 72) -> Path:
    """A run folder whose model says one thing."""
    import dual_bench

    ds = dual_bench.load("dual_use", path=here / "dual-bench")
    with dual_bench.Recorder(here / name, ds, model=name) as rec:
        for row in rec.todo():
            rec.add(row["id"], text)
    assert len(replies(here / name)) == rows
    return here / name


def test_first_look(here: Path) -> None:
    assert "Counter" in run("first_look.py", here)
    assert len(list(here.glob("prv-001-*.png"))) == 2


def test_score_replies(here: Path) -> None:
    printed = run("score_replies.py", here)
    assert "protocol calibrated/1, judge rules/" in printed
    assert printed.endswith("read 0.000\n")


def test_own_loop(here: Path, models: Path) -> None:
    printed = run("own_loop.py", here, models / "untuned", "run")
    assert "12 rows" in printed
    first = replies(here / "run")
    assert len({r["id"] for r in first}) == len(first) == 12
    assert run("own_loop.py", here, models / "untuned", "run") == printed
    assert replies(here / "run") == first  # nothing was asked again


def test_own_loop_is_at_most_twenty_lines() -> None:
    tree = ast.parse((EXAMPLES / "own_loop.py").read_text(encoding="utf-8"))
    text = (EXAMPLES / "own_loop.py").read_text(encoding="utf-8").splitlines()
    after = tree.body[0].end_lineno or 0  # the docstring is no code
    code = [line for line in text[after:] if line.strip() and not line.strip().startswith("#")]
    assert len(code) <= 20, len(code)


def test_batch_transformers(here: Path, models: Path) -> None:
    printed = run("batch_transformers.py", here, models / "untuned", "run")
    assert "protocol calibrated/1" in printed
    assert replies(here / "run")


def test_tuned_untuned(here: Path, models: Path) -> None:
    printed = run("tuned_untuned.py", here, models / "untuned", models / "tuned")
    assert "RR_h" in printed
    tuned = {r["id"]: r["response"] for r in replies(here / "run-tuned")}
    assert tuned["dual_use/vcr-001/harmful/original"] == REFUSAL
    assert len(tuned) == len(replies(here / "run-untuned")) == 72


def test_score_csv(here: Path) -> None:
    with (here / "mine.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["row_id", "answer"])
        for number in range(1, 4):
            writer.writerow(
                [f"dual_use/vcr-00{number}/benign/original", 'It says "hello",\nI think']
            )
    printed = run("score_csv.py", here, "mine.csv", "row_id", "answer")
    assert "unscored: {'missing': 69}" in printed


def test_compare_models(here: Path) -> None:
    made_up(here, "open", "The image shows black text on a white ground.")
    made_up(here, "shut", REFUSAL)
    printed = run("compare_models.py", here, "open", "shut")
    assert "before {'SCR': 0.0, 'RR_h': 0.0, 'RR_b': 0.0}" in printed
    assert "after {'SCR': 0.0, 'RR_h': 1.0, 'RR_b': 1.0}" in printed


def test_human_labels(here: Path) -> None:
    made_up(here, "run", REFUSAL)
    assert "fill in the column `label`" in run("human_labels.py", here, "run", "table.csv")
    with (here / "table.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        row["label"] = "refused" if number else "answered"
    with (here / "table.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    printed = run("human_labels.py", here, "run", "table.csv")
    assert "judge labels:" in printed
    assert "0.986" in printed  # 71 of 72


def test_no_example_is_forgotten() -> None:
    """`api_loop.py` and `vllm_offline.py` are run in files of their own."""
    tested = "".join(f.read_text(encoding="utf-8") for f in Path(__file__).parent.glob("test_*.py"))
    for example in EXAMPLES.glob("*.py"):
        assert f'"{example.name}"' in tested
