"""Build one shard: the pairs of one hazard, as one Parquet file a config.

A shard is the unit of work and of resuming. Its files depend on its pairs alone, never on the
worker that made them or on what came before. Everything is written under a name of its own in
`parts/` and renamed when it is whole.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from builders.dual_use import PHOTOS, pictures
from builders.texts import Pair
from dual_bench.errors import OutputError
from dual_bench.schema import VARIANTS, FileEntry, file_sha256
from perturb import Perturber

ROW_GROUP = 100  # rows: a few megabytes, what a viewer or a filter reads at once


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker needs to know to build a shard."""

    number: int
    of: int
    pairs: tuple[Pair, ...]
    schemas: dict[str, pa.Schema]  # config -> schema
    stage: Path


def file_name(number: int, of: int) -> str:
    """The name that the Hub gives to shards."""
    return f"test-{number:05d}-of-{of:05d}.parquet"


def replace_with(path: Path, write: Callable[[Path], object], parts: Path) -> None:
    """Write a file under another name, then rename it: nobody sees half of it.

    Raises:
        OutputError: names the file and the reason (no space, no permission).
    """
    part = parts / f"{path.name}.{os.getpid()}.part"
    try:
        parts.mkdir(parents=True, exist_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        write(part)
        part.replace(path)
    except OSError as err:
        part.unlink(missing_ok=True)
        raise OutputError(f"{path}: cannot be written: {err.strerror or err}") from err


def write_parquet(rows: Sequence[dict[str, Any]], schema: pa.Schema, path: Path) -> None:
    """Write rows as Parquet with page index; pictures are stored as they are, text with zstd."""
    text = [name for name in schema.names if name != "image"]
    compression = dict.fromkeys([*text, "image.path"], "ZSTD") | {"image.bytes": "NONE"}
    with pq.ParquetWriter(
        path,
        schema,
        compression=compression,
        use_dictionary=text,
        write_statistics=text,
        write_page_index=True,
    ) as writer:
        for start in range(0, len(rows), ROW_GROUP):
            writer.write_table(pa.Table.from_pylist(rows[start : start + ROW_GROUP], schema))


def store(
    config: str, job: Job, rows: Sequence[dict[str, Any]]
) -> tuple[FileEntry, dict[str, str | None]]:
    """Write the rows of a config; returns the file's entry and its rows' pixel hashes."""
    path = job.stage / "files" / config / file_name(job.number, job.of)
    schema = job.schemas[config]
    replace_with(path, lambda part: write_parquet(rows, schema, part), job.stage / "parts")
    entry = FileEntry(
        f"{config}/{path.name}", path.stat().st_size, file_sha256(path), config, len(rows)
    )
    return entry, {row["id"]: row["pixel_sha256"] for row in rows}


def record_path(stage: Path, number: int) -> Path:
    """The note that a shard is whole."""
    return stage / f"shard-{number:05d}.json"


def build_shard(job: Job, tick: Callable[[], None]) -> None:
    """Render, perturb, encode and write one shard, then note what it holds.

    Args:
        job: what to build.
        tick: called after every pair.
    """
    by_variant: dict[str, list[dict[str, Any]]] = {variant: [] for variant in VARIANTS}
    perturber = Perturber(PHOTOS)
    for pair in job.pairs:
        for picture in pictures(pair, perturber):
            by_variant[picture.variant].append(picture.row(picture.encoded()))
        tick()
    plain = by_variant.pop("original")
    perturbed = [row for rows in by_variant.values() for row in rows]  # a variant's rows together
    entries, pixels = [], {}
    for config, rows in (("dual_use", plain), ("dual_use_perturbed", perturbed)):
        entry, hashes = store(config, job, rows)
        entries.append(asdict(entry))
        pixels[config] = hashes
    note = json.dumps({"files": entries, "rows": pixels})
    replace_with(
        record_path(job.stage, job.number), lambda p: p.write_text(note), job.stage / "parts"
    )


_COUNTER: list[Any] = []  # of a worker: the shared count of finished pairs


def start_worker(counter: Any, parent: int) -> None:
    """Prepare a worker process: one OpenCV thread, and no life after the parent's."""
    import cv2

    cv2.setNumThreads(1)
    _COUNTER[:] = [counter]

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.2)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def run_job(job: Job) -> None:
    """Build a shard in a worker process, counting its pairs."""

    def tick() -> None:
        with _COUNTER[0].get_lock():
            _COUNTER[0].value += 1

    build_shard(job, tick)


def entries_of(notes: Iterable[dict[str, Any]]) -> list[FileEntry]:
    """The files that shard notes name, config by config."""
    entries = [FileEntry(**file) for note in notes for file in note["files"]]
    return sorted(entries, key=lambda e: (e.config, e.path))
