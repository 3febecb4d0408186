# ruff: noqa: E402 -- first of all, is there an inspect_ai?
"""Several logs of Inspect into one run folder: which belong together, and what is left alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

pytest.importorskip("inspect_ai", reason='needs inspect_ai: pip install "dual-bench[inspect]"')
# Inspect leaves streams of its own to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

import inspect_ai
from inspect_ai.log import EvalError, ProvenanceData, read_eval_log, write_eval_log
from inspect_ai.model import ModelAPI, ModelOutput, modelapi

from dual_bench.bridges.inspect import tasks
from dual_bench.bridges.inspect.convert import convert
from dual_bench.cli import main
from dual_bench.errors import ResponsesError, UnknownNameError
from dual_bench.responses import Response, read_responses
from tests.bridge_inspect_kit import evaluate, ids, output, shown

ROWS = 4


@pytest.fixture(scope="module")
def base(build: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A real log of four rows; the tests write changed copies of it."""
    task = tasks.dual_use(hazards="hate", data=str(build))
    folder = tmp_path_factory.mktemp("base")
    log = evaluate(task, build, "dual_use", lambda _: "words", folder, limit=ROWS)
    place = log.eval.dataset.sample_ids.index
    log.samples.sort(key=lambda sample: place(sample.id))  # a log is read in the order of ids
    return log


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


def write(
    base: Any,
    path: Path,
    *,
    minutes: int = 0,
    says: Mapping[int, str] | None = None,
    down: tuple[int, ...] = (),
    rows: slice = slice(None),
    **spec: Any,
) -> Path:
    """A log like `base`: begun later, with other replies, failed rows, fewer rows, other facts."""
    log = base.model_copy(deep=True)
    log.eval.eval_id = path.name
    log.eval.created = str(datetime.fromisoformat(log.eval.created) + timedelta(minutes=minutes))
    for name, value in spec.items():
        setattr(log.eval, name, value)
    for number, sample in enumerate(log.samples):
        sample.uuid = f"{path.name} {number}"
        if says and number in says:
            sample.output = output(says[number])
        if number in down:
            sample.output = ModelOutput()
            sample.error = EvalError(message="down", traceback="", traceback_ansi="")
    log.samples = log.samples[rows]
    log.eval.dataset.sample_ids = log.eval.dataset.sample_ids[rows]
    write_eval_log(log, str(path))
    return path


def replies(folder: Path) -> dict[str, Response]:
    return {r.id: r for r in read_responses(folder)}


def call(*words: object) -> Result:
    return CliRunner().invoke(main, ["convert", "inspect", *map(str, words)])


RETRIED: dict[str, Any] = {"known": {}, "down": set(), "asked": []}


@modelapi(name="retried")
class Retried(ModelAPI):  # type: ignore[misc]
    """Says how often it was asked; some rows are down."""

    async def generate(self, input: Any, tools: Any, tool_choice: Any, config: Any) -> ModelOutput:
        picture = next(p.image for p in input[0].content if p.type == "image")
        id = RETRIED["known"][picture.partition(",")[2]]
        RETRIED["asked"].append(id)
        if id in RETRIED["down"]:
            raise RuntimeError("down")
        return ModelOutput.from_content("retried", f"words {len(RETRIED['asked'])}")


def test_a_retry_completes_its_first_log(build: Path, tmp_path: Path, logs: Path) -> None:
    part = ids(build, "dual_use", hazards=["hate"])
    known = shown(build, "dual_use")
    RETRIED.update(known=known, down={part[1]}, asked=[])
    task = tasks.dual_use(hazards="hate", data=str(build))
    how: dict[str, Any] = {"display": "none", "log_dir": str(logs)}
    (first,) = inspect_ai.eval(task, model="retried/x", fail_on_error=True, **how)
    RETRIED["down"] = set()
    (again,) = inspect_ai.eval_retry(first, **how)
    assert (first.status, again.status) == ("error", "success")
    assert len(list(logs.iterdir())) == 2
    found = convert(logs, tmp_path / "run", data=build)
    mine = replies(tmp_path / "run")
    assert set(mine) == set(part)
    assert (found.replies, found.failed) == (len(part), 0)
    assert mine[part[1]].response == next(
        s.output.completion for s in read_eval_log(again.location).samples if s.id == part[1]
    )
    several = [first.location, again.location]
    for number, order in enumerate((several, several[::-1], [*several, logs])):
        convert(order, tmp_path / f"run{number}", data=build)
        for name in ("responses.jsonl", "run.json"):
            theirs = (tmp_path / f"run{number}" / name).read_bytes()
            assert theirs == (tmp_path / "run" / name).read_bytes()


