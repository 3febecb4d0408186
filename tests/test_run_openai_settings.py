"""The loop's settings: what is sent, what is shown, and servers that take other parameters."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

pytest.importorskip("aiohttp", reason="needs aiohttp: the extra `api`")

from dual_bench.errors import EndpointError
from dual_bench.recording.answer import Answer
from dual_bench.run.openai import ChatModel
from tests.scripted_server import Action, Body, ScriptedServer, status
from tests.test_run_openai import FINE, KEY, PNG, always, ask_each, make, quick, row

__all__ = ["quick"]


def test_the_request_is_what_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", f"{KEY}\n")
    extra = {"seed": 1, "temperature": 0.5}
    prompt = 'half a \ud83d pair, "quotes" and 字'
    with ScriptedServer(always(FINE)) as server:
        url = f"{server.url}/?api-version=secret"
        model = make(url, api_key_env="MY_KEY", system="Be brief.", extra_body=extra)
        rows = [row(prompt=prompt), row("r-2", image=None)]
        asyncio.run(ask_each(model, rows))
        one, two = sorted(server.bodies, key=lambda body: len(str(body)), reverse=True)
        assert {h["authorization"] for h in server.headers} == {f"Bearer {KEY}"}
    system = {"role": "system", "content": "Be brief."}
    picture = "data:image/png;base64,iVBORw0KGgogYW5kIHdoYXQgZm9sbG93cw=="
    parts = [
        {"type": "image_url", "image_url": {"url": picture}},
        {"type": "text", "text": prompt},
    ]
    assert one == {
        "model": "m",
        "messages": [system, {"role": "user", "content": parts}],
        "max_tokens": 512,
        "seed": 1,
        "temperature": 0.5,
    }
    assert two["messages"] == [system, {"role": "user", "content": "<r-2>"}]
    shown = [model.preview(row(prompt=prompt, image=PNG * 99)), str(model.generation), repr(model)]
    assert KEY not in str(shown)
    assert "secret" not in str(shown)
    assert "/v1/chat/completions\nAuthorization: Bearer ***\n" in shown[0]
    head, _, body = shown[0].partition("\n\n")
    assert head.startswith("POST http://127.0.0.1:")
    sent = json.loads(body)
    url_shown = sent["messages"][1]["content"][0]["image_url"]["url"]
    assert url_shown.startswith("data:image/png;base64,iVBORw0KGgo")
    assert url_shown.endswith("... (3,322 characters)")
    sent["messages"][1]["content"][0]["image_url"]["url"] = picture
    assert sent == one


def test_a_password_in_the_address_is_sent_and_not_shown() -> None:
    with ScriptedServer(always(status(500, "said: me:s3cret"))) as server:
        model = make(server.url.replace("//", "//me:s3cret@"))
        (got,) = asyncio.run(ask_each(model, [row()]))
        assert server.headers[0]["authorization"] == "Basic bWU6czNjcmV0"
    assert "s3cret" not in f"{got}{model.preview(row())}{model.generation}"
    assert got.error == "HTTP 500: said: me:*** (failed 1 times)"


def test_generation_holds_all_that_could_change_a_reply() -> None:
    def settings(**options: Any) -> str:
        return json.dumps(make(**{"url": "http://127.0.0.1:9/v1", **options}).generation)

    changed: list[dict[str, Any]] = [
        {"max_tokens": 2},
        {"temperature": None},
        {"system": "Be brief."},
        {"extra_body": {"seed": 1}},
        {"url": "https://api.example.com/v1"},
    ]
    assert len({settings(**change) for change in ({}, *changed)}) == 6
    moved = {"url": "http://node-7:8000/v1"}  # a server of one's own, on another machine
    others: list[dict[str, Any]] = [{"timeout": 1}, {"retries": 9}, {"concurrency": 3}]
    for same in (moved, *others):
        assert settings(**same) == settings()
    assert "api.example.com" in settings(url="https://u:p@api.example.com/v1?key=k")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"extra_body": {"stream": True, "n": 2}}, "extra_body: n, stream is for the loop"),
        ({"extra_body": {"x": {1, 2}}}, "plain JSON values"),
        ({"temperature": float("nan")}, "plain JSON values"),
        ({"url": "localhost:8000/v1"}, "expected http://"),
    ],
)
def test_settings_that_cannot_be(options: dict[str, Any], message: str) -> None:
    with pytest.raises(EndpointError, match=message):
        make(options.pop("url", "http://127.0.0.1:9/v1"), **options)
    with pytest.raises(EndpointError, match="set OPENAI_API_KEY in the environment"):
        ChatModel("m")


def test_rejected_parameters_are_left_out_and_the_answer_says_so() -> None:
    def picky(body: Body, attempt: int) -> Action:
        if "temperature" in body:
            return status(400, "Only the default is supported.", param="temperature")
        if "max_tokens" in body:
            return status(400, "'max_tokens' is not supported. Use 'max_completion_tokens'.")
        return FINE

    async def one_by_one(model: ChatModel) -> list[Answer]:
        async with model:
            return [await model.ask(row(id)) for id in "ab"]

    with ScriptedServer(picky) as server:
        got = asyncio.run(one_by_one(make(server.url, max_tokens=7)))
        assert len(server.bodies) == 4
        assert server.bodies[-1].keys() == {"model", "messages", "max_completion_tokens"}
    adapted = {"temperature": "not sent", "max_tokens": "max_completion_tokens"}
    assert [answer.meta["adapted"] for answer in got] == [adapted] * 2
    assert [answer.meta["attempts"] for answer in got] == [3, 1]


def test_what_a_user_set_himself_is_not_left_out() -> None:
    rejects = always(status(400, "temperature is not supported"))
    with ScriptedServer(rejects) as server:
        model = make(server.url, extra_body={"temperature": 1})
        (got,) = asyncio.run(ask_each(model, [row()]))
        assert len(server.bodies) == 1
    assert got.error == "HTTP 400: temperature is not supported"


def test_a_proxy_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with ScriptedServer(always(FINE)) as server:
        monkeypatch.setenv("http_proxy", server.url.removesuffix("/v1"))
        (got,) = asyncio.run(ask_each(make("http://models.example.com/v1"), [row()]))
        assert got.response == "A fence."
        assert server.headers[0]["host"] == "models.example.com"
    monkeypatch.setenv("http_proxy", "socks5://me:secret@127.0.0.1:9")
    with pytest.raises(EndpointError, match=r"the proxy socks5://127\.0\.0\.1:9, and only"):
        asyncio.run(ask_each(make("http://models.example.com/v1"), []))
