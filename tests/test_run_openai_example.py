"""The example of an async loop of one's own, as it stands, against a server that fails at times."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import dual_bench
from dual_bench.responses import read_responses
from dual_bench.run.pictures import data_uri
from tests.scripted_server import Action, Body, ScriptedServer, reply, status

pytest.importorskip("openai", reason="needs the extra `judge`")
EXAMPLE = Path(__file__).parents[1] / "examples" / "api_loop.py"
BLOCKED, BROKEN = 7, 11  # which rows, in the order of the data


def picture(body: Body) -> str:
    return str(body["messages"][0]["content"][0]["image_url"]["url"])


def test_the_api_loop_keeps_every_reply_and_mends_what_failed(build: Path, tmp_path: Path) -> None:
    (tmp_path / "dual-bench").symlink_to(build)
    rows = dual_bench.load("dual_use", path=build, decode=False)
    ids = [row["id"] for row in rows]
    known = {data_uri(row["image"]).decode(): row["id"] for row in rows}
    well = False
    asked: list[str] = []

    def script(body: Body, attempt: int) -> Action:
        asked.append(id := known[picture(body)])
        if id == ids[BLOCKED]:
            return status(400, "filtered", code="content_filter")
        if id == ids[BROKEN] and not well:
            return status(400, "broken")
        return reply("The image shows black text.")

    with ScriptedServer(script) as server:
        first = start(server.url, tmp_path)
        assert sorted(asked) == sorted(ids)
        assert "unscored" in first
        asked.clear()
        well = True
        start(server.url, tmp_path)
        assert sorted(asked) == sorted([ids[BLOCKED], ids[BROKEN]])
    kept = read_responses(tmp_path / "run" / "responses.jsonl").by_id()
    assert kept.keys() == set(ids)
    assert {id: r.reason.value for id, r in kept.items() if r.reason} == {ids[BLOCKED]: "blocked"}


def start(url: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), "m", "run", url],
        cwd=folder,
        env=os.environ | {"HF_HOME": str(folder / "hf"), "OPENAI_API_KEY": "none"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
