"""A run over HTTP that fails in every way, and is mended by a second start."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("aiohttp", reason="needs aiohttp: the extra `api`")

from dual_bench.responses import read_responses
from tests.scripted_server import (
    Action,
    Body,
    Script,
    ScriptedServer,
    dripped,
    dropped,
    garbage,
    last_content,
    late,
    reply,
    status,
)
from tests.test_run_openai import FINE, SOON, make, quick, row, then
from tests.test_run_openai_limits import run

__all__ = ["quick"]

# what the sick server does to a row, and what becomes of it
SICK: dict[str, tuple[Action, str]] = {
    "fine": (FINE, "answered"),
    "half": (reply("cut in \ud83d half"), "answered"),
    "long": (reply("m" * 2**20), "answered"),
    "short": (reply("The picture sh", "length"), "answered"),
    "throttled": (status(429, headers=SOON), "model_error"),
    "down": (status(500), "model_error"),
    "dropped": (dropped(FINE), "model_error"),
    "late": (late(60, FINE), "model_error"),
    "dripping": (dripped(0.2, FINE), "model_error"),
    "garbage": (garbage(b"\xff"), "model_error"),
    "nothing": (garbage(b"{}"), "model_error"),
    "empty": (reply(""), "empty"),
    "filtered": (reply("", "content_filter"), "blocked"),
    "blocked": (status(400, code="content_filter"), "blocked"),
}


@pytest.mark.parametrize("concurrency", [1, 6])
def test_every_row_ends_and_a_second_start_asks_only_for_what_failed(
    tmp_path: Path, concurrency: int
) -> None:
    well = threading.Event()
    asked: Counter[str] = Counter()

    def script(body: Body, attempt: int) -> Action:
        name = last_content(body)[1:-1]
        asked[name] += 1
        return FINE if well.is_set() else SICK[name][0]

    rows = [row(name) for name in SICK]
    options: dict[str, Any] = {"retries": 1, "timeout": 1.5}
    with ScriptedServer(script) as server:
        run(make(server.url, **options), rows, tmp_path, concurrency)
        first = replies(tmp_path)
        assert {id: said for id, (said, _) in first.items()} == {
            name: want for name, (_, want) in SICK.items()
        }
        again = {"throttled", "down", "dropped", "late", "dripping"}
        assert asked == {name: 1 + (name in again) for name in SICK}

        well.set()
        asked.clear()
        run(make(server.url, **options), rows, tmp_path, concurrency)
        failed = {name for name, (_, want) in SICK.items() if want != "answered"}
        assert asked == dict.fromkeys(failed, 1)
        second = replies(tmp_path)
        assert {said for said, _ in second.values()} == {"answered"}
        kept = SICK.keys() - failed
        assert {name: second[name] for name in kept} == {name: first[name] for name in kept}

        asked.clear()
        run(make(server.url, **options), rows, tmp_path, concurrency)
        assert not asked
    assert second["half"][1] == "cut in \ud83d half"
    assert second["long"][1] == "m" * 2**20


def replies(folder: Path) -> dict[str, tuple[str, str | None]]:
    """Id -> what became of the row, and its words."""
    found = read_responses(folder / "responses.jsonl")
    return {r.id: (r.reason.value if r.reason else "answered", r.response) for r in found}


def test_nothing_depends_on_the_clock(tmp_path: Path) -> None:
    script: Script = then(status(500), FINE)
    texts = []
    for n in range(2):
        with ScriptedServer(script) as server:
            run(make(server.url, retries=1), [row(str(i)) for i in range(5)], tmp_path / str(n), 1)
        texts.append((tmp_path / str(n) / "responses.jsonl").read_bytes())
        texts.append((tmp_path / str(n) / "run.json").read_bytes())
    assert texts[:2] == texts[2:]
