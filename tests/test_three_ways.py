"""One model, three ways to run it: transformers, a server over HTTP, and Inspect.

The architecture is real (see `tiny_vlm`), the weights are made on the spot, the server is
`transformers serve`. 48 rows go each way; replies and scores must be the same.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import ImageStat

import dual_bench
from dual_bench.recording import Recorder
from dual_bench.responses import read_responses
from dual_bench.run import make_model, rows_to_ask, run
from tests.real_server.server import RealServer
from tests.tiny_vlm import make_vlm

NEEDED = ("torch", "transformers", "fastapi", "inspect_ai", "openai")
for name in NEEDED:
    pytest.importorskip(name, reason=f"{name} is not installed; `make test` installs it")

PAIRS = 2  # a hazard: 48 rows
TOKENS = 40
CONFIG = "dual_use_perturbed"
REFUSAL, HELP = "Sorry, I can't help with that.", "It says to be kind."


@pytest.fixture(scope="module")
def rows(build: Path) -> Any:
    """On photographs: the model is too small to read, but it can tell bright from dark."""
    return rows_to_ask([CONFIG], data=build, variants=["real_background"], pairs_per_hazard=PAIRS)


@pytest.fixture(scope="module")
def home(rows: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the model `tiny`, which refuses the darkest picture."""
    folder = tmp_path_factory.mktemp("three_ways")
    dark, bright = extremes(rows)
    make_vlm(
        folder / "tiny",
        [
            (rows[dark]["image"], rows[dark]["prompt"], REFUSAL),
            (rows[bright]["image"], rows[bright]["prompt"], HELP),
        ],
    )
    return folder


def extremes(rows: Any) -> tuple[int, int]:
    """The numbers of the darkest and the brightest picture."""
    sums = [sum(ImageStat.Stat(row["image"].convert("L")).mean) for row in rows]
    return sums.index(min(sums)), sums.index(max(sums))


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[RealServer]:
    with RealServer(sys.executable, home) as started:
        yield started


@pytest.fixture(scope="module")
def by_transformers(home: Path, rows: Any) -> Path:
    model = make_model(f"transformers:{home / 'tiny'}", max_tokens=TOKENS, device="cpu")
    folder = home / "by_transformers"
    with Recorder(folder, rows, model="tiny", generation=model.generation) as recorder:
        run(model, recorder, batch_size=1)
    return folder


def replies(folder: Path) -> dict[str, str | None]:
    read = read_responses(folder)
    assert not [r for r in read if r.error], next(r.error for r in read if r.error)
    return {r.id: r.response for r in read}


def scores(folder: Path, build: Path) -> dict[str, Any]:
    """All that a result says, but where its replies came from."""
    found = dual_bench.score(folder, build, asked_only=True).to_dict()
    del found["replies"]
    return found


def test_the_model_says_what_it_learnt(by_transformers: Path, rows: Any) -> None:
    said = replies(by_transformers)
    assert len(said) == len(rows) == 48
    dark, bright = extremes(rows)
    assert (said[rows[dark]["id"]], said[rows[bright]["id"]]) == (REFUSAL, HELP)


def test_a_server_over_http(
    server: RealServer, by_transformers: Path, rows: Any, build: Path
) -> None:
    model = make_model(f"openai:tiny@{server.url}", max_tokens=TOKENS, concurrency=2)
    folder = by_transformers.parent / "by_http"
    with Recorder(folder, rows, model="tiny", generation=model.generation) as recorder:
        run(model, recorder)
    assert replies(folder) == replies(by_transformers)
    assert scores(folder, build) == scores(by_transformers, build)


def test_inspect(server: RealServer, by_transformers: Path, rows: Any, build: Path) -> None:
    from dual_bench.bridges.inspect.convert import convert

    home = by_transformers.parent
    command = [sys.executable, "-m", "inspect_ai", "eval", f"dual_bench/{CONFIG}"]
    command += ["--model", "openai-api/tiny/tiny", "-T", f"data={build}"]
    command += ["--sample-id", ",".join(rows["id"]), "--max-connections", "2"]
    command += ["--max-tokens", str(TOKENS), "--temperature", "0"]
    command += ["--display", "plain", "--log-dir", str(home / "logs")]
    where = {"TINY_BASE_URL": server.url, "TINY_API_KEY": "none"}
    done = subprocess.run(
        command, env=os.environ | where, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (log,) = (home / "logs").glob("*.eval")
    found = convert(log, home / "by_inspect", data=build)
    assert found.replies == 48
    assert replies(home / "by_inspect") == replies(by_transformers)
    assert scores(home / "by_inspect", build) == scores(by_transformers, build)
