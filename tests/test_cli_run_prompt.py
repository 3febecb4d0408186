"""`dual-bench run --prompt` and `--name`: what is asked, and under which name it is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("aiohttp", reason="needs aiohttp: the extra `api`")

import dual_bench
from tests.run_kit import Endpoint, Row, command, lines, mistake, rows_of, said, seen, words
from tests.scripted_server import status

HATE = ("--hazard", "hate")
TEMPLATE = "{prompt} Answer in {one} word."


@pytest.fixture(scope="module")
def rows(build: Path) -> list[Row]:
    return rows_of(build, "dual_use", hazards=["hate"])


@pytest.fixture
def endpoint(rows: list[Row]) -> Iterator[Endpoint]:
    with Endpoint(rows) as server:
        yield server


@pytest.fixture
def other(rows: list[Row]) -> Iterator[Endpoint]:
    """Knows the rows by what they are asked with the template."""
    with Endpoint([{**row, "prompt": asked(row)} for row in rows]) as server:
        yield server


def asked(row: Row) -> str:
    return f"{row['prompt']} Answer in {{one}} word."


def settings(folder: Path) -> Row:
    found: Row = json.loads((folder / "run.json").read_text())["run"]
    return found


# --- a template --------------------------------------------------------------------------


def test_every_row_is_asked_with_it_and_every_line_says_so(
    other: Endpoint, build: Path, rows: list[Row], tmp_path: Path
) -> None:
    run = other.options(build, tmp_path, *HATE, "--prompt", TEMPLATE)
    other.sick = {rows[0]["id"]: status(400, "no")}
    command(*run, "--retries", 0, status=1)
    assert {seen(body)[0] for body in other.server.bodies} == {asked(row) for row in rows}
    assert {line["id"]: line["meta"]["prompt"] for line in lines(tmp_path)} == {
        row["id"]: asked(row) for row in rows
    }
    assert settings(tmp_path)["generation"]["prompt"] == TEMPLATE
    other.sick, other.asked = {}, []
    command(*run)
    assert other.asked == [rows[0]["id"]]  # and nothing else
    assert said(tmp_path) == {row["id"]: words(row["id"]) for row in rows}


def test_the_rows_stay_those_of_the_build(other: Endpoint, build: Path, tmp_path: Path) -> None:
    command(*other.options(build, tmp_path, *HATE, "--prompt", TEMPLATE))
    got = command("score", tmp_path, "--data", build, "--asked-only")
    assert "OTHER DATA" not in got.output
    assert dual_bench.score(tmp_path, build).replies.other_data == 0


def test_another_template_or_none_is_refused(other: Endpoint, build: Path, tmp_path: Path) -> None:
    run = other.options(build, tmp_path, *HATE)
    command(*run, "--prompt", TEMPLATE)
    other.taken()
    assert 'generation.prompt: was "{prompt} Answer' in mistake(*run, "--prompt", "What?")
    assert "is absent" in mistake(*run)
    assert other.asked == []


def test_without_it_nothing_of_it_is_recorded(
    endpoint: Endpoint, build: Path, tmp_path: Path
) -> None:
    command(*endpoint.options(build, tmp_path, *HATE))
    assert "prompt" not in settings(tmp_path)["generation"]
    assert not any("prompt" in line["meta"] for line in lines(tmp_path))


def test_a_dry_run_shows_what_would_be_asked(
    other: Endpoint, build: Path, rows: list[Row], tmp_path: Path
) -> None:
    run = other.options(build, tmp_path / "run", *HATE, "--dry-run")
    shown = command(*run, "--prompt", TEMPLATE).output
    assert f'"text": "{asked(rows[0])}"' in shown
    assert f'"prompt": "{TEMPLATE}"' in shown  # among the settings
    assert '"text": "What?"' in command(*run, "--prompt", "What?").output
    assert other.asked == []


# --- a name ------------------------------------------------------------------------------


def test_a_name_for_tables_while_the_model_is_called_its_own(
    endpoint: Endpoint, build: Path, tmp_path: Path
) -> None:
    run = endpoint.options(build, tmp_path, *HATE)
    command(*run, "--name", "Mine, tuned")
    assert {body["model"] for body in endpoint.server.bodies} == {"m"}
    assert {line["model"] for line in lines(tmp_path)} == {"Mine, tuned"}
    assert settings(tmp_path)["model"] == "Mine, tuned"
    assert "Mine, tuned" in command("score", tmp_path, "--data", build, "--asked-only").output
    endpoint.taken()
    assert "model: was 'Mine, tuned', is 'm'" in mistake(*run)
    # two models under one name are two all the same
    told = mistake(*run, "--name", "Mine, tuned", "--model", "openai:other")
    assert 'generation.model: was "m", is "other"' in told
    command(*run, "--name", "Mine, tuned")
    assert endpoint.asked == []


def test_the_own_name_is_no_other_name(endpoint: Endpoint, build: Path, tmp_path: Path) -> None:
    run = endpoint.options(build, tmp_path, *HATE)
    command(*run)
    command(*run, "--name", "m")
    assert len(endpoint.asked) == 6
    assert "model" not in settings(tmp_path)["generation"]
    new = ["--out", tmp_path / "new", "--name", "Tuned", "--dry-run"]
    assert "model: Tuned\n" in command(*run, *new).output
