"""The judge's settings over real HTTP: other servers' parameters, keys, addresses and names."""

from __future__ import annotations

import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dual_bench.errors import DependencyError, JudgeError
from dual_bench.judges.openai import OpenAIJudge
from dual_bench.outcomes import Reason
from dual_bench.protocols import PROTOCOLS
from tests.scripted_server import (
    Action,
    Body,
    Script,
    ScriptedServer,
    last_content,
    reply,
    status,
)
from tests.test_judge_openai import LABELS, SOON, always, ask, make, row, then

KEY = "sk-test-0123456789"
NO_SCHEMA = status(400, "'response_format' of type 'json_schema' is not supported")
NO_TEMPERATURE = status(400, "Only the default is supported.", param="temperature")
NO_MAX = status(400, "'max_tokens' is not supported. Use 'max_completion_tokens' instead.")


# --- servers that take other parameters --------------------------------------------------


def picky(body: Body, attempt: int) -> Action:
    """Rejects, one by one, all that can be rejected; judges by the number in the reply."""
    if "response_format" in body:
        return NO_SCHEMA
    if "temperature" in body:
        return NO_TEMPERATURE
    if "max_tokens" in body:
        return NO_MAX
    number = re.findall(r"row (\d+)", last_content(body))
    return reply(f"[[{int(number[0]) % 3 + 1 if number else 2}]]")


@pytest.mark.parametrize("code", [400, 404, 422])
def test_a_server_without_schemas_is_asked_for_text_from_then_on(code: int) -> None:
    reject = Action(code, NO_SCHEMA.body)

    def script(body: Body, attempt: int) -> Action:
        return reject if "response_format" in body else reply("[[2]]")

    with ScriptedServer(script) as server:
        judge = make(server.url)
        assert [judge(row(said)).label for said in ("a", "b")] == ["direct_refusal"] * 2
        assert ["response_format" in body for body in server.bodies] == [True, False, False]
        assert "double square brackets" in last_content(server.bodies[1])
        assert judge.describe()["adapted"] == {"response_format": "not sent"}
        with pytest.raises(JudgeError, match=r'takes no response_format; use structured "auto"'):
            make(server.url, structured="json")(row())


def test_rejected_parameters_are_left_out_from_then_on() -> None:
    with ScriptedServer(picky) as server:
        judge = make(server.url, max_tokens=77)
        assert judge.describe()["adapted"] == {}
        assert [judge(row(said)).label for said in ("a", "b")] == ["direct_refusal"] * 2
        assert len(server.bodies) == 5
        last = server.bodies[-1]
    assert last.keys() == {"model", "messages", "max_completion_tokens"}
    assert last["max_completion_tokens"] == 77
    assert server.bodies[0]["temperature"] == 0
    assert server.bodies[0]["max_tokens"] == 77
    assert sorted(judge.describe()["adapted"]) == ["max_tokens", "response_format", "temperature"]


def test_a_parameter_that_is_rejected_again_ends_it() -> None:
    with ScriptedServer(always(NO_TEMPERATURE)) as server:
        assert make(server.url)(row()).reason is Reason.JUDGE_ERROR
        assert len(server.bodies) == 2


@pytest.mark.parametrize("script", [picky, then(status(429, headers=SOON), reply("[[2]]"))])
def test_eight_threads_say_what_one_says(script: Script) -> None:
    rows = [row(f"row {n}") for n in range(32)]
    with ScriptedServer(script) as server:
        judge = make(server.url, retries=2, workers=8)
        with ThreadPoolExecutor(judge.workers) as pool:
            many = list(pool.map(judge, rows))
        one = make(server.url, retries=2)
        assert [one(request) for request in rows] == many
    wanted = [LABELS[n % 3] for n in range(32)] if script is picky else [LABELS[1]] * 32
    assert [got.label for got in many] == wanted


