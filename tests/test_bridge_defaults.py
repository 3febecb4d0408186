"""One room for a reply and one temperature, whichever program asks; and how to change them."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dual_bench.bridges.lmms_eval.export import GENERATION, export
from dual_bench.defaults import MAX_TOKENS, TEMPERATURE
from dual_bench.run.openai import ChatModel
from dual_bench.run.transformers import TransformersModel
from dual_bench.run.vllm import VLLMModel


@pytest.mark.parametrize(
    ("model", "room"),
    [
        (ChatModel, "max_tokens"),
        (VLLMModel, "max_tokens"),
        (TransformersModel, "max_new_tokens"),
    ],
)
def test_dual_bench_run(model: Callable[..., Any], room: str) -> None:
    given = inspect.signature(model).parameters
    assert (given[room].default, given["temperature"].default) == (MAX_TOKENS, TEMPERATURE)


def test_lmms_eval(build: Path, tmp_path: Path) -> None:
    assert (GENERATION["max_new_tokens"], GENERATION["temperature"]) == (MAX_TOKENS, TEMPERATURE)
    for task in export(tmp_path / "tasks", build).tasks:
        text = (tmp_path / "tasks" / f"{task}.yaml").read_text(encoding="utf-8")
        (line,) = [line for line in text.splitlines() if line.startswith("generation_kwargs: ")]
        assert json.loads(line.partition(": ")[2]) == GENERATION


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("own", "sent"),
    [
        ({}, (MAX_TOKENS, TEMPERATURE)),
        ({"max_tokens": 2048}, (2048, TEMPERATURE)),
        ({"temperature": 0.7, "max_tokens": 9}, (9, 0.7)),
    ],
)
def test_inspect(build: Path, tmp_path: Path, own: dict[str, Any], sent: tuple[int, float]) -> None:
    pytest.importorskip("inspect_ai", reason='needs inspect_ai: pip install "dual-bench[inspect]"')
    import inspect_ai
    from inspect_ai.model import GenerateConfig, get_model

    from dual_bench.bridges.inspect import tasks
    from dual_bench.bridges.inspect.convert import convert
    from tests.bridge_inspect_kit import output

    got = []

    def reply(messages: Any, tools: Any, choice: Any, config: Any) -> Any:
        got.append((config.max_tokens, config.temperature))
        return output("words")

    weaker = GenerateConfig(max_tokens=99)  # a model's own settings give way to a task's
    model = get_model("mockllm/model", config=weaker, memoize=False, custom_outputs=reply)
    task = tasks.dual_use(hazards="hate", data=str(build))
    how: dict[str, Any] = {"display": "none", "log_dir": str(tmp_path), "limit": 1}
    (log,) = inspect_ai.eval(task, model=model, **how, **own)
    assert got == [sent]
    made = convert(log.location, tmp_path / "run").settings.generation
    assert (made["max_tokens"], made["temperature"]) == sent
