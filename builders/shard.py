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
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from builders.dual_use import PHOTOS, pictures
from builders.texts import Pair
from dual_bench.files import whole_file
from dual_bench.schema import VARIANTS, FileEntry, file_sha256
from dual_bench.schema.columns import ORIGINAL
from perturb import Perturber

CHUNK = 25  # pairs that are held in memory
ROW_GROUP = 2 * CHUNK  # rows: what a viewer or a filter reads at once, at most six megabytes


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker needs to know to build a shard."""

    number: int
    of: int
    pairs: tuple[Pair, ...]
    schemas: dict[str, pa.Schema]  # config -> schema
    stage: Path


class RowFile:
    """One Parquet file that grows by row groups and counts what went in."""

    def __init__(self, config: str, job: Job, part: Path) -> None:
        self.schema = job.schemas[config]
        self.pixels: dict[str, str | None] = {}  # id -> pixel_sha256
        text = [name for name in self.schema.names if name != "image"]
        columns = dict.fromkeys([*text, "image.path"], "ZSTD") | {"image.bytes": "NONE"}
        self._writer = pq.ParquetWriter(
            part,
            self.schema,
            compression=columns,  # pictures are compressed already
            use_dictionary=text,
            write_statistics=text,
            write_page_index=True,
        )

    def add(self, rows: Sequence[dict[str, Any]]) -> None:
        """Append rows as row groups of at most ROW_GROUP."""
        for start in range(0, len(rows), ROW_GROUP):
            group = rows[start : start + ROW_GROUP]
            self._writer.write_table(pa.Table.from_pylist(group, self.schema))
        self.pixels |= {row["id"]: row["pixel_sha256"] for row in rows}

    def close(self) -> None:
        """Write the footer."""
        self._writer.close()


@contextmanager
def row_file(config: str, job: Job) -> Iterator[RowFile]:
    """A shard's file of a config, under its name only when it is whole."""
    path = file_path(config, job)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path, job.stage / "parts") as part:
        file = RowFile(config, job, part)
        try:
            yield file
        finally:
            file.close()


def file_path(config: str, job: Job) -> Path:
    """Where a shard's file of a config goes; the name is the Hub's way to name shards."""
    return job.stage / "files" / config / f"test-{job.number:05d}-of-{job.of:05d}.parquet"


def entry_of(config: str, job: Job, rows: int) -> FileEntry:
    """What the manifest says of a file that is whole."""
    path = file_path(config, job)
    size = path.stat().st_size
    return FileEntry(f"{config}/{path.name}", size, file_sha256(path), config, rows)


def record_path(stage: Path, number: int) -> Path:
    """The note that a shard is whole."""
    return stage / f"shard-{number:05d}.json"


def build_shard(job: Job, tick: Callable[[], None]) -> None:
    """Render, perturb, encode and write one shard, then note what it holds.

    A few pairs at a time, so that memory does not grow with the shard; within them the rows of
    one variant stand together, so that a filter on the variant skips whole row groups.

    Args:
        job: what to build.
        tick: called after every pair.
    """
    perturber = Perturber(PHOTOS)
    with row_file("dual_use", job) as plain, row_file("dual_use_perturbed", job) as perturbed:
        for start in range(0, len(job.pairs), CHUNK):
            by_variant: dict[str, list[dict[str, Any]]] = {variant: [] for variant in VARIANTS}
            for pair in job.pairs[start : start + CHUNK]:
                for picture in pictures(pair, perturber):
                    by_variant[picture.variant].append(picture.row(picture.encoded()))
                tick()
            for variant, rows in by_variant.items():
                (plain if variant == ORIGINAL else perturbed).add(rows)
    done = {"dual_use": plain.pixels, "dual_use_perturbed": perturbed.pixels}
    entries = [asdict(entry_of(config, job, len(pixels))) for config, pixels in done.items()]
    with whole_file(record_path(job.stage, job.number), job.stage / "parts") as part:
        part.write_text(json.dumps({"files": entries, "rows": done}), encoding="utf-8")


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