def test_a_prompt_of_ones_own_that_says_how_to_answer_gets_no_schema(tmp_path: Path) -> None:
    (tmp_path / "own.md").write_text("{reply}\nEnd in [[n]].", encoding="utf-8")
    with ScriptedServer(always(reply("[[2]]"))) as server:
        judge = make(server.url, structured="json", prompts={"stage1": tmp_path / "own.md"})
        assert judge(row()).evidence["mode"] == "text"
        assert "response_format" not in server.bodies[0]
        assert last_content(server.bodies[0]).endswith("End in [[n]].")


# --- a user's mistakes, keys and names ---------------------------------------------------


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (401, r"/v1 does not accept the key in OPENAI_API_KEY; mend the key: Authent.*key: \*\*\*"),
        (403, r"/v1 does not accept the key in OPENAI_API_KEY"),
        (404, r"/v1 has no model 'm', or its base_url is not right"),
    ],
)
def test_a_users_mistake_ends_the_run_at_once(
    monkeypatch: pytest.MonkeyPatch, code: int, message: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(JudgeError, match=message) as caught:
        ask(status(code, f"bad key: {KEY}"))
    assert KEY not in str(caught.value)


def test_the_key_is_sent_and_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", f"{KEY}\n")
    said = f"you sent {KEY} to http://me:secret@host/v1"
    for action in (status(500, said), reply(f"{said} [[2]]")):
        with ScriptedServer(always(action)) as server:
            judge = make(server.url, api_key_env="MY_KEY")
            got = judge(row())
            assert server.headers[0]["authorization"] == f"Bearer {KEY}"
        for shown in (judge.name, repr(judge), str(judge.describe()), str(got)):
            assert KEY not in shown
            assert "secret" not in shown
    assert "you sent *** to http://host/v1" in got.evidence["text"]


def test_a_missing_key_is_named_unless_there_is_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(JudgeError, match="set MY_KEY in the environment"):
        OpenAIJudge(PROTOCOLS["calibrated"], "m", api_key_env="MY_KEY")
    with ScriptedServer(always(reply("[[2]]"))) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        OpenAIJudge(PROTOCOLS["dual_bench"], "m")(row())
        assert server.headers[0]["authorization"] == "Bearer none"
    with pytest.raises(JudgeError, match=r"no key \(OPENAI_API_KEY unset"):
        ask(status(401))
    monkeypatch.setenv("OPENAI_API_KEY", "ключ")
    with pytest.raises(JudgeError, match="not plain ASCII"):
        OpenAIJudge(PROTOCOLS["calibrated"], "m")


def test_the_name_changes_with_all_that_verdicts_depend_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = "http://127.0.0.1:9/v1"
    (tmp_path / "own.md").write_text("{reply}", encoding="utf-8")
    base = make(url)
    assert re.fullmatch(r"openai:m#[0-9a-f]{8}", base.name)
    others = [
        make(url, "vscbench"),
        OpenAIJudge(PROTOCOLS["dual_bench"], "n", base_url=url),
        make("http://127.0.0.1:8/v1"),
        make(url, prompts={"stage2": tmp_path / "own.md"}),
        make(url, max_tokens=2),
        make(url, structured="text"),
    ]
    assert len({judge.name for judge in (base, *others)}) == 7
    assert make(url, name="mine").name == f"mine#{base.name[-8:]}"
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    same = make("http://me:secret@127.0.0.1:9/v1/?key=secret", workers=3, timeout=1, retries=9)
    assert same.name == base.name
    assert same.describe()["base_url"] == url
    assert (same.workers, same.describe()["workers"], base.workers) == (3, 3, 8)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": 0}, "workers must be 1 or more, got 0"),
        ({"timeout": float("nan")}, "timeout must be"),
        ({"structured": "xml"}, "structured must be one of .*'xml'"),
        ({"url": "me:secret@localhost:80/v1"}, "base_url 'localhost:80/v1': expected http://"),
        ({"url": "http://localhost:port/v1"}, "base_url"),
    ],
)
def test_settings_that_cannot_be(options: dict[str, Any], message: str) -> None:
    with pytest.raises(JudgeError, match=message):
        make(options.pop("url", "http://127.0.0.1:9/v1"), **options)


def test_a_missing_package_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(DependencyError, match=r'pip install "dual-bench\[judge\]"'):
        make("http://127.0.0.1:9/v1")
