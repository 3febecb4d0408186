"""Threads with a queue: everything is done once, errors come back, Ctrl-C never hangs."""

import os
import random
import signal
import subprocess
import sys
import threading
from functools import partial

import pytest

from dual_bench.workers import Workers


@pytest.mark.parametrize("count", [1, 2, 7])
def test_every_task_comes_back_once(count: int) -> None:
    workers: Workers[int, int] = Workers(count, lambda n: n * n)
    for n in range(100):
        workers.give(n)
    found = [workers.take() for _ in range(100)]
    assert sorted(found) == [n * n for n in range(100)]
    assert (found == sorted(found)) or count > 1
    assert workers.flying == 0
    workers.stop()


def test_an_error_belongs_to_who_takes_it_and_ends_no_thread() -> None:
    workers: Workers[int, int] = Workers(1, lambda n: 1 // n)
    for n in (1, 0, 1):
        workers.give(n)
    assert workers.take() == 1
    with pytest.raises(ZeroDivisionError):
        workers.take()
    assert workers.take() == 1
    workers.stop()


def test_what_has_begun_is_finished_and_the_rest_is_given_back() -> None:
    begun, go_on = threading.Event(), threading.Event()
    finished: list[int] = []

    def work(n: int) -> int:
        begun.set()
        go_on.wait(timeout=60)
        finished.append(n)
        return n

    workers = Workers(1, work)
    for n in range(5):
        workers.give(n)
    assert begun.wait(timeout=60)
    assert workers.withdraw() == [1, 2, 3, 4]
    assert workers.flying == 1
    go_on.set()
    workers.stop()
    assert finished == [0]
    assert workers.take() == 0


# Short tasks, so that the interrupt falls on every part of the loop; the parent picks the moment.
LOOP = """
import sys
from itertools import islice, count
from dual_bench.workers import Workers
workers = Workers(4, lambda n: n)
tasks = count()
sys.stdout.write("go\\n"); sys.stdout.flush()
try:
    while True:
        for n in islice(tasks, 8 - workers.flying):
            workers.give(n)
        workers.take()
except KeyboardInterrupt:
    workers.stop()
    sys.exit(130)
"""


@pytest.mark.skipif(os.name == "nt", reason="interrupts a process with a signal")
def test_ctrl_c_at_any_moment_ends_it() -> None:
    # What a shell starts in the background ignores Ctrl-C, and so does what it starts in turn.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    rng = random.Random(7)
    for _ in range(12):
        with subprocess.Popen(
            [sys.executable, "-c", LOOP], stdout=subprocess.PIPE, preexec_fn=heed
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"go\n"
            threading.Event().wait(rng.uniform(0, 0.05))
            process.send_signal(signal.SIGINT)
            try:
                assert process.wait(timeout=60) == 130
            finally:
                process.kill()
