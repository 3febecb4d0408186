"""A model inside Inspect that says what a test wants, row by row; it knows a row by its picture."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from dual_bench import load
from dual_bench.bridges.inspect import tasks
from dual_bench.bridges.inspect.convert import convert
from dual_bench.bridges.inspect.samples import dataset
from dual_bench.recording import Recorder
from dual_bench.responses import Response, read_responses

Said = Any  # a string, a ModelOutput, or an exception to be raised


def shown(build: Path, config: str) -> dict[str, str]:
    """What a model gets to see of a row (its picture in base64, or its prompt) -> its id."""
    rows = load(config, path=build, decode=False)
    return {_key(row["image"] and row["image"]["bytes"], row["prompt"]): row["id"] for row in rows}


def _key(picture: bytes | None, prompt: str) -> str:
    return base64.b64encode(picture).decode() if picture else prompt


def output(words: Any, stop: str = "stop", **fields: Any) -> Any:
    """A ModelOutput with a count of tokens, without which mockllm asks the network for one."""
    from inspect_ai.model import ModelOutput, ModelUsage

    made = ModelOutput.from_content("mock", words, stop, **fields)
    made.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    return made


def model(known: Mapping[str, str], say: Callable[[str], Said], asked: list[str]) -> Any:
    """A mockllm model whose reply to a row is `say(id)`; ids are added to `asked`."""
    from inspect_ai.model import get_model

    def reply(messages: list[Any], tools: Any, choice: Any, config: Any) -> Any:
        parts = next(m for m in messages if m.role == "user").content_list
        pictures = [part.image for part in parts if part.type == "image"]
        words = [part.text for part in parts if part.type == "text"]
        picture = base64.b64decode(pictures[0].partition(",")[2]) if pictures else None
        id = known[_key(picture, words[0])]
        asked.append(id)
        said = say(id)
        if isinstance(said, BaseException):
            raise said
        return output(said) if isinstance(said, str) else said

    return get_model("mockllm/model", memoize=False, custom_outputs=reply)


def evaluate(
    task: Any,
    build: Path,
    config: str,
    say: Callable[[str], Said],
    folder: Path,
    asked: list[str] | None = None,
    **options: Any,
) -> Any:
    """Run a task for real; gives the log as it stands on disk."""
    import inspect_ai
    from inspect_ai.log import read_eval_log

    who = model(shown(build, config), say, [] if asked is None else asked)
    options = {"display": "none", "log_dir": str(folder), **options}
    (log,) = inspect_ai.eval(task, model=who, **options)
    return read_eval_log(log.location)


def run_one(build: Path, folder: Path, said: Said, **options: Any) -> Any:
    """The log of one sample."""
    task = tasks.dual_use(hazards="hate", data=str(build))
    return evaluate(task, build, "dual_use", lambda _: said, folder / "logs", limit=1, **options)


def one_reply(log: Any, folder: Path, **options: Any) -> Response:
    """The only reply of a log, by way of a run folder."""
    convert(log.location, folder / "run", **options)
    (found,) = read_responses(folder / "run")
    return found


def record(folder: Path, rows: Any, said: Mapping[str, Any]) -> Path:
    """The same replies through the recorder: values of `add` by id."""
    with Recorder(folder, rows, model="mockllm/model") as recorder:
        for row in recorder.todo():
            if row["id"] in said:
                recorder.add(row["id"], **said[row["id"]])
    return folder


def ids(build: Path, config: str, **part: Iterable[str]) -> list[str]:
    """Ids of a part of a config, in the order of the samples."""
    return [str(sample.id) for sample in dataset(config, data=build, **part)]