def test_parts_of_one_run_are_joined_whatever_their_files_are_called(
    base: Any, logs: Path, tmp_path: Path
) -> None:
    write(base, logs / "b.eval", minutes=0, rows=slice(0, 2), down=(0,))
    write(base, logs / "a.eval", minutes=1, rows=slice(0, 3), down=(0, 1))
    write(base, logs / "c.eval", minutes=2, rows=slice(3, 4))
    done = call(logs, "--out", tmp_path / "run")
    assert done.exit_code == 0, done.output
    assert done.stdout.strip().endswith("3 replies, 1 failed")
    assert "3 logs make up this run: b.eval, a.eval, c.eval" in done.stderr
    found = replies(tmp_path / "run")
    assert list(found) == [sample.id for sample in base.samples]
    assert [r.error for r in found.values()] == ["down", None, None, None]


def test_rows_that_no_log_has_are_missing(base: Any, logs: Path, tmp_path: Path) -> None:
    stopped = base.model_copy(deep=True)
    stopped.samples, stopped.status = stopped.samples[:1], "cancelled"
    write_eval_log(stopped, str(logs / "stopped.eval"))
    write(base, logs / "more.eval", minutes=-1, rows=slice(1, 2))
    found = convert(logs, tmp_path / "run")
    assert found.missing == tuple(sample.id for sample in base.samples[2:])
    assert "1 evaluations did not end well: stopped.eval (cancelled)" in found.notes


def test_two_models_are_listed_and_one_can_be_chosen(base: Any, logs: Path, tmp_path: Path) -> None:
    write(base, logs / "a.eval", model="openai/one")
    write(base, logs / "b.eval", model="openai/two", says={0: "other"})
    write(base, logs / "c.eval", model="openai/one")
    done = call(logs, "--out", tmp_path / "run")
    assert done.exit_code == 2
    assert "3 logs of 2 models, and two are never mixed" in done.stderr
    assert "openai/one: a.eval, c.eval; openai/two: b.eval" in done.stderr
    assert not (tmp_path / "run").exists()
    done = call(logs, "--out", tmp_path / "run", "--model", "openai/one")
    assert done.exit_code == 0, done.output
    assert "1 logs are of other models and were left alone: b.eval (openai/two)" in done.stderr
    assert {r.model for r in replies(tmp_path / "run").values()} == {"openai/one"}
    with pytest.raises(UnknownNameError, match=r"'openai/on'.* openai/one, openai/two\."):
        convert(logs, tmp_path / "no", model="openai/on")


def test_two_ways_of_asking_are_refused_with_what_differs(
    base: Any, logs: Path, tmp_path: Path
) -> None:
    for name, made in {"a": 5, "b": 7, "c": 5}.items():
        config = base.eval.model_generate_config.model_copy(update={"seed": made})
        write(base, logs / f"{name}.eval", model_generate_config=config)
    with pytest.raises(ResponsesError, match="was asked in 2 ways") as caught:
        convert(logs, tmp_path / "run")
    assert "a.eval, c.eval; b.eval (generation.seed: was 5, is 7)" in str(caught.value)
    convert([logs / "c.eval", logs / "a.eval"], tmp_path / "run")
    assert len(replies(tmp_path / "run")) == ROWS


def test_logs_of_other_tasks_are_counted_and_named(base: Any, logs: Path, tmp_path: Path) -> None:
    write(base, logs / "ours.eval")
    other = base.model_copy(deep=True)
    other.eval.task, other.eval.model = "somebody/arc", "openai/other"
    for sample in other.samples:
        sample.metadata.clear()
    write_eval_log(other, str(logs / "theirs.eval"))
    found = convert(logs, tmp_path / "run")
    assert found.replies == ROWS
    line = "1 logs are of other tasks and were left alone: theirs.eval (somebody/arc)"
    assert line in found.notes
    (logs / "ours.eval").unlink()
    with pytest.raises(ResponsesError, match=f"holds no log of a task dual_bench/.*{line[2:40]}"):
        convert(logs, tmp_path / "run2")
    with pytest.raises(ResponsesError, match="is no row of a task dual_bench"):
        convert([logs / "theirs.eval"], tmp_path / "run2")  # named by itself: not left alone


def test_a_log_without_samples_is_named_and_a_folder_of_such_refused(
    base: Any, logs: Path, tmp_path: Path
) -> None:
    write(base, logs / "empty.eval", rows=slice(0), model="openai/misspelt")
    with pytest.raises(ResponsesError, match=r"empty\.eval: holds no sample"):
        convert(logs, tmp_path / "run")
    write(base, logs / "full.eval")
    found = convert(logs, tmp_path / "run")
    assert "1 logs hold no sample and were left alone: empty.eval" in found.notes
    assert found.settings.model == base.eval.model


