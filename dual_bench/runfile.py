"""run.json: what a run folder says of itself, in parts of different writers.

A recorder writes the part `run` (model and settings), scoring all others; each keeps what the
other wrote. What a part means is for its writer to know.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dual_bench.errors import JournalError
from dual_bench.files import read_object, whole_file

RUN = "run.json"
RECORDED = "run"  # the recorder's part


def read_parts(file: Path) -> dict[str, Any]:
    """The parts of a run.json; none where there is no file.

    Raises:
        JournalError: it cannot be read, or is no JSON object.
    """
    return read_object(file, JournalError)


def write_parts(file: Path, parts: Mapping[str, Any]) -> None:
    """Write a JSON file, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    with whole_file(file) as part:
        part.write_text(json.dumps(parts, indent=1) + "\n", encoding="utf-8")
