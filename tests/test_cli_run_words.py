"""Mistakes at the command line name the option as it is typed; Python keeps the arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("aiohttp", reason="needs aiohttp: the extra `api`")

from click.testing import CliRunner

from dual_bench.cli import main
from dual_bench.cli.run_words import OPTIONS, PHRASES, typed
from dual_bench.endpoint import find_endpoint
from dual_bench.errors import DualBenchError, EndpointError, UnknownNameError
from dual_bench.run import make_model, waiting
from dual_bench.run.chat import Limits
from tests.run_kit import Endpoint, command, lines, mistake, rows_of
from tests.scripted_server import status

URL = "http://127.0.0.1:1/v1"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "FIRST", 0.01)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def endpoint(build: Path) -> Iterator[Endpoint]:
    with Endpoint(rows_of(build, "dual_use")) as server:
        yield server


def test_every_option_that_is_named_exists() -> None:
    shown = CliRunner().invoke(main, ["run", "--help"]).output
    for option in OPTIONS.values():
        assert f"  {option} " in shown


def in_python(call: Callable[[], Any]) -> str:
    with pytest.raises(DualBenchError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize(
    ("call", "python", "command_line"),
    [
        (lambda: make_model("openai:m", base_url="x"), "base_url 'x': exp", "--url 'x': exp"),
        (lambda: make_model("openai:m@http://a", base_url="x"), "base_url: a ", "--url: a "),
        (lambda: make_model("openai:m"), ", or name a base_url", "name an address with --url"),
        (lambda: make_model("openai:m", base_url=URL, extra_body={"n": 1}), "extra_body: n",
         "--extra: n"),
        (lambda: make_model("openai:m", base_url=URL, extra_body={"n_": {1}}),
         "extra_body must be plain", "--extra must be plain"),
        (lambda: make_model("openai:m", base_url=URL, name=" "), "name must be", "--name must be"),
        (lambda: Limits(timeout=0), "timeout must", "--timeout must"),
        (lambda: Limits(retries=-1), "retries must", "--retries must"),
        (lambda: Limits(max_wait=-1), "max_wait must", "--max-wait must"),
        (lambda: Limits(max_requests=-1), "max_requests must", "--max-requests must"),
        (lambda: make_model("vllm:m", base_url=URL), "models 'base_url'; expected one of: dtype",
         "models '--url'; expected one of: --dtype"),
    ],
)  # fmt: skip
def test_one_mistake_in_two_languages(
    call: Callable[[], Any], python: str, command_line: str
) -> None:
    with pytest.raises(DualBenchError) as caught:
        call()
    assert python in str(caught.value)
    assert command_line in typed(caught.value)
    assert not any(f"{name} " in typed(caught.value) for name in OPTIONS if "_" in name)


@pytest.mark.parametrize(
    "said",
    [
        "HTTP 400: max_tokens must be 9 or less",
        "a: cannot be loaded: name is wrong, and base_url, too",
        "timeouts are many",
        "run: holds replies of another run: generation.prompt: was absent",
    ],
)
def test_what_others_say_stays_as_it_is(said: str) -> None:
    assert typed(EndpointError(said)) == said


def test_several_names_in_one(build: Path) -> None:
    err = UnknownNameError("hazard", "hate,privacy,", ["hate", "privacy"])
    assert typed(err).endswith(" For several, repeat it: --hazard hate --hazard privacy")
    assert typed(UnknownNameError("hazard", "hat", ["hate"])).endswith("Did you mean 'hate'?")
    assert "repeat" not in typed(UnknownNameError("model", "a,b", ["openai:MODEL"]))


# --- what is said while it runs ----------------------------------------------------------


def test_every_phrase_is_one_that_is_said(endpoint: Endpoint, build: Path, tmp_path: Path) -> None:
    """A phrase that is changed where it is said must be changed in the table, too."""
    rows = rows_of(build, "dual_use")
    one = ("--concurrency", 1)
    told = [typed(EndpointError(in_python(lambda: find_endpoint(None, "NO_KEY_HERE"))))]

    endpoint.sick = {row["id"]: status(404, "no max_requests here") for row in rows}
    told.append(mistake(*endpoint.options(build, tmp_path / "404", *one)))
    assert "no max_requests here" in told[-1]

    endpoint.sick = {row["id"]: status(503, headers={"Retry-After": "99"}) for row in rows}
    told.append(mistake(*endpoint.options(build, tmp_path / "wait", *one, "--max-wait", 3)))
    recorded = lines(tmp_path / "wait")[0]["error"]
    assert "; it asks to wait 99 s, and max_wait is 3 s" in recorded

    endpoint.sick = {row["id"]: status(503) for row in rows}
    some = ["--retries", 0, "--max-requests", 19]
    command(*endpoint.options(build, tmp_path / "last", *one, *some), status=1)
    limited = endpoint.options(build, tmp_path / "last", *one, "--retries", 9)
    got = command(*limited, "--max-requests", 1, status=1)
    assert "--max-requests: all 1 requests are used up" in got.stderr
    told.append(typed(EndpointError(lines(tmp_path / "last")[-1]["error"])))

    for ours, theirs in PHRASES.items():
        assert any(theirs in line for line in told), theirs
        assert not any(ours in line for line in told), ours


def test_a_redirect_names_no_argument(endpoint: Endpoint, build: Path, tmp_path: Path) -> None:
    moved = status(302, headers={"Location": "http://127.0.0.1:1/"})
    endpoint.sick = {row["id"]: moved for row in rows_of(build, "dual_use")}
    told = mistake(*endpoint.options(build, tmp_path))
    assert "which is not followed; mend the address" in told
