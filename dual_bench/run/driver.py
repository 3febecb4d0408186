"""Ask a model for every row that a recorder still lacks.

An endpoint is asked for many rows at once, a model on this machine in batches. What stops a run
(Ctrl-C, a limit, a wrong key) lets what is on its way come in and be kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from dual_bench.errors import DualBenchError, RunStoppedError
from dual_bench.recording import FAILED, Answer, Recorder
from dual_bench.recording.concurrently import ask_each
from dual_bench.recording.sources import Row
from dual_bench.recording.todo import Todo
from dual_bench.responses import CUT_OFF, Response
from dual_bench.run.kinds import AsyncModel, BatchModel, Model
from dual_bench.run.prompts import Asking

PATIENCE = 20  # rows in a row whose model raises what is no answer; then it is broken


class Progress(NamedTuple):
    """How far a run is; tokens are those that the endpoint reported."""

    done: int
    todo: int
    failed: int
    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cut_off: int = 0  # replies that end at the token limit
    adapted: tuple[str, ...] = ()  # what the endpoint did not take, and what was done
    stopping: bool = False  # nothing more is sent, and what is on its way is waited for


Report = Callable[[Progress], None]


def run(
    model: Model,
    recorder: Recorder,
    *,
    shard: int = 0,
    of: int = 1,
    retry: Iterable[str] = FAILED,
    batch_size: int = 8,
    prompt: str | None = None,
    report: Report = lambda progress: None,
) -> None:
    """Ask the model for what is missing or has failed.

    Args:
        model: see `models.make_model`.
        recorder: of the rows; its settings should be the model's `name` and `generation`.
        shard: see `Recorder.todo`.
        of: see `Recorder.todo`.
        retry: see `Recorder.todo`.
        batch_size: rows at once, for a model on this machine.
        prompt: asked in place of each row's own, for which `{prompt}` stands in it; then the
            recorder's `generation` should be `prompts.with_prompt(model.generation, prompt)`.
        report: called after each row.

    Raises:
        DualBenchError: what stopped the run; rows not asked stay missing. Or it was called where
            an event loop runs, as in a notebook; the message says what to write there.
    """
    asking = Asking(prompt, recorder.settings.generation)
    todo = asking.rows(recorder.todo(shard=shard, of=of, retry=retry))
    if isinstance(model, AsyncModel):
        _check_no_loop()
        asyncio.run(_ask(model, recorder, todo, asking, report))
    else:
        _answer(model, recorder, todo.batches(batch_size), _Meter(len(todo), report), asking)


def _check_no_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise DualBenchError(
        "run: an event loop runs in this thread, as in a notebook; there write `async with model: "
        "await recorder.ask_all(model.ask, concurrency=model.concurrency)`"
    )


async def _ask(
    model: AsyncModel, recorder: Recorder, todo: Todo, prompts: Asking, report: Report
) -> None:
    meter = _Meter(len(todo), report, model)

    def keep(id: str, answer: Answer) -> None:
        recorder.keep(id, prompts.answer(id, answer))
        meter.count(id, answer)  # last: a report that fails costs no reply

    async with model:
        coming = ask_each(todo, model.ask, keep, model.concurrency, PATIENCE)
        asking = asyncio.create_task(coming)
        try:
            await asyncio.wait([asking])
        except asyncio.CancelledError:
            model.stop(RunStoppedError("stopped"))  # rows that wait for their turn give up
            meter.stopping()
            asking.cancel()
            await asyncio.wait([asking])
            raise
        await asking


def _answer(
    model: BatchModel, recorder: Recorder, batches: Iterator[list[Row]], meter: _Meter,
    prompts: Asking,
) -> None:  # fmt: skip
    for rows in batches:
        answers = model.answer(rows)
        recorder.add_batch(rows, prompts.batch(rows, answers))
        for row, answer in zip(rows, answers, strict=True):
            meter.count(row["id"], answer)


class _Meter:
    """Counts rows as they come in."""

    def __init__(self, todo: int, report: Report, model: AsyncModel | None = None) -> None:
        self._report, self._model = report, model
        self._state = Progress(0, todo, 0)
        report(self._state)

    def stopping(self) -> None:
        """Say that the run is being stopped."""
        self._report(self._state._replace(stopping=True))

    def count(self, id: str, answer: Answer) -> None:
        """One more row is done."""
        at = self._state
        reason = Response(id, answer.response, None, answer.finish_reason, answer.error).reason
        adapted = [f"{name}: {how}" for name, how in answer.meta.get("adapted", {}).items()]
        self._state = at._replace(
            done=at.done + 1,
            failed=at.failed + (reason is not None),
            cut_off=at.cut_off + (answer.finish_reason in CUT_OFF),
            adapted=tuple(dict.fromkeys([*at.adapted, *adapted])),
        )
        if self._model is not None:
            spent = self._model.counts
            self._state = self._state._replace(
                requests=spent.requests,
                prompt_tokens=spent.prompt_tokens,
                completion_tokens=spent.completion_tokens,
            )
        self._report(self._state)
