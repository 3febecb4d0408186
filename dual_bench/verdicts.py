"""Verdicts on disk: `verdicts.jsonl` in a run folder, one line a verdict, in order of arrival.

A row may have several lines: a later one counts where the earlier one was a failure, or judged
other words. Two scored verdicts on the same words are an error, and so are verdicts of two
judges or two protocols in one file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from dual_bench.errors import JournalError
from dual_bench.files import make_folder
from dual_bench.journal import Journal, read_journal
from dual_bench.outcomes import Verdict

VERDICTS = "verdicts.jsonl"
KINDS: Mapping[str, type] = {
    "id": str,
    "label": str,
    "reason": str,
    "judge": str,
    "protocol": str,
    "votes": list,
    "evidence": dict,
    "input": str,
    "facts": dict,
}


class OpenVerdicts(NamedTuple):
    """Where new verdicts go, and what earlier starts left."""

    journal: Journal | None
    old: dict[str, Verdict]


@contextmanager
def open_verdicts(
    folder: str | os.PathLike[str] | None, judge: str, protocol: str
) -> Iterator[OpenVerdicts]:
    """The verdicts of a run folder, for one judge and one protocol; None keeps nothing.

    Raises:
        JournalError: another process has the folder, it is damaged, or its verdicts are of
            another judge or protocol.
        OutputError: the folder cannot be made.
    """
    if folder is None:
        yield OpenVerdicts(None, {})
        return
    path = make_folder(Path(folder))
    with Journal(path / VERDICTS) as journal:
        old = latest(journal.records(), str(journal.path))
        _check_instrument(old, judge, protocol, str(path))
        yield OpenVerdicts(journal, old)


def read_verdicts(path: str | os.PathLike[str]) -> list[Verdict]:
    """The verdicts of a run folder or of a file, one for each row, in order of first arrival.

    Raises:
        JournalError: there are none, or the file breaks the rules of the module.
    """
    file = Path(path)
    if file.is_dir():
        file = file / VERDICTS
    if not file.is_file():
        raise JournalError(
            f"{file}: no such file; expected the verdicts of `dual-bench score` (of a file of "
            f"replies: with --out)"
        )
    return list(latest(read_journal(file), str(file)).values())


def latest(records: Iterable[Mapping[str, Any]], where: str) -> dict[str, Verdict]:
    """The verdict that counts for each row.

    Args:
        records: lines of a journal, oldest first.
        where: for messages.
    """
    found: dict[str, Verdict] = {}
    for number, record in enumerate(records, start=1):
        verdict = _verdict(record, f"{where}, line {number}")
        old = found.get(verdict.id)
        if old is not None and old.label is not None and old.input == verdict.input:
            raise JournalError(
                f"{where}, line {number}: {verdict.id} was judged twice on the same words; keep "
                f"one of the two lines"
            )
        found[verdict.id] = verdict
    instruments = {(v.judge, v.protocol) for v in found.values()}
    if len(instruments) > 1:
        names = "; ".join(sorted(f"{judge} under {protocol}" for judge, protocol in instruments))
        raise JournalError(f"{where}: holds verdicts of different judges or protocols: {names}")
    return found


def _verdict(record: Mapping[str, Any], where: str) -> Verdict:
    """The verdict of a line, which another program may have written."""
    for name, kind in KINDS.items():
        value = record.get(name)
        if value is not None and not isinstance(value, kind):
            raise JournalError(
                f"{where}: not a verdict: {name!r} must be a {kind.__name__}, "
                f"got a {type(value).__name__}"
            )
    try:
        return Verdict.from_dict(record)
    except JournalError as err:
        raise JournalError(f"{where}: {err}") from err


def _check_instrument(found: Mapping[str, Verdict], judge: str, protocol: str, where: str) -> None:
    """Refuse to go on in a folder whose verdicts another judge or protocol gave."""
    for verdict in found.values():
        for what, old, new in (
            ("judge", verdict.judge, judge),
            ("protocol", verdict.protocol, protocol),
        ):
            if old != new:
                raise JournalError(
                    f"{where}: holds verdicts of {what} {old}, and this is {what} {new}; verdicts "
                    f"of two are never mixed: give another folder with --out"
                )
        return
