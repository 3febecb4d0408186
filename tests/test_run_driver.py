"""The driver with models made for the test: batches, rows, reports, and what stops a run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import pytest

from dual_bench.errors import (
    DependencyError,
    DualBenchError,
    EndpointError,
    RunStoppedError,
)
from dual_bench.recording.answer import Answer
from dual_bench.run import AsyncModel, BatchModel, Progress, run
from tests.recorder_kit import lines, recorder
from tests.replies_kit import rows
from tests.run_kit import rows_of

ROWS = rows(20)
IDS: list[str] = [row["id"] for row in ROWS]
GIVEN: Mapping[str, Answer] = {
    IDS[1]: Answer(None, error="out of memory"),
    IDS[3]: Answer(""),
    IDS[4]: Answer("A win", "content_filter"),
}
Change = Callable[[list[Answer]], list[Answer]]


def answer(id: str, given: Mapping[str, Answer] = GIVEN) -> Answer:
    return given.get(id) or Answer(f"on {id}", "stop", meta={"tokens": 3})


class Batch:
    """A BatchModel that notes its batches; `change` gets each batch's answers."""

    name = "m"
    generation: Mapping[str, Any] = {"temperature": 0}

    def __init__(self, given: Mapping[str, Answer] = GIVEN, change: Change = lambda a: a) -> None:
        self.batches: list[list[str]] = []
        self._given, self._change = given, change

    @property
    def asked(self) -> list[str]:
        return list(chain(*self.batches))

    def preview(self, row: Mapping[str, Any]) -> str:
        return ""

    def answer(self, rows: Sequence[Mapping[str, Any]]) -> list[Answer]:
        self.batches.append([row["id"] for row in rows])
        return self._change([answer(row["id"], self._given) for row in rows])


class Endpoint:
    """An AsyncModel; `ask` of a row is what `given` says, and raises what is to be raised."""

    name = "m"
    generation: Mapping[str, Any] = {}
    concurrency = 3

    def __init__(self, given: Mapping[str, Answer | Exception] | None = None) -> None:
        self.asked: list[str] = []
        self.counts = SimpleNamespace(requests=0, prompt_tokens=0, completion_tokens=0)
        self.open = False
        self.stopped: list[DualBenchError] = []
        self._given = given or {}

    async def __aenter__(self) -> Self:
        self.open = True
        return self

    async def __aexit__(self, *error: object) -> None:
        self.open = False

    def preview(self, row: Mapping[str, Any]) -> str:
        return ""

    def stop(self, why: DualBenchError) -> None:
        self.stopped.append(why)

    async def ask(self, row: Mapping[str, Any]) -> Answer:
        assert self.open
        self.asked.append(row["id"])
        self.counts.requests += 2
        self.counts.prompt_tokens += 10
        self.counts.completion_tokens += 3
        await asyncio.sleep(0)
        found = self._given.get(row["id"]) or answer(row["id"], {})
        if isinstance(found, Exception):
            raise found
        return found


def driven(folder: Path, model: Any, **options: Any) -> list[Progress]:
    """Run a model in a folder; what was reported."""
    reports: list[Progress] = []
    with recorder(folder, ROWS, generation=None) as rec:
        run(model, rec, report=reports.append, **options)
    return reports


def recorded(folder: Path) -> dict[str, Answer]:
    """The last line of each row, as an answer."""
    return {
        line["id"]: Answer(
            line["response"], line.get("finish_reason"), line.get("error"),
            {k: v for k, v in line["meta"].items() if k != "row"},
        )
        for line in lines(folder)
    }  # fmt: skip


# --- a model on this machine -------------------------------------------------------------


def test_batches_in_order_and_every_answer_as_it_was_given(tmp_path: Path) -> None:
    model = Batch()
    assert isinstance(model, BatchModel)
    assert not isinstance(model, AsyncModel)
    driven(tmp_path, model, batch_size=7)
    assert model.asked == IDS == [line["id"] for line in lines(tmp_path)]
    assert {len(batch) for batch in model.batches[:-1]} == {7}
    assert recorded(tmp_path) == {id: answer(id) for id in IDS}


def test_a_second_start_asks_what_failed_and_nothing_else(tmp_path: Path) -> None:
    driven(tmp_path, Batch())
    second = Batch({})
    assert driven(tmp_path, second, retry=["empty"])[-1] == Progress(1, 1, 0)
    assert second.batches == [[IDS[3]]]
    assert driven(tmp_path, second, retry=[])[-1] == Progress(0, 0, 0)
    driven(tmp_path, second)
    assert second.batches[1:] == [[IDS[1], IDS[4]]]
    assert recorded(tmp_path) == {id: answer(id, {}) for id in IDS}


def test_reports_count_rows_and_failures(tmp_path: Path) -> None:
    reports = driven(tmp_path, Batch(), batch_size=4)
    assert reports[0] == Progress(0, len(IDS), 0)
    assert [r.done for r in reports] == list(range(len(IDS) + 1))
    assert [r.failed for r in reports[:7]] == [0, 0, 1, 1, 2, 3, 3]
    assert reports[-1] == Progress(len(IDS), len(IDS), 3)


