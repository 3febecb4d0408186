"""Make the log of a real run that the tests read: `python -m tests.lmms_eval_fixture BUILD`.

BUILD is a build of one pair a hazard (`python -m builders build --pairs 1 --out BUILD`), and
LMMS_EVAL_PYTHON names an interpreter with lmms_eval and this package. A server on this machine
plays the model. Paths, the port and the time are taken out of what the harness wrote; nothing
else is changed.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dual_bench.bridges.lmms_eval.export import export
from dual_bench.load import read_rows
from dual_bench.rows import COLUMNS
from tests.lmms_eval_kit import TIME, Answers, python, reply_to, run_harness

HERE = Path(__file__).parent / "bridges" / "lmms_eval"
LOG = HERE / "log"
ROWS = HERE / "rows.jsonl"
CONFIGS = ("dual_use", "contrast_text")
LIMIT = 20  # of each: contrast_text then has rows without a picture


def main(build: Path) -> None:
    """Run the harness over the first rows of two configs, and keep its log."""
    interpreter = python()
    if interpreter is None:
        sys.exit("no lmms_eval here; name an interpreter that has it with LMMS_EVAL_PYTHON")
    found: list[dict[str, Any]] = []
    for config in CONFIGS:
        found += read_rows(build, config, [*COLUMNS, "pixel_sha256"])[:LIMIT]
    replies = reply_to(found)
    del replies[found[3]["id"]]  # the server is down for this one
    with TemporaryDirectory() as folder:
        tasks = export(Path(folder) / "tasks", build)
        names = ",".join(f"dual_bench_{config}" for config in CONFIGS)
        out = Path(folder) / "out"
        limit = ("--limit", str(LIMIT))
        run_harness(interpreter, Answers(found, replies), tasks.folder, names, out, *limit)
        shutil.rmtree(LOG, ignore_errors=True)
        LOG.mkdir(parents=True)
        for path in out.rglob("*_*_*"):
            _keep(path, [str(build.resolve()), folder])
    with ROWS.open("w", encoding="utf-8", newline="\n") as file:
        for row in found:
            row.pop("pixel_sha256")
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _keep(path: Path, private: list[str]) -> None:
    text = path.read_bytes().decode("utf-8")
    for place in private:
        text = text.replace(place, "")
    text = re.sub(r"http://127\.0\.0\.1:\d+", "http://127.0.0.1", text)
    time = "_".join(path.name.split("_")[:2])
    name = path.name.replace(time, TIME)
    (LOG / name).write_bytes(text.replace(time, TIME).encode("utf-8"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
