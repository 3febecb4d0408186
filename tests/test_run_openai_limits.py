"""The loop's patience: retries, waits that a server asks for, and limits that stop a run."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("aiohttp", reason="needs aiohttp: the extra `api`")

import dual_bench
from dual_bench.errors import EndpointError, SpendingLimit
from dual_bench.recording.answer import Answer
from dual_bench.run.openai import ChatModel
from dual_bench.run.waiting import asked_wait
from tests.scripted_server import (
    Action,
    Body,
    ScriptedServer,
    dropped,
    garbage,
    last_content,
    status,
)
from tests.test_run_openai import FINE, SOON, always, ask_each, make, quick, row, then

__all__ = ["quick"]


def run(model: ChatModel, rows: list[dict[str, Any]], folder: Path, concurrency: int = 16) -> None:
    async def asked(recorder: dual_bench.Recorder) -> None:
        async with model:
            await recorder.ask_all(model.ask, concurrency=concurrency)

    with dual_bench.Recorder(
        folder, rows, model=model.name, generation=model.generation
    ) as recorder:
        asyncio.run(asked(recorder))


# --- retries and waits -------------------------------------------------------------------


@pytest.mark.parametrize(
    "first",
    [
        *(status(code, headers=SOON) for code in (408, 409, 425, 429, 500, 502, 503, 529)),
        dropped(FINE),
        Action(silent=True),
        garbage(b'{"error": {"code": 502, "message": "no more upstream"}}'),
    ],
)
def test_a_server_that_recovers_is_asked_again(first: Action) -> None:
    with ScriptedServer(then(first, FINE)) as server:
        (got,) = asyncio.run(ask_each(make(server.url, retries=1), [row()]))
        assert len(server.bodies) == 2
    assert (got.response, got.error, got.meta["attempts"]) == ("A fence.", None, 2)


def test_throttled_to_the_end() -> None:
    with ScriptedServer(always(status(429, headers=SOON))) as server:
        (got,) = asyncio.run(ask_each(make(server.url, retries=2), [row()]))
        assert len(server.bodies) == 3
    assert got.error == "HTTP 429: scripted (failed 3 times)"
    assert got.meta == {"attempts": 3}


def in_two_seconds() -> dict[str, str]:
    """By a clock that is an hour slow, and says so."""
    now = time.time() - 3600
    return {"Date": formatdate(now, usegmt=True), "Retry-After": formatdate(now + 2, usegmt=True)}


@pytest.mark.parametrize(
    ("headers", "least"),
    [
        ({"Retry-After": "0.4"}, 0.4),
        ({"Retry-After-Ms": "400", "Retry-After": "60"}, 0.4),
        (in_two_seconds(), 2.0),
    ],
)
def test_a_429_holds_back_every_request_as_long_as_it_says(
    headers: dict[str, str], least: float
) -> None:
    async def two(model: ChatModel, server: ScriptedServer) -> list[Answer]:
        async with model:
            first = asyncio.create_task(model.ask(row("a")))
            while not server.bodies:  # it is on its way, and told to wait
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
            return list(await asyncio.gather(first, model.ask(row("b"))))

    def script(body: Body, attempt: int) -> Action:
        throttled = "<a>" in last_content(body) and attempt == 1
        return status(429, headers=headers) if throttled else FINE

    # BaseHTTPRequestHandler sends a Date of its own before ours; the last one counts
    with ScriptedServer(script) as server:
        got = asyncio.run(two(make(server.url, retries=1), server))
        times, asked = server.times, [last_content(body) for body in server.bodies]
    assert [answer.response for answer in got] == ["A fence."] * 2
    assert asked[0] == "<a>"
    assert sorted(asked[1:]) == ["<a>", "<b>"]
    assert min(times[1:]) - times[0] >= least


def test_a_wait_that_is_too_long_ends_the_row() -> None:
    with ScriptedServer(always(status(429, headers={"Retry-After": "121"}))) as server:
        (got,) = asyncio.run(ask_each(make(server.url, retries=3), [row()]))
        assert len(server.bodies) == 1
    assert got.error == "HTTP 429: scripted; it asks to wait 121 s, and max_wait is 120 s"


def test_what_cannot_be_read_as_a_wait_is_none() -> None:
    for text in ("", "soon", "nan", "inf", "Wed, 99 Foo 2015", "1e999"):
        assert asked_wait({"Retry-After": text}) is None
    assert asked_wait({"Retry-After": "-5"}) == 0
    assert asked_wait({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0
    assert asked_wait({}) is None


# --- limits ------------------------------------------------------------------------------


def test_every_try_counts_to_the_spending_limit() -> None:
    async def spend(model: ChatModel) -> list[Answer | BaseException]:
        async with model:
            return [
                (await asyncio.gather(model.ask(row(id)), return_exceptions=True))[0]
                for id in "abcd"
            ]

    def script(body: Body, attempt: int) -> Action:
        return FINE if "<a>" in last_content(body) else status(500, headers=SOON)

    with ScriptedServer(script) as server:
        model = make(server.url, retries=3, max_requests=6)
        a, b, c, d = asyncio.run(spend(model))
        assert Counter(map(last_content, server.bodies)) == {"<a>": 1, "<b>": 4, "<c>": 1}
    assert isinstance(a, Answer)
    assert isinstance(b, Answer)
    assert isinstance(c, Answer)
    assert (a.response, b.error) == ("A fence.", "HTTP 500: scripted (failed 4 times)")
    assert c.error == "HTTP 500: scripted; max_requests are used up"
    assert isinstance(d, SpendingLimit)
    assert "all 6 requests are used up" in str(d)
    assert (model.counts.requests, model.counts.prompt_tokens) == (6, 1)


def test_many_at_once_never_send_more_than_the_limit(tmp_path: Path) -> None:
    rows = [row(str(n)) for n in range(100)]
    with ScriptedServer(always(FINE)) as server:
        with pytest.raises(SpendingLimit):
            run(make(server.url, max_requests=10), rows, tmp_path, concurrency=32)
        assert len(server.bodies) == 10
        run(make(server.url), rows, tmp_path, concurrency=32)
        assert set(server.counts.values()) == {1}  # nothing was paid for twice
        assert len(server.counts) == 100


def test_failures_that_are_not_in_a_row_do_not_stop_it(tmp_path: Path) -> None:
    def script(body: Body, attempt: int) -> Action:
        return FINE if last_content(body) in ("<2>", "<5>", "<8>") else status(503)

    with ScriptedServer(script) as server:
        rows = [row(str(n)) for n in range(10)]
        run(make(server.url, patience=3), rows, tmp_path, concurrency=1)
        assert len(server.bodies) == 10


def test_an_endpoint_that_is_down_stops_the_run(tmp_path: Path) -> None:
    rows = [row(str(n)) for n in range(20)]
    with ScriptedServer(always(status(503))) as server:
        model = make(server.url, patience=5)
        with pytest.raises(EndpointError, match=r"seems to be down, .*: 5 rows failed one after"):
            run(model, rows, tmp_path, concurrency=1)
        assert len(server.bodies) == 5
    with dual_bench.Recorder(tmp_path, rows, model="m", generation=model.generation) as rec:
        assert (rec.counts["model_error"], rec.counts["missing"]) == (4, 16)


def test_rows_that_are_wrong_themselves_do_not_stop_a_run_that_works(tmp_path: Path) -> None:
    rows = [row(str(n)) for n in range(10)]

    def script(body: Body, attempt: int) -> Action:
        return FINE if "<0>" in last_content(body) else status(400, "too long")

    with ScriptedServer(script) as server:
        run(make(server.url, patience=3), rows, tmp_path, concurrency=1)
        assert len(server.bodies) == 10
    with (
        ScriptedServer(always(status(400, "no such field"))) as server,
        pytest.raises(EndpointError, match="takes none of these requests"),
    ):
        asyncio.run(ask_each(make(server.url, patience=3), rows))


def test_a_run_that_is_stopped_sends_nothing_more() -> None:
    async def stopped(model: ChatModel) -> BaseException | Answer:
        async with model:
            waits = asyncio.create_task(model.ask(row()))
            while not model.counts.requests:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)
            model.stop(EndpointError("enough"))
            return (await asyncio.gather(waits, return_exceptions=True))[0]

    with ScriptedServer(always(status(429, headers={"Retry-After": "60"}))) as server:
        start = time.monotonic()
        assert str(asyncio.run(stopped(make(server.url, retries=1)))) == "enough"
        assert time.monotonic() - start < 10
        assert len(server.bodies) == 1


@pytest.mark.parametrize("name", ["timeout", "retries", "max_wait", "max_requests", "patience"])
def test_limits_that_cannot_be(name: str) -> None:
    for value in (-1, float("nan")):
        with pytest.raises(EndpointError, match=f"{name} must be .* or more, got"):
            make("http://127.0.0.1:9/v1", **{name: value})
