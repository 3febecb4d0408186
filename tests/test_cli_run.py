"""`dual-bench run` over real HTTP: what arrives, what is kept, and what a trial becomes."""

from __future__ import annotations

import importlib
import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

pytest.importorskip("aiohttp", reason="needs aiohttp: the extra `api`")

import dual_bench
from dual_bench.schema.pixels import pixel_sha256
from tests.run_kit import (
    Endpoint,
    Row,
    command,
    content,
    lines,
    mistake,
    rows_of,
    said,
    seen,
    words,
)
from tests.scripted_server import reply

ESC = "\x1b[2J\x1b]0;gone\x07\u202e"


@pytest.fixture(scope="module")
def rows(build: Path) -> list[Row]:
    return rows_of(build, "dual_use")


@pytest.fixture
def endpoint(rows: list[Row]) -> Iterator[Endpoint]:
    with Endpoint(rows) as server:
        yield server


def test_every_row_once_and_its_own_reply(
    endpoint: Endpoint, build: Path, rows: list[Row], tmp_path: Path
) -> None:
    out = tmp_path / "new" / "run"  # both are made
    got = command(*endpoint.options(build, out))
    assert got.stdout == f"{out}: 72 answered\n"
    assert got.stderr == ""  # no bar where nobody looks
    assert endpoint.counts == {row["id"]: 1 for row in rows}
    assert said(out) == {row["id"]: words(row["id"]) for row in rows}

    before = content(out)
    assert command(*endpoint.options(build, out)).stdout == got.stdout
    assert len(endpoint.asked) == 72  # a second start asks nothing
    assert content(out) == before

    result = dual_bench.score(out, build)
    assert len(result.verdicts) == 72
    assert result.replies.models == ("m",)
    assert result.replies.generation["temperature"] == 0
    assert not set(result.unscored) & {"missing", "empty", "blocked", "model_error"}
    shown = command("score", out, "--data", build).output
    assert "All rows" in shown


def test_the_picture_and_the_prompt_arrive_as_they_were_built(build: Path, tmp_path: Path) -> None:
    names = ("contrast_text", "contrast_image", "dual_use_perturbed")
    which = {"hazards": ["privacy", "hate"]}
    built = rows_of(build, *names, **which)
    with Endpoint(built) as endpoint:
        configs = [option for name in names for option in ("--config", name)]
        more = [*configs, "--hazard", "privacy", "--hazard", "hate"]
        command(*endpoint.options(build, tmp_path, *more))
        bodies = endpoint.server.bodies
    assert endpoint.counts == {row["id"]: 1 for row in built}
    arrived = {endpoint.ids[seen(body)]: seen(body) for body in bodies}
    bare = 0
    for row in built:
        prompt, picture = arrived[row["id"]]
        assert prompt == row["prompt"]
        if row["variant"] == "text":
            assert (picture, row["pixel_sha256"]) == (None, None)
            bare += 1
            continue
        assert picture is not None
        with Image.open(io.BytesIO(picture)) as image:
            assert pixel_sha256(np.asarray(image.convert("RGB"))) == row["pixel_sha256"]
    assert bare == 2 * 3 * 2
    assert said(tmp_path) == {row["id"]: words(row["id"]) for row in built}


