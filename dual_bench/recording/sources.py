"""The rows that are to be asked, by number, without holding their pictures.

A `datasets.Dataset` reads a row from disk when its turn comes; a list of dicts is taken as it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dual_bench.errors import DualBenchError, UnknownNameError
from dual_bench.recording.identity import SEEN, row_digest

Row = dict[str, Any]
_BATCH = 32


class Rows:
    """The rows of a dataset.

    Args:
        dataset: a `datasets.Dataset`, or a list of dicts with at least `id`.

    Attributes:
        ids: in the order of the dataset.
        digests: id -> what the row is (`identity.row_digest`).

    Raises:
        DualBenchError: it is a stream or no dataset, or two rows have one id.
        UnknownNameError: there is no column `id`.
    """

    def __init__(self, dataset: Any) -> None:
        names = getattr(dataset, "column_names", None)
        if why := _unusable(dataset, names):
            raise DualBenchError(
                f"dataset: expected a datasets.Dataset or a list of dicts, got a "
                f"{type(dataset).__name__}; {why}"
            )
        self._dataset = dataset
        light = dataset if names is None else _light(dataset, names)
        self.ids: list[str] = []
        self.digests: dict[str, str] = {}
        for row in light:
            id = _id(row)
            if id in self.digests:
                raise DualBenchError(f"dataset: two rows have the id {id!r}; each needs its own")
            self.ids.append(id)
            self.digests[id] = row_digest(row)

    def __len__(self) -> int:
        return len(self.ids)

    def read(self, numbers: Sequence[int]) -> Iterator[Row]:
        """These rows, each decoded when it is asked for."""
        if not hasattr(self._dataset, "select"):
            yield from (self._dataset[number] for number in numbers)
        elif self._dataset.format["type"] is not None:  # a format or transform of the user's own
            yield from self._dataset.select(numbers)
        else:
            yield from _in_batches(self._dataset, numbers)


def _unusable(dataset: Any, names: Any) -> str:
    """What to do with a dataset that is none; empty for one that can be used."""
    if isinstance(names, Mapping) or isinstance(dataset, Mapping):
        return "of several splits choose one, such as ['test']"
    if isinstance(dataset, str | os.PathLike):
        return "load it with dual_bench.load(...)"
    if hasattr(dataset, "iterrows"):
        return 'a data frame gives dicts with to_dict("records")'
    if not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__"):
        return "load it without streaming, so that a second start can find what is missing"
    if names is not None and not hasattr(dataset, "with_format"):
        return "a table of pyarrow gives dicts with to_pylist()"
    return ""


def _in_batches(dataset: Any, numbers: Sequence[int]) -> Iterator[Row]:
    """What iterating over the Dataset gives, in a quarter of the time for undecoded pictures."""
    features = dataset.features  # made anew each time it is asked for
    decodes = any(getattr(feature, "decode", False) for feature in features.values())
    for table in dataset.with_format("arrow").select(numbers).iter(_BATCH):
        for row in table.to_pylist():
            yield features.decode_example(row) if decodes else row


def _light(dataset: Any, names: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """The columns of which a row is known, and no picture."""
    if "id" not in names:
        raise UnknownNameError("column of the dataset", "id", names)
    wanted = dataset.with_format(None).select_columns([n for n in SEEN if n in names])
    for batch in wanted.iter(1000):
        columns = batch.values()
        yield from (dict(zip(batch, values, strict=True)) for values in zip(*columns, strict=True))


def _id(row: Any) -> str:
    if not isinstance(row, Mapping) or not isinstance(row.get("id"), str) or not row["id"]:
        raise DualBenchError(
            f"dataset: every row must be a dict with a string `id`; got {str(row)[:80]!r}"
        )
    return str(row["id"])
