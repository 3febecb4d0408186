"""`dual-bench run` in a folder of another run, or on other data: refused, with what differs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("aiohttp", reason="needs aiohttp: the extra `api`")

from tests.run_kit import Endpoint, command, content, mistake, own, rows_of

Asking = tuple[Endpoint, list[object], Path]


@pytest.fixture
def asking(build: Path, tmp_path: Path) -> Iterator[Asking]:
    """A server, the arguments of a run, and its folder."""
    with Endpoint(rows_of(build, "dual_use")) as endpoint:
        out = tmp_path / "run"
        yield endpoint, endpoint.options(build, out), out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--model", "openai:other"], "model: was 'm', is 'other'"),
        (["--temperature", "0.5"], "generation.temperature: was 0.0, is 0.5"),
        (["--system", "Be brief."], 'generation.system: was null, is "Be brief."'),
        (["--max-tokens", "9"], "generation.max_tokens: was 512, is 9"),
        (["--extra", '{"seed": 1}'], "generation.extra_body.seed: was absent, is 1"),
        (["--url", "https://x.example/v1"], "generation.endpoint: was .* is .*x.example"),
    ],
)
def test_another_run_is_refused_and_changes_nothing(
    asking: Asking, options: list[str], words: str
) -> None:
    endpoint, run, out = asking
    command(*run, "--hazard", "hate")
    before = content(out)
    endpoint.taken()
    assert re.search(words, mistake(*run, *options))
    assert content(out) == before
    assert endpoint.asked == []
    command(*run, "--hazard", "hate")


def test_another_build_of_the_same_rows_is_refused(tmp_path: Path) -> None:
    builds = [own(tmp_path / name, name) for name in ("May I?", "Can I?")]
    both = [row for data in builds for row in rows_of(data, "mine")]
    with Endpoint([{**row, "id": f"{n}"} for n, row in enumerate(both)]) as endpoint:
        out = tmp_path / "run"
        command(*endpoint.options(builds[0], out, "--config", "mine"))
        before = content(out)
        assert set(endpoint.taken()) == {"0", "1"}  # several at once come in any order
        told = mistake(*endpoint.options(builds[1], out, "--config", "mine"))
        assert "another build of the data: 2 of its 2 rows" in told
        assert endpoint.asked == []
        assert content(out) == before
        command(*endpoint.options(builds[0], out, "--config", "mine"))
        assert endpoint.asked == []


def test_a_folder_that_cannot_be(asking: Asking, tmp_path: Path) -> None:
    endpoint, run, out = asking
    out.write_text("a file")
    assert f"{out}: cannot be made" in mistake(*run)
    out.unlink()
    out.mkdir()
    (out / "responses.jsonl").write_text("id,response\n")
    assert "line 1" in mistake(*run)
    assert (out / "responses.jsonl").read_text() == "id,response\n"
    assert endpoint.asked == []


def test_an_id_that_would_move_the_cursor(tmp_path: Path) -> None:
    data = own(tmp_path / "data", "May I?", pair="p\x07\x1b]0;gone\x07\u202e")
    with Endpoint(rows_of(data, "mine")) as endpoint:
        options = endpoint.options(data, tmp_path / "run", "--config", "mine")
        assert r"p\x07\x1b]0;gone" in command(*options, "--dry-run").output
        command(*options)
        assert len(endpoint.asked) == 2
