"""What is left to be asked: an iterator with a length that several threads may share."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from numbers import Integral
from threading import Lock
from typing import Any

from dual_bench.errors import BadValueError
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
        BadValueError: there is no such shard.
    """
    check_whole("number of shards", of, 1)
    check_whole("shard", shard, 0, of - 1)
    return range(shard, count, of)


def check_whole(kind: str, number: Any, least: int, most: int | None = None) -> None:
    """Make sure that it is a whole number in this range, of Python or NumPy.

    Args:
        kind: what it is, for the message.
        number: as it was given.
        least: the smallest that is right.
        most: the largest; None is no end.

    Raises:
        BadValueError: it is not.
    """
    is_whole = isinstance(number, Integral)
    if is_whole and least <= number and (most is None or number <= most):
        return
    must = f"{least} or more" if most is None else f"{least} to {most}"
    # as a string a rank stands in the environment
    hint = "give int(...)" if isinstance(number, str | float) else ""
    raise BadValueError(kind, number, must if is_whole else f"a whole number, {must}", hint)
