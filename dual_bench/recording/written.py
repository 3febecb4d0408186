"""A whole run folder from replies that are there already: of a harness's log, or of shards."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from dual_bench.errors import OutputError
from dual_bench.files import make_folder
from dual_bench.journal import Journal
from dual_bench.recording.settings import RunSettings, write_settings
from dual_bench.responses import RESPONSES, Response, write_responses


def write_run(
    folder: str | os.PathLike[str], settings: RunSettings, responses: Iterable[Response]
) -> None:
    """Write replies and their settings as a recorder would have left them.

    Args:
        folder: made if it is missing; one that holds replies is refused.
        settings: of the run.
        responses: may be a generator; it is not held in memory.

    Raises:
        OutputError: the folder holds replies, or cannot be written.
        JournalError: another process has the folder.
    """
    path = make_folder(Path(folder))
    replies = path / RESPONSES
    with Journal(replies) as journal:  # for its lock: no recorder may begin meanwhile
        if next(iter(journal.records()), None) is not None:
            raise OutputError(f"{path}: holds replies already; choose another folder")
        try:
            write_responses(replies, responses)
        except BaseException:
            replies.unlink(missing_ok=True)  # the journal's, and still empty
            raise
        write_settings(path, settings)
