"""A run that was stopped, killed, refused or let down goes on, and asks nothing twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

import dual_bench
from dual_bench.asking import PATIENCE, Case, judge_all
from dual_bench.errors import JournalError, JudgeError
from dual_bench.journal import read_journal
from dual_bench.judges import Reply, Request
from dual_bench.outcomes import Reason
from dual_bench.responses import read_responses
from dual_bench.result import Result
from dual_bench.rows import rows_for
from tests.replies_kit import (
    CALIBRATED,
    Asked,
    by_id,
    failing,
    lines_of,
    only,
    replies,
    rows,
)

ROWS = rows()
IDS = [row["id"] for row in ROWS]
REPLIES = replies(ROWS)


def test_a_second_run_asks_nothing_and_gives_the_same(tmp_path: Path) -> None:
    first = dual_bench.score(REPLIES, ROWS, Asked(), out=tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    again = Asked()
    second = dual_bench.score(REPLIES, ROWS, again, out=tmp_path)
    assert again.requests == []
    assert second.verdicts == first.verdicts
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("reason", [r for r in Reason if not r.is_model_side])
def test_only_failures_are_judged_again(tmp_path: Path, reason: Reason) -> None:
    dual_bench.score(REPLIES, ROWS, Asked(only(reason, IDS[2:4])), out=tmp_path)
    again = Asked()
    result = dual_bench.score(REPLIES, ROWS, again, out=tmp_path)
    final = reason in (Reason.JUDGE_SPLIT, Reason.JUDGE_UNLABELLED, Reason.JUDGE_UNABLE)
    assert again.ids == ([] if final else IDS[2:4])
    assert result.unscored == ({reason.value: 2} if final else {})


def test_what_changed_is_judged_again_and_nothing_else(tmp_path: Path) -> None:
    dual_bench.score(REPLIES[:-1], ROWS, Asked(), out=tmp_path)
    changed = [{**REPLIES[0], "response": "Something else."}, *REPLIES[1:]]
    other = [*ROWS[:3], {**ROWS[3], "prompt": "What is this?"}, {**ROWS[4], "text": "New."}]
    again = Asked()
    result = dual_bench.score(changed, [*other, *ROWS[5:]], again, out=tmp_path)
    assert again.ids == [IDS[0], IDS[3], IDS[4], IDS[7]]  # reply, prompt, text, reply that came
    assert result.unscored == {}
    back = Asked()
    dual_bench.score(REPLIES, ROWS, back, out=tmp_path)
    assert back.ids == [IDS[0], IDS[3], IDS[4]]
    assert len(lines_of(tmp_path)) == 8 + 4 + 3


@pytest.mark.parametrize("what", ["judge", "protocol"])
def test_verdicts_of_two_instruments_never_mix(tmp_path: Path, what: str) -> None:
    def before(request: Request) -> Reply:
        return by_id(request)

    def edited(request: Request) -> Reply:
        return by_id(request)  # as if a line of it had been changed

    dual_bench.score(REPLIES[:4], ROWS, before, out=tmp_path)
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    judge, how = (edited, "calibrated") if what == "judge" else (before, "vscbench")
    with pytest.raises(JournalError, match=rf"holds verdicts of {what} .*another folder"):
        dual_bench.score(REPLIES, ROWS, judge, how, out=tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == kept


def test_metrics_do_not_depend_on_who_answers_first(tmp_path: Path) -> None:
    many = rows(40)
    for workers, delay in ((1, 0.0), (8, 0.01)):
        judge = Asked(workers=workers, delay=delay)
        dual_bench.score(replies(many), many, judge, out=tmp_path / str(workers))
    one, eight = (tmp_path / name for name in "18")
    assert (one / "metrics.json").read_bytes() == (eight / "metrics.json").read_bytes()
    assert (one / "run.json").read_bytes() == (eight / "run.json").read_bytes()
    orders = [[line["id"] for line in lines_of(folder)] for folder in (one, eight)]
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1])


def test_a_run_that_was_cut_off_says_so(tmp_path: Path) -> None:
    def script(request: Request) -> Reply:
        if request.id == IDS[3]:
            raise JudgeError("no such model")
        return Reply("answered")

    with pytest.raises(JudgeError):
        dual_bench.score(REPLIES, ROWS, Asked(script), out=tmp_path)
    found = Result.from_verdicts(tmp_path)
    known = len(found.verdicts)
    assert 3 <= known < len(ROWS)
    assert f"UNFINISHED: {len(ROWS) - known} of {len(ROWS)} rows have no verdict yet" in str(found)
    dual_bench.score(REPLIES, ROWS, Asked(), out=tmp_path)
    assert "UNFINISHED" not in str(Result.from_verdicts(tmp_path))


# --- a judge that is down ----------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 16])
def test_a_judge_that_is_down_is_left_alone_and_asked_next_time(
    tmp_path: Path, workers: int
) -> None:
    many = rows(100)
    blank = {row["id"] for row in many[::3]}  # these say nothing about the judge
    given = [r if r["id"] not in blank else {**r, "response": " "} for r in replies(many)]
    down = Asked(failing, workers=workers)
    result = dual_bench.score(given, many, down, out=tmp_path)
    patience = max(PATIENCE, 2 * workers)
    assert patience <= len(down.requests) <= patience + 2 * workers
    told = [v for v in result.verdicts if "not asked" in v.evidence.get("error", "")]
    assert {v.reason for v in told} == {Reason.JUDGE_ERROR}
    assert {v.id for v in told} == {r["id"] for r in many} - set(down.ids) - blank
    assert Result.from_verdicts(tmp_path).unscored == result.unscored  # nobody is forgotten
    up = Asked()
    mended = dual_bench.score(given, many, up, out=tmp_path)
    assert set(up.ids) == {r["id"] for r in many} - blank
    assert mended.unscored == {"empty": len(blank)}


def test_failures_that_are_not_in_a_row_stop_nothing() -> None:
    many = rows(100)
    bad = [row["id"] for i, row in enumerate(many) if i % 20]
    given = read_responses(replies(many))
    cases = list(zip(rows_for(many, []).rows, given, strict=True))
    for _ in range(10):  # with one worker, what is in a row does not depend on chance
        judge = Asked(only(Reason.JUDGE_TIMEOUT, bad))
        judge_all([Case(*case) for case in cases], judge, CALIBRATED)
        assert len(judge.requests) == len(many)


def test_a_judge_that_cannot_be_used_ends_the_run_and_charges_nobody(tmp_path: Path) -> None:
    def script(request: Request) -> Reply:
        if request.id == IDS[5]:
            raise JudgeError("the key is wrong")
        return by_id(request)

    with pytest.raises(JudgeError, match="the key is wrong"):
        dual_bench.score(REPLIES, ROWS, Asked(script, workers=4), out=tmp_path)
    kept = lines_of(tmp_path)
    assert IDS[5] not in {line["id"] for line in kept}
    assert kept
    assert all(line["label"] for line in kept)
    assert not (tmp_path / "metrics.json").exists()
    again = Asked()
    assert dual_bench.score(REPLIES, ROWS, again, out=tmp_path).unscored == {}
    assert set(again.ids) == set(IDS) - {line["id"] for line in kept}


# --- other processes ---------------------------------------------------------------------

# Starts a run for every line of its input. The judge notes each call before it answers; "done" is
# said when all is judged and the metrics are still to be written.
RUNS = """
import os, sys, time
import dual_bench
from tests.replies_kit import Asked, by_id, replies, rows

