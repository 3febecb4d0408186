"""In which order a run asks (`--shuffle`), and what `--dry-run` says of all that it would send."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("aiohttp", reason="needs aiohttp: the extra `api`")

from dual_bench.run import rows_to_ask, shuffled
from dual_bench.run.plan import picture_bytes, room
from tests.run_kit import Endpoint, Row, command, content, lines, mistake, rows_of, said, words
from tests.scripted_server import reply, status

ONE = ("--concurrency", 1)


@pytest.fixture(scope="module")
def rows(build: Path) -> list[Row]:
    return rows_of(build, "dual_use")


@pytest.fixture
def endpoint(rows: list[Row]) -> Iterator[Endpoint]:
    with Endpoint(rows) as server:
        yield server


def hazards(rows: list[Row], ids: list[str]) -> set[str]:
    of = {row["id"]: row["hazard"] for row in rows}
    return {of[id] for id in ids}


# --- the order ---------------------------------------------------------------------------


def test_a_limit_on_requests_is_spent_on_all_hazards(
    endpoint: Endpoint, build: Path, rows: list[Row], tmp_path: Path
) -> None:
    limit = [*ONE, "--max-requests", 24]
    command(*endpoint.options(build, tmp_path / "in order", *limit), status=1)
    first = endpoint.taken()
    assert first == [row["id"] for row in rows[:24]]
    command(*endpoint.options(build, tmp_path / "mixed", *limit, "--shuffle", 3), status=1)
    mixed = endpoint.taken()
    assert len(set(mixed)) == 24
    assert len(hazards(rows, first)) <= 4 < 9 <= len(hazards(rows, mixed))
    command(*endpoint.options(build, tmp_path / "again", *limit, "--shuffle", 3), status=1)
    assert endpoint.taken() == mixed
    command(*endpoint.options(build, tmp_path / "other", *limit, "--shuffle", 4), status=1)
    assert endpoint.taken() != mixed


def test_each_start_may_take_another_order_and_asks_what_is_missing(
    endpoint: Endpoint, build: Path, rows: list[Row], tmp_path: Path
) -> None:
    run = endpoint.options(build, tmp_path, *ONE)
    command(*run, "--max-requests", 20, "--shuffle", 1, status=1)
    command(*run, "--max-requests", 20, "--shuffle", 2, status=1)
    command(*run, "--max-requests", 20, status=1)
    command(*run, "--shuffle", 1)
    assert endpoint.counts == {row["id"]: 1 for row in rows}
    assert said(tmp_path) == {row["id"]: words(row["id"]) for row in rows}
    # an earlier start takes rows out of the order, and changes it no further
    whole = [row["id"] for row in shuffled(rows_to_ask(data=build, decode=False), 1)]
    done = set(endpoint.asked[:60])
    assert endpoint.asked[:20] == whole[:20]
    assert endpoint.asked[60:] == [id for id in whole if id not in done]


def test_a_shard_keeps_its_rows_in_every_order(
    endpoint: Endpoint, build: Path, rows: list[Row], tmp_path: Path
) -> None:
    mine = [row["id"] for row in rows[1::5]]
    run = endpoint.options(build, tmp_path, *ONE, "--shard", "1/5")
    command(*run, "--max-requests", 6, "--shuffle", 1, status=1)
    command(*run, "--max-requests", 4, "--shuffle", 2, status=1)
    assert set(endpoint.asked) < set(mine)
    assert endpoint.asked[:6] != mine[:6]
    command(*run)
    assert sorted(endpoint.asked) == sorted(mine)


def test_a_limit_on_rows_takes_the_same_rows(
    endpoint: Endpoint, build: Path, rows: list[Row], tmp_path: Path
) -> None:
    command(*endpoint.options(build, tmp_path, *ONE, "--limit", 9, "--shuffle", 7))
    assert sorted(endpoint.asked) == sorted(row["id"] for row in rows[:9])
    assert endpoint.asked != [row["id"] for row in rows[:9]]


# --- what a run would send ---------------------------------------------------------------


def planned(*run: object) -> list[str]:
    """The lines of a dry run between the settings and the end."""
    shown = command(*run, "--dry-run").stdout.splitlines()
    at = next(n for n, line in enumerate(shown) if line.startswith("settings: "))
    return shown[at + 1 : -1]


def test_a_dry_run_counts_what_would_be_sent(
    endpoint: Endpoint, build: Path, rows: list[Row], tmp_path: Path
) -> None:
    run = endpoint.options(build, tmp_path / "run")
    size = sum(len(row["image"]["bytes"]) for row in rows)
    sent = sum(4 * ((len(row["image"]["bytes"]) + 2) // 3) for row in rows)
    assert picture_bytes(rows_to_ask(data=build, decode=False), range(72)) == (size, sent)
    assert planned(*run) == [
        f"to be asked: 72 of 72 rows; pictures: {size / 1e6:,.1f} MB, or {sent / 1e6:,.1f} MB as "
        f"a request holds them",
        "replies: at most 36,864 tokens (72 x 512)",
    ]
    limited = planned(*run, "--max-requests", 5, "--max-tokens", 1000)
    assert limited[0].startswith("to be asked: 5 of 72 rows, where --max-requests ends it; ")
    assert limited[1] == "replies: at most 5,000 tokens (5 x 1,000)"
    extra = ["--extra", '{"max_completion_tokens": 2}']
    assert planned(*run, *extra)[1] == "replies: at most 144 tokens (72 x 2)"
    assert planned(*run, "--shard", "0/3")[0].startswith("to be asked: 24 of 72 rows")
    assert not (tmp_path / "run").exists()
    assert endpoint.asked == []


def test_a_dry_run_counts_only_what_is_due_and_leaves_the_folder_alone(
    endpoint: Endpoint, build: Path, rows: list[Row], tmp_path: Path
) -> None:
    run = endpoint.options(build, tmp_path, "--concurrency", 1, "--retries", 0)
    endpoint.sick = {rows[1]["id"]: status(400), rows[2]["id"]: reply("")}
    command(*run, "--max-requests", 10, status=1)
    with (tmp_path / "responses.jsonl").open("ab") as file:
        file.write(b'{"id": "torn')  # as a kill leaves it
    before = content(tmp_path)
    assert planned(*run)[0].startswith("to be asked: 64 of 72 rows")
    assert planned(*run, "--retry", "empty")[0].startswith("to be asked: 63 of 72 rows")
    assert planned(*run, "--retry", "nothing")[0].startswith("to be asked: 62 of 72 rows")
    assert f"the first, {rows[1]['id']}, would" in command(*run, "--dry-run").stdout
    assert content(tmp_path) == before
    endpoint.sick = {}
    command(*run)
    assert planned(*run) == ["to be asked: 0 of 72 rows", "replies: at most 0 tokens (0 x 512)"]
    assert len(lines(tmp_path)) == 10 + 64


def test_a_dry_run_tells_that_the_folder_holds_another_run(
    endpoint: Endpoint, build: Path, tmp_path: Path
) -> None:
    run = endpoint.options(build, tmp_path, "--hazard", "hate")
    command(*run)
    before = content(tmp_path)
    assert "generation.max_tokens: was 512, is 9" in mistake(*run, "--max-tokens", 9, "--dry-run")
    assert content(tmp_path) == before


def test_a_row_without_a_picture_has_no_bytes(build: Path) -> None:
    bare = rows_to_ask("prompts", data=build, decode=False)
    assert picture_bytes(bare, range(len(bare))) == (0, 0)
    assert picture_bytes(bare, []) == (0, 0)
    assert room({"max_tokens": None, "extra_body": {}}) is None
