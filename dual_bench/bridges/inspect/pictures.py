"""Picture bytes of a build under addresses, so that a sample can name its picture and not hold it.

Inspect keeps all samples of a task in memory, and reads a picture that a sample names when the
sample's turn comes, through fsspec. So each picture gets an address here, `dual-bench://...`, and
stays on disk (in the memory-mapped file of `datasets`) until then. Addresses hold in the process
that gave them; a log has the picture itself.
"""

from __future__ import annotations

import io
from itertools import count
from typing import TYPE_CHECKING, Any

import fsspec  # type: ignore[import-untyped]
from fsspec.spec import AbstractFileSystem  # type: ignore[import-untyped]

from dual_bench.errors import BadValueError

if TYPE_CHECKING:
    from datasets import Dataset

SCHEME = "dual-bench"
_opened: dict[str, Dataset] = {}
_numbers = count(1)


def addresses(dataset: Dataset) -> list[str]:
    """An address for the picture of every row.

    Args:
        dataset: loaded with `decode=False`; the column `image` is read when an address is.
    """
    key = str(next(_numbers))
    _opened[key] = dataset.select_columns(["image"])
    fsspec.register_implementation(SCHEME, Pictures, clobber=True)
    return [f"{SCHEME}://{key}/{row}" for row in range(len(dataset))]


class Pictures(AbstractFileSystem):  # type: ignore[misc]
    """Reads what `addresses` named, and nothing else."""

    protocol = SCHEME
    cachable = False

    def _open(self, path: str, mode: str = "rb", **options: Any) -> io.BytesIO:
        key, _, row = self._strip_protocol(path).partition("/")
        dataset = _opened.get(key)
        if dataset is None or mode != "rb" or not row.isdecimal() or int(row) >= len(dataset):
            must = f"{SCHEME}://SET/ROW, as this process gave them"
            raise BadValueError("picture", path, must)
        return io.BytesIO(dataset[int(row)]["image"]["bytes"])
