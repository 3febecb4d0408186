"""Fifty kill -9: no reply that was acknowledged is lost, and none is doubled."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

import dual_bench
from dual_bench.responses import read_responses
from tests.recorder_kit import IDS, ROWS, due, filled, lines, recorder
from tests.replies_kit import rows

REPLIES = "responses.jsonl"

# Starts a run for every line of its input. Each id is said once `add` has returned. Every ninth
# reply is large, so that a kill can also fall into the middle of a write.
RUNS = """
import os, sys, time
from tests.recorder_kit import recorder
from tests.replies_kit import rows

many = rows(100)

def run():
    os.write(1, f"{os.getpid()}\\n".encode())
    with recorder(sys.argv[1], many) as rec:
        for n, row in enumerate(rec.todo()):
            rec.add(row["id"], row["id"] + "x" * (400_000 if n % 9 == 8 else 10))
            os.write(1, (row["id"] + "\\n").encode())
            time.sleep(0.005)

for _ in iter(sys.stdin.readline, ""):
    if not (pid := os.fork()):
        run()
        os._exit(0)
    os.write(1, b"dead %d\\n" % os.waitpid(pid, 0)[1])
"""


def run(parent: subprocess.Popen[str], acks: int | None, pause: float) -> tuple[list[str], bool]:
    """Let a run start, and kill it a moment after so many rows; None lets it end.

    Returns:
        The ids that it acknowledged, and whether it was killed before its end.
    """
    assert parent.stdin is not None
    assert parent.stdout is not None
    parent.stdin.write("run\n")
    said: list[str] = []
    pid = None
    for line in iter(parent.stdout.readline, "dead 9\n"):
        if line == "dead 0\n":
            return said, False
        if pid is None:
            pid = int(line)
        else:
            said.append(line.strip())
        if len(said) == acks:
            time.sleep(pause)
            os.kill(pid, signal.SIGKILL)
    return said, True


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the test starts its runs with fork")
def test_fifty_kills_lose_no_reply_and_double_none(tmp_path: Path) -> None:
    many, rng = rows(100), random.Random(5)
    ids = [row["id"] for row in many]
    command = [sys.executable, "-c", RUNS, str(tmp_path)]
    root = Path(__file__).parents[1]
    said: list[str] = []
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, cwd=root
    ) as parent:
        for kill in range(50):
            # 0 dies while it opens the folder; some rows are left for the last kill
            acks = 0 if kill < 5 or len(said) > 2 * kill else rng.randrange(1, 5)
            new, killed = run(parent, acks, rng.uniform(0, 0.002))
            assert killed
            said += new
            if not (tmp_path / REPLIES).exists():
                continue
            found = Counter(line["id"] for line in lines(tmp_path))  # a torn line is passed over
            assert not found or max(found.values()) == 1
            assert set(said) <= set(found)
            if found:  # any folder can be scored as it was left
                assert read_responses(tmp_path).superseded == 0
        assert 50 < len(said) < 150
        assert len(set(said)) == len(said)
        assert run(parent, None, 0)[1] is False
    assert [line["id"] for line in lines(tmp_path)] == ids
    assert all(line["response"].rstrip("x") == line["id"] for line in lines(tmp_path))
    assert (tmp_path / REPLIES).read_bytes().count(b"\n") == 200
    with recorder(tmp_path, many) as rec:
        assert rec.counts == {"answered": 200, "missing": 0}


@pytest.mark.parametrize("tail", [b'{"id": "du', b"{", b"\0\0\0"])
def test_a_torn_last_line_counts_for_nothing(tmp_path: Path, tail: bytes) -> None:
    folder = filled(tmp_path)
    whole = (folder / REPLIES).read_bytes()
    scored = dual_bench.score(folder, ROWS).to_dict()
    (folder / REPLIES).write_bytes(whole + tail)
    assert dual_bench.score(folder, ROWS).to_dict() == scored
    assert (folder / REPLIES).read_bytes() == whole + tail  # scoring changes nothing
    with recorder(folder) as rec:
        assert due(rec) == IDS[1:]
        assert (folder / REPLIES).read_bytes() == whole
        rec.add(IDS[4], "x")
    assert len(lines(folder)) == 5
