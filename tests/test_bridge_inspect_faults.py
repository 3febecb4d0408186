# ruff: noqa: E402 -- first of all, is there an inspect_ai?
"""Logs of Inspect that are not whole, not ours, or not of one epoch."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("inspect_ai", reason='needs inspect_ai: pip install "dual-bench[inspect]"')
# Inspect leaves streams of its own to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

from inspect_ai.log import ProvenanceData, read_eval_log, write_eval_log

from dual_bench import load, score
from dual_bench.bridges.inspect import tasks
from dual_bench.bridges.inspect.convert import convert
from dual_bench.errors import OutputError, ResponsesError
from dual_bench.recording import data_digest, row_digest
from tests.bridge_inspect_kit import evaluate, ids, one_reply, run_one


def test_epochs_are_chosen_and_never_mixed(build: Path, tmp_path: Path) -> None:
    says = iter(["first", "second"])
    task = tasks.dual_use(hazards="hate", data=str(build))
    log = evaluate(
        task, build, "dual_use", lambda _: next(says), tmp_path / "logs", limit=1, epochs=2,
        max_samples=1,
    )  # fmt: skip
    with pytest.raises(ResponsesError, match="has 2 epochs"):
        convert(log.location, tmp_path / "run")
    with pytest.raises(ResponsesError, match="has no epoch 3"):
        convert(log.location, tmp_path / "run", epoch=3)
    assert not (tmp_path / "run").exists()
    assert one_reply(log, tmp_path, epoch=2).response == log.samples[1].output.completion


def stopped(build: Path, tmp_path: Path) -> Any:
    """A log of an evaluation that a person stopped after some samples."""
    log = run_three(build, tmp_path)
    log.status = "cancelled"
    log.samples = log.samples[:2]
    write_eval_log(log, str(tmp_path / "stopped.eval"))
    return read_eval_log(str(tmp_path / "stopped.eval"))


def run_three(build: Path, tmp_path: Path) -> Any:
    task = tasks.dual_use(hazards="hate", data=str(build))
    return evaluate(task, build, "dual_use", lambda _: "words", tmp_path / "logs", limit=3)


def test_what_a_stopped_evaluation_lacks_is_missing_and_listed(build: Path, tmp_path: Path) -> None:
    log = stopped(build, tmp_path)
    found = convert(log.location, tmp_path / "run")
    planned = ids(build, "dual_use", hazards=["hate"])[:3]
    assert (found.replies, found.missing) == (2, (planned[2],))
    assert found.notes == ("the evaluation did not end well: cancelled",)
    assert (found.settings.rows, found.settings.data) == (3, "")
    known = convert(log.location, tmp_path / "run2", data=build).settings
    rows = list(load("dual_use", path=build, hazards=["hate"], decode=False))[:3]
    assert known.data == data_digest({row["id"]: row_digest(row) for row in rows})
    assert score(tmp_path / "run", build, hazards=["hate"]).unscored["missing"] == 4


def test_json_logs_are_read_too(build: Path, tmp_path: Path) -> None:
    log = run_three(build, tmp_path)
    write_eval_log(log, str(tmp_path / "log.json"))
    convert(log.location, tmp_path / "one")
    convert(tmp_path / "log.json", tmp_path / "two")
    one, two = ((tmp_path / name / "responses.jsonl").read_bytes() for name in ("one", "two"))
    assert one == two


def test_a_damaged_log_is_one_line(build: Path, tmp_path: Path) -> None:
    log = run_three(build, tmp_path)
    whole = Path(log.location).read_bytes()
    cut = tmp_path / "cut.eval"
    for content in (whole[:-500], whole[: len(whole) // 2], b"", b"PK no zip"):
        cut.write_bytes(content)
        with pytest.raises(ResponsesError, match=r"cut\.eval: cannot be read as a log of Inspect"):
            convert(cut, tmp_path / "run")
    (tmp_path / "bad.json").write_text('{"version": 2, "samples"')
    with pytest.raises(ResponsesError, match="cannot be read as a log of Inspect"):
        convert(tmp_path / "bad.json", tmp_path / "run")
    with pytest.raises(ResponsesError, match="no such file"):
        convert(tmp_path / "none.eval", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_samples_of_other_tasks_are_refused(build: Path, tmp_path: Path) -> None:
    log = run_three(build, tmp_path)
    log.samples[1].metadata.clear()
    write_eval_log(log, str(tmp_path / "odd.eval"))
    with pytest.raises(ResponsesError, match="is no row of a task dual_bench"):
        convert(tmp_path / "odd.eval", tmp_path / "run")
    convert(tmp_path / "odd.eval", tmp_path / "run", data=build)  # its id is one of ours
    assert (tmp_path / "run" / "responses.jsonl").read_text().count('"prompt"') == 0
    log.samples[1].id = "somebody-elses"
    write_eval_log(log, str(tmp_path / "odd.eval"))
    with pytest.raises(
        ResponsesError, match=r"1 of its 3 rows are not in the build .* as somebody-elses"
    ):
        convert(tmp_path / "odd.eval", tmp_path / "run2", data=build)


def test_another_build_is_refused(build: Path, tmp_path: Path) -> None:
    log = run_three(build, tmp_path)
    log.samples[0].metadata["row"] = "0" * 16
    write_eval_log(log, str(tmp_path / "other.eval"))
    with pytest.raises(ResponsesError, match=r"1 of its 3 rows had another prompt .* as dual_use/"):
        convert(tmp_path / "other.eval", tmp_path / "run", data=build)


def test_an_invalid_sample_is_an_error(build: Path, tmp_path: Path) -> None:
    log = run_one(build, tmp_path, "words")
    log.samples[0].invalidation = ProvenanceData(author="me", reason="wrong picture")
    write_eval_log(log, str(tmp_path / "invalid.eval"))
    log.location = str(tmp_path / "invalid.eval")
    found = one_reply(log, tmp_path)
    assert (found.response, found.error) == (None, "marked as invalid in the log: wrong picture")


def test_a_folder_with_replies_is_refused(build: Path, tmp_path: Path) -> None:
    log = run_three(build, tmp_path)
    convert(log.location, tmp_path / "run")
    before = (tmp_path / "run" / "responses.jsonl").read_bytes()
    with pytest.raises(OutputError, match="holds replies already"):
        convert(log.location, tmp_path / "run")
    assert (tmp_path / "run" / "responses.jsonl").read_bytes() == before
    lines = [json.loads(line) for line in before.decode().splitlines()]
    assert all(len(line["meta"]["row"]) == 16 for line in lines)
    shutil.rmtree(tmp_path / "run")
