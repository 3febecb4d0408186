"""Which logs of Inspect make up one run: those of a folder or a list, of one model asked one way.

A folder is taken without the folders in it, as Inspect lays out the logs of one `--log-dir`. Logs
of other tasks or models and logs without a sample are left alone and named; two models or two sets
of settings are never mixed. The order of the paths plays no part: logs are taken in the order in
which they were begun.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from dual_bench.bridges.converted import few, note
from dual_bench.bridges.inspect.log import Log
from dual_bench.bridges.inspect.settings import generation
from dual_bench.errors import ResponsesError, UnknownNameError
from dual_bench.recording import RunSettings
from dual_bench.recording.settings import differences

OURS = "dual_bench/"  # how the names of our tasks begin
_JSON_LOG = re.compile(r"\d{4}-\d\d-\d\dT\d\d[:-]\d\d[:-]\d\d.*\.json")  # as Inspect names them


class Chosen(NamedTuple):
    """The logs of one run.

    Attributes:
        logs: oldest first; at least one.
        notes: which were left alone and why, a line each.
    """

    logs: tuple[Log, ...]
    notes: tuple[str, ...]

    @property
    def where(self) -> str:
        """For messages about all of them."""
        return few([str(log.path) for log in self.logs])


def choose(paths: Sequence[Path], *, model: str | None = None, checked: bool = False) -> Chosen:
    """The logs that are meant.

    Args:
        paths: of logs, and of folders with logs. A log that is named itself is never left alone
            because of its task.
        model: only logs of this one, as Inspect names it.
        checked: whether every row is compared with a build, so that logs need not say which.

    Raises:
        ResponsesError: there is no log of ours, one cannot be read, or they are of several runs.
        UnknownNameError: no log is of that model.
        DependencyError: there is no inspect_ai.
    """
    if not paths:
        raise ResponsesError("convert: expected at least one log of Inspect or a folder, got none")
    named, listed, notes = _files(paths)
    mine = {path: Log(path) for path in named}
    others = []
    for path in listed:
        if _is_ours(log := Log(path)):
            mine[path] = log
        else:
            others.append(f"{path.name} ({log.header.eval.task})")
    notes += note("logs are of other tasks and were left alone", others)
    where = few(list(map(str, paths)))
    if not mine:
        raise ResponsesError("; ".join([f"{where}: holds no log of a task {OURS}...", *notes]))
    ours = sorted(mine.values(), key=_begun)
    full = [log for log in ours if log.entries()] or ours[:1]
    empty = [log.path.name for log in ours if log not in full]
    notes += note("logs hold no sample and were left alone", empty)
    chosen, rest = _of_model(full, model, where)
    notes += note("logs are of other models and were left alone", rest)
    _of_one_run(chosen, where, checked=checked)
    if len(chosen) > 1:
        notes = [*note("logs make up this run", [log.path.name for log in chosen]), *notes]
    return Chosen(tuple(chosen), tuple(notes))


def _files(paths: Iterable[Path]) -> tuple[list[Path], list[Path], list[str]]:
    """(logs that are named, logs of folders, notes), each file once."""
    named: dict[Path, Path] = {}
    listed: dict[Path, Path] = {}
    deeper: list[str] = []
    for path in paths:
        if not path.is_dir():
            named.setdefault(path.resolve(), path)
            continue
        for file in sorted(filter(_is_log, path.iterdir())):
            listed.setdefault(file.resolve(), file)
        below = [file for file in sorted(path.rglob("*")) if file.parent != path]
        deeper += [str(file.relative_to(path)) for file in below if _is_log(file)]
    in_folders = [file for place, file in listed.items() if place not in named]
    return list(named.values()), in_folders, note("logs lie in folders below: name those", deeper)


def _is_log(file: Path) -> bool:
    named = file.suffix == ".eval" or _JSON_LOG.fullmatch(file.name) is not None
    return named and file.is_file()


def _is_ours(log: Log) -> bool:
    """Whether a sample is of our tasks; of a log without samples the task's name says."""
    entries = log.entries()
    if not entries:
        return str(log.header.eval.task).startswith(OURS)
    return any(entry.row is not None for entry in entries)


def _begun(log: Log) -> tuple[datetime, str, str]:
    spec = log.header.eval
    try:
        when = datetime.fromisoformat(str(spec.created))
    except ValueError:  # a log that people wrote
        when = datetime.min.replace(tzinfo=UTC)
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    return aware, spec.eval_id, str(log.path.resolve())


def _of_model(logs: list[Log], model: str | None, where: str) -> tuple[list[Log], list[str]]:
    """(logs of one model, names of the others)."""
    models = _grouped(logs, lambda log: log.header.eval.model)
    if model is not None:
        if model not in models:
            raise UnknownNameError("model of these logs", model, sorted(models))
        rest = [log for log in logs if log not in models[model]]
        return models[model], [f"{log.path.name} ({log.header.eval.model})" for log in rest]
    if len(models) > 1:
        listed = "; ".join(f"{name}: {_names(models[name])}" for name in sorted(models))
        raise ResponsesError(
            f"{where}: {len(logs)} logs of {len(models)} models, and two are never mixed; choose "
            f"one with model (--model NAME), or name its files. {listed}"
        )
    return logs, []


def _of_one_run(logs: list[Log], where: str, *, checked: bool) -> None:
    """Raise if settings differ, or if nothing tells that the logs are of one build."""
    first, *others = ways = _by_settings(logs)
    if others:
        old = _settings(first[0])
        listed = "; ".join(
            f"{_names(way)} ({', '.join(differences(old, _settings(way[0])))})" for way in others
        )
        raise ResponsesError(
            f"{where}: {old.model} was asked in {len(ways)} ways, and two are never mixed; name "
            f"the files of one. {_names(first)}; {listed}"
        )
    builds = _grouped(logs, lambda log: str((log.header.eval.metadata or {}).get("build")))
    if len(builds) > 1 and not checked:
        listed = "; ".join(f"{build}: {_names(of)}" for build, of in sorted(builds.items()))
        raise ResponsesError(
            f"{where}: the logs are of {len(builds)} builds of the data; name the files of one, or "
            f"name the build with data (--data), and every row is checked. {listed}"
        )


def _by_settings(logs: list[Log]) -> list[list[Log]]:
    ways: list[list[Log]] = []
    for log in logs:
        mine = _settings(log)
        for way in ways:
            if not differences(_settings(way[0]), mine):
                way.append(log)
                break
        else:
            ways.append([log])
    return ways


def _settings(log: Log) -> RunSettings:
    return RunSettings(log.header.eval.model, generation(log.header))


def _grouped(logs: Iterable[Log], key: Callable[[Log], str]) -> dict[str, list[Log]]:
    found: dict[str, list[Log]] = {}
    for log in logs:
        found.setdefault(key(log), []).append(log)
    return found


def _names(logs: Iterable[Log]) -> str:
    return ", ".join(log.path.name for log in logs)
