"""A judge against people's labels: ask it about every labelled reply of a file, and count."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dual_bench.agreement import Agreement, agree
from dual_bench.asking import Case, Progress, judge_all
from dual_bench.errors import LabelsError, ResponsesError
from dual_bench.judges import Judge
from dual_bench.judges.labels import check_label
from dual_bench.outcomes import Reason, Verdict
from dual_bench.protocols import Protocol
from dual_bench.responses import Response
from dual_bench.responses.rows import READERS, present
from dual_bench.rows import Row
from dual_bench.schema import SIDES
from dual_bench.verdicts import open_verdicts


class Columns(NamedTuple):
    """What a file calls its columns; the first two it must have."""

    reply: str = "response"
    label: str = "label"
    prompt: str = "prompt"
    text: str = "text"
    side: str = "side"
    id: str = "id"


COLUMNS = Columns()


class Labelled(NamedTuple):
    """Replies with people's labels: as cases for a judge, and as verdicts."""

    cases: list[Case]
    truth: list[Verdict]


def read_labelled(
    path: str | os.PathLike[str],
    protocol: Protocol,
    columns: Columns = COLUMNS,
    mapping: Mapping[str, str] | None = None,
) -> Labelled:
    """Read a file of replies with labels: CSV, TSV, JSON Lines or Parquet.

    Args:
        path: the file.
        protocol: whose labels are legal.
        columns: what the file calls them. Without ids, rows are called by their number.
        mapping: the file's label -> the protocol's. A blank label is none: the row is unscored.

    Raises:
        LabelsError: a label that is neither mapped nor legal, a side that is none, or an id that
            occurs twice.
        ResponsesError: the file cannot be read or lacks a column.
    """
    file = Path(path)
    reader = READERS.get(file.suffix.lower())
    if reader is None:
        raise LabelsError(f"{file}: labels are read from files that end in {', '.join(READERS)}")
    found = Labelled([], [])
    seen: set[str] = set()
    try:
        for number, row in reader(file, columns):
            where = f"{file}, line {number}"
            case, label = _labelled(row, columns, f"row-{number}", where)
            name, meant = case.row.id, (mapping or {}).get(label, label)
            if name in seen:
                raise LabelsError(f"{where}: a second row is called {name!r}")
            seen.add(name)
            found.cases.append(case)
            found.truth.append(_truth(name, meant, protocol, where))
    except OSError as err:
        raise ResponsesError(f"{file}: cannot be read: {err.strerror or err}") from err
    if not found.cases:
        raise LabelsError(f"{file}: has no rows")
    return found


def _truth(name: str, label: str, protocol: Protocol, where: str) -> Verdict:
    """What people said: a label, or nothing."""
    if not label:
        return Verdict(name, None, Reason.JUDGE_UNLABELLED, "labels", protocol.id)
    check_label(label, protocol, where)
    return Verdict(name, label, None, "labels", protocol.id)


def _labelled(
    row: Mapping[str, Any], columns: Columns, default: str, where: str
) -> tuple[Case, str]:
    """The row as a case, and its label as it stands in the file."""
    present(list(row), columns, where)

    def cell(name: str) -> str:
        value = row.get(name)
        return "" if value is None else str(value)

    name = cell(columns.id) or default
    if cell(columns.side) not in ("", *SIDES):
        raise LabelsError(
            f"{where}: {columns.side!r} must be {' or '.join(SIDES)}, got {cell(columns.side)!r}; "
            f"if that column is about something else, name another"
        )
    facts = Row(
        id=name,
        pair_id=name,
        cluster_id=name,
        hazard="unknown",
        side=cell(columns.side),
        variant="original",
        prompt=cell(columns.prompt),
        text=cell(columns.text) or None,
        expected="",
    )
    return Case(facts, Response(name, cell(columns.reply))), cell(columns.label).strip()


def validate(
    labelled: Labelled,
    judge: Judge,
    protocol: Protocol,
    *,
    out: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Agreement:
    """Ask the judge about every labelled reply, and set it against the labels.

    Args:
        labelled: what `read_labelled` gave.
        judge: of this protocol.
        protocol: whose labels are compared.
        out: folder to keep the verdicts in and to go on from.
        progress: called with (judged so far, to be judged, unscored so far).
    """
    with open_verdicts(out, judge.name, protocol.id) as (journal, old):
        cases = [case._replace(old=old.get(case.row.id)) for case in labelled.cases]
        verdicts = judge_all(cases, judge, protocol, journal, progress)
    replies = {c.row.id: (c.response and c.response.response) or "" for c in labelled.cases}
    said = [verdicts[c.row.id] for c in labelled.cases]
    return agree(labelled.truth, said, protocol, ("labels", judge.name), replies)