folder, log = sys.argv[1:]
many = rows(90)
calls = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

def slow(request):
    os.write(calls, f"{request.id}\\n".encode())
    os.write(1, b"called\\n")
    time.sleep(0.002)
    return by_id(request)

def progress(judged, total, unscored):
    if judged == total:
        os.write(1, b"done\\n")

for line in iter(sys.stdin.readline, ""):
    pid = os.fork()
    if pid == 0:
        judge = Asked(slow, workers=int(line))
        os.write(1, f"{os.getpid()}\\n".encode())
        dual_bench.score(replies(many), many, judge, out=folder, progress=progress)
        os._exit(0)
    os.waitpid(pid, 0)
    os.write(1, b"dead\\n")
"""


def started(program: str, *arguments: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
        cwd=Path(__file__).parents[1],
    )


def run(parent: subprocess.Popen[str], workers: int, calls: int, pause: float = 0.0) -> bool:
    """Let a run start; kill it after so many calls, or that long after all was judged."""
    assert parent.stdin is not None
    assert parent.stdout is not None
    parent.stdin.write(f"{workers}\n")
    pid = int(parent.stdout.readline())
    killed = False
    for line in iter(parent.stdout.readline, "dead\n"):
        calls -= line == "called\n"
        if not killed and (calls == 0 or line == "done\n"):
            time.sleep(pause)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            killed = True
    return killed


def known_ids(folder: Path) -> set[str]:
    path = folder / "verdicts.jsonl"
    return {record["id"] for record in read_journal(path)} if path.exists() else set()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the test starts its runs with fork")
def test_fifty_kills_lose_no_verdict_and_pay_for_none_twice(tmp_path: Path) -> None:
    folder, log = tmp_path / "run", tmp_path / "calls"
    rng = random.Random(20240601)
    many = rows(90)
    asked = 0
    with started(RUNS, folder, log) as parent:
        for kill in range(50):
            known = known_ids(folder)
            late = kill >= 45  # the last ones judge all there is, and die while they count
            assert run(parent, rng.choice([1, 4]), -1 if late else rng.randrange(1, 5), late * 0.05)
            calls = log.read_text().splitlines()
            assert not known & set(calls[asked:])  # acknowledged before, so not asked again
            asked = len(calls)
        assert parent.stdin is not None
        parent.stdin.close()
    ids = Counter(record["id"] for record in read_journal(folder / "verdicts.jsonl"))
    assert ids == {row["id"]: 1 for row in many}
    assert set(calls) == set(ids)
    assert len(calls) - len(ids) <= 45 * 4  # only what was on its way is paid for again
    last, whole = Asked(), Asked()
    dual_bench.score(replies(many), many, last, out=folder)
    dual_bench.score(replies(many), many, whole, out=tmp_path / "whole")
    assert (len(last.requests), len(whole.requests)) == (0, len(many))
    for name in ("metrics.json", "run.json"):
        assert (folder / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


HOLDS = """
import sys
import dual_bench
from tests.replies_kit import Asked, by_id, replies, rows

def wait(request):
    print("asked", flush=True)
    sys.stdin.readline()
    return by_id(request)

dual_bench.score(replies(rows()), rows(), Asked(wait), out=sys.argv[1])
"""


def test_a_second_process_is_refused_with_a_message(tmp_path: Path) -> None:
    second = Asked()
    with started(HOLDS, tmp_path) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "asked\n"
        with pytest.raises(JournalError, match="in use by another process"):
            dual_bench.score(REPLIES, ROWS, second, out=tmp_path)
        first.communicate("\n" * len(ROWS))
    assert first.returncode == 0
    assert second.requests == []
    assert dual_bench.score(REPLIES, ROWS, second, out=tmp_path).unscored == {}
    assert second.requests == []
