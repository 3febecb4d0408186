"""The journal on disks that are full, failing or read-only, and under interrupts."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dual_bench.errors import JournalError, OutputError
from dual_bench.journal import Journal, read_journal

REAL_WRITE = os.write


def short(fd: int, data: bytes) -> int:
    return REAL_WRITE(fd, data[: len(data) // 2])


def full(fd: int, data: bytes) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def interrupted_before(fd: int, data: bytes) -> int:
    raise KeyboardInterrupt


def interrupted_after(fd: int, data: bytes) -> int:
    REAL_WRITE(fd, data)
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("write", "message"), [(short, "only 7 of 15 bytes"), (full, "No space left")]
)
def test_a_full_disk_leaves_no_part_and_the_journal_goes_on(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[int, bytes], int],
    message: str,
) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.append({"n": 1})
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", write)
            with pytest.raises(OutputError, match=message):
                journal.append({"n": 2_000_000})
            assert path.read_bytes() == b'{"n": 1}\n'
        journal.append({"n": 3})
    assert read_journal(path) == [{"n": 1}, {"n": 3}]


def test_a_part_that_cannot_be_cut_at_once_is_cut_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.jsonl"

    def no_cut(fd: int, length: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with Journal(path) as journal:
        journal.append({"n": 1})
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", short)
            patch.setattr(os, "ftruncate", no_cut)
            for _ in range(2):
                with pytest.raises(OutputError, match="still there"):
                    journal.append({"n": 2})
        assert not path.read_bytes().endswith(b"\n")
        assert list(journal.records()) == [{"n": 1}]
        journal.append({"n": 3})
    assert read_journal(path) == [{"n": 1}, {"n": 3}]


@pytest.mark.parametrize("write", [interrupted_before, interrupted_after])
@pytest.mark.parametrize("then_append", [True, False])
def test_an_interrupt_in_an_append_leaves_a_whole_journal(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[int, bytes], int],
    then_append: bool,
) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.append({"n": 1})
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", write)
            with pytest.raises(KeyboardInterrupt):
                journal.append({"n": 2})
        assert list(journal.records()) == [{"n": 1}]  # 2 was never acknowledged
        if then_append:
            journal.append({"n": 3})
    assert [r["n"] for r in read_journal(path)] == ([1, 3] if then_append else [1])


def test_a_disk_that_fails_on_closing_is_reported_and_the_lock_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)

    def no_sync(fd: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", no_sync)
        with pytest.raises(OutputError, match="cannot be closed"):
            journal.close()
    Journal(path).close()


def test_a_closed_journal_says_so(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.close()
    journal.close()
    for use in (journal.records, lambda: journal.append({})):
        with pytest.raises(JournalError, match="is closed"):
            use()


def test_folders_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="does not exist; make it first"):
        Journal(tmp_path / "nowhere" / "journal.jsonl")
    (tmp_path / "dangling.jsonl").symlink_to("nowhere.jsonl")
    with pytest.raises(JournalError, match="is a link to"):
        Journal(tmp_path / "dangling.jsonl")
    (tmp_path / "circle").symlink_to("circle")
    for path in (tmp_path / "circle", tmp_path / "circle" / "journal.jsonl"):
        with pytest.raises(JournalError, match="circle"):
            Journal(path)
    (tmp_path / "folder.jsonl").mkdir()
    with pytest.raises(JournalError, match="cannot be opened for writing: Is a directory"):
        Journal(tmp_path / "folder.jsonl")
    for path in (tmp_path / "folder.jsonl", tmp_path / "missing.jsonl"):
        with pytest.raises(JournalError, match="cannot be read"):
            read_journal(path)


def test_a_read_only_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def refuse(path: str, flags: int, *rest: int, **more: int) -> int:
        if str(path).startswith(str(tmp_path)) and flags & (os.O_RDWR | os.O_WRONLY | os.O_CREAT):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)
        return real(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(JournalError, match="Read-only file system; it needs a folder"):
        Journal(tmp_path / "journal.jsonl")
