"""The journal: nothing acknowledged is lost, nothing half-written is kept, one writer at a time."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dual_bench.errors import JournalError
from dual_bench.journal import Journal, read_journal

# Starts a writer for every line of its input and reports each acknowledged number. Every seventh
# record is large, so that a kill can also fall into the middle of a write.
WRITERS = """
import os, sys
from pathlib import Path
from dual_bench.journal import Journal

def write():
    with Journal(Path(sys.argv[1])) as journal:
        n = sum(1 for _ in journal.records())
        os.write(1, f"start {os.getpid()} {n} {journal.recovered}\\n".encode())
        while True:
            journal.append({"n": n, "filler": "x" * (100_000 if n % 7 == 0 else 50)})
            os.write(1, f"ack {n}\\n".encode())
            n += 1

for _ in iter(sys.stdin.readline, ""):
    pid = os.fork()
    if pid == 0:
        write()
    os.waitpid(pid, 0)
    os.write(1, b"dead\\n")
"""


def written(path: Path, *records: dict[str, object]) -> Path:
    with Journal(path) as journal:
        for record in records:
            journal.append(record)
    return path


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the test starts its writers with fork")
def test_fifty_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    rng = random.Random(20240601)
    acknowledged: list[int] = []
    command = [sys.executable, "-c", WRITERS, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        for _ in range(50):
            parent.stdin.write("start\n")
            _, pid, there, _recovered = parent.stdout.readline().split()
            assert int(there) >= len(acknowledged)  # resumed after all that it had promised
            left = rng.randrange(1, 13)
            for line in iter(parent.stdout.readline, "dead\n"):
                acknowledged.append(int(line.removeprefix("ack ")))
                left -= 1
                if not left:
                    os.kill(int(pid), signal.SIGKILL)
        parent.stdin.close()
    numbers = [record["n"] for record in read_journal(path)]
    assert len(acknowledged) >= 50
    assert set(acknowledged) <= set(numbers)
    assert numbers == list(range(len(numbers)))  # each once, and in order
    with Journal(path) as journal:
        journal.append({"n": len(numbers)})
        assert [record["n"] for record in journal.records()] == [*numbers, len(numbers)]


# --- one writer --------------------------------------------------------------------------


def test_a_second_process_is_refused_until_the_first_has_closed(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    program = (
        "import sys\nfrom dual_bench.journal import Journal\n"
        "try:\n    Journal(sys.argv[1]).append({'from': 'second'})\n"
        "except Exception as err:\n    print(type(err).__name__, err)\n"
    )
    command = [sys.executable, "-c", program, str(path)]
    with Journal(path) as journal:
        journal.append({"from": "first"})
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout.startswith("JournalError")
        assert "in use by another process" in done.stdout
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert [r["from"] for r in read_journal(path)] == ["first", "second"]


def test_a_second_journal_in_this_process_is_refused_from_any_thread(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path):
        with pytest.raises(JournalError, match="in use"):
            Journal(path)
        with ThreadPoolExecutor(1) as pool, pytest.raises(JournalError, match="in use"):
            pool.submit(Journal, path).result()
    with ThreadPoolExecutor(1) as pool, Journal(path) as journal:
        pool.submit(journal.close).result()  # another thread than that which opened it
        Journal(path).close()


def test_a_link_to_a_journal_or_its_folder_has_the_same_lock(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "folder").symlink_to("real")
    (tmp_path / "file.jsonl").symlink_to("real/journal.jsonl")
    with Journal(tmp_path / "real" / "journal.jsonl"):
        for name in ("folder/journal.jsonl", "file.jsonl"):
            with pytest.raises(JournalError, match="in use"):
                Journal(tmp_path / name)
    written(tmp_path / "folder" / "journal.jsonl", {"n": 1})
    assert read_journal(tmp_path / "file.jsonl") == [{"n": 1}]


def test_a_failed_opening_lets_go_of_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b"[]\n")
    with pytest.raises(JournalError, match="line 1") as caught:
        Journal(path)
    path.unlink()
    Journal(path).close()
    assert caught.tb is not None  # it keeps the first one alive: no garbage collector helped


# --- what stands in the file --------------------------------------------------------------


def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    records: list[dict[str, object]] = [
        {"b": 1, "a": [None, True, 0.1, {"deep": "z"}]},
        {"text": "half \ud83d, nul \0, \u2028\u0085\x0b\r\n, 茶"},
        {},
    ]
    path = written(tmp_path / "journal.jsonl", *records)
    assert read_journal(path) == records
    assert list(read_journal(path)[0]) == ["b", "a"]
    assert path.read_bytes().isascii()
    assert path.read_bytes().count(b"\n") == 3
    with Journal(path) as journal:
        before = journal.records()
        journal.append({"later": 1})
        assert list(before) == records
        assert journal.recovered == 0


def test_a_whole_record_that_lacks_its_newline_is_a_record(tmp_path: Path) -> None:
    path = written(tmp_path / "journal.jsonl", {"n": 1})
    path.write_bytes(path.read_bytes() + b'{"n": 2}')
    assert read_journal(path) == [{"n": 1}, {"n": 2}]
    with Journal(path) as journal:
        assert journal.recovered == 0
        journal.append({"n": 3})
    assert path.read_bytes() == b'{"n": 1}\n{"n": 2}\n{"n": 3}\n'


@pytest.mark.parametrize("tail", [b"{", b'{"n": 2', b"\0\0\0", b'{"n": "\xe8\x8c'])
def test_a_torn_tail_is_cut_off_on_opening_and_passed_over_on_reading(
    tmp_path: Path, tail: bytes
) -> None:
    path = written(tmp_path / "journal.jsonl", {"n": 1})
    whole = path.read_bytes()
    path.write_bytes(whole + tail)
    assert read_journal(path) == [{"n": 1}]
    assert path.read_bytes() == whole + tail
    with Journal(path) as journal:
        assert journal.recovered == len(tail)
        assert path.read_bytes() == whole
        journal.append({"n": 2})
    assert read_journal(path) == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'{"n": 1}\n{"n"\n{"n": 3}\n', 2),
        (b'{"n": 1}\n[2]\n', 2),
        (b'{"n": 1}\n\n{"n": 3}\n', 2),
        (b'{"n": 1}\n{"n": "\xff"}\n', 2),
        (b"[" * 100_000 + b"\n", 1),
        (b"\x89PNG and no newline", 1),
        (b'{"n": 1}\na note', 2),
    ],
)
def test_what_is_no_record_is_named_and_left_alone(
    tmp_path: Path, content: bytes, line: int
) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(content)
    for read in (Journal, read_journal):
        with pytest.raises(JournalError, match=rf"journal\.jsonl, line {line}: expected a JSON"):
            read(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("record", [{"n": float("nan")}, {"n": {1}}, {"n": b""}, [1]])
def test_what_is_not_json_is_refused(tmp_path: Path, record: dict[str, object]) -> None:
    with Journal(tmp_path / "journal.jsonl") as journal:
        with pytest.raises(JournalError, match="a record"):
            journal.append(record)
        assert list(journal.records()) == []


def test_threads_do_not_cut_into_each_other(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.jsonl") as journal, ThreadPoolExecutor(8) as pool:

        def work(thread: int) -> None:
            for n in range(200):
                journal.append({"thread": thread, "n": n, "filler": "茶" * (n % 50)})

        list(pool.map(work, range(8)))
        records = list(journal.records())
    assert len(records) == 1600
    for thread in range(8):
        assert [r["n"] for r in records if r["thread"] == thread] == list(range(200))


def test_lines_are_plain_json_for_other_tools(tmp_path: Path) -> None:
    path = written(tmp_path / "journal.jsonl", {"n": 1}, {"n": 2})
    assert [json.loads(line) for line in path.read_text("ascii").splitlines()] == read_journal(path)
