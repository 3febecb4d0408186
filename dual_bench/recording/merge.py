"""Join the run folders of several processes, and check that together they cover the data.

Each part was recorded with `todo(shard=i, of=n)` in a folder of its own. Parts of two models,
two settings or two builds of the data are refused, as one folder would refuse them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from dual_bench.errors import JournalError, ResponsesError
from dual_bench.journal import read_journal
from dual_bench.recording.identity import data_digest
from dual_bench.recording.settings import RunSettings, differences, read_settings
from dual_bench.recording.sources import Rows
from dual_bench.recording.written import write_run
from dual_bench.responses import RESPONSES, Response, read_responses

_SHOWN = 3


class Merged(NamedTuple):
    """What a merge found.

    Attributes:
        replies: rows with a reply.
        failed: rows with a reason in place of one; a recorder on the new folder asks them again.
        missing: rows that no part has.
    """

    replies: int
    failed: int
    missing: int


class _Part(NamedTuple):
    path: Path
    settings: RunSettings


def merge(
    parts: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    dataset: Any = None,
    partial: bool = False,
) -> Merged:
    """Write the replies of all parts into one new run folder.

    Args:
        parts: run folders of recorders.
        out: the new folder; the parts stay as they are.
        dataset: the rows that were to be asked, as a recorder takes them; with it a message can
            name what is missing, and the lines have the order of the rows. Replies to rows that
            are not among them are kept, after the others. None takes what the parts say of their
            data.
        partial: write the folder even if rows are missing.

    Raises:
        JournalError: a part is no run folder, or two parts are of different runs.
        ResponsesError: rows are missing, or two parts have a reply to one row.
        OutputError: `out` holds replies already, or cannot be written.
    """
    several = [parts] if isinstance(parts, str | os.PathLike) else parts
    found = [_part(Path(part)) for part in several]
    if not found:
        raise JournalError("merge: expected the folders of at least one part, got none")
    rows = Rows(dataset) if dataset is not None else None
    _check_alike(found, same_data=rows is None)  # else every row is compared with its digest
    replies = _union(found)
    missing = _missing(replies, found[0].settings, rows)
    if missing and not partial:
        raise ResponsesError(_gap(missing, replies, rows))
    settings, order = found[0].settings, list(replies)
    if rows is not None:
        settings = replace(settings, rows=len(rows), data=data_digest(rows.digests))
        # Replies to other rows (a folder may hold several configs) were paid for too.
        others = sorted(replies.keys() - rows.digests.keys())
        order = [*(id for id in rows.ids if id in replies), *others]
    ordered = [replies[id] for id in order]
    write_run(out, settings, ordered)
    failed = sum(response.reason is not None for response in ordered)
    return Merged(len(ordered) - failed, failed, missing)


def _part(path: Path) -> _Part:
    settings = read_settings(path)
    if settings is None or not (path / RESPONSES).is_file():
        raise JournalError(
            f"{path}: no run folder; expected {RESPONSES} and run.json of a recorder"
        )
    return _Part(path, settings)


def _check_alike(parts: Sequence[_Part], *, same_data: bool) -> None:
    first = parts[0]
    for part in parts[1:]:
        found = differences(first.settings, part.settings)
        if same_data and first.settings.data != part.settings.data:
            found.append(
                f"data: was {first.settings.rows:,} rows ({first.settings.data}), "
                f"is {part.settings.rows:,} ({part.settings.data}); if both are parts of one "
                f"dataset, name it with dataset=... (--data, --config)"
            )
        if found:
            raise JournalError(
                f"{first.path} and {part.path} are of different runs, and two are never mixed: "
                f"{'; '.join(found)}"
            )


def _union(parts: Iterable[_Part]) -> dict[str, Response]:
    """One reply an id: a reply before a failure, of failures the last."""
    found: dict[str, Response] = {}
    owner: dict[str, Path] = {}
    for part in parts:
        if not read_journal(part.path / RESPONSES):
            continue  # a shard that was killed before its first reply, or while it wrote it
        for response in read_responses(part.path):
            old = found.get(response.id)
            if old is not None and old.reason is None and response.reason is None:
                raise ResponsesError(
                    f"{owner[response.id]} and {part.path} both have a reply to {response.id}; "
                    f"were two shards given the same number?"
                )
            if old is None or old.reason is not None:
                found[response.id], owner[response.id] = response, part.path
    return found


def _missing(replies: Mapping[str, Response], settings: RunSettings, rows: Rows | None) -> int:
    """How many rows of the data have no line; the digests tell that the lines are of this data."""
    seen = {id: str(r.meta.get("row")) for id, r in replies.items()}
    if rows is not None:
        other = [id for id in rows.ids if id in seen and seen[id] != rows.digests[id]]
        if other:
            raise JournalError(
                f"the parts were recorded on another build of the data than `dataset`: "
                f"{len(other):,} rows differ, such as {', '.join(other[:_SHOWN])}"
            )
        return sum(id not in seen for id in rows.ids)
    missing = settings.rows - len(seen)
    if missing <= 0 and data_digest(seen) != settings.data:
        raise JournalError(
            f"the parts hold {len(seen):,} rows that are not the {settings.rows:,} of their "
            f"data at their last start; name the rows with dataset=... (--data, --config)"
        )
    return missing


def _gap(missing: int, replies: Mapping[str, Response], rows: Rows | None) -> str:
    names = ""
    if rows is not None:
        names = f", such as {', '.join([id for id in rows.ids if id not in replies][:_SHOWN])}"
    return (
        f"{missing:,} rows are in no part{names}; is a shard missing or not finished? "
        f"To merge what there is, say partial=True (--partial)"
    )