def test_a_shard_is_a_part(tmp_path: Path) -> None:
    models = [Batch() for _ in range(3)]
    for n, model in enumerate(models):
        assert driven(tmp_path / str(n), model, shard=n, of=3)[-1].todo == len(model.asked)
    asked = [model.asked for model in models]
    assert sorted(chain(*asked)) == sorted(IDS)
    assert [list(IDS[n::3]) for n in range(3)] == asked


@pytest.mark.parametrize("change", [lambda a: a[1:], lambda a: [*a, a[0]], lambda a: []])
def test_answers_that_cannot_be_told_to_rows_are_none(tmp_path: Path, change: Change) -> None:
    def second(answers: list[Answer]) -> list[Answer]:
        return answers if len(model.batches) < 2 else change(answers)

    model = Batch({}, second)
    with pytest.raises(DualBenchError, match=r"batch of 4 rows got \d responses"):
        driven(tmp_path, model, batch_size=4)
    # the answers may be in another place than their rows: not one of this batch is kept
    assert list(recorded(tmp_path)) == IDS[:4]


@pytest.mark.parametrize("stop", [RunStoppedError("gone"), KeyboardInterrupt(), RuntimeError()])
def test_what_stops_a_batch_model_keeps_the_batches_before(
    tmp_path: Path, stop: BaseException
) -> None:
    def third(answers: list[Answer]) -> list[Answer]:
        if len(model.batches) == 3:
            raise stop
        return answers

    model = Batch({}, third)
    with pytest.raises(type(stop)):
        driven(tmp_path, model, batch_size=2)
    assert list(recorded(tmp_path)) == IDS[:4]
    second = Batch({})
    driven(tmp_path, second)
    assert second.asked == IDS[4:]


def test_pictures_are_those_of_the_rows(build: Path, tmp_path: Path) -> None:
    built = rows_of(build, "contrast_text", hazards=["privacy"])
    got: list[Mapping[str, Any]] = []
    model = Batch({})
    model.answer = lambda rows: got.extend(rows) or [Answer("x")] * len(rows)  # type: ignore
    with recorder(tmp_path, built, generation=None) as rec:
        run(model, rec, batch_size=5)
    assert got == built


# --- a model behind an endpoint ----------------------------------------------------------


def test_rows_and_costs_are_reported(tmp_path: Path) -> None:
    model = Endpoint({IDS[2]: Answer(""), IDS[5]: Answer(None, error="HTTP 500")})
    assert isinstance(model, AsyncModel)
    reports = driven(tmp_path, model)
    n = len(IDS)
    assert reports[0] == Progress(0, n, 0)
    assert [r.done for r in reports] == list(range(n + 1))
    assert reports[-1] == Progress(n, n, 2, 2 * n, 10 * n, 3 * n)
    assert not model.open
    assert set(model.asked) == set(IDS) == set(recorded(tmp_path))


def test_a_row_whose_model_raises_is_counted_as_well(tmp_path: Path) -> None:
    reports = driven(tmp_path, Endpoint({IDS[2]: ValueError("no")}))
    assert recorded(tmp_path)[IDS[2]].error == "ValueError: no"
    assert reports[-1][:3] == (len(IDS), len(IDS), 1)


@pytest.mark.parametrize("make", [Endpoint, lambda: Batch({})])
def test_a_report_that_fails_costs_no_reply(tmp_path: Path, make: Callable[[], Any]) -> None:
    def report(at: Progress) -> None:
        if at.done == 5:
            raise OSError("the terminal is gone")

    with recorder(tmp_path, ROWS, generation=None) as rec, pytest.raises(OSError, match="terminal"):
        run(make(), rec, report=report)
    assert 5 <= len(recorded(tmp_path)) <= 5 + 3
    for id, got in recorded(tmp_path).items():
        assert got == answer(id, {})


def test_what_is_no_rows_fault_stops_the_run(tmp_path: Path) -> None:
    model = Endpoint({IDS[7]: EndpointError("the key is wrong")})
    with pytest.raises(EndpointError, match="the key is wrong"):
        driven(tmp_path, model)
    assert not model.open
    assert set(recorded(tmp_path)) == set(model.asked) - {IDS[7]}
    assert len(model.asked) < len(IDS)


def test_a_model_that_cannot_be_opened(tmp_path: Path) -> None:
    async def fail(self: object) -> None:
        raise DependencyError("no package")

    model = type("Closed", (Endpoint,), {"__aenter__": fail})()
    with pytest.raises(DependencyError):
        driven(tmp_path, model)
    assert lines(tmp_path) == []


def test_a_run_that_is_cancelled_stops_the_model_and_keeps_what_comes_in(tmp_path: Path) -> None:
    class Interrupted(Endpoint):
        async def ask(self, row: Mapping[str, Any]) -> Answer:
            if row["id"] == IDS[4]:
                for task in asyncio.all_tasks():
                    if task.get_coro().__name__ == "_ask":  # type: ignore[union-attr]
                        task.cancel()
            await asyncio.sleep(0.02)
            return await super().ask(row)

    model = Interrupted()
    with pytest.raises(asyncio.CancelledError):
        driven(tmp_path, model)
    assert [str(why) for why in model.stopped] == ["stopped"]
    assert set(recorded(tmp_path)) == set(model.asked) >= set(IDS[:5])
    assert len(model.asked) <= 4 + 3
