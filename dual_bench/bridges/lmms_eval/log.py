"""Find the files of one run of lmms-eval, and read them sample by sample.

A run leaves `<time>_results.json` and, with --log_samples, `<time>_samples_<task>.jsonl` beside
it. A sample of ours names its row in its target (`task.doc_to_target`). Files are read line by
line and never held in memory. What a text means is for `failures` to say.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dual_bench.bridges.converted import few
from dual_bench.errors import ResponsesError
from dual_bench.files import read_object
from dual_bench.outcomes import Reason

RESULTS = "_results.json"
SAMPLES = "_samples_"


class Log(NamedTuple):
    """The files of one run.

    Attributes:
        results: what the results file says; empty where there is none.
        samples: files with our rows: name of the task -> path.
        others: files of other benchmarks' tasks, by name.
        where: the results file, or where it should be.
    """

    results: Mapping[str, Any]
    samples: Mapping[str, Path]
    others: tuple[str, ...]
    where: Path


class Sample(NamedTuple):
    """One line.

    Attributes:
        id, row: which row it is, and its digest.
        text: what the harness has as the reply, unchanged; None where it has nothing.
        words: tokens of the reply, where the provider counted them.
        empty: whether the harness gave the task no words to judge, which it does for a reply
            without content; None where the log does not say.
        task: its name.
        by: the harness and its version, as our task found it.
    """

    id: str
    row: str
    text: str | None
    words: int | None
    empty: bool | None
    task: str
    by: str


def open_log(log: Path) -> Log:
    """The files of the run that a path names.

    Args:
        log: a samples file, a results file, or a folder that holds those of one run.

    Raises:
        ResponsesError: there is none, or there are several; says which.
    """
    if log.is_dir():
        return _one(log, [_of_run(folder, time) for folder, time in _runs(log)])
    if not log.is_file():
        raise ResponsesError(f"{log}: no such file or folder; expected a log of lmms-eval")
    if log.name.endswith(RESULTS):
        return _one(log, [_of_run(log.parent, log.name.removesuffix(RESULTS))])
    time, mark, rest = log.name.partition(SAMPLES)
    if not mark or log.suffix != ".jsonl":
        raise ResponsesError(
            f"{log}: expected <time>{RESULTS}, <time>{SAMPLES}<task>.jsonl or their folder"
        )
    whole = _of_run(log.parent, time)
    return _one(log, [whole._replace(samples={rest.removesuffix(".jsonl"): log}, others=())])


def _runs(folder: Path) -> list[tuple[Path, str]]:
    """(folder, time) of every run below."""
    found = [(path.parent, path.name.removesuffix(RESULTS)) for path in folder.rglob(f"*{RESULTS}")]
    logs = folder.rglob(f"*{SAMPLES}*.jsonl")
    found += [(path.parent, path.name.partition(SAMPLES)[0]) for path in logs]
    return sorted(set(found))


def _of_run(folder: Path, time: str) -> Log:
    where = folder / f"{time}{RESULTS}"
    samples: dict[str, Path] = {}
    others = []
    for path in sorted(folder.glob(f"*{SAMPLES}*.jsonl")):
        if not path.name.startswith(f"{time}{SAMPLES}"):
            continue
        if _is_ours(path):
            samples[path.name.removeprefix(f"{time}{SAMPLES}").removesuffix(".jsonl")] = path
        else:
            others.append(path.name)
    results = read_object(where, ResponsesError) if samples else {}
    return Log(results, samples, tuple(others), where)


def _one(log: Path, runs: list[Log]) -> Log:
    ours = [run for run in runs if run.samples]
    if len(ours) == 1:
        return ours[0]
    if not ours:
        raise ResponsesError(
            f"{log}: holds no samples of this benchmark's tasks; run lmms-eval with --log_samples "
            f"and the tasks of `dual-bench export lmms-eval`"
        )
    names = few([str(run.where) for run in ours])
    raise ResponsesError(
        f"{log}: holds {len(ours)} runs, and two are never mixed; name one of: {names}"
    )


def _is_ours(path: Path) -> bool:
    """Whether the first line names a row of ours; if there is none to read, the file's name says.

    So that a broken log of another benchmark is in nobody's way, and a broken one of ours is.
    """
    try:
        for record, _ in _records(path):
            return _target(record) is not None
    except ResponsesError:
        pass
    return path.name.partition(SAMPLES)[2].startswith("dual_bench")


def _target(record: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Which row, as `task.doc_to_target` wrote it; None for another benchmark's target."""
    try:
        target = json.loads(record.get("target") or "")
    except (TypeError, ValueError, RecursionError):
        return None
    if not isinstance(target, dict):
        return None
    known = all(isinstance(target.get(name), str) and target[name] for name in ("id", "row"))
    return target if known else None


def read_samples(task: str, path: Path) -> Iterator[Sample]:
    """The samples of a file, in its order.

    Raises:
        ResponsesError: a line is no sample, names no row, or holds several replies.
    """
    for record, where in _records(path):
        target = _target(record)
        if target is None:
            raise ResponsesError(
                f"{where}: its target names no row of this benchmark, and others in the file do; "
                f"got {str(record.get('target'))[:80]!r}"
            )
        yield Sample(
            target["id"],
            target["row"],
            _text(record, where),
            _words(record),
            _empty(record),
            task,
            str(target.get("by") or "lmms_eval"),
        )


def _records(path: Path) -> Iterator[tuple[Mapping[str, Any], str]]:
    """(line as a dict, its place); lines end at a newline alone, since replies hold other ends."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                where = f"{path}, line {number}"
                yield _record(line, where), where
    except OSError as err:
        raise ResponsesError(f"{path}: cannot be read: {err.strerror or err}") from err


def _record(line: bytes, where: str) -> Mapping[str, Any]:
    try:
        record = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as err:
        what = "cannot be read as JSON" if line.endswith(b"\n") else "is cut off"
        raise ResponsesError(f"{where}: {what}: {err}; run the task again") from err
    if not isinstance(record, dict):
        raise ResponsesError(f"{where}: expected a JSON object, got {type(record).__name__}")
    return record


def _text(record: Mapping[str, Any], where: str) -> str | None:
    """The reply before the harness's filters; it logs it only where they changed something."""
    value = record["resps"] if "resps" in record else record.get("filtered_resps")
    while isinstance(value, list):
        if len(value) > 1:
            raise ResponsesError(
                f"{where}: holds {len(value)} replies to one row; run lmms-eval with --repeats 1"
            )
        value = value[0] if value else None
    if value is None or isinstance(value, str):
        return value
    raise ResponsesError(f"{where}: the reply must be a string, got {type(value).__name__}")


def _words(record: Mapping[str, Any]) -> int | None:
    counts = record.get("token_counts")
    first = counts[0] if isinstance(counts, list) and counts else None
    words = first.get("output_tokens") if isinstance(first, dict) else None
    return words if isinstance(words, int) else None


def _empty(record: Mapping[str, Any]) -> bool | None:
    """What our task said of the reply, or with --predict_only what it would have been given."""
    if "unscored" in record:
        return bool(record["unscored"] == Reason.EMPTY)
    try:
        return not record["bypass"][1][0].strip()
    except (AttributeError, IndexError, KeyError, TypeError):
        return None
