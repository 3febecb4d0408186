"""Read a log of Inspect piece by piece: its header, which samples it has, and samples in batches.

An `.eval` file is read a few samples at a time, so that memory stays flat; a `.json` file can only
be read whole. Whatever is wrong with the file is one error of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dual_bench.errors import DependencyError, DualBenchError, ResponsesError

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog, EvalSample

BATCH = 64
_DIGEST = re.compile("[0-9a-f]{16}")
# Parts of a sample that are large and say nothing about its reply; pictures are attachments.
NOT_READ = {"events", "events_data", "attachments", "store", "timelines", "scores"}


class Entry(NamedTuple):
    """A sample that the log has."""

    id: str | int
    epoch: int
    row: str | None  # the digest that our tasks note; None in samples of others


class Log:
    """An open log.

    Args:
        path: of an `.eval` or `.json` file.

    Attributes:
        header: all but the samples.

    Raises:
        ResponsesError: it cannot be read.
        DependencyError: there is no inspect_ai.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._api = _api()
        if not path.is_file():
            raise ResponsesError(
                f"{path}: no such file; expected an .eval or .json log of Inspect, or a folder"
            )
        self._is_json = path.suffix.lower() == ".json"
        with self._named():
            self.header: EvalLog = self._api.read_eval_log(str(path), header_only=not self._is_json)
        self._entries: list[Entry] | None = None

    def entries(self) -> list[Entry]:
        """The samples that there are, in the order of the log."""
        if self._entries is None:
            self._entries = self._read_entries()
        return self._entries

    def _read_entries(self) -> list[Entry]:
        with self._named():
            if self._is_json:
                found: Sequence[Any] = self.header.samples or []
            else:
                found = self._api.read_eval_log_sample_summaries(str(self.path))
            return [Entry(one.id, one.epoch, _digest(one.metadata)) for one in found]

    def samples(self, wanted: Sequence[Entry]) -> Iterator[EvalSample]:
        """These samples, in their order."""
        if self._is_json:
            by_key = {(one.id, one.epoch): one for one in self.header.samples or []}
            yield from (by_key[entry.id, entry.epoch] for entry in wanted)
            return
        for batch in _batches(wanted):
            with self._named():
                read = self._api.read_eval_log_samples_by_id(
                    str(self.path),
                    [(entry.id, entry.epoch) for entry in batch],
                    exclude_fields=NOT_READ,
                )
            yield from read

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Any fault of the file becomes one line that names it."""
        try:
            yield
        except DualBenchError:
            raise
        except Exception as err:  # zip, JSON, pydantic, the file system: all mean the same here
            said = str(err).splitlines() or [""]
            raise ResponsesError(
                f"{self.path}: cannot be read as a log of Inspect; was it cut off? "
                f"{type(err).__name__}: {said[0]}"
            ) from err


def _digest(metadata: Mapping[str, Any]) -> str | None:
    """What our tasks note under `row`; somebody else's value of that name is none."""
    found = metadata.get("row")
    return found if isinstance(found, str) and _DIGEST.fullmatch(found) else None


def _batches(wanted: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    for start in range(0, len(wanted), BATCH):
        yield wanted[start : start + BATCH]


def _api() -> Any:
    try:
        import inspect_ai.log
    except ImportError as err:
        raise DependencyError(
            'logs of Inspect are read with inspect_ai: pip install "dual-bench[inspect]"'
        ) from err
    return inspect_ai.log
