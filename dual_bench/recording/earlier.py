"""What an earlier start left in a run folder, and whether this start may add to it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dual_bench.errors import JournalError
from dual_bench.outcomes import Reason
from dual_bench.recording.settings import RunSettings, differences, read_settings
from dual_bench.responses import read_responses

_SHOWN = 3


def earlier_replies(
    folder: Path, digests: Mapping[str, str], *, is_begun: bool
) -> dict[str, Reason | None]:
    """Why each row that was asked has no reply; None where it has one.

    Args:
        folder: of the run.
        digests: id -> digest of the rows of today.
        is_begun: whether its journal holds a record; nothing is read where it holds none.

    Raises:
        JournalError: a row was another one when it was asked.
        ResponsesError: the file says two things about one row.
    """
    known: dict[str, Reason | None] = {}
    if not is_begun:
        return known
    other = []
    for response in read_responses(folder):
        known[response.id] = response.reason
        was = response.meta.get("row")
        if response.id in digests and was != digests[response.id]:
            other.append(response.id)
    if other:
        raise JournalError(
            f"{folder}: holds replies on another build of the data: {len(other):,} "
            f"of its {len(known):,} rows had another prompt or picture (or were loaded without "
            f"the columns prompt and pixel_sha256), such as {', '.join(other[:_SHOWN])}; "
            f"take another folder, or the data of that run"
        )
    return known


def check_settings(folder: Path, settings: RunSettings, has_replies: bool) -> None:
    """Refuse to go on in a folder whose replies another run made.

    Failures alone bind a folder to nothing: they may come from the mistake that is now mended.

    Raises:
        JournalError: says what differs.
    """
    old = read_settings(folder)
    if old is None and has_replies:
        raise JournalError(
            f"{folder}: holds replies, and its run.json does not say which model gave them and "
            f"how; take another folder"
        )
    if old is None or not has_replies:
        return
    if found := differences(old, settings):
        raise JournalError(
            f"{folder}: holds replies of another run, and two are never mixed: "
            f"{'; '.join(found)}. {_way_out(old.by, settings.by)}"
        )


def _way_out(was: str, now: str) -> str:
    """What to do in a folder of another run, whose settings another program may not have at all."""
    name = was.split()[:1]
    if not name or name == now.split()[:1]:
        return "Take another folder, or the settings of that run"
    return (
        f"Those replies were made with {' '.join(was.split())}: complete them there (and convert "
        f"a log again, into a new folder), or take another folder and ask all rows in it; merge "
        f"does not join two settings either"
    )
