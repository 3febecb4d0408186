"""The loop for endpoints over real HTTP: each row ends with its reply or with its reason."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

pytest.importorskip("aiohttp", reason="needs aiohttp: the extra `api`")

from dual_bench.errors import DependencyError, EndpointError
from dual_bench.outcomes import Reason
from dual_bench.recording.answer import Answer
from dual_bench.responses import Response
from dual_bench.run import waiting, wire
from dual_bench.run.openai import ChatModel
from tests.scripted_server import (
    Action,
    Script,
    ScriptedServer,
    dripped,
    dropped,
    garbage,
    last_content,
    late,
    reply,
    status,
)

PNG = b"\x89PNG\r\n\x1a\n and what follows"
KEY = "sk-test-0123456789"
SOON = {"Retry-After": "0.05"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for a back-off that is made for the real world."""
    monkeypatch.setattr(waiting, "FIRST", 0.01)


def row(id: str = "r-1", prompt: str | None = None, image: object = PNG) -> dict[str, Any]:
    return {"id": id, "prompt": prompt or f"<{id}>", "image": image}


def make(url: str, **options: Any) -> ChatModel:
    return ChatModel("m", base_url=url, **{"retries": 0, **options})


async def ask_each(model: ChatModel, rows: Iterable[Mapping[str, Any]]) -> list[Answer]:
    async with model:
        return await asyncio.gather(*map(model.ask, rows))


def ask(action: Action | Script, **options: Any) -> Answer:
    """One row at a server that always does the same, or what a script says."""
    with ScriptedServer(always(action) if isinstance(action, Action) else action) as server:
        (answer,) = asyncio.run(ask_each(make(server.url, **options), [row()]))
    return answer


def always(action: Action) -> Script:
    return lambda body, attempt: action


def then(first: Action, second: Action) -> Script:
    return lambda body, attempt: first if attempt == 1 else second


def reason(answer: Answer) -> Reason | None:
    return Response("r", *answer[:1], finish_reason=answer[1], error=answer[2]).reason


def completion(choice: object, **more: object) -> Action:
    return Action(body=json.dumps({"choices": [choice], **more}).encode())


# --- a reply -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "A fence.",
        "  kept as it is \n\n",
        "=1+1",
        "null",
        "nan",
        "<think>no</think> yes",
        "一道栅栏 \U0001f642 \u202e",
        "cut in \ud83d half",
        "a null \x00 and a bell \x07",
        "m" * 2**20,
    ],
)
def test_a_reply_comes_back_as_it_was_said(text: str) -> None:
    got = ask(reply(text))
    assert got.response == text
    assert (got.finish_reason, got.error, reason(got)) == ("stop", None, None)
    tokens = {"prompt_tokens": 1, "completion_tokens": 1}
    assert got.meta == {"attempts": 1, "model": "scripted", "usage": tokens}


@pytest.mark.parametrize("said", ["", None, " \n", "\u200b"])
def test_an_empty_reply_stays_empty(said: str | None) -> None:
    got = ask(reply(said))
    assert (got.response, got.error, reason(got)) == (said, None, Reason.EMPTY)


def test_parts_are_joined_and_thoughts_are_no_reply() -> None:
    parts = [{"type": "text", "text": "A "}, "fence", {"type": "text", "text": "."}]
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    got = ask(reply([thought, *parts]))
    assert (got.response, json.loads(got.meta["other_content"][0])) == ("A fence.", thought)
    message = {"content": "A fence.", "reasoning_content": "hm " * 10_000}
    got = ask(completion({"message": message, "finish_reason": "length"}))
    assert (got.response, got.finish_reason) == ("A fence.", "length")
    assert got.meta["reasoning_content"] == "hm " * 10_000


def test_what_is_reported_wrongly_is_not_reported() -> None:
    raw = b'{"choices": [{"message": {"content": "A"}, "finish_reason": 7, "x": NaN}], "model": 1,'
    raw += b'"usage": {"prompt_tokens": 1e999, "completion_tokens": true}}'
    assert ask(garbage(raw)) == Answer("A", meta={"attempts": 1})


