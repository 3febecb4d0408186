"""An append-only file of JSON objects, one a line, that survives being killed at any moment.

A record is acknowledged when `append` returns: from then on no signal, not even kill -9, can
lose it, because it was handed to the system whole, in one write. A power cut is another thing:
there only what stood in the file at the last orderly close is certain, since only `close` waits
for the disk.

One journal has one writer. The lock is the kernel's and is gone with the process that held it;
the file `<journal>.lock` may stay behind and means nothing by itself. What a record says is not
for this module to know.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, NoReturn

from filelock import FileLock, Timeout

from dual_bench.errors import JournalError, OutputError

_ENCODER = json.JSONEncoder(ensure_ascii=True, allow_nan=False)  # one for all: made slowly


class Journal:
    """The one writer of a journal; made if it is missing. Use it in a `with` block.

    Attributes:
        path: of the file, with links resolved, so that two names of one file share one lock.
        recovered: bytes of an unfinished last line that were cut off on opening. They were
            written by a run that was killed, and never acknowledged.

    Raises:
        JournalError: another writer has it, it is no journal, or the folder cannot be used.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = _resolved(Path(path))
        self._mutex = Lock()
        self._fd = -1
        # Where an append began that has not come back: from here on the file is not to be
        # trusted. It covers a full disk and an interrupt between the write and the return.
        self._unsure: int | None = None
        with ExitStack() as undo:
            self._lock = _locked(self.path)
            undo.callback(self._lock.release)
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
            try:
                self._fd = os.open(self.path, flags, 0o666)
                undo.callback(os.close, self._fd)
                self.recovered = _torn(self.path)
                if self.recovered:
                    os.ftruncate(self._fd, os.fstat(self._fd).st_size - self.recovered)
                elif _lacks_newline(self.path):
                    os.write(self._fd, b"\n")  # a whole record all the same
            except OSError as err:
                _unusable(self.path, err)
            undo.pop_all()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def records(self) -> Iterator[dict[str, Any]]:
        """All records that were acknowledged before this call, in their order."""
        with self._mutex:
            end = self._size()
        return _records(self.path, end)

    def append(self, record: Mapping[str, Any]) -> None:
        """Write one record; safe to call from several threads.

        Raises:
            JournalError: it is not JSON (nan is not), or the journal is closed.
            OutputError: it cannot be written (a full disk). Nothing of it stays in the file, and
                the journal can be used on.
        """
        line = _line(record)
        with self._mutex:
            start = self._size()
            try:
                self._cut()
                self._unsure = start
                written = os.write(self._fd, line)
                if written == len(line):
                    self._unsure = None
                    return
                why = f"only {written} of {len(line)} bytes were taken; is the disk full?"
            except OSError as err:
                why = err.strerror or str(err)
            self._give_up(why)

    def close(self) -> None:
        """Wait until the disk has all of it, and let go of the lock. Closing twice is fine.

        Raises:
            OutputError: the disk did not take what the system had accepted.
        """
        with self._mutex:
            if self._fd < 0:
                return
            try:
                self._cut()
                os.fsync(self._fd)
            except OSError as err:
                raise OutputError(f"{self.path}: cannot be closed: {err.strerror or err}") from err
            finally:
                os.close(self._fd)
                self._fd = -1
                self._lock.release()

    def _size(self) -> int:
        """Bytes that were acknowledged."""
        if self._fd < 0:
            raise JournalError(f"{self.path}: the journal is closed; open it again to use it")
        return os.lseek(self._fd, 0, os.SEEK_END) if self._unsure is None else self._unsure

    def _cut(self) -> None:
        """Remove what an append left that did not come back."""
        if self._unsure is not None:
            os.ftruncate(self._fd, self._unsure)
            self._unsure = None

    def _give_up(self, why: str) -> NoReturn:
        try:
            self._cut()
        except OSError as err:  # the next append, the close or the next opening cuts it
            why += f" (and the part that was written is still there: {err.strerror or err})"
        raise OutputError(f"{self.path}: a record cannot be written: {why}")


def read_journal(path: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """The records of a journal, without a lock: it may be in use.

    An unfinished last line is passed over, and stays.

    Raises:
        JournalError: it cannot be read, or is no journal; names file and line.
    """
    path = Path(path)
    try:
        end = path.stat().st_size
        end -= _torn(path, end)
        return list(_records(path, end))
    except OSError as err:
        raise JournalError(f"{path}: cannot be read: {err.strerror or err}") from err


def _resolved(path: Path) -> Path:
    try:
        real = path.resolve()
        if path.is_symlink() and not real.exists():
            raise JournalError(
                f"{path}: is a link to {real}, which does not exist; remove the link"
            )
        if not real.parent.is_dir():
            raise JournalError(f"{path}: the folder {real.parent} does not exist; make it first")
    except (OSError, RuntimeError) as err:  # RuntimeError is a circle of links in Python 3.11
        raise JournalError(f"{path}: cannot be followed: {err}") from err
    return real


def _locked(path: Path) -> FileLock:
    # thread_local=False: the thread that closes a journal need not be the one that opened it
    lock = FileLock(f"{path}.lock", timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise JournalError(
            f"{path}: is in use by another process (or another part of this one); wait until it "
            f"has ended, or choose another folder"
        ) from None  # where the lock was tried is no help
    except (OSError, NotImplementedError) as err:
        _unusable(path, err)
    return lock


def _unusable(path: Path, err: Exception) -> NoReturn:
    why = getattr(err, "strerror", None) or err
    raise JournalError(
        f"{path}: cannot be opened for writing: {why}; it needs a folder in which files can be "
        f"made and locked"
    ) from err


def _line(record: Mapping[str, Any]) -> bytes:
    if not isinstance(record, (dict, Mapping)):  # dict first: it is found faster
        raise JournalError(f"a record must be a mapping, got {type(record).__name__}")
    try:
        text = _ENCODER.encode(dict(record))
    except (TypeError, ValueError, RecursionError) as err:
        raise JournalError(f"a record cannot be written as JSON: {err}") from err
    return text.encode("ascii") + b"\n"


def _torn(path: Path, end: int | None = None) -> int:
    """Bytes after the last newline; every line before must be a record.

    Only what can be the rest of a record may be cut: the first bytes of an object, or the zeros
    that a power cut leaves. Anything else means that the file is somebody's, and no journal. A
    whole object that lacks nothing but its newline is a record: files made by hand end so.
    """
    left = os.path.getsize(path) if end is None else end
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            line = line[:left]
            left -= len(line)
            if line.endswith(b"\n"):
                _record(line, path, number)
            elif line[:1] not in (b"{", b"\0", b""):
                _not_a_record(path, number, "this is not the beginning of one")
            if not left:
                return 0 if line.endswith(b"\n") or _is_whole(line) else len(line)
    return 0


def _is_whole(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line.decode("utf-8")), dict)
    except (ValueError, RecursionError):
        return False


def _lacks_newline(path: Path) -> bool:
    with path.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def _records(path: Path, end: int) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            end -= len(line)
            if end < 0:
                return
            yield _record(line, path, number)


def _record(line: bytes, path: Path, number: int) -> dict[str, Any]:
    try:
        value = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as err:
        _not_a_record(path, number, str(err))
    if not isinstance(value, dict):
        _not_a_record(path, number, f"got a JSON {type(value).__name__}")
    return value


def _not_a_record(path: Path, number: int, why: str) -> NoReturn:
    raise JournalError(
        f"{path}, line {number}: expected a JSON object: {why}. The file is damaged or no "
        f"journal; nothing was changed. Repair or remove this line, or choose another folder"
    )