def test_two_runs_with_different_replies_are_refused(base: Any, logs: Path, tmp_path: Path) -> None:
    write(base, logs / "a.eval")
    write(base, logs / "b.eval", minutes=1, says={1: "other words", 2: "others"})
    with pytest.raises(ResponsesError, match=r"a\.eval and .*b\.eval have different replies") as no:
        convert([logs / "b.eval", logs / "a.eval"], tmp_path / "run")
    assert f"to 2 rows, such as {base.samples[1].id}, {base.samples[2].id};" in str(no.value)
    assert not (tmp_path / "run").exists()


def test_what_people_marked_as_invalid_does_not_come_back_from_the_older_log(
    base: Any, logs: Path, tmp_path: Path
) -> None:
    write(base, logs / "a.eval")
    log = read_eval_log(str(logs / "a.eval"))
    log.samples[0].invalidation = ProvenanceData(author="me", reason="wrong picture")
    write_eval_log(log, str(logs / "b.eval"))
    convert(logs, tmp_path / "run")
    first = replies(tmp_path / "run")[log.samples[0].id]
    assert (first.response, first.error) == (None, "marked as invalid in the log: wrong picture")


def test_which_files_of_a_folder_are_logs(base: Any, logs: Path, tmp_path: Path) -> None:
    write(base, logs / "a.eval", rows=slice(0, 1))
    write(base, logs / "2026-01-31T10-00-00+00-00_dual-use_x.json", rows=slice(1, 2), minutes=1)
    (logs / "logs.json").write_text("{}")  # Inspect's list of a folder
    (logs / "eval-set.json").write_text("{}")
    (logs / "deeper").mkdir()
    write(base, logs / "deeper" / "z.eval", model="openai/other")
    (logs / "again.eval").symlink_to(logs / "a.eval")
    found = convert([logs, logs / "a.eval"], tmp_path / "run")
    assert found.replies == 2
    two = "a.eval, 2026-01-31T10-00-00+00-00_dual-use_x.json"
    assert f"2 logs make up this run: {two}" in found.notes
    assert "1 logs lie in folders below: name those: deeper/z.eval" in found.notes
    (tmp_path / "nothing").mkdir()
    with pytest.raises(ResponsesError, match="holds no log of a task"):
        convert(tmp_path / "nothing", tmp_path / "run2")
    with pytest.raises(ResponsesError, match="expected at least one log"):
        convert([], tmp_path / "run2")


def test_a_damaged_log_of_a_folder_is_named(base: Any, logs: Path, tmp_path: Path) -> None:
    write(base, logs / "a.eval")
    (logs / "cut.eval").write_bytes((logs / "a.eval").read_bytes()[:-300])
    with pytest.raises(ResponsesError, match=r"cut\.eval: cannot be read as a log of Inspect"):
        convert(logs, tmp_path / "run")


def test_two_builds_are_mixed_only_if_every_row_is_checked(
    base: Any, build: Path, logs: Path, tmp_path: Path
) -> None:
    write(base, logs / "a.eval", rows=slice(0, 2), metadata={"build": "0" * 16})
    write(base, logs / "b.eval", rows=slice(2, 4), metadata={"build": "1" * 16})
    with pytest.raises(ResponsesError, match=r"of 2 builds of the data.* a\.eval; 1+: b\.eval"):
        convert(logs, tmp_path / "run")
    assert convert(logs, tmp_path / "run", data=build).replies == ROWS
    changed = base.model_copy(deep=True)
    changed.samples[0].metadata["row"] = "0" * 16
    write(changed, logs / "b.eval", metadata={"build": "0" * 16})
    with pytest.raises(ResponsesError, match=r"a\.eval and .*b\.eval: .* had another prompt"):
        convert(logs, tmp_path / "run2")


def test_an_epoch_is_that_of_all_logs(base: Any, logs: Path, tmp_path: Path) -> None:
    two = base.model_copy(deep=True)
    two.eval.config.epochs = 2
    second = [s.model_copy(deep=True) for s in two.samples]
    for sample in second:
        sample.epoch, sample.output = 2, output("second")
    two.samples += second
    write_eval_log(two, str(logs / "a.eval"))
    two.eval.eval_id = "again"
    write_eval_log(two, str(logs / "b.eval"))
    with pytest.raises(ResponsesError, match="has 2 epochs"):
        convert(logs, tmp_path / "run")
    convert(logs, tmp_path / "run", epoch=2)
    assert {r.response for r in replies(tmp_path / "run").values()} == {"second"}
