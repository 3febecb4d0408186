"""What follows a run at the command line: what it says at its end, merging, scoring, comparing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("aiohttp", reason="needs aiohttp: the extra `api`")

from tests.run_kit import Endpoint, command, lines, mistake, rows_of
from tests.scripted_server import reply, status

CONFIGS = ("dual_use", "contrast_text")
PART = ("--pairs-per-hazard", 1, "--hazard", "hate", "--config", "dual_use")


@pytest.fixture
def endpoint(build: Path) -> Iterator[Endpoint]:
    with Endpoint(rows_of(build, *CONFIGS)) as server:
        yield server


def test_what_spoils_a_run_is_said_at_its_end(
    endpoint: Endpoint, build: Path, tmp_path: Path
) -> None:
    rows = rows_of(build, "dual_use", hazards=["hate"])
    endpoint.sick = {row["id"]: reply("A fen", "length") for row in rows}
    got = command(*endpoint.options(build, tmp_path, *PART))
    assert "2 replies end at the token limit; see --max-tokens" in got.output

    endpoint.sick = {row["id"]: reply("", "length") for row in rows}
    got = command(*endpoint.options(build, tmp_path / "empty", *PART), status=1)
    assert "0 answered, 2 empty" in got.output
    assert "no row has a reply" in got.output


def test_a_setting_that_was_not_sent_is_named(
    endpoint: Endpoint, build: Path, tmp_path: Path
) -> None:
    def takes_no_temperature(body: dict[str, object], attempt: int) -> object:
        if "temperature" in body:
            return status(400, "Unsupported value: 'temperature'", param="temperature")
        return reply("A fence.")

    from tests.scripted_server import ScriptedServer

    with ScriptedServer(takes_no_temperature) as server:  # type: ignore[arg-type]
        got = command(
            "run", "--model", f"openai:m@{server.url}", "--data", build, "--out", tmp_path, *PART
        )
    assert "did not take a setting, and it was temperature: not sent" in got.output


def test_shards_of_two_configs_are_merged(endpoint: Endpoint, build: Path, tmp_path: Path) -> None:
    parts = [tmp_path / "0", tmp_path / "1"]
    for n, part in enumerate(parts):
        for config in CONFIGS:
            choice = ("--config", config, "--hazard", "hate", "--shard", f"{n}/2")
            command(*endpoint.options(build, part, *choice))
    asked = len(rows_of(build, *CONFIGS, hazards=["hate"]))
    assert "name the rows with dataset=... (--data, --config)" in mistake(
        "merge", *parts, "--out", tmp_path / "all"
    )
    both = [word for config in CONFIGS for word in ("--config", config)]
    chosen = ["--data", build, "--hazard", "hate", *both]
    got = command("merge", *parts, "--out", tmp_path / "all", *chosen)
    assert got.output.endswith(f"{asked} replies, 0 failed\n")
    assert len(lines(tmp_path / "all")) == asked


def test_a_run_folder_keeps_its_verdicts_and_can_be_compared(
    endpoint: Endpoint, build: Path, tmp_path: Path
) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        command(*endpoint.options(build, folder))
        command("score", folder, "--data", build)
        assert (folder / "metrics.json").is_file()
        assert (folder / "run.json").is_file()
    assert "72" in command("compare", *folders).output
    assert len(lines(folders[0])) == 72  # and the recorder's part is still there
    command(*endpoint.options(build, folders[0]))
    assert sum(endpoint.counts.values()) == 2 * 72


def test_two_configs_are_said_to_be_together_and_can_be_told_apart(
    endpoint: Endpoint, build: Path, tmp_path: Path
) -> None:
    for config in CONFIGS:
        choice = ("--config", config, "--hazard", "hate")
        command(*endpoint.options(build, tmp_path, *choice))
    count = {c: len(rows_of(build, c, hazards=["hate"])) for c in CONFIGS}
    scored = ("score", tmp_path, "--data", build, "--asked-only")
    together = command(*scored).output
    assert (
        f"together: {count['dual_use']} of dual_use, {count['contrast_text']} of contrast_text"
        in together
    )
    alone = command(*scored, "--config", "dual_use", "--out", tmp_path / "alone").output
    assert f"{count['dual_use']} rows" in alone
    assert "together" not in alone
    assert "unknown config among the rows 'prompts'" in mistake(*scored, "--config", "prompts")


def test_a_limit_takes_the_first_rows(endpoint: Endpoint, build: Path, tmp_path: Path) -> None:
    command(*endpoint.options(build, tmp_path, "--limit", 5))
    assert {line["id"] for line in lines(tmp_path)} == {
        row["id"] for row in rows_of(build, "dual_use")[:5]
    }
