"""What all converters share: check a log's rows, write the run folder, and say what was found.

A converter turns the lines of its harness's log into replies. `asked_rows` compares their rows
with a build and knows what is missing, `write_converted` puts the replies into order, writes and
counts them. All is read before anything is written; replies are held in memory, pictures are not.

A line that may not hold what the model said has the reason in `meta.doubt`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from dual_bench.errors import ResponsesError
from dual_bench.load import find_build, read_rows
from dual_bench.recording import RunSettings, data_digest, row_digest, write_run
from dual_bench.recording.identity import SEEN
from dual_bench.responses import Response
from dual_bench.rows import configs_named
from dual_bench.schema import read_manifest

DOUBT = "doubt"  # in the meta of a reply
_SHOWN = 3
_T = TypeVar("_T")


class Converted(NamedTuple):
    """What a conversion found.

    Attributes:
        settings: of the run, as they stand in run.json.
        replies: rows with words of the model.
        failed: rows with an error, a filter or an empty reply.
        missing: ids of the rows that were to be asked and that the log does not have.
        notes: what else people should know, a line each: replies in doubt, files that were left
            alone, and the like.
    """

    settings: RunSettings
    replies: int
    failed: int
    missing: tuple[str, ...]
    notes: tuple[str, ...]


class Asked(NamedTuple):
    """The rows that a harness was to ask, as far as log and build say.

    Attributes:
        ids: of all of them, in the order of the build; without one, in that of the log.
        digests: id -> `row_digest`, of those that the log has.
        rows: id -> what was shown, of the build; empty without one.
    """

    ids: tuple[str, ...]
    digests: Mapping[str, str]
    rows: Mapping[str, Mapping[str, Any]]

    @property
    def missing(self) -> tuple[str, ...]:
        """Those that the log does not have."""
        return tuple(id for id in self.ids if id not in self.digests)


def asked_rows(
    log: str | Path,
    noted: Mapping[str, str | None],
    *,
    data: str | os.PathLike[str] | None = None,
    planned: Iterable[str] = (),
) -> Asked:
    """Check the rows of a log, and find out what it lacks.

    Args:
        log: for messages.
        noted: id -> digest as the log has it, in its order; None where it has none, which takes
            `data`.
        data: folder of the build that was asked; None believes the log.
        planned: ids that were to be asked, where the log says. Where it does not, these are all
            rows of the configs that its ids name, with `data`; without, the log is taken as whole.

    Raises:
        ResponsesError: there is no row, one is none of the build's, or one was another when it
            was asked.
        UnknownNameError: no id is one of the build's.
    """
    if not noted:
        raise ResponsesError(f"{log}: holds no sample")
    rows: dict[str, Mapping[str, Any]] = {}
    if data is not None:
        rows = _rows_of(data, noted)
        _check(log, noted, rows, data)
    digests = {id: row_digest(rows[id]) if rows else str(row) for id, row in noted.items()}
    ids = list(dict.fromkeys([*(list(planned) or rows), *noted]))
    if rows:
        ids = _in_order(ids, list(rows), str)
    return Asked(tuple(ids), digests, rows)


def write_converted(
    out: str | os.PathLike[str],
    asked: Asked,
    responses: Iterable[Response],
    *,
    model: str,
    generation: Mapping[str, Any],
    by: str,
    lost: int = 0,
    notes: Iterable[str] = (),
) -> Converted:
    """Write a run folder, and say what is in it.

    Args:
        out: the run folder; made if it is missing, and refused if it holds replies.
        asked: what `asked_rows` gave.
        responses: one for each of its digests.
        model: its name.
        generation: everything else that could change a reply.
        by: the harness and its version.
        lost: rows that the log lacks beside those that are known by id.
        notes: what the converter has to say.

    Raises:
        OutputError: the folder holds replies, or cannot be written.
    """
    there = _in_order(responses, asked.ids, lambda response: response.id)
    missing = asked.missing
    known = {id: row_digest(asked.rows[id]) for id in missing if id in asked.rows}
    is_known = len(known) == len(missing) and not lost
    settings = RunSettings(
        model,
        generation,
        rows=len(asked.ids) + lost,
        data=data_digest({**asked.digests, **known}) if is_known else "",
        by=by,
    )
    write_run(out, settings, there)
    replies = sum(response.reason is None for response in there)
    found = (*notes, *_doubts(there))
    return Converted(settings, replies, len(there) - replies, missing, found)


def note(what: str, names: Collection[str]) -> list[str]:
    """A line of `Converted.notes` about some rows or files, or no line about none.

    >>> note("rows are missing", ["a", "b"])
    ['2 rows are missing: a, b']
    >>> note("rows are missing", [])
    []
    """
    return [f"{len(names):,} {what}: {few(names)}"] if names else []


def few(names: Collection[str]) -> str:
    """The first names, and how many more there are.

    >>> few(["a", "b", "c", "d"])
    'a, b, c and 1 more'
    """
    first = ", ".join(list(names)[:_SHOWN])
    return first + (f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else "")


def _rows_of(data: str | os.PathLike[str], ids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Id -> what was shown, of the configs that ids name, in the order of the build."""
    build = find_build(data)
    names = configs_named(ids, read_manifest(build).configs)
    return {row["id"]: row for name in names for row in read_rows(build, name, SEEN)}


def _check(
    log: str | Path,
    noted: Mapping[str, str | None],
    rows: Mapping[str, Mapping[str, Any]],
    data: str | os.PathLike[str],
) -> None:
    build, count = os.fspath(data), f"of its {len(noted):,} rows"
    if strange := [id for id in noted if id not in rows]:
        raise ResponsesError(
            f"{log}: {len(strange):,} {count} are not in the build {build}, such as "
            f"{few(strange)}; name the build that was asked"
        )
    other = [id for id, row in noted.items() if row not in (None, row_digest(rows[id]))]
    if other:
        raise ResponsesError(
            f"{log}: {len(other):,} {count} had another prompt or picture when they were asked "
            f"than in the build {build}, such as {few(other)}; name the build that was asked"
        )


def _in_order(items: Iterable[_T], order: Iterable[str], id_of: Callable[[_T], str]) -> list[_T]:
    """By the place of their ids; those without one stay behind, in the order that they had."""
    place = {id: number for number, id in enumerate(order)}
    return sorted(items, key=lambda item: place.get(id_of(item), len(place)))


def _doubts(responses: Iterable[Response]) -> Iterator[str]:
    found: dict[str, list[str]] = {}
    for response in responses:
        if why := response.meta.get(DOUBT):
            found.setdefault(why, []).append(response.id)
    for why, ids in found.items():
        yield from note(f"replies may not be what the model said ({why})", ids)
