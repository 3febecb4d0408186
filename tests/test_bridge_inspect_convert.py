# ruff: noqa: E402 -- first of all, is there an inspect_ai?
"""Logs of Inspect into run folders: exact, and loud where something is missing or odd."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("inspect_ai", reason='needs inspect_ai: pip install "dual-bench[inspect]"')
# Inspect leaves streams of its own to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

from inspect_ai.model import ContentReasoning, ContentText, ModelOutput
from inspect_ai.solver import generate, prompt_template

from dual_bench import load, score
from dual_bench.bridges.inspect import tasks
from dual_bench.bridges.inspect.convert import convert
from dual_bench.outcomes import Reason
from dual_bench.recording import Recorder, data_digest, read_settings, row_digest
from dual_bench.responses import read_responses
from tests.bridge_inspect_kit import evaluate, ids, one_reply, output, record, run_one

LONG = "The image shows a sentence. " * 40_000  # 1.1 MB
AWKWARD = [
    "",
    " \n\t ",
    "\u200b",
    "  The image shows a sentence. \n",
    "图片上写着一句话。\u2028\x0b",
    "😀 \ud83d\udc4d".encode("utf-16", "surrogatepass").decode("utf-16"),
    "=1+1",
    "nan",
    "None",
    "null",
    "N/A",
    "<b>&amp;</b> **x** [link](data:image/png;base64,AAAA)",
    "attachment://0123456789abcdef",
    "\x00\x1b[31m",
    '{"id": "x"}\r\n{"id": "y"}',
    LONG,
    "I can't help with that.",
]


def test_awkward_replies_give_the_same_verdicts_and_metrics(build: Path, tmp_path: Path) -> None:
    part = ids(build, "dual_use", hazards=["hate", "privacy", "indiscriminate_weapons"])
    replies = dict(zip(part, [*AWKWARD, output("The pic", "content_filter")], strict=True))
    task = tasks.dual_use(hazards="hate,privacy,indiscriminate_weapons", data=str(build))
    log = evaluate(task, build, "dual_use", replies.__getitem__, tmp_path / "logs")
    found = convert(log.location, tmp_path / "log_run")
    said = {
        id: {"response": reply, "finish_reason": "stop"}
        if isinstance(reply, str)
        else {"response": "The pic", "finish_reason": "content_filter"}
        for id, reply in replies.items()
    }
    record(tmp_path / "own_run", load("dual_use", path=build, decode=False), said)
    theirs, ours = (
        {r.id: r for r in read_responses(tmp_path / name)} for name in ("log_run", "own_run")
    )
    assert theirs == ours  # words, finish reasons, model, and which row it was
    assert (found.replies, found.failed, found.missing) == (14, 4, ())
    hazards = ["hate", "privacy", "indiscriminate_weapons"]
    results = [
        score(tmp_path / name, build, hazards=hazards, out=tmp_path / name)
        for name in ("log_run", "own_run")
    ]
    assert results[0].verdicts == results[1].verdicts
    assert results[0].to_dict()["estimates"] == results[1].to_dict()["estimates"]
    in_log = {s.id: s.scores["outcome"].metadata["verdict"] for s in log.samples}
    assert in_log == {v.id: v.to_dict() for v in results[0].verdicts}


def test_settings_are_those_of_the_evaluation(build: Path, tmp_path: Path) -> None:
    options = {"temperature": 0.5, "seed": 3, "max_tokens": 99, "max_retries": 2}
    log = run_one(build, tmp_path, "words", system_message="Be brief.", **options)
    found = convert(log.location, tmp_path / "run")
    settings = read_settings(tmp_path / "run")
    assert settings == found.settings
    assert settings is not None
    assert settings.model == "mockllm/model"
    assert settings.by == "inspect_ai " + log.eval.packages["inspect_ai"]
    made = dict(settings.generation)
    del made["model_args"]  # what mockllm says
    assert made == {
        "temperature": 0.5, "seed": 3, "max_tokens": 99, "system_message": "Be brief."
    }  # fmt: skip
    rows = load("dual_use", path=build, hazards=["hate"], decode=False)
    assert (settings.rows, settings.data) == (1, data_digest({rows[0]["id"]: row_digest(rows[0])}))


def test_a_recorder_goes_on_where_the_log_ended(build: Path, tmp_path: Path) -> None:
    say: dict[str, Any] = dict.fromkeys(ids(build, "dual_use", hazards=["hate"]), "words")
    say[list(say)[1]] = RuntimeError("down")
    task = tasks.dual_use(hazards="hate", data=str(build))
    log = evaluate(task, build, "dual_use", say.__getitem__, tmp_path / "logs")
    found = convert(log.location, tmp_path / "run")
    rows = load("dual_use", path=build, hazards=["hate"], decode=False)
    made = found.settings.generation
    with Recorder(tmp_path / "run", rows, model="mockllm/model", generation=made) as recorder:
        assert [row["id"] for row in recorder.todo()] == [list(say)[1]]


def test_an_error_is_no_reply(build: Path, tmp_path: Path) -> None:
    found = one_reply(run_one(build, tmp_path, RuntimeError("down")), tmp_path)
    assert found.response is None
    assert found.error == "RuntimeError('down')"
    assert found.reason is Reason.MODEL_ERROR


def test_a_limit_before_the_reply_is_an_error(build: Path, tmp_path: Path) -> None:
    log = run_one(build, tmp_path, "words", message_limit=1)
    found = one_reply(log, tmp_path)
    assert (found.response, found.error) == (None, "limit: message 1")
    assert log.samples[0].scores["outcome"].value == "model_error"


@pytest.mark.parametrize("error", [None, "the prompt has 9,999 tokens"])
def test_words_of_inspect_for_a_call_that_failed_are_no_reply(
    build: Path, tmp_path: Path, error: str | None
) -> None:
    made = ModelOutput.from_content("x", "too many tokens", "model_length", error=error)

    from inspect_ai.model._providers.mockllm import MockLLM

    with pytest.MonkeyPatch.context() as patch:

        async def nothing(*args: Any) -> None: ...

        patch.setattr(MockLLM, "_ensure_default_usage", nothing)
        log = run_one(build, tmp_path, made)
    found = one_reply(log, tmp_path)
    assert (found.response, found.error) == (None, error or "too many tokens")
    assert log.samples[0].scores["outcome"].value == "model_error"


def test_a_reply_that_met_the_end_of_the_context_is_a_reply(build: Path, tmp_path: Path) -> None:
    found = one_reply(run_one(build, tmp_path, output("The image sh", "model_length")), tmp_path)
    assert (found.response, found.error) == ("The image sh", None)


def test_a_filter_with_an_error_text_is_blocked(build: Path, tmp_path: Path) -> None:
    made = output("Sorry, but no.", "content_filter", error="400 content filtering policy")
    found = one_reply(run_one(build, tmp_path, made), tmp_path)
    assert found.reason is Reason.BLOCKED
    assert found.meta["filter"] == "400 content filtering policy"


def test_parts_are_joined_and_reasoning_is_left_out(build: Path, tmp_path: Path) -> None:
    parts = [ContentReasoning(reasoning="hm"), ContentText(text=" One "), ContentText(text="two")]
    log = run_one(build, tmp_path, output(parts))
    assert one_reply(log, tmp_path).response == " One \ntwo" == log.samples[0].output.completion


def test_half_of_a_surrogate_pair_is_judged_as_the_log_holds_it(
    build: Path, tmp_path: Path
) -> None:
    log = run_one(build, tmp_path, "The image shows \ud800 words.")
    assert one_reply(log, tmp_path).response == "The image shows \\ud800 words."
    ours = {v.id: v for v in score(tmp_path / "run", build, hazards=["hate"]).verdicts}
    (sample,) = log.samples
    assert sample.scores["outcome"].metadata["verdict"] == ours[sample.id].to_dict()


def test_a_retried_sample_has_its_last_reply(build: Path, tmp_path: Path) -> None:
    says = iter([RuntimeError("down"), "words"])
    task = tasks.dual_use(hazards="hate", data=str(build))
    log = evaluate(
        task, build, "dual_use", lambda _: next(says), tmp_path / "logs", limit=1, retry_on_error=2
    )
    found = one_reply(log, tmp_path)
    assert (found.response, found.error, found.meta["retries"]) == ("words", None, 1)


def test_a_cached_reply_is_the_same_reply(
    build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INSPECT_CACHE_DIR", str(tmp_path / "cache"))
    found = []
    for time in ("first", "second"):
        asked: list[str] = []
        log = run_one(build, tmp_path / time, "words", cache=True, asked=asked)
        found.append((one_reply(log, tmp_path / time), len(asked)))
    assert found[0][0] == found[1][0]
    assert [calls for _, calls in found] == [1, 0]


def nonsense(request: Any) -> str:
    return "no label at all"


def test_a_reply_survives_the_failure_of_its_scorer(build: Path, tmp_path: Path) -> None:
    task = tasks.dual_use(hazards="hate", judge=f"python:{__name__}:nonsense", data=str(build))
    log = evaluate(task, build, "dual_use", lambda _: "words", tmp_path / "logs", limit=1)
    assert "no label at all" in log.samples[0].error.message
    found = one_reply(log, tmp_path)
    assert (found.response, found.reason) == ("words", None)
    assert "no label at all" in found.meta["failed_after"]


def test_a_prompt_that_a_solver_changed_is_judged_as_it_was_sent(
    build: Path, tmp_path: Path
) -> None:
    solver = [prompt_template("{prompt} In one word."), generate()]
    log = run_one(build, tmp_path, "words", solver=solver)
    found = one_reply(log, tmp_path)
    assert found.meta["prompt"] == "Describe the image. In one word."
    settings = read_settings(tmp_path / "run")
    assert settings is not None
    assert settings.generation["solvers"][0]["template"] == "{prompt} In one word."
    ours = {v.id: v for v in score(tmp_path / "run", build, hazards=["hate"]).verdicts}
    (sample,) = log.samples
    assert sample.scores["outcome"].metadata["verdict"] == ours[sample.id].to_dict()
