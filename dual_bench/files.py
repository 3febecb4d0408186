"""Write files whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dual_bench.errors import OutputError


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
