"""What does the recorder cost a row, and does its memory stay flat?

    python -m tests.benchmarks.recorder --data dual-bench [--rows 14400] [--repeat 5]

On rows of a real build, of `dual_use` and `dual_use_perturbed`, in a process for each line:
- add: microseconds of `Recorder.add` a row with a reply of 600 characters, beside a bare
  `file.write` and `flush` of the same line; both in one process, in turn, the median of --repeat;
- todo: microseconds of `Recorder.todo` a row, beside reading the same rows from the dataset itself,
  with pictures as bytes and decoded to pixels, on a tenth of the rows;
- start: seconds to open a folder that has all replies;
- memory: peak of the process's own memory (RssAnon of Linux; the data file is mapped, and its
  pages are the system's to take back) while all rows are asked, for a tenth of the rows and for
  all. It is flat if the two agree but for the recorder's index of ids, below 1 KiB a row.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

REPLY = "The picture shows a sentence on a plain wall. " * 13
EVERY = 0.005  # seconds between two looks at the memory


def load(data: str, rows: int, decode: bool) -> Any:
    """The first rows of the build's two large configs; a tenth is spread over both."""
    from datasets import concatenate_datasets

    import dual_bench

    names = ("dual_use", "dual_use_perturbed")
    ds = concatenate_datasets([dual_bench.load(n, path=data, decode=decode) for n in names])
    return (
        ds if rows >= len(ds) else ds.select(range(0, len(ds), len(ds) // rows)).select(range(rows))
    )


def own_memory() -> float:
    """MiB of this process that no file backs."""
    status = Path("/proc/self/status").read_text()
    return next(int(s.split()[1]) for s in status.splitlines() if s.startswith("RssAnon")) / 1024


def peak_of(work: Callable[[], object]) -> tuple[float, float]:
    """Memory before the work, and at its peak."""
    before, done = own_memory(), threading.Event()
    peaks = [before]

    def watch() -> None:
        while not done.wait(EVERY):
            peaks.append(own_memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        work()
    finally:
        done.set()
        watcher.join()
    return before, max(*peaks, own_memory())


def _look(row: dict[str, Any]) -> None:
    if not isinstance(row["image"], dict):
        row["image"].load()  # a picture is decoded when its pixels are asked for


def timed(work: Callable[[], int]) -> float:
    """Microseconds a row."""
    start = time.perf_counter()
    rows = work()
    return (time.perf_counter() - start) / rows * 1e6


def _each(rows: Iterable[dict[str, Any]]) -> int:
    count = 0
    for row in rows:
        _look(row)
        count += 1
    return count


def cost_of_add(data: str, rows: int, repeat: int) -> dict[str, float]:
    """Adding beside a bare write, and opening what was added."""
    from dual_bench import Recorder

    ds = load(data, rows, decode=False)
    ids = list(ds["id"])
    found: dict[str, list[float]] = {"add": [], "bare": [], "start": []}
    for _ in range(repeat):
        with tempfile.TemporaryDirectory() as folder:

            def bare(folder: str = folder) -> int:
                with (Path(folder) / "bare.jsonl").open("w") as file:
                    for id in ids:
                        line = {
                            "id": id,
                            "model": "m",
                            "response": REPLY,
                            "meta": {"row": "0" * 16},
                        }
                        file.write(json.dumps(line) + "\n")
                        file.flush()
                return len(ids)

            with Recorder(Path(folder) / "run", ds, model="m") as rec:

                def add(rec: Recorder = rec) -> int:
                    for id in ids:
                        rec.add(id, REPLY)
                    return len(ids)

                found["add"].append(timed(add))
            found["bare"].append(timed(bare))
            start = time.perf_counter()
            Recorder(Path(folder) / "run", ds, model="m").close()
            found["start"].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in found.items()}


def cost_of_todo(data: str, rows: int, decode: bool) -> dict[str, float]:
    """Reading through the recorder beside reading the dataset."""
    from dual_bench import Recorder

    ds = load(data, rows, decode)
    _each(ds)  # the system has the file from here on
    with tempfile.TemporaryDirectory() as folder, Recorder(folder, ds, model="m") as rec:
        first = timed(lambda: _each(rec.todo()))
        bare = timed(lambda: _each(ds))
        second = timed(lambda: _each(rec.todo()))
    return {"todo": (first + second) / 2, "bare": bare}


def memory_of_run(data: str, rows: int, decode: bool) -> dict[str, float]:
    """A whole run: every row is read, its picture looked at, and a reply added."""
    from dual_bench import Recorder

    ds = load(data, rows, decode)
    for row in ds.select(range(2)):
        _look(row)  # decoders and their tables are there before the first measure

    def run() -> None:
        with tempfile.TemporaryDirectory() as folder, Recorder(folder, ds, model="m") as rec:
            for row in rec.todo():
                _look(row)
                rec.add(row["id"], REPLY)
            if rec.counts["missing"]:
                raise SystemExit("rows were left out")

    before, peak = peak_of(run)
    return {"rows": len(ds), "before": before, "peak": peak}


def alone(name: str, *arguments: object) -> dict[str, float]:
    """One measure in a process of its own."""
    job = json.dumps([name, *arguments])
    command = [sys.executable, "-m", "tests.benchmarks.recorder", "--job", job]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="folder of a build")
    parser.add_argument("--rows", type=int, default=14_400)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--job", help=argparse.SUPPRESS)
    given = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"
    if given.job:
        name, *arguments = json.loads(given.job)
        print(json.dumps(globals()[name](*arguments)))
        return
    if not given.data:
        parser.error("--data: name the folder of a build (make dataset)")
    add = alone("cost_of_add", given.data, given.rows, given.repeat)
    print(f"add                 {add['add']:7.1f} us a row; a bare write {add['bare']:.1f}")
    print(f"start, all replied  {add['start']:7.2f} s for {given.rows:,} rows")
    for decode in (False, True):
        how = "decoded" if decode else "bytes"
        cost = alone("cost_of_todo", given.data, given.rows // 10, decode)
        print(f"todo, {how:13} {cost['todo']:7.1f} us a row; the dataset {cost['bare']:.1f}")
        for rows in (given.rows // 10, given.rows):
            m = alone("memory_of_run", given.data, rows, decode)
            print(
                f"memory, {how:8} {m['rows']:6.0f} rows: peak {m['peak']:6.1f} MiB, "
                f"{m['peak'] - m['before']:5.1f} more than before the run",
                flush=True,
            )


if __name__ == "__main__":
    main()
