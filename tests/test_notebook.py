"""In a notebook: the one among the examples, printed results, and an event loop that runs."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich import console

import dual_bench
from dual_bench.errors import DualBenchError

NOTEBOOK = Path(__file__).parents[1] / "examples" / "tour.ipynb"


def cells() -> list[dict[str, Any]]:
    book = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert book["nbformat"] == 4
    return [cell for cell in book["cells"] if cell["cell_type"] == "code"]


def test_every_cell_runs_and_the_words_are_true(build: Path, tmp_path: Path) -> None:
    (tmp_path / "dual-bench").symlink_to(build)
    code = "\n\n".join("".join(cell["source"]) for cell in cells())
    code += """
highest = values.groupby("metric")["value"].max()
import json
print(json.dumps(highest.to_dict()))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"HF_HOME": str(tmp_path / "hf")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "All rows" in done.stdout
    found = json.loads(done.stdout.splitlines()[-1])
    assert {name: found[name] for name in ("SCR", "RR_h", "RR_b")} == {
        "SCR": 0,
        "RR_h": 1,
        "RR_b": 1,
    }
    assert len((tmp_path / "tour-run" / "responses.jsonl").read_text().splitlines()) == 12


@pytest.fixture(scope="module")
def refused(build: Path) -> dual_bench.Result:
    rows = dual_bench.load("dual_use", path=build, columns=["id"], decode=False)
    return dual_bench.score([{"id": row["id"], "response": "No."} for row in rows], build)


def test_a_result_is_printed_in_a_notebook_as_elsewhere(
    refused: dual_bench.Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rich writes nothing there: it shows what it is given by itself."""
    elsewhere = str(refused)
    monkeypatch.setattr(console, "_is_jupyter", lambda: True)
    assert str(refused) == elsewhere


def test_a_cell_that_ends_in_a_result_shows_one_line(refused: dual_bench.Result) -> None:
    for shown in (repr(refused), repr(dual_bench.compare(refused, refused))):
        assert len(shown) < 100
        assert "72" in shown


def test_an_endpoint_is_asked_with_await_in_a_notebook(build: Path, tmp_path: Path) -> None:
    pytest.importorskip("aiohttp", reason="needs aiohttp: the extra `api`")
    from dual_bench.run import make_model, run

    rows = dual_bench.load("dual_use", path=build, decode=False)

    async def cell() -> None:
        model = make_model("openai:m@http://127.0.0.1:9/v1")
        with dual_bench.Recorder(tmp_path / "run", rows, model="m") as recorder:
            run(model, recorder)

    with pytest.raises(DualBenchError, match="await recorder"):
        asyncio.run(cell())


def test_no_output_is_stored() -> None:
    for cell in cells():
        assert cell["outputs"] == []
        assert cell["execution_count"] is None
