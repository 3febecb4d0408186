"""Logs of lmms-eval as run folders: exact for every reply, and none that is a failure."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

import dual_bench
from dual_bench.bridges.lmms_eval.convert import convert
from dual_bench.errors import OutputError, ResponsesError
from dual_bench.load import read_rows
from dual_bench.outcomes import Reason
from dual_bench.recording import Recorder, data_digest, read_settings, row_digest
from dual_bench.responses import Response, read_responses
from dual_bench.rows import COLUMNS
from tests.lmms_eval_fixture import CONFIGS, LIMIT, LOG, ROWS
from tests.lmms_eval_kit import BUDGET, FAILED, MODEL, reply_to, results, sample, write_log

Rows = list[dict[str, Any]]
TASK = "dual_bench_dual_use"
NO_COUNT = {"token_counts": [None]}


@pytest.fixture(scope="module")
def rows(build: Path) -> Rows:
    return read_rows(build, "dual_use", [*COLUMNS, "pixel_sha256"])


def by_id(run: Path) -> dict[str, Response]:
    return read_responses(run / "responses.jsonl").by_id()


def test_a_real_log_gives_the_words_of_each_reply(tmp_path: Path) -> None:
    done = convert(LOG, tmp_path / "run")
    rows = [json.loads(line) for line in ROWS.read_text(encoding="utf-8").split("\n")[:-1]]
    replies = reply_to(rows)
    down = rows[3]["id"]
    found = by_id(tmp_path / "run")
    assert set(found) == set(replies)
    assert {id: r.response for id, r in found.items() if id != down} == {
        id: text for id, text in replies.items() if id != down
    }
    assert (found[down].response, found[down].reason) == (None, Reason.MODEL_ERROR)
    assert str(found[down].error).endswith("down")
    n_empty = sum(r.reason is Reason.EMPTY for r in found.values())
    assert (done.replies, done.failed) == (2 * LIMIT - n_empty - 1, n_empty + 1)
    assert (done.missing, done.notes, done.settings.model) == ((), (), MODEL)


def test_a_real_logs_own_numbers_are_those_of_score(tmp_path: Path) -> None:
    convert(LOG, tmp_path / "run")
    rows = [json.loads(line) for line in ROWS.read_text(encoding="utf-8").split("\n")[:-1]]
    (log,) = LOG.glob("*_results.json")
    printed = json.loads(log.read_text(encoding="utf-8"))["results"]
    for config in CONFIGS:
        mine = [row for row in rows if row["id"].startswith(f"{config}/")]
        found = [vars_of(r) for id, r in by_id(tmp_path / "run").items() if id.startswith(config)]
        result = dual_bench.score(found, mine)
        numbers = {k.split(",")[0]: v for k, v in printed[f"dual_bench_{config}"].items()}
        compared = 0
        for metric in [*(m.key for m in result.protocol.metrics), "pair_accuracy"]:
            value = result.get(metric).value
            assert numbers[metric] == (None if math.isnan(value) else value), metric
            compared += 1
        assert compared == 13
        assert numbers["unscored"] == sum(result.unscored.values()) > 0


def vars_of(response: Response) -> dict[str, Any]:
    names = ("id", "response", "finish_reason", "error")
    return {name: getattr(response, name) for name in names}


def test_a_real_log_says_who_answered_and_how(tmp_path: Path) -> None:
    convert(LOG, tmp_path / "run")
    settings = read_settings(tmp_path / "run")
    assert settings is not None
    assert (settings.model, settings.rows) == (MODEL, 2 * LIMIT)
    assert settings.by.startswith("lmms_eval 0.")
    assert settings.generation["generation_kwargs"]["max_new_tokens"] == 1024
    assert settings.generation["adapter_class"].endswith("(chat)")
    digests = {id: r.meta["row"] for id, r in by_id(tmp_path / "run").items()}
    assert settings.data == data_digest(digests)


def test_recorder_and_log_give_the_same_verdicts_and_metrics(
    rows: Rows, build: Path, tmp_path: Path
) -> None:
    replies = {**reply_to(rows), rows[50]["id"]: "A note. " * 140_000}
    lines = [sample(row, replies[row["id"]], n) for n, row in enumerate(rows)]
    lines[40] = sample(rows[40], FAILED, 40, **NO_COUNT)
    lines[41] = sample(rows[41], "[SAFETY_BLOCKED:finish_reason=FinishReason.SAFETY]", 41)
    lines[42] = sample(rows[42], BUDGET, 42, token_counts=[{}])
    convert(write_log(tmp_path / "log", {TASK: lines}), tmp_path / "run", data=build)
    with Recorder(tmp_path / "own", rows, model=MODEL) as rec:
        for row in rec.todo():
            n = rows.index(row)
            if n in (40, 42):
                rec.add(row["id"], None, error="down")
            elif n == 41:
                rec.add(row["id"], None, finish_reason="content_filter")
            else:
                rec.add(row["id"], replies[row["id"]])
    one, other = (dual_bench.score(tmp_path / name, build) for name in ("run", "own"))
    assert one.verdicts == other.verdicts
    assert repr(one.estimates) == repr(other.estimates)
    assert one.unscored["blocked"] == 1
    assert one.unscored["model_error"] == 2
    settings = [read_settings(tmp_path / name) for name in ("run", "own")]
    assert settings[0] is not None
    assert settings[1] is not None
    assert (settings[0].rows, settings[0].data) == (settings[1].rows, settings[1].data)


def test_a_recorder_goes_on_where_the_log_ended(rows: Rows, build: Path, tmp_path: Path) -> None:
    lines = [sample(row, "A note.", n) for n, row in enumerate(rows[:-2])]
    lines[5] = sample(rows[5], FAILED, 5, **NO_COUNT)
    done = convert(write_log(tmp_path / "log", {TASK: lines}), tmp_path / "run", data=build)
    assert done.missing == (rows[-2]["id"], rows[-1]["id"])
    settings = read_settings(tmp_path / "run")
    assert settings is not None
    with Recorder(
        tmp_path / "run", rows, model=settings.model, generation=settings.generation
    ) as rec:
        assert [row["id"] for row in rec.todo()] == [rows[n]["id"] for n in (5, -2, -1)]


def test_words_before_the_filters_count(rows: Rows, tmp_path: Path) -> None:
    said = "<think>Is it safe?</think>\n A note.\n"
    shapes: list[dict[str, Any]] = [
        {"resps": said, "filtered_resps": "A note."},  # with --reasoning_tags
        {"resps": [said], "filtered_resps": "A note."},
        {"resps": [[said]], "filtered_resps": ["A note."]},
        {"filtered_resps": [said]},
    ]
    lines = [sample(rows[n], "", n, **shape) for n, shape in enumerate(shapes)]
    convert(write_log(tmp_path / "log", {TASK: lines}), tmp_path / "run")
    assert [r.response for r in by_id(tmp_path / "run").values()] == [said] * 4


def test_none_is_a_word_or_nothing(rows: Rows, tmp_path: Path) -> None:
    def predicted(n: int, given: str) -> dict[str, Any]:
        line = {k: v for k, v in sample(rows[n], "None", n).items() if k != "unscored"}
        return {**line, "bypass": [["target"], [given]]}

    lines = [
        sample(rows[0], "None", 0),
        sample(rows[1], None, 1),
        predicted(2, "None"),
        predicted(3, ""),
        {k: v for k, v in sample(rows[4], None, 4).items() if k != "unscored"},
    ]
    convert(write_log(tmp_path / "log", {TASK: lines}), tmp_path / "run")
    found = list(by_id(tmp_path / "run").values())
    assert [r.response for r in found] == ["None", None, "None", None, None]
    assert [r.reason for r in found[3:]] == [Reason.EMPTY, Reason.MODEL_ERROR]


def test_a_model_that_says_what_the_harness_says(rows: Rows, tmp_path: Path) -> None:
    lines = [sample(rows[0], FAILED, 0), sample(rows[1], FAILED, 1, **NO_COUNT)]
    convert(write_log(tmp_path / "log", {TASK: lines}), tmp_path / "run")
    said, failed = by_id(tmp_path / "run").values()
    assert (said.response, said.error) == (FAILED, None)
    assert (failed.response, failed.error) == (None, FAILED)


def test_an_empty_reply_that_could_be_a_failure_is_named(rows: Rows, tmp_path: Path) -> None:
    lines = [
        sample(rows[0], "", 0),
        sample(rows[1], "", 1, **NO_COUNT),
        sample(rows[2], "", 2, resps=[], filtered_resps=""),
        sample(rows[3], "", 3, token_counts=[{"output_tokens": 0}]),  # counted, so it came
    ]
    done = convert(write_log(tmp_path / "log", {TASK: lines}), tmp_path / "run")
    found = list(by_id(tmp_path / "run").values())
    (line,) = done.notes
    assert line.startswith("1 replies may not be what the model said (empty, and without a count")
    assert line.endswith(f": {rows[1]['id']}")
    assert [r.id for r in found if "doubt" in r.meta] == [rows[1]["id"]]
    assert [r.response for r in found] == ["", "", None, ""]
    assert found[2].error == "the harness logged no reply"


def test_a_key_in_the_models_arguments_is_not_copied(rows: Rows, tmp_path: Path) -> None:
    convert(write_log(tmp_path / "log", {TASK: [sample(rows[0], "A note.")]}), tmp_path / "run")
    text = (tmp_path / "run" / "run.json").read_text()
    assert "abc123" not in text
    assert "timeout=10" in text


def test_samples_of_another_build(rows: Rows, build: Path, tmp_path: Path) -> None:
    lines = [sample({**rows[0], "prompt": "Read the image."}, "A note.")]
    log = write_log(tmp_path / "log", {TASK: lines})
    with pytest.raises(ResponsesError, match=f"another prompt or picture .* as {rows[0]['id']}"):
        convert(log, tmp_path / "run", data=build)
    assert not (tmp_path / "run").exists()
    convert(log, tmp_path / "run")
    assert by_id(tmp_path / "run")[rows[0]["id"]].meta["row"] != row_digest(rows[0])
    with pytest.raises(OutputError, match="holds replies already"):
        convert(log, tmp_path / "run")


def test_settings_that_differ_between_tasks_are_named_by_task(
    rows: Rows, build: Path, tmp_path: Path
) -> None:
    other = read_rows(build, "contrast_image", [*COLUMNS, "pixel_sha256"])
    names = {TASK: 1, "dual_bench_contrast_image": 1}
    about = results(names)
    about["configs"][TASK]["generation_kwargs"] = {"temperature": 1.0}
    log = write_log(
        tmp_path / "log",
        {TASK: [sample(rows[0], "a")], "dual_bench_contrast_image": [sample(other[0], "b")]},
        about,
    )
    convert(log, tmp_path / "run")
    settings = read_settings(tmp_path / "run")
    assert settings is not None
    assert settings.generation["generation_kwargs"][TASK] == {"temperature": 1.0}
    assert set(settings.generation["generation_kwargs"]) == set(names)
    assert len(by_id(tmp_path / "run")) == 2
