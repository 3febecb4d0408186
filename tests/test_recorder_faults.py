"""Full and read-only disks, damaged files: no reply that was acknowledged is lost."""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import dual_bench
from dual_bench.errors import DualBenchError, JournalError, OutputError, ResponsesError
from dual_bench.recording import row_digest
from dual_bench.responses import read_responses
from tests.recorder_kit import GENERATION, IDS, ROWS, content, due, filled, lines, recorder

REPLIES, SETTINGS = "responses.jsonl", "run.json"

# --- disks --------------------------------------------------------------------------------

REAL_WRITE = os.write


def short(fd: int, data: bytes) -> int:
    return REAL_WRITE(fd, data[: len(data) // 2])


def full(fd: int, data: bytes) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("write", [short, full])
def test_a_full_disk_is_told_and_the_row_stays_due(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[int, bytes], int]
) -> None:
    folder = filled(tmp_path)
    before = content(folder)
    with recorder(folder) as rec:
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", write)
            with pytest.raises(OutputError, match=r"responses\.jsonl: a record cannot be written"):
                rec.add(IDS[4], "x")
        assert content(folder) == before
        assert due(rec) == IDS[1:]
        rec.add(IDS[4], "y")
    assert [line["response"] for line in lines(folder)][4:] == ["y"]


# A limit on the size of files stands in for a real disk that fills up: the first write is short.
FILLS = """
import resource, signal, sys
from dual_bench import DualBenchError
from tests.recorder_kit import ROWS, recorder

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with recorder(sys.argv[1]) as rec:
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, resource.RLIM_INFINITY))
    for row in rec.todo():
        try:
            rec.add(row["id"], "x" * 500)
            print("kept", row["id"])
        except DualBenchError as err:
            print(err, file=sys.stderr)
"""


def test_a_file_that_cannot_grow_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    root = Path(__file__).parents[1]
    command = [sys.executable, "-c", FILLS, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, check=True)
    kept = [line.split()[1] for line in done.stdout.splitlines()]
    assert 0 < len(kept) < len(ROWS)
    assert done.stderr.count("a record cannot be written") == len(ROWS) - len(kept)
    assert [line["id"] for line in lines(tmp_path)] == kept
    with recorder(tmp_path) as rec:
        assert due(rec) == [id for id in IDS if id not in kept]


def test_run_json_that_cannot_be_written_stops_the_start_and_lets_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = filled(tmp_path)
    before = content(folder)
    real = io.open

    def refuse(file: Any, mode: str = "r", *rest: Any, **more: Any) -> Any:
        if SETTINGS in str(file) and "w" in mode:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(file, mode, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(io, "open", refuse)
        with pytest.raises(OutputError, match=r"run\.json: cannot be written: No space left"):
            recorder(folder)
    assert content(folder) == before
    recorder(folder).close()


def test_a_read_only_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def refuse(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if str(path).startswith(str(tmp_path)) and flags & (os.O_RDWR | os.O_WRONLY | os.O_CREAT):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)
        return real(path, flags, *rest, **more)

    folder = filled(tmp_path)
    before = content(folder)
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        with pytest.raises(JournalError, match=r"responses\.jsonl.*Read-only file system"):
            recorder(folder)
        assert dual_bench.score(folder, ROWS).unscored["empty"] == 1  # reading needs no lock
    assert content(folder) == before


def test_folders_that_cannot_be_made_or_are_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(OutputError, match="cannot be made"):
            recorder(folder)
    (tmp_path / "run" / REPLIES).mkdir(parents=True)
    with pytest.raises(JournalError, match=r"responses\.jsonl: cannot be opened.*directory"):
        recorder(tmp_path / "run")
    for folder in (tmp_path, tmp_path / "run"):
        with pytest.raises(ResponsesError, match=r"no run folder; it has no responses\.jsonl"):
            dual_bench.score(folder, ROWS)
    assert (tmp_path / "file").read_text() == "mine"


# --- damaged files ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot be read: Expecting value"),
        ('{"run": {"model": "m"', "cannot be read"),
        ("\0" * 40, "cannot be read"),
        ("\udcff", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ("[]", "expected a JSON object, got list"),
        ("{}", "does not say which model"),
        ('{"run": null}', "does not say which model"),
        ('{"run": []}', "part 'run' is misshapen"),
        ('{"run": {}}', "misshapen: KeyError.*model"),
        ('{"run": {"model": 5}}', "misshapen: model: expected the model's name, got 5"),
        ('{"run": {"model": "m", "generation": [1]}}', "misshapen: generation"),
        ('{"run": {"model": "m", "generation": {"a": NaN}}}', "misshapen: generation"),
        ('{"run": {"model": "m", "data": [1]}}', "misshapen"),
        ('{"run": {"model": "m", "data": {"rows": "x"}}}', "misshapen"),
        ('{"run": {"model": "m", "data": {"rows": Infinity}}}', "misshapen"),
        (None, "does not say which model"),
    ],
)
def test_a_damaged_run_json_is_named_and_nothing_is_changed(
    tmp_path: Path, text: str | None, message: str
) -> None:
    folder = filled(tmp_path)
    whole = (folder / SETTINGS).read_bytes()
    if text is None:
        (folder / SETTINGS).unlink()
    else:
        (folder / SETTINGS).write_bytes(text.encode("utf-8", "surrogateescape"))
    before = content(folder)
    with pytest.raises(JournalError, match=message) as caught:
        recorder(folder)
    assert "run.json" in str(caught.value)
    assert str(folder) in str(caught.value)
    assert content(folder) == before
    (folder / SETTINGS).write_bytes(whole)
    with recorder(folder) as rec:
        assert due(rec) == IDS[1:]


REPLY = {"id": IDS[0], "response": "x", "meta": {"row": row_digest(ROWS[0])}}
GOOD = json.dumps(REPLY).encode()


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (GOOD + b"\n\n" + GOOD + b"\n", "line 2: expected a JSON object"),
        (b"\xef\xbb\xbf" + GOOD + b"\n", "line 1"),
        (GOOD[:-5] + b"\n" + GOOD + b"\n", "line 1: expected a JSON object"),
        (b"id,response\n", "line 1"),
        (b"notes", "line 1"),
        (b"{}\n" + GOOD + b"\n", "line 1: there is no 'id'"),
        (b'{"id": 5, "response": "x"}\n', "line 1: 'id' must be a string"),
        (GOOD + b"\n" + GOOD + b"\n", "in lines 1, 2"),
        (GOOD.replace(b'"x"', b"[1]") + b"\n", "line 1: 'response' must be a string"),
        (b'{"id": "%s", "response": "x"}\n' % IDS[0].encode(), "another prompt or picture"),
    ],
)
def test_replies_that_somebody_damaged_are_named_and_stay(
    tmp_path: Path, raw: bytes, message: str
) -> None:
    recorder(tmp_path).close()
    (tmp_path / REPLIES).write_bytes(raw)
    before = content(tmp_path)
    for generation in (GENERATION, {}):
        with pytest.raises(DualBenchError, match=message) as caught:
            recorder(tmp_path, generation=generation)
        assert str(tmp_path) in str(caught.value)
    assert content(tmp_path) == before


def test_lines_that_an_editor_ended_otherwise_are_read(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    raw = (folder / REPLIES).read_bytes().replace(b"\n", b"\r\n")
    (folder / REPLIES).write_bytes(raw)
    with recorder(folder) as rec:
        assert due(rec) == IDS[1:]
        rec.add(IDS[4], "x\r\n")
    assert (folder / REPLIES).read_bytes().startswith(raw)
    assert [r.response for r in read_responses(folder)][4] == "x\r\n"


def test_replies_behind_a_link_are_found(tmp_path: Path) -> None:
    folder = filled(tmp_path / "run")
    elsewhere = tmp_path / "disk" / "mine.jsonl"
    elsewhere.parent.mkdir()
    (folder / REPLIES).rename(elsewhere)
    (folder / REPLIES).symlink_to(elsewhere)
    with recorder(folder) as rec:
        assert due(rec) == IDS[1:]
        rec.add(IDS[4], "x")
    assert len(elsewhere.read_bytes().splitlines()) == 5
