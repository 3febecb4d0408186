"""What a model is to those who drive it: a name, its settings, and answers.

An `AsyncModel` answers rows one by one, many at a time (an endpoint); a `BatchModel` answers
lists of rows (a GPU). Neither raises because of one row: what went wrong with it is in its answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self, runtime_checkable

from dual_bench.errors import DualBenchError
from dual_bench.recording.answer import Answer

Row = Mapping[str, Any]


class _Named(Protocol):
    name: str  # as it stands in tables
    generation: Mapping[str, Any]  # everything that could change a reply, as plain JSON values

    def preview(self, row: Row) -> str:
        """What the model would be sent for a row, as text for people; sends nothing."""


class Spent(Protocol):
    """What a run has cost so far."""

    requests: int
    prompt_tokens: int
    completion_tokens: int


@runtime_checkable
class AsyncModel(_Named, Protocol):
    """A model behind an endpoint; an async context manager that holds the connections."""

    concurrency: int

    @property
    def counts(self) -> Spent:
        """Requests and tokens so far."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *error: object) -> None: ...

    async def ask(self, row: Row) -> Answer:
        """The answer to one row."""

    def stop(self, why: DualBenchError) -> None:
        """Send nothing more."""


@runtime_checkable
class BatchModel(_Named, Protocol):
    """A model on this machine."""

    def answer(self, rows: Sequence[Row]) -> list[Answer]:
        """The answers to some rows, in their order. Pictures are decoded (PIL)."""


Model = AsyncModel | BatchModel