def test_what_is_sent_is_what_the_options_say(
    endpoint: Endpoint, build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTHER_KEY", "sk-other")
    more = ["--system", "Be brief.", "--temperature", 0.5, "--max-tokens", 7]
    more += ["--extra", '{"seed": 1, "top_p": 0.9}', "--key-env", "OTHER_KEY"]
    command(*endpoint.options(build, tmp_path, *more, "--hazard", "hate", "--side", "benign"))
    assert len(endpoint.asked) == 3
    for body in endpoint.server.bodies:
        assert body["messages"][0] == {"role": "system", "content": "Be brief."}
        assert (body["model"], body["temperature"], body["max_tokens"]) == ("m", 0.5, 7)
        assert (body["seed"], body["top_p"]) == (1, 0.9)
    assert {h["authorization"] for h in endpoint.server.headers} == {"Bearer sk-other"}
    assert b"sk-other" not in b"".join(content(tmp_path).values())
    settings = json.loads((tmp_path / "run.json").read_text())["run"]
    assert settings["generation"]["extra_body"] == {"seed": 1, "top_p": 0.9}
    assert settings["data"]["rows"] == 3


@pytest.mark.parametrize("way", ["in the model", "in the environment"])
def test_the_address_may_stand_elsewhere(
    endpoint: Endpoint, build: Path, tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = "openai:m"
    if way == "in the model":
        model += f"@{endpoint.url}"
    else:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.url)
    more = ["--pairs-per-hazard", 1, "--hazard", "hate"]
    command("run", "--model", model, "--data", build, "--out", tmp_path, *more)
    assert len(endpoint.asked) == 2
    assert {line["model"] for line in lines(tmp_path)} == {"m"}


def test_a_trial_grows_and_only_new_rows_are_asked(
    endpoint: Endpoint, build: Path, rows: list[Row], tmp_path: Path
) -> None:
    asked = []
    for pairs in (1, 2, 3, None):
        more = ["--pairs-per-hazard", pairs] if pairs else []
        got = command(*endpoint.options(build, tmp_path, *more))
        asked.append(endpoint.taken())
        assert got.stdout == f"{tmp_path}: {24 * (pairs or 3)} answered\n"
    assert [len(part) for part in asked] == [24, 24, 24, 0]
    assert Counter(sum(asked, [])) == {row["id"]: 1 for row in rows}  # noqa: RUF017
    assert len(said(tmp_path)) == 72


def test_other_configs_join_in_one_folder(build: Path, tmp_path: Path) -> None:
    both = rows_of(build, "dual_use", "dual_use_perturbed", variants=None)
    with Endpoint(both) as endpoint:
        command(*endpoint.options(build, tmp_path, "--side", "benign"))
        assert len(endpoint.taken()) == 36
        more = ["--config", "dual_use_perturbed", "--variant", "rotation", "--hazard", "hate"]
        command(*endpoint.options(build, tmp_path, *more))
        assert len(endpoint.taken()) == 6
        got = command(*endpoint.options(build, tmp_path, "--config", "dual_use", *more[:2]))
        assert len(endpoint.taken()) == len(both) - 42
    assert got.stdout == f"{tmp_path}: {len(both)} answered\n"
    assert said(tmp_path) == {row["id"]: words(row["id"]) for row in both}


def test_the_result_does_not_depend_on_concurrency(
    endpoint: Endpoint, build: Path, tmp_path: Path
) -> None:
    found = []
    for n in (1, 32):
        out = tmp_path / str(n) / "run"
        command(*endpoint.options(build, out, "--concurrency", n))
        shown = command("score", out, "--data", build, "--json").stdout
        found.append((said(out), shown.replace(str(out), "run")))
    assert found[0] == found[1]
    assert len(found[0][0]) == 72
    assert set(endpoint.counts.values()) == {2}


def test_a_dry_run_asks_and_writes_nothing(
    endpoint: Endpoint, build: Path, rows: list[Row], tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    out = tmp_path / "run"
    shown = command(*endpoint.options(build, out, "--dry-run", "--system", "Be brief.")).output
    for part in (f"POST {endpoint.url}/chat/completions", rows[0]["prompt"], rows[0]["id"]):
        assert part in shown
    assert "72 rows" in shown
    assert "Be brief." in shown
    assert "data:image/" in shown
    assert max(map(len, shown.splitlines())) < 250  # the picture is shortened
    assert "sk-secret" not in shown
    assert "nothing was asked, and nothing written" in shown
    assert endpoint.asked == []
    assert not out.exists()


def test_a_dry_run_tells_a_mistake(build: Path, tmp_path: Path) -> None:
    more = ["--out", tmp_path / "run", "--data", build, "--dry-run"]
    model = ["run", "--model", "openai:m@http://localhost:1/v1"]
    assert "--shard" in mistake(*model, *more, "--shard", "x")
    assert "--extra" in mistake(*model, *more, "--extra", "x")
    assert "no key" in mistake("run", "--model", "openai:m", *more)
    assert not (tmp_path / "run").exists()


# --- the terminal ------------------------------------------------------------------------


def watched(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the bar writes on a terminal."""
    screen = io.StringIO()

    def console(**options: Any) -> Console:
        return Console(file=screen, force_terminal=True, width=150, color_system=None)

    monkeypatch.setattr(importlib.import_module("dual_bench.cli.common"), "Console", console)
    return screen


def test_the_bar_shows_costs_and_nothing_that_a_model_says(
    endpoint: Endpoint, build: Path, rows: list[Row], tmp_path: Path, monkeypatch: Any
) -> None:
    screen = watched(monkeypatch)
    endpoint.sick = {row["id"]: reply(f"MARK{ESC}") for row in rows}
    endpoint.sick[rows[3]["id"]] = reply("")
    got = command(*endpoint.options(build, tmp_path))
    for part in ("asking", "72/72", "failed 1", "requests 72", "tokens 72 in, 72 out"):
        assert part in screen.getvalue()
    for part in ("MARK", "gone", "\x07", "\u202e", "[2J"):
        assert part not in screen.getvalue() + got.output
    assert Counter(said(tmp_path).values()) == {f"MARK{ESC}": 71}  # kept as it was said

    screen = watched(monkeypatch)
    command(*endpoint.options(build, tmp_path, "--quiet"))
    assert screen.getvalue() == ""


def test_names_that_would_move_the_cursor_are_shown_harmless(
    endpoint: Endpoint, build: Path, tmp_path: Path
) -> None:
    options = endpoint.options(build, tmp_path, "--pairs-per-hazard", 1, "--hazard", "hate")
    options[2] = f"openai:m{ESC}"
    assert r"\x1b[2J" in command(*options, "--dry-run").output
    command(*options)  # `command` looks for such characters in all that is printed
    options[2] = f"openai:other{ESC}"
    assert r"\x1b[2J" in mistake(*options)
    options[2] = f"nothing{ESC}:m"
    assert r"\x1b[2J" in mistake(*options)
