""".eval_results/*.yaml: what the repository of a model says about its results.

Each board gets its value as `dual_bench.score` computed it, as a share between 0 and 1, and notes
that say over how many rows, how many had no score and why, the interval, the protocol and the
judge. A run over a part of the rows has another meaning and is refused, unless it is said to be
one. Nothing is taken from the clock, and no word of a model's reply goes into the file.
"""

from __future__ import annotations

import datetime as dt
import math
import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dual_bench.bridges.converted import few
from dual_bench.bridges.hub.boards import METRICS, PROTOCOL, Board, boards, whole
from dual_bench.errors import BadValueError, DualBenchError
from dual_bench.files import make_folder, whole_file
from dual_bench.metrics import Estimate
from dual_bench.result import Result

FOLDER = ".eval_results"
_REPO = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)


def eval_results(
    result: Result,
    *,
    dataset_repo: str,
    date: str | dt.date | None,
    revision: str | None = None,
    source_url: str | None = None,
    source_name: str | None = None,
    source_user: str | None = None,
    notes: str = "",
    partial: bool = False,
) -> str:
    """The text of a file for the repository of the model that was scored.

    Args:
        result: over one or more configs, all rows of each, of one model.
        dataset_repo: of the dataset on the Hub, such as "someone/dual-bench".
        date: of the run, ISO 8601; None leaves it out, and the Hub takes the commit's.
        revision: commit of the dataset's repository.
        source_url: where the traces are, such as a dataset with the run folder.
        source_name: what to call that.
        source_user: whose it is, a user or an organisation on the Hub.
        notes: what else is to be said, such as the generation settings; comes first.
        partial: take a run over a part of the rows; the notes then say how many.

    Raises:
        DualBenchError: nothing of the result has a board, rows are missing, or a value is not one
            that the Hub takes; the message names it.
    """
    import yaml

    _check(result, dataset_repo)
    source = _source(source_url, source_name, source_user)
    entries = []
    for config, part in _by_config(result).items():
        note = _scope(part, config, partial)
        for board in boards(config):
            dataset = {"id": dataset_repo, "task_id": board.task_id}
            said = "; ".join(filter(None, [notes, *_notes(part, board), note]))
            entry = {
                "dataset": dataset | ({"revision": revision} if revision else {}),
                "value": _value(part, board),
                "date": _date(date),
                "source": dict(source),  # a copy: YAML would refer to the first
                "notes": said,
            }
            entries.append({k: v for k, v in entry.items() if v or k == "value"})
    return str(yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=99))


def write_eval_results(
    folder: str | os.PathLike[str], result: Result, *, name: str = "dual-bench", **how: Any
) -> Path:
    """Write the file where the Hub looks for it: the whole file, or none.

    Args:
        folder: a checkout of the model's repository, or any folder to upload from.
        result: see `eval_results`.
        name: of the file, without its ending; the Hub wants one file for each setup of a model.
        how: see `eval_results`.

    Returns:
        `<folder>/.eval_results/<name>.yaml`.

    Raises:
        OutputError: it cannot be written.
        DualBenchError: see `eval_results`.
    """
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise BadValueError("name of a file", name, "letters, digits, '_', '-' and '.'")
    text = eval_results(result, **how)
    path = Path(folder) / FOLDER / f"{name}.yaml"
    make_folder(path.parent)
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
    return path


def _check(result: Result, dataset_repo: str) -> None:
    if not _REPO.fullmatch(dataset_repo):
        raise BadValueError("dataset repository", dataset_repo, "<namespace>/<name>")
    if result.protocol.name != PROTOCOL:
        raise DualBenchError(
            f"the boards are for the protocol {PROTOCOL}, and this result is of "
            f"{result.protocol.name}: the same letters mean other things there. Score the replies "
            f"with protocol={PROTOCOL!r}"
        )
    if len(result.replies.models) > 1:
        raise DualBenchError(
            f"the replies are of {len(result.replies.models)} models: "
            f"{', '.join(result.replies.models)}; a repository is of one"
        )


def _by_config(result: Result) -> dict[str, Result]:
    """The result of each config that has a board."""
    found = Counter(v.id.partition("/")[0] for v in result.verdicts)
    known = [config for config in METRICS if config in found]
    if not known:
        raise DualBenchError(
            f"none of its rows has a board: expected rows of {', '.join(METRICS)}, got "
            f"{few(found) or 'none'}"
        )
    if len(found) == 1:
        return {known[0]: result}
    return {
        config: replace(
            result,
            verdicts=tuple(v for v in result.verdicts if v.id.startswith(f"{config}/")),
        )
        for config in known
    }


def _scope(part: Result, config: str, partial: bool) -> str:
    rows, all = len(part.verdicts), whole(config)
    if rows == all:
        return ""
    if not partial:
        raise DualBenchError(
            f"{config}: the result has {rows:,} of its {all:,} rows, and a board compares whole "
            f"runs; score all of them, or say partial, which the notes will then say too"
        )
    return f"partial run: {rows} of {all} rows"


def _value(part: Result, board: Board) -> float:
    value = part.get(board.metric).value
    if not math.isfinite(value):
        raise DualBenchError(f"{board.config}: {board.metric} has no value: no row has a score")
    return float(value)


def _notes(part: Result, board: Board) -> list[str]:
    """What the value rests on, for people."""
    e = part.get(board.metric)
    reasons = ", ".join(f"{n} {reason}" for reason, n in part.unscored.items())
    unit = "pairs" if board.metric == "pair_accuracy" else "harmful rows"
    fingerprint = part.data.get("fingerprint")
    return [
        f"{board.metric} over {e.n} {unit}, {e.n_unscored} unscored",
        *_interval(e, part.level),
        *([f"it could be {e.lowest:.4f} to {e.highest:.4f} had they a score"] * (e.n_unscored > 0)),
        *([f"rows without a score: {reasons}"] if reasons else []),
        f"protocol {part.protocol.id}",
        f"judge {_plain(part.judge, 'name')}",
        *([f"data {fingerprint}"] if fingerprint else []),
    ]


def _interval(e: Estimate, level: float) -> list[str]:
    if e.method == "none":
        return []
    return [f"{level:.0%} interval {e.low:.4f} to {e.high:.4f}"]


def _plain(judge: Mapping[str, Any], key: str) -> str:
    return " ".join(str(judge.get(key) or "not named").split())


def _source(url: str | None, name: str | None, user: str | None) -> dict[str, str]:
    if url is None:
        if name or user:
            raise BadValueError("name or user of a source", name or user, "one with source_url")
        return {}
    if not re.fullmatch(r"https?://\S+", url):
        raise BadValueError("source_url", url, "https://...")
    return {k: v for k, v in (("url", url), ("name", name), ("user", user)) if v}


def _date(given: str | dt.date | None) -> str:
    if given is None:
        return ""
    text = given if isinstance(given, str) else given.isoformat()
    try:
        dt.datetime.fromisoformat(text)
    except ValueError as err:
        raise BadValueError("date", text, "ISO 8601, such as 2026-01-31") from err
    return text
