"""`dual-bench run` in processes of their own: shards side by side, Ctrl-C, and fifty kill -9."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("aiohttp", reason="needs aiohttp: the extra `api`")

import dual_bench
from tests.run_kit import Endpoint, command, content, lines, mistake, rows_of, said, started, words
from tests.scripted_server import status

KILLS, AT_ONCE = 50, 6
needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")

# Imports once, and then starts a run, or waits for one, for every line of its input.
RUNS = """
import os, sys
import aiohttp, datasets
from dual_bench.cli import main
import dual_bench.recording, dual_bench.run.openai

datasets.load_dataset_builder("parquet", data_files=sys.argv[1])  # imports more; reads nothing
for line in iter(sys.stdin.readline, ""):
    what, *words = line.rstrip("\\n").split("\\t")
    if what == "wait":
        print(os.waitstatus_to_exitcode(os.waitpid(int(words[0]), 0)[1]), flush=True)
    elif pid := os.fork():
        print(pid, flush=True)
    else:
        for stream in (1, 2):
            os.dup2(os.open(f"{words[0]}.{stream}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
        main(words[1:])  # it ends the process
"""


class Runs:
    """Runs as processes of their own that need not import anything."""

    def __init__(self, build: Path, folder: Path) -> None:
        file = next(build.glob("data/**/*.parquet"))
        self._folder = folder
        self._parent = started(file, code=RUNS, stdin=subprocess.PIPE, bufsize=1)

    def start(self, *arguments: object, name: str = "run") -> int:
        """Start the command; its process id. What it prints goes to files of that name."""
        return self._ask("start", self._folder / name, *arguments)

    def wait(self, pid: int) -> int:
        """Its exit status; less than 0 is a signal."""
        return self._ask("wait", pid)

    def printed(self, name: str = "run") -> tuple[str, str]:
        """What a run wrote to its two streams."""
        return (self._folder / f"{name}.1").read_text(), (self._folder / f"{name}.2").read_text()

    def close(self) -> None:
        self._parent.communicate(timeout=20)

    def _ask(self, *words: object) -> int:
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write("\t".join(map(str, words)) + "\n")
        return int(self._parent.stdout.readline())


@pytest.fixture(scope="module")
def runs(build: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    if not hasattr(os, "fork"):
        pytest.skip("starts its runs with fork")
    starter = Runs(build, tmp_path_factory.mktemp("printed"))
    yield starter
    starter.close()


def until(true: Callable[[], bool], seconds: float = 30) -> bool:
    """Wait for something; False where it did not come."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.001)
    return True


# --- shards ------------------------------------------------------------------------------


def test_shards_side_by_side_become_the_whole_run(runs: Runs, build: Path, tmp_path: Path) -> None:
    rows = rows_of(build, "dual_use")
    parts = [tmp_path / str(n) for n in range(3)]
    with Endpoint(rows) as endpoint:
        command(*endpoint.options(build, tmp_path / "one"))
        assert len(endpoint.taken()) == 72
        pids = [
            runs.start(*endpoint.options(build, part, "--shard", f"{n}/3"), name=str(n))
            for n, part in enumerate(parts)
        ]
        for n, pid in enumerate(pids):
            assert runs.wait(pid) == 0
            assert runs.printed(str(n)) == (f"{parts[n]}: 24 answered\n", "")
        assert endpoint.counts == {row["id"]: 1 for row in rows}
        before = [content(part) for part in parts]

        told = mistake("merge", *parts[:2], "--out", tmp_path / "whole")
        assert "24" in told
        assert not (tmp_path / "whole").exists()
        got = command("merge", *parts[:2], "--out", tmp_path / "two", "--partial").output
        assert got == f"{tmp_path / 'two'}: 48 replies, 0 failed, 24 missing\n"
        got = command("merge", *reversed(parts), "--out", tmp_path / "whole").output
        assert got == f"{tmp_path / 'whole'}: 72 replies, 0 failed\n"
        assert [content(part) for part in parts] == before
        assert "holds replies already" in mistake("merge", *parts, "--out", tmp_path / "whole")

        endpoint.taken()
        command(*endpoint.options(build, tmp_path / "whole"))  # nothing is left to be asked
        assert endpoint.taken() == []
        command(*endpoint.options(build, tmp_path / "two"))  # and of a part, the other part
        assert endpoint.counts == {line["id"]: 1 for line in lines(parts[2])}
    assert said(tmp_path / "whole") == said(tmp_path / "two") == said(tmp_path / "one")
    scores = [dual_bench.score(tmp_path / n, build).to_dict() for n in ("one", "two", "whole")]
    assert {score["replies"].pop("source") for score in scores} == {"one", "two", "whole"}
    assert scores[0] == scores[1] == scores[2]


def test_two_runs_in_one_folder(runs: Runs, build: Path, tmp_path: Path) -> None:
    rows = rows_of(build, "dual_use")
    with Endpoint(rows) as endpoint:
        endpoint.released.clear()
        first = runs.start(*endpoint.options(build, tmp_path))
        assert until(lambda: len(endpoint.asked) == 16)
        assert "is in use by another process" in mistake(*endpoint.options(build, tmp_path))
        endpoint.released.set()
        assert runs.wait(first) == 0
    assert endpoint.counts == {row["id"]: 1 for row in rows}


# --- Ctrl-C ------------------------------------------------------------------------------


@needs_signals
def test_ctrl_c_keeps_what_is_on_its_way(build: Path, tmp_path: Path) -> None:
    rows = rows_of(build, "dual_use")
    with Endpoint(rows) as endpoint:
        endpoint.released.clear()
        with started(*endpoint.options(build, tmp_path, "--concurrency", 5)) as process:
            assert until(lambda: len(endpoint.asked) == 5)
            process.send_signal(signal.SIGINT)
            time.sleep(0.3)
            assert process.poll() is None  # it waits for what is paid for
            endpoint.released.set()
            out, errors = process.communicate(timeout=20)
        assert process.returncode == 130
        assert (out, errors.count("\n")) == ("", 2)  # waiting, and stopped
        assert "the same command goes on from here" in errors
        asked = endpoint.taken()
        assert len(asked) == 5  # nothing was sent after the signal
        assert said(tmp_path) == {id: words(id) for id in asked}  # and every reply is there
        command(*endpoint.options(build, tmp_path))
        assert endpoint.counts == {row["id"]: 1 for row in rows if row["id"] not in asked}
        assert said(tmp_path) == {row["id"]: words(row["id"]) for row in rows}


@needs_signals
def test_a_second_ctrl_c_does_not_wait(runs: Runs, build: Path, tmp_path: Path) -> None:
    rows = rows_of(build, "dual_use")
    with Endpoint(rows) as endpoint:
        endpoint.released.clear()
        pid = runs.start(*endpoint.options(build, tmp_path, "--concurrency", 5))
        assert until(lambda: len(endpoint.asked) == 5)
        for _ in range(2):
            os.kill(pid, signal.SIGINT)
            time.sleep(0.3)
        assert runs.wait(pid) == 130
        out, errors = runs.printed()
        assert (out, errors.count("\n")) == ("", 2), errors
        endpoint.released.set()
        endpoint.taken()
        command(*endpoint.options(build, tmp_path))
        assert endpoint.counts == {row["id"]: 1 for row in rows}
        assert said(tmp_path) == {row["id"]: words(row["id"]) for row in rows}


@needs_signals
def test_ctrl_c_while_requests_wait_to_be_sent_again(
    runs: Runs, build: Path, tmp_path: Path
) -> None:
    rows = rows_of(build, "dual_use")
    with Endpoint(rows) as endpoint:
        endpoint.sick = {row["id"]: status(429, headers={"Retry-After": "60"}) for row in rows[:3]}
        pid = runs.start(*endpoint.options(build, tmp_path, "--concurrency", 3))
        assert until(lambda: len(endpoint.asked) == 3)
        time.sleep(0.2)
        before = time.monotonic()
        os.kill(pid, signal.SIGINT)
        assert runs.wait(pid) == 130
        assert time.monotonic() - before < 10
        assert lines(tmp_path) == []
        endpoint.sick = {}
        command(*endpoint.options(build, tmp_path))
    assert len(said(tmp_path)) == 72


# --- kill -9 -----------------------------------------------------------------------------


def test_fifty_kills_lose_and_double_nothing(runs: Runs, build: Path, tmp_path: Path) -> None:
    configs = ("dual_use", "dual_use_perturbed", "contrast_text")
    rows = rows_of(build, *configs)  # many more than fifty short runs can ask
    rng = random.Random(5)
    out = tmp_path / "run"
    kept: dict[str, str | None] = {}
    lost, amid = 0, 0
    with Endpoint(rows) as endpoint:
        endpoint.delay = 0.012
        more: list[object] = [word for config in configs for word in ("--config", config)]
        more += ["--concurrency", AT_ONCE, "--quiet"]
        options = endpoint.options(build, out, *more)
        for kill in range(KILLS):
            before, pid = len(endpoint.asked), runs.start(*options)
            if kill >= 5:  # the first ones die anywhere, also before they ask
                assert until(lambda before=before: len(endpoint.asked) > before)  # type: ignore
            time.sleep(rng.uniform(0, 0.3) if kill < 5 else rng.uniform(0, 0.03))
            os.kill(pid, signal.SIGKILL)
            assert runs.wait(pid) == -signal.SIGKILL
            time.sleep(0.01)  # what the dead one sent may still come in
            found = said(out) if (out / "responses.jsonl").exists() else {}
            assert found.items() >= kept.items()  # no reply is lost, or changed
            gone = len(endpoint.asked) - len(found) - lost
            assert 0 <= gone <= AT_ONCE
            kept, lost, amid = found, lost + gone, amid + (gone > 0)
        assert amid > KILLS / 3  # most kills fell into the asking
        assert 2 * AT_ONCE < len(kept) < len(rows)
        assert runs.wait(runs.start(*options)) == 0
        assert len(endpoint.asked) <= len(rows) + lost
        assert set(endpoint.taken()) == {row["id"] for row in rows}
        command(*options)
        assert endpoint.asked == []
    found = said(out)
    assert found == {row["id"]: words(row["id"]) for row in rows}
    assert found.items() >= kept.items()
    assert Counter(line["id"] for line in lines(out)) == {row["id"]: 1 for row in rows}
    assert (out / "responses.jsonl").read_bytes().count(b"\n") == len(rows)
