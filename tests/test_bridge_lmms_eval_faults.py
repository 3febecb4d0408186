"""Logs of lmms-eval that are not whole, not ours, or of several runs: said, and never taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dual_bench.bridges.lmms_eval.convert import convert
from dual_bench.errors import ResponsesError
from dual_bench.responses import read_responses
from tests.lmms_eval_kit import MODEL, TIME, results, sample, write_log

TASK = "dual_bench_dual_use"
ROWS: list[dict[str, Any]] = [
    {
        "id": f"dual_use/vcr-{n:03}/{side}/original",
        "pair_id": f"vcr-{n:03}",
        "cluster_id": f"vcr-{n:03}",
        "hazard": "violent_crimes",
        "side": side,
        "variant": "original",
        "prompt": "Describe the image.",
        "text": "A note.",
        "expected": expected,
        "pixel_sha256": "0" * 64,
    }
    for n in range(3)
    for side, expected in (("harmful", "safe_completion"), ("benign", "answer"))
]
LINES = [sample(row, "A note.", n) for n, row in enumerate(ROWS)]
FILE = f"{TIME}_samples_{TASK}.jsonl"
FOREIGN = {"doc_id": 0, "target": "B", "filtered_resps": "A", "acc": 0.0}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write_log(tmp_path / "log", {TASK: LINES})


def refused(log: Path, out: Path, match: str, **options: Any) -> None:
    with pytest.raises(ResponsesError, match=match):
        convert(log, out, **options)
    assert not out.exists()


def test_the_file_the_results_and_their_folder_are_one_log(log: Path, tmp_path: Path) -> None:
    names = [log, log / FILE, log / f"{TIME}_results.json", tmp_path]
    for n, name in enumerate(names):
        assert convert(name, tmp_path / f"run{n}").replies == len(LINES)


def test_a_log_that_lost_samples(log: Path, tmp_path: Path) -> None:
    write_log(log, {TASK: LINES[:4]}, results({TASK: 6}))
    refused(log, tmp_path / "run", f"2 of {TASK}")
    done = convert(log, tmp_path / "run", partial=True)
    assert (done.replies, done.missing) == (4, ())
    assert done.notes == (f"samples are missing, and the log does not say which: 2 of {TASK}",)
    assert (done.settings.rows, done.settings.data) == (6, "")


def test_a_log_that_lost_all(log: Path, tmp_path: Path) -> None:
    (log / FILE).write_text("")
    refused(log, tmp_path / "run", f"6 of {TASK}")
    (log / f"{TIME}_results.json").unlink()
    refused(log, tmp_path / "run", f"1 of {TASK}", model="mine")


def test_a_limit_and_an_offset_are_no_loss(log: Path, tmp_path: Path) -> None:
    about = results({TASK: 6}, offset=3, limit=4)
    about["n-samples"][TASK]["effective"] = 4
    write_log(log, {TASK: LINES[3:]}, about)
    assert convert(log, tmp_path / "run").settings.rows == 3


def test_a_line_that_is_cut_off(log: Path, tmp_path: Path) -> None:
    whole = (log / FILE).read_bytes()
    (log / FILE).write_bytes(whole[:-30])
    refused(log, tmp_path / "run", "line 6: is cut off")
    (log / FILE).write_bytes(whole.replace(b'"doc_id": 2', b'"doc_id": ', 1))
    refused(log, tmp_path / "run", "line 3: cannot be read as JSON")


def test_a_line_that_is_no_utf8(log: Path, tmp_path: Path) -> None:
    (log / FILE).write_bytes((log / FILE).read_bytes().replace(b"A note.", b"A \xff note.", 1))
    refused(log, tmp_path / "run", "line 1: cannot be read as JSON")


def test_a_file_that_is_named_is_taken_alone(log: Path, tmp_path: Path) -> None:
    other = "dual_bench_other"
    write_log(log, {TASK: LINES[:4], other: LINES[4:]})
    assert convert(log, tmp_path / "both").replies == 6
    assert convert(log / FILE, tmp_path / "one").replies == 4


def test_a_log_that_was_written_twice(log: Path, tmp_path: Path) -> None:
    (log / FILE).write_bytes((log / FILE).read_bytes() * 2)
    refused(log, tmp_path / "run", f"two samples of {ROWS[0]['id']}")


def test_two_runs_are_not_mixed(log: Path, tmp_path: Path) -> None:
    for path in list(log.iterdir()):
        path.with_name(path.name.replace(TIME, "20260102_120000")).write_bytes(path.read_bytes())
    refused(log, tmp_path / "run", "holds 2 runs")
    assert convert(log / FILE, tmp_path / "run").replies == len(LINES)


def test_several_replies_to_one_row(log: Path, tmp_path: Path) -> None:
    write_log(log, {TASK: [*LINES[:5], {**LINES[5], "resps": [["A note.", "Another."]]}]})
    refused(log, tmp_path / "run", "line 6: holds 2 replies to one row.*--repeats 1")


def test_other_benchmarks_are_left_alone_and_named(log: Path, tmp_path: Path) -> None:
    write_log(log, {"mmmu_val": [FOREIGN], TASK: LINES})
    done = convert(log, tmp_path / "run")
    assert done.replies == len(LINES)
    assert done.notes == (
        "1 files are of other benchmarks' tasks and were left alone: "
        f"{TIME}_samples_mmmu_val.jsonl",
    )


def test_a_broken_log_of_another_benchmark_is_in_nobodys_way(log: Path, tmp_path: Path) -> None:
    (log / f"{TIME}_samples_mmmu_val.jsonl").write_text('{"doc_id"')
    (log / f"{TIME}_samples_mme.jsonl").write_text("")
    (log / "20260102_120000_results.json").write_text("{")
    (log / "20260102_120000_samples_mme.jsonl").write_text("{}\n")
    (line,) = convert(tmp_path, tmp_path / "run").notes
    assert line.startswith("2 files are of other benchmarks' tasks")


def test_a_strange_sample_among_ours(log: Path, tmp_path: Path) -> None:
    write_log(log, {TASK: [*LINES[:5], FOREIGN]})
    refused(log, tmp_path / "run", "line 6: its target names no row")


@pytest.mark.parametrize(
    "target", [None, 7, "", "[]", "{}", '{"id": 1, "row": "a"}', '{"id": "a"}', "[" * 100_000]
)
def test_what_names_no_row(target: object, tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", {TASK: [{**FOREIGN, "target": target}]})
    refused(log, tmp_path / "run", "no samples of this benchmark")


def test_paths_that_are_no_log(log: Path, tmp_path: Path) -> None:
    refused(tmp_path / "none", tmp_path / "run", "no such file or folder")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", tmp_path / "run", "no samples of this benchmark")
    (tmp_path / "replies.jsonl").write_text("{}")
    refused(tmp_path / "replies.jsonl", tmp_path / "run", "expected <time>_results.json")


def test_results_that_are_lost_or_damaged(log: Path, tmp_path: Path) -> None:
    about = log / f"{TIME}_results.json"
    about.write_text("[]")
    refused(log, tmp_path / "run", "expected a JSON object")
    about.write_text('{"config"')
    refused(log, tmp_path / "run", "cannot be read")
    about.unlink()
    refused(log, tmp_path / "run", "nothing says who answered")
    assert convert(log, tmp_path / "run", model="mine").settings.model == "mine"
    assert {r.model for r in read_responses(tmp_path / "run" / "responses.jsonl")} == {"mine"}


def test_results_of_any_shape_are_no_crash(log: Path, tmp_path: Path) -> None:
    for n, about in enumerate(
        [
            {"model_name": MODEL},
            {"model_name": MODEL, "config": None, "configs": [], "n-samples": 3},
            {"model_name": "", "config": {"model": MODEL}, "n-samples": {TASK: {"original": "6"}}},
        ]
    ):
        (log / f"{TIME}_results.json").write_text(json.dumps(about))
        assert convert(log, tmp_path / f"run{n}").settings.model == MODEL


def test_a_reply_that_is_no_text(log: Path, tmp_path: Path) -> None:
    write_log(log, {TASK: [*LINES[:5], {**LINES[5], "filtered_resps": {"text": "A note."}}]})
    refused(log, tmp_path / "run", "line 6: the reply must be a string")
