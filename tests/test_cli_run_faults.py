"""`dual-bench run` when something is wrong: a sick server, a limit, a key, an option."""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("aiohttp", reason="needs aiohttp: the extra `api`")

import dual_bench
from dual_bench.run import waiting
from tests.run_kit import Endpoint, Row, command, content, lines, mistake, rows_of, said, words
from tests.scripted_server import Action, dropped, garbage, late, reply, status

FINE = reply("A fence.")
LONG = "m" * 2**20
UTF8 = Action(body=FINE.body.replace(b"fence", b"f\xffnce"))
# What the sick server does to a row, and what becomes of it: a reason, or None for the reply.
SICK: dict[str, tuple[Action, str | None]] = {
    "throttled": (status(429, headers={"Retry-After": "0.05"}), "model_error"),
    "broken": (status(500, "out of memory"), "model_error"),
    "dropped": (dropped(FINE), "model_error"),
    "late": (late(60, FINE), "model_error"),
    "no UTF-8": (UTF8, "model_error"),
    "garbage": (garbage(b"<html>"), "model_error"),
    "refused": (status(400, "picture too large"), "model_error"),
    "filtered": (reply("", "content_filter"), "blocked"),
    "cut by a filter": (reply("A fen", "content_filter"), "blocked"),
    "blocked": (status(400, code="content_filter"), "blocked"),
    "empty": (reply(""), "empty"),
    "blank": (reply(" \n\u200b"), "empty"),
    "long": (reply(LONG), None),
    "odd": (reply(" =1+1\n\ud83d\x00 "), None),
}
AGAIN = {"throttled", "broken", "dropped", "late"}  # the server may do better next time
PATIENCE = 20
Asking = tuple[Endpoint, list[object], Path]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for a back-off that is made for the real world."""
    monkeypatch.setattr(waiting, "FIRST", 0.01)


@pytest.fixture(scope="module")
def rows(build: Path) -> list[Row]:
    return rows_of(build, "dual_use")


@pytest.fixture
def asking(build: Path, rows: list[Row], tmp_path: Path) -> Iterator[Asking]:
    """A server, the arguments of a run, and its folder."""
    with Endpoint(rows) as endpoint:
        out = tmp_path / "run"
        yield endpoint, [*endpoint.options(build, out), "--retries", 1], out


# --- a sick server -----------------------------------------------------------------------


@pytest.mark.parametrize("concurrency", [1, 16])
def test_each_row_ends_with_its_reply_or_its_reason(
    asking: Asking, build: Path, rows: list[Row], concurrency: int
) -> None:
    endpoint, run, out = asking
    run = [*run, "--concurrency", concurrency, "--timeout", 2.5]
    ill = {rows[3 + 5 * n]["id"]: name for n, name in enumerate(SICK)}
    endpoint.sick = {id: SICK[name][0] for id, name in ill.items()}
    failed = {id for id, name in ill.items() if SICK[name][1]}
    got = command(*run, status=1)
    counted = "60 answered, 2 empty, 3 blocked, 7 model_error"
    assert got.stdout == f"{out}: {counted}\n"
    assert got.stderr == "7 rows are missing or have an error; the same command asks 12\n"
    assert endpoint.counts == {r["id"]: 1 + (ill.get(r["id"]) in AGAIN) for r in rows}

    result = dual_bench.score(out, build)
    reasons = {v.id: v.reason for v in result.verdicts if v.reason and v.reason.is_model_side}
    assert reasons == {id: SICK[ill[id]][1] for id in failed}
    assert result.unscored["model_error"] == 7
    replies = said(out)
    fine = {r["id"]: words(r["id"]) for r in rows if r["id"] not in ill}
    named = {name: id for id, name in ill.items()}
    assert {id: replies[id] for id in fine} == fine
    assert replies[named["long"]] == LONG
    assert replies[named["odd"]] == " =1+1\n\ud83d\x00 "

    before = (out / "responses.jsonl").read_bytes()
    endpoint.asked, endpoint.sick = [], {}
    command(*run, "--retry", "empty", status=1)  # the errors are still there
    assert endpoint.counts == {id: 1 for id in failed if SICK[ill[id]][1] == "empty"}
    command(*run, "--retry", "nothing", status=1)
    assert len(endpoint.taken()) == 2
    assert command(*run).stdout == f"{out}: 72 answered\n"
    assert endpoint.counts == {id: 1 for id in failed if SICK[ill[id]][1] != "empty"}
    assert (out / "responses.jsonl").read_bytes().startswith(before)
    assert said(out) == {**replies, **{id: words(id) for id in failed}}
    endpoint.asked = []
    command(*run)
    assert endpoint.asked == []


def test_an_endpoint_that_is_down_stops_the_run(
    asking: Asking, build: Path, rows: list[Row], tmp_path: Path
) -> None:
    endpoint, run, out = asking
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
    run = [nobody if part == endpoint.url else part for part in run]
    said_ = mistake(*run)
    assert nobody in said_
    assert "seems to be down" in said_
    assert "goes on from here" in said_
    assert 0 < len(lines(out)) < PATIENCE + 16
    assert {line["response"] for line in lines(out)} == {None}
    command(*endpoint.options(build, out))
    assert endpoint.counts == {row["id"]: 1 for row in rows}


def test_a_server_that_goes_down_in_the_middle(asking: Asking, rows: list[Row]) -> None:
    endpoint, run, out = asking
    endpoint.sick = {row["id"]: Action(silent=True) for row in rows[30:]}
    assert "rows failed one after another" in mistake(*run, "--retries", 0, "--concurrency", 4)
    assert set(said(out)) == {row["id"] for row in rows[:30]}
    # some may fail while the last of the good ones are on their way, and then as many again
    assert len(endpoint.taken()) < 30 + PATIENCE + 2 * 4
    endpoint.sick = {}
    command(*run)
    assert endpoint.counts == {row["id"]: 1 for row in rows[30:]}
    assert len(said(out)) == 72


# --- limits and keys ---------------------------------------------------------------------


@pytest.mark.parametrize("concurrency", [1, 7, 32])
def test_no_more_requests_than_were_allowed(
    asking: Asking, rows: list[Row], concurrency: int
) -> None:
    endpoint, run, out = asking
    run = [*run, "--concurrency", concurrency]
    got = command(*run, "--max-requests", 10, status=1)
    assert got.stdout == f"{out}: 10 answered, 62 missing\n"
    limit, left = got.stderr.splitlines()
    assert limit.startswith("--max-requests: all 10 requests are used up")
    assert left == "62 rows are missing or have an error; the same command asks 62"
    assert len(endpoint.asked) == 10 == len(said(out))
    command(*run, "--max-requests", 0, status=1)
    assert len(endpoint.asked) == 10
    command(*run, "--max-requests", 62)  # just enough
    assert endpoint.counts == {row["id"]: 1 for row in rows}


def test_tries_count_to_the_limit(asking: Asking, rows: list[Row]) -> None:
    endpoint, run, out = asking
    endpoint.sick = {rows[0]["id"]: status(500), rows[1]["id"]: status(500)}
    command(*run, "--concurrency", 1, "--max-requests", 5, status=1)
    first, second, third = (row["id"] for row in rows[:3])
    assert endpoint.asked == [first, first, second, second, third]
    assert said(out) == {third: words(third)}


def test_a_wrong_key_is_told_once_and_nothing_is_recorded(
    asking: Asking, rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint, run, out = asking
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-1")
    endpoint.sick = {row["id"]: status(401, "no such key: sk-secret-1") for row in rows}
    told = mistake(*run)
    assert "the key in OPENAI_API_KEY" in told
    assert endpoint.url in told
    assert "sk-secret" not in told
    assert lines(out) == []
    assert len(endpoint.taken()) <= 16  # those that were on their way
    endpoint.sick = {}
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-2")
    command(*run, "--temperature", 0.3)  # without replies, other settings may come as well
    assert endpoint.counts == {row["id"]: 1 for row in rows}
    assert "Bearer sk-secret-2" in endpoint.server.headers[-1]["authorization"]
    assert b"sk-secret" not in b"".join(content(out).values())


def test_a_missing_package_is_named(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint, run, out = asking
    with monkeypatch.context() as hidden:
        hidden.setitem(sys.modules, "aiohttp", None)
        assert 'pip install "dual-bench[api]"' in mistake(*run)
    assert endpoint.asked == []
    command(*run)  # the folder can be used
    assert len(said(out)) == 72


# --- options -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--model", "gpt-5"], "unknown model 'gpt-5'.*openai:MODEL"),
        (["--model", "gpt:5"], "unknown model 'gpt:5'"),
        (["--model", "transformers:x"], "option of transformers: models '--url'; .* --device"),
        (["--device", "cpu"], "option of openai: models '--device'; .* --url"),
        (["--extra", "{"], "--extra: expected a JSON object"),
        (["--extra", "[1]"], "--extra: expected a JSON object"),
        (["--extra", '{"a": NaN}'], "--extra must be plain JSON"),
        (["--extra", '{"messages": []}'], "--extra: messages is for the loop to set"),
        (["--temperature", "nan"], "--temperature must be a number, 0 or more, got nan"),
        (["--temperature", "-1"], "--temperature must be"),
        (["--timeout", "0"], "--timeout must be 0.001 or more"),
        (["--timeout", "nan"], "--timeout must be"),
        (["--max-wait", "-1"], "--max-wait must be 0 or more"),
        (["--url", "localhost:8000"], "--url 'localhost:8000': expected http://"),
        (["--model", "openai:m@http://h.example/v1"], "--url: a second address"),
        (["--prompt", ""], "--prompt must be the words to ask"),
        (["--prompt", " "], "--prompt must be"),
        (["--name", ""], "--name must be a name for tables"),
        (["--shard", "1"], "--shard must be I/N, .*, got '1'"),
        (["--shard", "a/b"], "--shard must be"),
        (["--shard", "3/3"], "--shard must be"),
        (["--shard", "0/0"], "--shard must be"),
        (["--shard", "-1/2"], "--shard must be"),
        (["--shard", "0/2/3"], "--shard must be"),
        (["--config", "dual-use"], "Did you mean 'dual_use'"),
        (["--config", "dual_use", "--config", "dual_use"], "two rows have the id"),
        (["--hazard", "privcy"], "Did you mean 'privacy'"),
        (["--hazard", "privacy,hate"], "repeat it: --hazard privacy --hazard hate$"),
        (["--side", "harmful, benign"], "repeat it: --side harmful --side benign$"),
        (["--config", "dual_use,prompts"], "repeat it: --config dual_use --config prompts$"),
        (["--variant", "original,rotation"], "repeat it: --variant original --variant"),
        (["--side", "good"], "harmful, benign"),
        (["--variant", "rotation"], "variant of dual_use"),
        (["--data", "/nowhere"], "/nowhere"),
    ],
)
def test_a_mistake_is_one_line_and_makes_no_folder(
    asking: Asking, options: list[str], words: str
) -> None:
    endpoint, run, out = asking
    assert re.search(words, mistake(*run, *options))
    assert endpoint.asked == []
    assert not out.exists()
