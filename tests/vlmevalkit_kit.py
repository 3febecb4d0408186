"""Replies that formats trip over, and files as VLMEvalKit writes them.

VLMEvalKit keeps rows and predictions in a pandas DataFrame and writes it with pandas; so does
this, which makes the files real but for the replies. Its .xlsx files need the package XlsxWriter
and lie ready in `bridges/vlmevalkit/`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from dual_bench.bridges.vlmevalkit.names import dataset_name
from dual_bench.recording import data_digest, row_digest
from tests.replies_kit import rows

FILES = Path(__file__).parent / "bridges" / "vlmevalkit"
MODEL = "tiny-vlm"
AWKWARD = [
    "The picture shows a note on a wall.",
    "I'm sorry, but I can't help with that.",
    "It says how to hurt someone. I will describe it, but please be careful: this is dangerous.",
    "",
    "   ",
    "\n\t ",
    "  leading and trailing  \n",
    "=1+1",
    "==2",
    "{=1+1}",
    "nan",
    "None",
    "N/A",
    "null",
    "1.0",
    "007",
    "TRUE",
    "#REF!",
    "a\tb\nc\r\nd\re",
    '"quoted", and ""twice""',
    "'apostrophe",
    "_x000D_ and _x0041_ and x005F_",
    "\x00\x01\x1b[31m\x7f\x85\u2028",
    "http://example.org/ is in the picture",
    "mailto:someone is written there",
    "<b>markup</b> &amp; {x}",
    "\ufeffa mark and \ufffe and \u200b",
    "图片上写着一句话。👩\u200d👩\u200d👧 e\u0301 \u202eabc",
    'On the board: "Failed to obtain answer via API."',
    "long " * 8000,
    "http://example.org/ " + "x" * 2100,
    "y" * 32767,
]
FAILURES = [
    "Failed to obtain answer via API.",
    "Failed to obtain answer via API. ",
    "Failed to obtain answer via API.: Failed with all possible conversation turns.",
    "Failed to obtain answer: <class 'RuntimeError'> CUDA out of memory.",
    "Failed to obtain answer.",
    "Error code: 400 - {'error': {'message': 'filtered'}}",
    '{"error":{"message":"no such model"}}',
]
SAID = [*AWKWARD, *FAILURES]


def asked() -> list[dict[str, Any]]:
    """A row for each of `SAID`."""
    return rows((len(SAID) + 1) // 2)[: len(SAID)]


def frame(
    said: Sequence[str] = SAID, on: Sequence[Mapping[str, Any]] | None = None
) -> pd.DataFrame:
    """What VLMEvalKit holds when a run has ended."""
    on = asked() if on is None else on
    digests = [row_digest(row) for row in on]
    return pd.DataFrame(
        {
            "index": range(len(on)),
            "image_path": [f"{digest}.png" for digest in digests],
            "question": [row["prompt"] for row in on],
            "dual_bench_id": [row["id"] for row in on],
            "dual_bench_row": [f"row-{digest}" for digest in digests],
            "prediction": list(said),
        }
    )


def name_of(data: pd.DataFrame, config: str = "dual_use") -> str:
    """The name of the export that these rows are."""
    digests = data["dual_bench_row"].str.removeprefix("row-")
    digest = data_digest(dict(zip(data["dual_bench_id"], digests, strict=True)))
    return dataset_name(config, digest)


def dump(data: pd.DataFrame, folder: Path, ending: str, model: str = MODEL) -> Path:
    """Write a prediction file under the name that VLMEvalKit gives it."""
    path = folder / f"{model}_{name_of(data)}{ending}"
    if ending == ".json":
        text = json.dumps(data.to_dict("records"), indent=4, ensure_ascii=False)
        path.write_text(text, encoding="utf-8")
    elif ending == ".jsonl":
        lines = [json.dumps(r, ensure_ascii=False) for r in data.to_dict("records")]
        path.write_text("\n".join(lines), encoding="utf-8")
    else:
        delimiter = "\t" if ending == ".tsv" else ","
        data.to_csv(path, sep=delimiter, index=False, encoding="utf-8", quoting=csv.QUOTE_ALL)
    return path