# --- a filter ----------------------------------------------------------------------------

AZURE = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {"hate": {}}}
FLAG = {"reasons": ["violence"], "flagged_input": "..."}
NOTHING_SAID = {"message": {"content": None}, "finish_reason": "content_filter"}


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (status(400, "a heated temperature", code="content_filter"), "a heated temperature"),
        (status(400, "filtered", innererror=AZURE), "ResponsibleAIPolicyViolation"),
        (status(400, code="invalid_prompt"), "invalid_prompt"),
        (status(400, code="data_inspection_failed"), "data_inspection_failed"),
        (status(400, "Content Exists Risk", code="invalid_request_error"), "Risk"),
        (Action(400, b'{"detail": "Content Exists Risk"}'), "Risk"),
        (status(403, "flagged", metadata=FLAG), "violence"),
        (status(500, "<400> InternalError.Algo.DataInspectionFailed: no"), "Algo"),
        (garbage(b'{"error": {"code": "content_filter"}}'), "content_filter"),
        (garbage(b'{"choices": [], "promptFeedback": {"blockReason": "OTHER"}}'), "OTHER"),
        (completion(NOTHING_SAID), "content_filter"),
        (completion({"finish_reason": "content_filter"}), "content_filter"),
        (completion({"message": {}, "finish_reason": "SAFETY", "rating": "high"}), "high"),
    ],
)
def test_a_filters_block_is_a_block_with_the_providers_words(action: Action, words: str) -> None:
    with ScriptedServer(always(action)) as server:
        (got,) = asyncio.run(ask_each(make(server.url, retries=3), [row()]))
        assert len(server.bodies) == 1
    assert (got.response, got.error, reason(got)) == (None, None, Reason.BLOCKED)
    assert words in got.meta["filter"]


def test_words_that_a_filter_let_through_stay() -> None:
    got = ask(reply("The picture sh", "content_filter"))
    assert (got.response, reason(got)) == ("The picture sh", Reason.BLOCKED)
    got = ask(reply("I say no.", refusal="I say no."))
    assert (got.response, got.finish_reason, reason(got)) == ("I say no.", "stop", None)


# --- no reply ----------------------------------------------------------------------------

FINE = reply("A fence.")


@pytest.mark.parametrize(
    ("action", "error"),
    [
        (status(500, "out of\nmemory"), r"HTTP 500: out of memory \(failed 1 times\)"),
        (status(429), "HTTP 429: scripted"),
        (status(400, "too long"), "^HTTP 400: too long$"),
        (Action(400, b"<html>\xff</html>"), "HTTP 400: <html>\N{REPLACEMENT CHARACTER}</html>"),
        (Action(413, b""), "HTTP 413: $"),
        (Action(silent=True), "ServerDisconnectedError"),
        (dropped(FINE), "ClientPayloadError"),
        (late(60, FINE), "TimeoutError: no whole answer within 0.3 s"),
        (dripped(0.05, FINE), "TimeoutError: no whole answer within 0.3 s"),
        (garbage(FINE.body[:-20]), "the answer is no JSON"),
        (garbage(b""), "the answer is no JSON"),
        (garbage(b"[" * 100_000), "the answer is no JSON"),
        (garbage(b"<html>A fence.</html>", "text/html"), "no JSON .*<html>A fence"),
        (garbage(FINE.body.replace(b"fence", b"f\xffnce")), r"the answer is no UTF-8 at byte \d+"),
        (garbage(b'"\xed\xa0\xbd"'), "no UTF-8"),
        (garbage(b"null"), "no choices in the answer: 'null'"),
        (garbage(b'["A fence."]'), "no choices"),
        (garbage(b"{}"), "no choices"),
        (garbage(b'{"choices": {"0": "A fence."}}'), "no choices"),
        (garbage(b'{"choices": []}'), "no choices"),
        (garbage(b'{"choices": ["A fence."]}'), "no choices"),
        (garbage(b'{"error": {"message": "model is gone"}}'), "model is gone"),
        (completion({"message": "A fence.", "finish_reason": "stop"}), "without a message"),
        (reply({"text": "A fence."}), "the content is a dict"),
        (reply([{"type": "text", "text": 7}]), "a part of the content has no text"),
        (reply("A fe", "error"), "the answer ends in an error"),
        (completion({"message": {"content": "A"}, "error": {"code": 502}}), "error: .*502"),
        (Action(204), "the answer is no JSON"),
    ],
)
def test_a_failure_is_an_error_and_never_a_reply(action: Action, error: str) -> None:
    got = ask(action, timeout=0.3 if action.delay or action.drip else 60)
    assert (got.response, reason(got)) == (None, Reason.MODEL_ERROR)
    assert re.search(error, got.error or ""), got.error
    assert got.meta["attempts"] == 1


