"""A run folder for tests: rows, settings, and a look at what was recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dual_bench import Recorder
from dual_bench.journal import read_journal
from tests.replies_kit import rows

ROWS = [{**row, "pixel_sha256": f"{n:064x}"} for n, row in enumerate(rows())]
IDS: list[str] = [row["id"] for row in ROWS]
GENERATION = {"temperature": 0, "top": {"p": 1, "stop": ["a", {"b": 1, "c": 2}]}, "system": None}


def recorder(folder: Path, data: Any = ROWS, **changed: Any) -> Recorder:
    """A recorder with the settings of these tests, unless some are changed."""
    return Recorder(folder, data, **{"model": "m", "generation": GENERATION, **changed})


def due(rec: Recorder, **options: Any) -> list[str]:
    """Ids of the rows that are to be asked."""
    return [row["id"] for row in rec.todo(**options)]


def content(folder: Path) -> dict[str, bytes]:
    """Every file, byte by byte."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def lines(folder: Path) -> list[dict[str, Any]]:
    """What stands in responses.jsonl."""
    return read_journal(folder / "responses.jsonl")


def filled(folder: Path) -> Path:
    """A folder with a reply to the first row, and each kind of failure."""
    with recorder(folder) as rec:
        rec.add(IDS[0], "A window.", finish_reason="stop", meta={"tokens": 3, "row": "mine"})
        rec.add(IDS[1], None, error="HTTP 500")
        rec.add(IDS[2], " \u200b\n")
        rec.add(IDS[3], "A win", finish_reason="content_filter")
    return folder
