"""What is left to be asked: an iterator with a length that several threads may share."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from numbers import Integral
from threading import Lock
from typing import Any

from dual_bench.errors import UnknownNameError
from dual_bench.recording.sources import Row


class Todo:
    """Rows, each given once.

    Args:
        rows: read as they are asked for.
        count: how many there are.
    """

    def __init__(self, rows: Iterator[Row], count: int) -> None:
        self._rows = rows
        self._count = count
        self._lock = Lock()  # two threads inside one generator are an error

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        with self._lock:
            return next(self._rows)

    def __len__(self) -> int:
        """Rows in all, those that were given already included."""
        return self._count

    def batches(self, size: int) -> Iterator[list[Row]]:
        """The same in lists."""
        while batch := list(islice(self, size)):
            yield batch


def positions(count: int, shard: int, of: int) -> range:
    """The numbers of the rows of a shard: every `of`-th, so that all shards have all kinds.

    >>> list(positions(7, 1, 3))
    [1, 4]

    Raises:
        UnknownNameError: there is no such shard.
    """
    if not _is_whole(of) or of < 1:
        raise UnknownNameError("number of shards", of, ["1 or more"])
    if not _is_whole(shard) or not 0 <= shard < of:
        raise UnknownNameError("shard", shard, [f"0 to {of - 1}"])
    return range(shard, count, of)


def _is_whole(number: Any) -> bool:
    """Not so for a string, as which a rank stands in the environment."""
    return isinstance(number, Integral)
