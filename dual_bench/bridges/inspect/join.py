"""The replies of several logs of one run as one reply a row.

Inspect's retry writes a new log that has the good samples of the old one again, and asks the rest
anew. So, as where parts of a run are merged: a reply goes before a failure, of failures the last
is kept, the same reply twice is one, and two different replies to a row are refused. Beside that:

- A sample on which only a scorer failed has a reply, and Inspect's retry asks its row again; the
  new reply takes its place.
- A sample that people marked as invalid in one log is invalid in the others too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from dual_bench.bridges.converted import few
from dual_bench.bridges.inspect.log import Entry
from dual_bench.errors import ResponsesError
from dual_bench.responses import Response

AFTER = "failed_after"  # in the meta of a reply: on what the sample failed when it was there


class Said(NamedTuple):
    """What one log has for a row.

    Attributes:
        response: the reply.
        sample: Inspect's own name of the sample, the same in all logs that hold it.
        withdrawn: whether people marked it as invalid.
    """

    response: Response
    sample: str | None
    withdrawn: bool


def joined_rows(logs: Mapping[Path, Iterable[Entry]]) -> dict[str, str | None]:
    """Id -> digest of all rows of the logs, in their order.

    Raises:
        ResponsesError: two logs have a row that was not the same when it was asked.
    """
    found: dict[str, str | None] = {}
    owner: dict[str, Path] = {}
    for path, entries in logs.items():
        for entry in entries:
            id, old = str(entry.id), found.get(str(entry.id))
            if old is not None and entry.row not in (None, old):
                raise ResponsesError(
                    f"{owner[id]} and {path}: {id} had another prompt or picture in one than in "
                    f"the other; name the logs of one build of the data"
                )
            if old is None:
                found[id], owner[id] = entry.row, path
    return found


def joined_replies(logs: Mapping[Path, Iterable[Said]]) -> list[Response]:
    """One reply a row; the logs are given oldest first.

    Raises:
        ResponsesError: two logs have different replies to a row.
    """
    there = [(path, said) for path, several in logs.items() for said in several]
    withdrawn = {said.sample for _, said in there if said.withdrawn} - {None}
    kept: dict[str, Response] = {}
    owner: dict[str, Path] = {}
    differ: dict[tuple[Path, Path], list[str]] = {}
    for path, said in there:
        new = said.response
        if said.sample in withdrawn and not said.withdrawn:
            continue  # its other copy says that it is invalid
        old = kept.get(new.id)
        if old is None or _worth(old) <= min(_worth(new), 1):
            kept[new.id], owner[new.id] = new, path
        elif _worth(old) == _worth(new) and _words(old) != _words(new):
            differ.setdefault((owner[new.id], path), []).append(new.id)
    for (first, second), ids in differ.items():
        raise ResponsesError(
            f"{first} and {second} have different replies to {len(ids):,} rows, such as "
            f"{few(ids)}; they are of two runs, and a run folder holds one reply a row: name the "
            f"logs of one"
        )
    return list(kept.values())


def _worth(response: Response) -> int:
    """2 for a reply, 1 for one that Inspect's retry asks for again, 0 for a failure."""
    if response.reason is not None:
        return 0
    return 1 if AFTER in response.meta else 2


def _words(response: Response) -> tuple[str | None, str | None]:
    return response.response, response.finish_reason
