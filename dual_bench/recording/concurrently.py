"""Ask for many rows at once with asyncio, and lose none that is on its way.

Whatever stops a run (Ctrl-C, a limit, a wrong key), rows that were asked are waited for and
kept: their replies are paid for.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterator

from dual_bench.errors import DualBenchError, RunStoppedError
from dual_bench.recording.answer import Answer
from dual_bench.recording.sources import Row
from dual_bench.recording.todo import check_whole

Ask = Callable[[Row], Awaitable[str | Answer | None]]


async def ask_each(
    rows: Iterator[Row],
    ask: Ask,
    keep: Callable[[str, Answer], None],
    concurrency: int,
    patience: int,
) -> None:
    """Ask for every row; see `Recorder.ask_all`."""
    check_whole("concurrency", concurrency, 1)
    desk = _Desk(rows, ask, keep, patience)
    tasks = [asyncio.create_task(desk.work()) for _ in range(concurrency)]
    try:
        await asyncio.wait(tasks)
    except asyncio.CancelledError:
        desk.closed = True
        await asyncio.wait(tasks)
        raise
    if desk.fault is not None:
        raise desk.fault


class _Desk:
    """Takes rows, asks, keeps; used by several tasks of one thread."""

    def __init__(
        self, rows: Iterator[Row], ask: Ask, keep: Callable[[str, Answer], None], patience: int
    ) -> None:
        self._rows, self._ask, self._keep, self._patience = rows, ask, keep, patience
        self._failures = 0
        self.closed = False
        self.fault: BaseException | None = None

    async def work(self) -> None:
        """Until there are no more rows, or something stops the run."""
        try:
            while not self.closed and (row := next(self._rows, None)) is not None:
                await self._one(row)
        except BaseException as err:
            # the first fault is the cause; the others follow from it
            self.fault, self.closed = self.fault or err, True

    async def _one(self, row: Row) -> None:
        try:
            coming = self._ask(row)
            if not inspect.isawaitable(coming):
                raise DualBenchError(
                    f"ask: must be a coroutine function (async def), or give what can be awaited; "
                    f"for {row['id']} it gave a {type(coming).__name__}, which was not kept"
                )
            said = await coming
        except DualBenchError:
            raise  # a user's mistake, and no fault of this row
        except Exception as err:
            self._keep(row["id"], Answer(None, error=f"{type(err).__name__}: {err}"))
            self._count(err)
        else:
            self._keep(row["id"], said if isinstance(said, Answer) else Answer(said))
            self._failures = 0

    def _count(self, err: Exception) -> None:
        self._failures += 1
        if self._failures >= self._patience and self.fault is None:
            raise RunStoppedError(
                f"stopped after {self._failures} failures in a row; the last was "
                f"{type(err).__name__}: {err}. Rows that were not asked are missing; mend the "
                f"cause, and the same program goes on from here"
            ) from err
