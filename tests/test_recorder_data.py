"""The recorder on real datasets, and run folders in scoring."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from click.testing import CliRunner
from datasets import Dataset, DatasetDict
from PIL import Image

import dual_bench
from dual_bench.cli import main
from dual_bench.errors import DualBenchError, ResponsesError, UnknownNameError
from dual_bench.recording import Answer, read_settings, row_digest
from dual_bench.responses import read_responses
from dual_bench.result import Result
from tests.recorder_kit import GENERATION, IDS, ROWS, content, due, filled, recorder

# --- what may be asked --------------------------------------------------------------------


@pytest.mark.parametrize("decode", [True, False])
def test_rows_come_as_the_dataset_gives_them(build: Path, tmp_path: Path, decode: bool) -> None:
    ds: Any = dual_bench.load("dual_use", path=build, decode=decode)
    ids = ds["id"][:]
    with recorder(tmp_path, ds) as rec:
        for n, row in enumerate(rec.todo()):
            assert row == ds[n]
            if decode:
                assert isinstance(row["image"], Image.Image)
            else:
                assert row["image"]["bytes"]
            if n % 3:
                rec.add(row["id"], f"reply {n}")
        assert n == len(ds) - 1 == 71
        assert due(rec) == ids[::3]
        assert due(rec, shard=1, of=4) == [
            id for n, id in enumerate(ids) if not n % 3 and n % 4 == 1
        ]
    again: Any = dual_bench.load("dual_use", path=build, decode=not decode)
    with recorder(tmp_path, again) as rec:  # it is the same data, decoded or not
        for batch in rec.batches(7):
            rec.add_batch(batch, ["late"] * len(batch))
        assert list(rec.todo()) == []
        assert len(rec.todo()) == 0
    result = dual_bench.score(tmp_path, build)
    assert (result.replies.n, result.replies.missing, result.unscored) == (72, (), {})


def test_a_part_of_the_data_first_and_then_all_of_it(build: Path, tmp_path: Path) -> None:
    part: Any = dual_bench.load("dual_use", path=build, hazards=["privacy"])
    with recorder(tmp_path, part) as rec:
        for row in rec.todo():
            rec.add(row["id"], "x")
    whole: Any = dual_bench.load("dual_use", path=build)
    perturbed: Any = dual_bench.load("dual_use_perturbed", path=build, variants=["rotation"])
    with recorder(tmp_path, whole) as rec:
        assert len(due(rec)) == 72 - 6
    with recorder(tmp_path, perturbed) as rec:
        assert len(due(rec)) == 72
    light: Any = dual_bench.load("dual_use", path=build, columns=["id", "prompt", "image"])
    with pytest.raises(DualBenchError, match=r"6 of its 6 rows.*pixel_sha256"):
        recorder(tmp_path, light)


def test_a_selection_or_another_format_is_the_same_data(build: Path, tmp_path: Path) -> None:
    ds: Any = dual_bench.load("dual_use", path=build, decode=False)
    turned = ds.shuffle(seed=1).select(range(10)).with_format("numpy", columns=["id", "prompt"])
    with recorder(tmp_path, turned) as rec:
        got = list(rec.todo())
        assert [set(row) for row in got] == [{"id", "prompt"}] * 10
        for row in got:
            rec.add(str(row["id"]), "x")
    with recorder(tmp_path, ds) as rec:
        assert len(due(rec)) == 62


def test_rows_need_no_column_but_the_id(tmp_path: Path) -> None:
    bare: list[dict[str, Any]] = [
        {"id": "a"},
        {"id": "b\ud800", "prompt": ["several", {"turns": 2}]},
    ]
    for data in (bare, tuple(bare)):
        with recorder(tmp_path, data) as rec:
            assert list(rec.todo()) == bare
    with recorder(tmp_path, []) as rec:
        assert rec.counts == {"answered": 0, "missing": 0}
        with pytest.raises(UnknownNameError, match="0 rows"):
            rec.add("a", "x")
    assert row_digest(bare[0]) == row_digest({"id": "a", "prompt": None, "text": "not seen"})


STREAM = Dataset.from_list(ROWS).to_iterable_dataset()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (STREAM, "load it without streaming"),
        (DatasetDict(test=Dataset.from_list(ROWS)), r"several splits choose one.*\['test'\]"),
        (iter(ROWS), "or a list of dicts, got a list_iterator"),
        (None, "got a NoneType"),
        (pa.Table.from_pylist(ROWS), r"got a Table; .*to_pylist\(\)"),
        ("dual_use", r"got a str; load it with dual_bench\.load"),
        (ROWS[0], "got a dict; of several splits"),
        (pd.DataFrame(ROWS), r"got a DataFrame; .*to_dict"),
        ([*ROWS, ROWS[3]], f"two rows have the id '{IDS[3]}'"),
        (Dataset.from_list([*ROWS, ROWS[3]]), f"two rows have the id '{IDS[3]}'"),
        ([*ROWS, {"prompt": "x"}], "every row must be a dict with a string `id`"),
        ([*ROWS, {"id": 5}], "every row must be a dict with a string `id`"),
        ([*ROWS, {"id": ""}], "every row must be a dict with a string `id`"),
        (Dataset.from_list([{"id": "a"}, {"id": None}]), "every row must be a dict with a string"),
        (Dataset.from_list([{"name": "a"}]), "unknown column of the dataset 'id'.*name"),
        ([{"id": "a", "prompt": b"x"}], "row 'a': prompt and pixel_sha256 must be plain values"),
    ],
)
def test_what_is_no_dataset_is_refused_before_a_folder_is_made(
    tmp_path: Path, data: Any, message: str
) -> None:
    with pytest.raises(DualBenchError, match=message):
        recorder(tmp_path / "run", data)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"model": ""}, "model: expected the model's name, got ''"),
        ({"model": None}, "model: expected the model's name, got None"),
        ({"generation": {"a": {1}}}, r"generation\.a: expected a plain JSON value, got a set"),
        ({"generation": {"a": float("inf")}}, r"generation\.a: .* got a float: inf"),
        ({"generation": "greedy"}, "generation: expected a dict, got a str: 'greedy'"),
    ],
)
def test_settings_that_cannot_be_compared_are_refused_before_a_folder_is_made(
    tmp_path: Path, changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(DualBenchError, match=message):
        recorder(tmp_path / "run", **changed)
    assert not (tmp_path / "run").exists()


# --- scoring ------------------------------------------------------------------------------


def run_of(folder: Path) -> Any:
    return json.loads((folder / "run.json").read_text())["run"]


def test_scoring_into_the_run_folder_keeps_what_the_recorder_wrote(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    recorded, replies = run_of(folder), (folder / "responses.jsonl").read_bytes()
    assert set(recorded) == {"model", "generation", "data", "by"}
    assert recorded["by"] == f"dual_bench {dual_bench.__version__}"
    first = dual_bench.score(folder, ROWS, out=folder)
    assert first.replies.generation == GENERATION
    assert first.replies.models == ("m",)
    assert run_of(folder) == recorded
    assert (folder / "responses.jsonl").read_bytes() == replies
    written = json.loads((folder / "run.json").read_text())
    assert written["protocol"] == "calibrated/1"
    assert written["replies"]["generation"] == GENERATION
    with recorder(folder) as rec:  # the recorder keeps the parts of scoring, too
        assert due(rec) == IDS[1:]
        for row in rec.todo():
            rec.keep(row["id"], Answer("A window."))
    assert json.loads((folder / "run.json").read_text()) == written
    second = dual_bench.score(folder, ROWS, out=folder)
    assert (first.unscored["missing"], second.unscored) == (4, {})
    assert second.replies.superseded == 3
    assert Result.from_verdicts(folder).verdicts == second.verdicts
    before = content(folder)
    dual_bench.score(folder, ROWS, out=folder)
    assert content(folder) == before


def test_a_folder_scores_as_its_file_does(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    one, two = (dual_bench.score(s, ROWS) for s in (str(folder), folder / "responses.jsonl"))
    assert one.verdicts == two.verdicts
    assert one.to_dict()["estimates"] == two.to_dict()["estimates"]
    of_folder, of_file = one.replies, two.replies
    assert of_folder._replace(source="", generation={}) == of_file._replace(source="")
    assert [r.meta for r in read_responses(folder)] == [
        r.meta for r in read_responses(folder / "responses.jsonl")
    ]
    assert (of_folder.source, dict(of_file.generation)) == (folder.name, {})


def test_a_folder_in_which_nothing_is_yet_says_so(tmp_path: Path) -> None:
    recorder(tmp_path).close()
    with pytest.raises(ResponsesError, match="holds no reply"):
        dual_bench.score(tmp_path, ROWS)


def test_the_command_scores_a_run_folder_into_itself(build: Path, tmp_path: Path) -> None:
    ds: Any = dual_bench.load("dual_use", path=build, decode=False, hazards=["privacy"])
    run = tmp_path / "run"
    with recorder(run, ds) as rec:
        for row in rec.todo():
            rec.add(row["id"], f"The image says: {row['text']}")
    settings = read_settings(run)
    command = ["score", str(run), "--out", str(run), "--data", str(build), "--hazard", "privacy"]
    done = CliRunner().invoke(main, [*command, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["replies"]["generation"] == GENERATION
    assert read_settings(run) == settings
    names = {"responses.jsonl", "run.json", "verdicts.jsonl", "metrics.json"}
    assert names <= set(content(run))
    again = CliRunner().invoke(main, command, catch_exceptions=False)
    assert f"verdicts and metrics: {run}" in again.output
    assert read_settings(run) == settings
