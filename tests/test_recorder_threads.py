"""Many rows at once: threads that share one recorder, asyncio, and a second process."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dual_bench import Answer, Recorder
from dual_bench.errors import (
    DualBenchError,
    JournalError,
    OutputError,
    ResponsesError,
    RunStoppedError,
)
from dual_bench.journal import Journal
from dual_bench.recording import RunSettings, write_run
from tests.recorder_kit import IDS, due, lines, recorder
from tests.replies_kit import rows

MANY = rows(50)
MANY_IDS = [row["id"] for row in MANY]
OTHER = RunSettings("n")


# --- threads ------------------------------------------------------------------------------


class Slow(list[Any]):
    """Rows that take a while to read, so that threads meet in the middle of it."""

    def __getitem__(self, at: Any) -> Any:
        time.sleep(0.0005)
        return super().__getitem__(at)


def test_eight_threads_share_the_rows_and_every_line_is_whole(tmp_path: Path) -> None:
    with recorder(tmp_path, Slow(MANY)) as rec:
        todo = rec.todo()
        start = threading.Barrier(8)

        def work(worker: int) -> int:
            start.wait()
            for n, row in enumerate(todo):
                size = 200_000 if n % 10 == 0 else 20
                rec.add(row["id"], f"{worker} " + "x" * size, meta={"of": row["id"]})
            return worker

        with ThreadPoolExecutor(8) as pool:
            assert sorted(pool.map(work, range(8))) == list(range(8))
        assert rec.counts == {"answered": 100, "missing": 0}
    found = lines(tmp_path)
    assert Counter(line["id"] for line in found) == Counter(MANY_IDS)
    assert all(line["meta"]["of"] == line["id"] for line in found)
    assert len({line["response"][0] for line in found}) > 1  # more than one thread worked


def test_of_threads_with_one_row_one_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Journal.append

    def late(journal: Journal, record: Any) -> None:
        time.sleep(0.01)
        real(journal, record)

    monkeypatch.setattr(Journal, "append", late)
    with recorder(tmp_path) as rec:
        start = threading.Barrier(8)

        def work(worker: int) -> bool:
            start.wait()
            try:
                rec.add(IDS[0], str(worker))
            except ResponsesError:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            kept = list(pool.map(work, range(8)))
    assert sum(kept) == 1
    assert [line["response"] for line in lines(tmp_path)] == [str(kept.index(True))]


# --- asyncio ------------------------------------------------------------------------------


class Model:
    """Answers after a while, and notes what it was asked and how much at once."""

    def __init__(self, fails: Any = lambda key: None) -> None:
        self.fails, self.asked, self.busy, self.most = fails, list[str](), 0, 0

    async def __call__(self, row: dict[str, Any]) -> str | Answer | None:
        self.asked.append(row["id"])
        self.busy += 1
        self.most = max(self.most, self.busy)
        try:
            await asyncio.sleep(random.Random(row["id"]).uniform(0, 0.004))
            if error := self.fails(row["id"]):
                raise error
        finally:
            self.busy -= 1
        return Answer("x", "length") if row["id"] == MANY_IDS[7] else "x"


@pytest.mark.parametrize(("concurrency", "most"), [(1, 1), (7, 7), (500, 100)])
def test_never_more_than_so_many_at_once(tmp_path: Path, concurrency: int, most: int) -> None:
    model = Model()
    with recorder(tmp_path, MANY) as rec:
        asyncio.run(rec.ask_all(model, concurrency=concurrency))
        assert rec.counts == {"answered": 100, "missing": 0}
    assert (model.most, sorted(model.asked)) == (most, sorted(MANY_IDS))
    (cut,) = [line for line in lines(tmp_path) if "finish_reason" in line]
    assert (cut["id"], cut["finish_reason"]) == (MANY_IDS[7], "length")


def test_what_the_loop_raises_is_the_row_s_error_and_asked_again(tmp_path: Path) -> None:
    bad = {MANY_IDS[3]: TimeoutError("60 s \udc80"), MANY_IDS[40]: ExceptionGroup("e", [OSError()])}
    with recorder(tmp_path, MANY) as rec:
        asyncio.run(rec.ask_all(Model(bad.get), shard=1, of=2))
        assert rec.counts == {"answered": 49, "model_error": 1, "missing": 50}
        asyncio.run(rec.ask_all(Model(bad.get), shard=0, of=2))
        assert rec.counts == {"answered": 98, "model_error": 2, "missing": 0}
    errors = {line["id"]: line["error"] for line in lines(tmp_path) if "error" in line}
    assert errors == {
        MANY_IDS[3]: "TimeoutError: 60 s \udc80",
        MANY_IDS[40]: "ExceptionGroup: e (1 sub-exception)",
    }
    again, none = Model(), Model()
    with recorder(tmp_path, MANY) as rec:
        asyncio.run(rec.ask_all(none, retry=["empty"]))
        asyncio.run(rec.ask_all(again))
    assert (none.asked, sorted(again.asked)) == ([], sorted(bad))


def test_a_run_in_which_all_fails_is_stopped(tmp_path: Path) -> None:
    down = Model(lambda key: ConnectionError("refused"))
    with recorder(tmp_path, MANY) as rec:
        with pytest.raises(
            RunStoppedError, match=r"after 5 failures in a row.*ConnectionError: refused"
        ):
            asyncio.run(rec.ask_all(down, concurrency=4, patience=5))
        assert 5 <= len(down.asked) <= 5 + 3  # and those that were on their way
        assert rec.counts == {
            "answered": 0,
            "model_error": len(down.asked),
            "missing": 100 - len(down.asked),
        }
        odd = Model(lambda key: None if key in MANY_IDS[::4] else OSError("odd"))
        asyncio.run(rec.ask_all(odd, concurrency=1, patience=5))
        assert rec.counts == {"answered": 25, "model_error": 75, "missing": 0}


@pytest.mark.parametrize("fault", [DualBenchError("key"), OutputError("full"), SystemExit(3)])
def test_what_is_no_row_s_fault_stops_the_run_and_keeps_what_is_on_its_way(
    tmp_path: Path, fault: BaseException
) -> None:
    model = Model(lambda key: fault if key == MANY_IDS[20] else None)
    with recorder(tmp_path, MANY) as rec:
        with pytest.raises(type(fault), match=str(fault)):
            asyncio.run(rec.ask_all(model, concurrency=8))
        kept = {line["id"] for line in lines(tmp_path)}
        assert 20 <= len(kept) < 40
        assert kept == set(model.asked) - {MANY_IDS[20]}
        rest = Model()
        asyncio.run(rec.ask_all(rest))
    assert set(rest.asked) == set(MANY_IDS) - kept


def test_an_ask_that_gives_no_words_or_cannot_be_awaited_is_no_error_of_rows(
    tmp_path: Path,
) -> None:
    async def number(row: Any) -> Any:
        return 5

    async def nothing(row: Any) -> Any:
        return None

    def plain(row: Any) -> Any:
        return "x"

    with recorder(tmp_path, MANY) as rec:
        with pytest.raises(ResponsesError, match="response must be a string or None, got a int"):
            asyncio.run(rec.ask_all(number))
        with pytest.raises(DualBenchError, match=r"async def.*it gave a str, which was not kept"):
            asyncio.run(rec.ask_all(plain))
        assert rec.counts == {"answered": 0, "missing": 100}
        asyncio.run(rec.ask_all(nothing))
        assert rec.counts == {"answered": 0, "empty": 100, "missing": 0}


def test_a_time_limit_waits_for_what_is_on_its_way(tmp_path: Path) -> None:
    async def slow(row: Any) -> str:
        asked.append(row["id"])
        await asyncio.sleep(0.05)
        return "x"

    async def main(rec: Recorder) -> None:
        await asyncio.wait_for(rec.ask_all(slow, concurrency=6), timeout=0.12)

    asked: list[str] = []
    with recorder(tmp_path, MANY) as rec:
        with pytest.raises(TimeoutError):
            asyncio.run(main(rec))
        assert sorted(line["id"] for line in lines(tmp_path)) == sorted(asked)
        assert 6 <= len(asked) < 100
        assert due(rec) == [id for id in MANY_IDS if id not in asked]


# --- other processes ----------------------------------------------------------------------

ASKS = """
import asyncio, sys
from tests.recorder_kit import recorder
from tests.replies_kit import rows

