"""Write a config as the TSV that VLMEvalKit reads as a custom dataset.

Put the file into its data folder (`LMUData`, or `~/LMUData`) and run

    python run.py --data DualBench_openended_dual_use_0123abcd --model ... --mode infer

(there is no evaluation in VLMEvalKit for it; `convert` takes its prediction file to ours). Columns
that VLMEvalKit does not know stay in the prediction file: there our id and digest find their way
back. Pictures are held one at a time.

index       a number, as VLMEvalKit wants it; it evaluates an index that is text as Python
image       the picture's file as base64. Where there is none VLMEvalKit would drop the row; an
            empty list, padded because up to 64 characters count as a reference to another row,
            makes it send the question alone
image_path  where it unpacks the picture, by digest: it never unpacks over a file that is there,
            so that one name must never stand for two pictures

VLMEvalKit decodes each picture and saves it as .png, the same pixels; older versions took .jpg and
lost some. Several of its API models send JPEG, or shrink pictures: see `img_size`, `img_detail`.
"""

from __future__ import annotations

import base64
import csv
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dual_bench.bridges.askable import check_askable
from dual_bench.bridges.vlmevalkit.names import COLUMNS, ROW_PREFIX, dataset_name
from dual_bench.errors import DamagedBuildError, OutputError
from dual_bench.files import make_folder, whole_file
from dual_bench.load import as_names, find_build, load
from dual_bench.recording import data_digest, row_digest
from dual_bench.recording.identity import SEEN
from dual_bench.schema import read_manifest

_READ = (*SEEN, "image", "expected", "hazard")
_NO_PICTURE = "[" + " " * 64 + "]"
_NO_PATH = "[]"
_SPLIT = 2**30  # above this VLMEvalKit unpacks all pictures once, before its first question
# What pandas, through which VLMEvalKit reads the file, takes for a missing value.
_MISSING = frozenset(
    "#N/A|#N/A N/A|#NA|-1.#IND|-1.#QNAN|-NaN|-nan|1.#IND|1.#QNAN|<NA>|N/A|NA|NULL|NaN|None|n/a|nan"
    "|null|".split("|")
)


class Exported(NamedTuple):
    """What was written.

    Attributes:
        path: the file.
        name: what VLMEvalKit's `--data` takes.
        rows: how many there are.
        text_only: how many of them have no picture.
        digest: `data_digest` of the rows.
        large: True above 1 GiB: VLMEvalKit then unpacks the file into a second one first.
    """

    path: Path
    name: str
    rows: int
    text_only: int
    digest: str
    large: bool


def export(
    out: str | os.PathLike[str],
    data: str | os.PathLike[str] | None = None,
    config: str = "dual_use",
    *,
    hazards: Iterable[str] | None = None,
    variants: Iterable[str] | None = None,
) -> Exported:
    """Write one config, or a part of it: the whole file, or none.

    Args:
        out: a folder, made if it is missing.
        data: folder of a build; None looks where `dual_bench.load` does.
        config: such as `dual_use`.
        hazards: only rows of these; None is all.
        variants: only rows of these; None is all.

    Raises:
        DualBenchError: no build, no such config, hazard or variant, a config without sides, a
            prompt that VLMEvalKit would not read as it is, or the file cannot be written.
    """
    build = find_build(data)
    check_askable(config, read_manifest(build).configs)
    wanted: dict[str, Any] = {
        "path": build,
        "hazards": None if hazards is None else as_names(hazards),
        "variants": None if variants is None else as_names(variants),
        "streaming": True,
    }
    light = load(config, columns=SEEN, **wanted)
    digests = {row["id"]: row_digest(row) for row in light}
    digest = data_digest(digests)
    name = dataset_name(config, digest)
    path = make_folder(Path(out)) / f"{name}.tsv"
    rows = load(config, columns=_READ, decode=False, **wanted)
    text_only = 0
    with whole_file(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(COLUMNS)
        for cells in _cells(rows, path):
            text_only += cells[1] == _NO_PICTURE
            writer.writerow(cells)
    size = path.stat().st_size
    return Exported(path, name, len(digests), text_only, digest, size > _SPLIT)


def _cells(rows: Iterable[Mapping[str, Any]], path: Path) -> Iterator[list[str]]:
    for index, row in enumerate(rows):
        digest = row_digest(row)
        if not row["prompt"] or row["prompt"] in _MISSING:
            raise OutputError(
                f"{path}: {row['id']}: VLMEvalKit would read the prompt {row['prompt']!r} as a "
                f"missing value; leave this row out, or use another harness"
            )
        picture = _picture(row)
        yield [
            str(index),
            picture or _NO_PICTURE,
            f"{digest}.png" if picture else _NO_PATH,
            row["prompt"],
            row["expected"] or "",
            row["hazard"] or "",
            row["id"],
            ROW_PREFIX + digest,
        ]


def _picture(row: Mapping[str, Any]) -> str:
    """The file as base64; empty for a row without a picture."""
    image = row["image"]
    if image is None:
        return ""
    if not image.get("bytes"):
        raise DamagedBuildError(f"{row['id']}: the build holds no bytes of this picture")
    return base64.b64encode(image["bytes"]).decode("ascii")
