"""Does the memory of `dual-bench run` grow with the rows, and how fast does it ask?

    python -m tests.benchmarks.run_memory [--data dual-bench] [--concurrency 64]

Runs the command in a process of its own over `dual_use` and `dual_use_perturbed` (14,400 rows of a
whole build) and over a tenth of their pairs, against a server in another process that answers at
once (that of `api_speed`). Prints for each the peak of its anonymous memory, which is what the
system cannot take back (mapped files of the data are not in it), and requests a second: over the
whole command, and between the two sizes, which leaves the start out. Before that the command runs
dry, so that `datasets` has made its cache; its peak is printed, too. Linux only.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dual_bench.load import find_build
from tests.benchmarks.api_speed import server

CONFIGS = ("dual_use", "dual_use_perturbed")
MAIN = "from dual_bench.cli import main; main(prog_name='dual-bench')"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of a build; None looks for one")
    parser.add_argument("--concurrency", type=int, default=64)
    given = parser.parse_args()
    data = find_build(given.data)
    with tempfile.TemporaryDirectory() as folder, server() as port:
        os.environ |= {"HF_DATASETS_CACHE": f"{folder}/cache", "NO_PROXY": "*"}
        command = ["run", "--model", f"openai:m@http://127.0.0.1:{port}/v1", "--data", str(data)]
        command += ["--concurrency", str(given.concurrency), "--quiet"]
        for name in CONFIGS:
            command += ["--config", name]
        _, peak = watched([*command, "--out", f"{folder}/none", "--dry-run"])
        print(f"dry run, which makes the cache: {peak:.0f} MB")
        found: list[tuple[int, float, float]] = []
        for name, part in (("a tenth", ["--pairs-per-hazard", "10"]), ("all", [])):
            out = Path(folder) / name
            seconds, peak = watched([*command, "--out", str(out), *part])
            rows = (out / "responses.jsonl").read_bytes().count(b"\n")
            found.append((rows, seconds, peak))
            rate = f"{seconds:.1f} s, {rows / seconds:.0f} requests/s"
            print(f"{name}: {rows:,} rows, peak {peak:.0f} MB anonymous, {rate}")
    (few, short, low), (many, long, high) = found
    print(f"without the start: {(many - few) / (long - short):.0f} requests/s")
    print(f"memory of all to that of a tenth: {high / low:.2f}")


def watched(command: list[str]) -> tuple[float, float]:
    """Seconds of a command, and the peak of its anonymous memory in megabytes."""
    start, peak = time.perf_counter(), 0.0
    process = subprocess.Popen([sys.executable, "-c", MAIN, *command], stdout=subprocess.DEVNULL)
    while process.poll() is None:
        peak = max(peak, anonymous(process.pid))
        time.sleep(0.02)
    if process.returncode:
        raise SystemExit(f"the run ended with status {process.returncode}")
    return time.perf_counter() - start, peak


def anonymous(pid: int) -> float:
    """Megabytes of anonymous memory of a process; 0 where it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


if __name__ == "__main__":
    main()