async def ask(row):
    print(row["id"], flush=True)
    await asyncio.sleep(0.3 if len(sys.argv) > 2 else 0)
    return "x"

with recorder(sys.argv[1], rows(50)) as rec:
    asyncio.run(rec.ask_all(ask, concurrency=5))
"""


def asking(folder: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ASKS, str(folder), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """A process that asks slowly, once it has asked for five rows."""
    with asking(tmp_path, "slow") as process:
        assert process.stdout is not None
        yield process, [process.stdout.readline().strip() for _ in range(5)]
        process.kill()


Busy = tuple[subprocess.Popen[str], list[str]]


def test_ctrl_c_keeps_what_is_on_its_way_and_a_second_start_asks_the_rest(
    tmp_path: Path, busy: Busy
) -> None:
    process, asked = busy
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=20)
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert out == ""  # nothing was asked after the signal
    assert [line["id"] for line in lines(tmp_path)] == asked == MANY_IDS[:5]
    with asking(tmp_path) as second:
        out, _ = second.communicate(timeout=20)
    assert second.returncode == 0
    assert out.split() == MANY_IDS[5:]
    assert Counter(line["id"] for line in lines(tmp_path)) == Counter(MANY_IDS)


def test_a_second_process_is_refused_at_once(tmp_path: Path, busy: Busy) -> None:
    before = time.monotonic()
    for start in (lambda: recorder(tmp_path, MANY), lambda: write_run(tmp_path, OTHER, [])):
        with pytest.raises(JournalError, match=r"responses\.jsonl: is in use by another process"):
            start()
    assert time.monotonic() - before < 1
    busy[0].kill()
    busy[0].wait()
    with recorder(tmp_path, MANY) as rec:
        assert rec.counts["missing"] >= 95
