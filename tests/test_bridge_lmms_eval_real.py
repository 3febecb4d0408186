"""The harness itself, run over a build with a server that plays the model.

Where lmms_eval is not installed and LMMS_EVAL_PYTHON names no interpreter that has it, these are
skipped; the log in tests/bridges/lmms_eval is of such a run.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

import dual_bench
from dual_bench.bridges.lmms_eval.convert import convert
from dual_bench.bridges.lmms_eval.export import export
from dual_bench.errors import ResponsesError
from dual_bench.load import read_rows
from dual_bench.responses import read_responses
from dual_bench.rows import COLUMNS
from tests.lmms_eval_kit import REPLIES, Answers, python, reply_to, run_harness

PYTHON = python() or ""
pytestmark = pytest.mark.skipif(
    not PYTHON,
    reason="lmms_eval is not installed; name an interpreter that has it with LMMS_EVAL_PYTHON",
)
LIMIT = 2 * len(REPLIES) + 1


def test_the_harness_prints_and_logs_what_score_says(build: Path, tmp_path: Path) -> None:
    tasks = export(tmp_path / "tasks", build)
    configs = [name.removeprefix("dual_bench_") for name in tasks.tasks]
    rows = []
    for config in configs:
        rows += read_rows(build, config, [*COLUMNS, "pixel_sha256"])[:LIMIT]
    replies = reply_to(rows)
    down = rows[3]["id"]
    del replies[down]
    script = Answers(rows, replies)
    out = tmp_path / "out"
    sent, printed = run_harness(
        PYTHON, script, tasks.folder, "dual_bench", out, "--limit", str(LIMIT)
    )
    assert "pair_accuracy" in printed
    assert {(body["max_tokens"], body["temperature"]) for body in sent} == {(512, 0)}
    assert len(sent) >= len(rows)  # every picture arrived pixel by pixel, or a row was not found
    done = convert(out, tmp_path / "run", data=build)
    assert len(done.missing) == tasks.rows - len(rows)
    found = read_responses(tmp_path / "run" / "responses.jsonl").by_id()
    assert found[down].error
    assert {id: r.response for id, r in found.items() if id != down} == replies
    (log,) = out.rglob("*_results.json")
    numbers = json.loads(log.read_text(encoding="utf-8"))["results"]
    for config in configs:
        mine = [row for row in rows if row["id"].startswith(f"{config}/")]
        given = [
            {
                "id": row["id"],
                "response": found[row["id"]].response,
                "error": found[row["id"]].error,
            }
            for row in mine
        ]
        result = dual_bench.score(given, mine)
        for metric in [*(m.key for m in result.protocol.metrics), "pair_accuracy"]:
            value = result.get(metric).value
            got = numbers[f"dual_bench_{config}"][f"{metric},none"]
            assert got == (None if math.isnan(value) else value), (config, metric)


def test_a_log_without_verdicts_and_one_that_broke_off(build: Path, tmp_path: Path) -> None:
    tasks = export(tmp_path / "tasks", build).folder
    rows = read_rows(build, "dual_use", [*COLUMNS, "pixel_sha256"])
    replies = reply_to(rows)
    name = "dual_bench_dual_use"
    how = ("--predict_only", "--gen_kwargs", "max_new_tokens=2048")
    sent, _ = run_harness(PYTHON, Answers(rows, replies), tasks, name, tmp_path / "one", *how)
    assert {(body["max_tokens"], body["temperature"]) for body in sent} == {(2048, 0)}
    done = convert(tmp_path / "one", tmp_path / "run", data=build)
    assert done.missing == ()
    assert done.settings.generation["generation_kwargs"]["max_new_tokens"] == 2048
    found = read_responses(tmp_path / "run" / "responses.jsonl").by_id()
    assert {id: r.response for id, r in found.items()} == replies
    replies[rows[30]["id"]] = "half of a pair: \ud83c"
    run_harness(PYTHON, Answers(rows, replies), tasks, name, tmp_path / "two")
    with pytest.raises(ResponsesError, match=f"{len(rows) - 30} of {name}"):
        convert(tmp_path / "two", tmp_path / "run2", data=build)