def test_an_answer_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "LARGEST", 1000)
    with ScriptedServer(always(reply("m" * 1001))) as server:
        (got,) = asyncio.run(ask_each(make(server.url, retries=3), [row()]))
        assert len(server.bodies) == 1
    assert got.error == "an answer of more than 1000 bytes"


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    (got,) = asyncio.run(ask_each(make(url, retries=1), [row()]))
    assert re.match(r"ClientConnectorError: .*\(failed 2 times\)", got.error or "")


def test_a_row_that_should_have_a_picture_is_not_asked_without_it() -> None:
    with ScriptedServer(always(FINE)) as server:
        rows = [row(image=b"no picture"), {**row(image=None), "pixel_sha256": "ab"}]
        first, second = asyncio.run(ask_each(make(server.url), rows))
        assert server.bodies == []
    assert "begins with b'no pictu': expected PNG" in (first.error or "")
    assert "has pixel_sha256 and no image; load the column" in (second.error or "")


# --- a user's mistake --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (
            status(401, f"bad key: {KEY}"),
            r"/v1 does not accept the key in OPENAI_API_KEY; .*\*\*\*",
        ),
        (status(403, "no"), "/v1 does not accept the key in OPENAI_API_KEY"),
        (status(404, "no such model"), "/v1 has no model 'm', or its base_url is not right"),
        (status(400, "API key not valid. Please pass a valid one."), "does not accept the key"),
        (status(400, code="model_not_found"), "has no model 'm'"),
        (status(402, "no credits"), "/v1 answers no more until it is paid: .*no credits"),
        (status(429, code="insufficient_quota"), "until it is paid"),
        (Action(307, headers={"Location": "http://u:p@else/"}), "redirects to http://else/, which"),
    ],
)
def test_a_users_mistake_stops_the_run_before_a_row_is_charged(
    monkeypatch: pytest.MonkeyPatch, action: Action, message: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    async def try_all(model: ChatModel) -> list[Answer | BaseException]:
        async with model:
            asked = [model.ask(row(str(n))) for n in range(3)]
            both = await asyncio.gather(*asked, return_exceptions=True)
            return [*both, *await asyncio.gather(model.ask(row("4")), return_exceptions=True)]

    with ScriptedServer(always(action)) as server:
        *_, last = got = asyncio.run(try_all(make(server.url, retries=3)))
        assert len(server.bodies) <= 3  # and none for the fourth
    assert all(isinstance(each, EndpointError) for each in got)
    assert re.search(message, str(last))
    assert KEY not in str(got)


def test_one_row_that_is_forbidden_among_others_is_charged_alone() -> None:
    def script(body: Any, attempt: int) -> Action:
        return status(403, "firewall") if "<b>" in last_content(body) else FINE

    async def one_by_one(model: ChatModel) -> list[str | None]:
        async with model:
            return [(await model.ask(row(id))).error for id in "abc"]

    with ScriptedServer(script) as server:
        assert asyncio.run(one_by_one(make(server.url))) == [None, "HTTP 403: firewall", None]


def test_a_missing_package_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    with pytest.raises(DependencyError, match=r'pip install "dual-bench\[api\]"'):
        asyncio.run(ask_each(make("http://127.0.0.1:9/v1"), []))
