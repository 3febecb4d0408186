"""What a run would ask if it were started now: which rows, how many bytes, how many tokens at most.

The folder is read as it is: not made, not changed, not locked; another process may be at work in
it. No prices: they change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dual_bench.journal import read_journal
from dual_bench.outcomes import Reason
from dual_bench.recording.earlier import check_settings, earlier_replies
from dual_bench.recording.settings import RunSettings
from dual_bench.recording.sources import Rows
from dual_bench.recording.todo import positions
from dual_bench.responses import RESPONSES

_ROOM = ("max_completion_tokens", "max_tokens", "max_new_tokens")


def due(
    folder: Path,
    rows: Any,
    settings: RunSettings,
    *,
    shard: int = 0,
    of: int = 1,
    retry: Iterable[str] = (),
) -> list[int]:
    """The rows that a start with these settings would ask, by number, in their order.

    Args:
        folder: of the run; it need not be there.
        rows: as a recorder takes them.
        settings: the model's.
        shard: see `Recorder.todo`.
        of: see `Recorder.todo`.
        retry: see `Recorder.todo`.

    Raises:
        JournalError: the folder holds another run, as a recorder would say.
    """
    known = Rows(rows)
    file = folder / RESPONSES
    is_begun = file.is_file() and bool(read_journal(file))
    found = earlier_replies(folder, known.digests, is_begun=is_begun)
    check_settings(folder, settings, any(reason is None for reason in found.values()))
    again = {Reason.MISSING, *map(Reason, retry)}
    part = positions(len(known), shard, of)
    return [n for n in part if found.get(known.ids[n], Reason.MISSING) in again]


def picture_bytes(rows: Any, numbers: Sequence[int]) -> tuple[int, int]:
    """Bytes of the pictures of these rows, as they are in the file and in base64.

    Args:
        rows: a `datasets.Dataset` with `image`, as `dual_bench.load` gives it; no picture is
            decoded.
        numbers: of rows.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not numbers:
        return 0, 0
    plain = encoded = 0
    pictures = rows.select(numbers).select_columns(["image"]).with_format("arrow")
    for table in pictures.iter(256):
        for chunk in table.column("image").chunks:
            sizes = pc.binary_length(pc.struct_field(chunk, "bytes")).cast(pa.int64())
            plain += pc.sum(sizes).as_py() or 0
            thirds = pc.divide(pc.add(sizes, 2), 3)
            encoded += 4 * (pc.sum(thirds).as_py() or 0)
    return plain, encoded


def room(generation: Mapping[str, Any]) -> int | None:
    """The most tokens that one reply can have by the settings; None where they do not say.

    >>> room({"max_tokens": 512, "extra_body": {"max_completion_tokens": 99}}), room({})
    (99, None)
    """
    for settings in (generation.get("extra_body") or {}, generation):
        for name in _ROOM:
            if isinstance(settings.get(name), int):
                return int(settings[name])
    return None
