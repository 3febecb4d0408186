"""Write files whole or not at all, make folders, and read small files of JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from dual_bench.errors import DualBenchError, OutputError


def make_folder(path: Path) -> Path:
    """The folder, made if it is missing, with those above it.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise OutputError(f"{path}: cannot be made: {err.strerror or err}") from err
    return path


def read_object(path: Path, error: type[DualBenchError]) -> dict[str, Any]:
    """The JSON object in a file; an empty one where there is no file.

    Raises:
        DualBenchError: as `error`: it cannot be read, or holds something else.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as err:
        raise error(f"{path}: cannot be read: {err}") from err
    if not isinstance(found, dict):
        raise error(f"{path}: expected a JSON object, got {type(found).__name__}")
    return found


@contextmanager
def whole_file(path: Path, parts: Path | None = None) -> Iterator[Path]:
    """Write a file under another name, then rename it: nobody sees half of it.

    Args:
        path: the final place; its folder must exist.
        parts: folder on the same file system for what is not whole yet, made if it is missing.
            None is beside the final place.

    Yields:
        Where to write.

    Raises:
        OutputError: names the file and the reason (no space, no permission, no such folder).
    """
    name = f"{path.parent.name}-{path.name}.{os.getpid()}.part"
    part = (parts or path.parent) / name
    try:
        if parts is not None:
            parts.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(path)
    except OutputError:
        raise  # of a file that was being written inside this one; it is named already
    except OSError as err:
        raise OutputError(f"{path}: cannot be written: {err.strerror or err}") from err
    finally:
        with suppress(OSError):  # nothing is left after a rename, or where nothing could be made
            part.unlink(missing_ok=True)
