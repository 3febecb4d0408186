"""What all converters share: which rows, in which order, what is missing, and what people see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dual_bench.bridges.converted import DOUBT, asked_rows, write_converted
from dual_bench.bridges.inspect.settings import generation
from dual_bench.bridges.lmms_eval.log import open_log
from dual_bench.bridges.lmms_eval.settings import generation as lmms_generation
from dual_bench.bridges.secrets import HIDDEN
from dual_bench.cli import main
from dual_bench.errors import OutputError, ResponsesError, UnknownNameError
from dual_bench.load import read_rows
from dual_bench.recording import data_digest, read_settings, row_digest
from dual_bench.recording.identity import SEEN
from dual_bench.responses import Response, read_responses
from tests.lmms_eval_fixture import LOG
from tests.vlmevalkit_kit import SAID, dump, frame

HOW: dict[str, Any] = {"model": "m", "generation": {"temperature": 0}, "by": "harness 1"}
WHERE = Path("log")


@pytest.fixture(scope="module")
def digests(build: Path) -> dict[str, str]:
    return {row["id"]: row_digest(row) for row in read_rows(build, "dual_use", SEEN)}


def answered(digests: dict[str, str]) -> list[Response]:
    return [Response(id, "words", "m", meta={"row": row}) for id, row in digests.items()]


def test_without_a_build_the_log_is_taken_as_whole(tmp_path: Path) -> None:
    noted = {"b": "2" * 16, "a": "1" * 16}
    rows = asked_rows(WHERE, noted)
    assert (rows.ids, rows.digests, rows.missing) == (("b", "a"), noted, ())
    done = write_converted(tmp_path / "run", rows, reversed(answered(noted)), **HOW)
    assert [r.id for r in read_responses(tmp_path / "run")] == ["b", "a"]
    assert (done.settings.rows, done.settings.data) == (2, data_digest(noted))
    assert read_settings(tmp_path / "run") == done.settings


def test_a_build_gives_the_order_and_what_is_missing(
    digests: dict[str, str], build: Path, tmp_path: Path
) -> None:
    some = dict(reversed(list(digests.items())[2:6]))
    rows = asked_rows(WHERE, some, data=build, planned=iter(()))
    assert rows.ids == tuple(digests)
    done = write_converted(tmp_path / "run", rows, answered(some), **HOW)
    assert [r.id for r in read_responses(tmp_path / "run")] == list(digests)[2:6]
    assert set(done.missing) == set(digests) - set(some)
    assert len(done.missing) + done.replies == done.settings.rows == len(digests)
    assert done.settings.data == data_digest(digests)  # as a recorder on all rows has it


def test_what_was_planned_goes_before_what_the_build_has(
    digests: dict[str, str], build: Path, tmp_path: Path
) -> None:
    first, second, third, *_ = digests
    planned = [third, first, second]
    some = {third: digests[third], first: digests[first]}
    rows = asked_rows(WHERE, some, data=build, planned=planned)
    assert (rows.ids, rows.missing) == ((first, second, third), (second,))
    done = write_converted(tmp_path / "run", rows, answered(some), **HOW)
    assert done.settings.data == data_digest({id: digests[id] for id in planned})
    believed = asked_rows(WHERE, some, planned=planned)
    assert (believed.ids, believed.missing) == (tuple(planned), (second,))
    done = write_converted(tmp_path / "other", believed, answered(some), **HOW)
    assert (done.settings.rows, done.settings.data) == (3, "")  # nobody knows what `second` was


def test_a_digest_that_the_log_lacks_is_the_builds(digests: dict[str, str], build: Path) -> None:
    first, *_ = digests
    assert asked_rows(WHERE, {first: None}, data=build).digests == {first: digests[first]}


def test_rows_of_another_build_are_refused(digests: dict[str, str], build: Path) -> None:
    first, second, *_ = digests
    other = {first: "0" * 16, second: digests[second]}
    with pytest.raises(
        ResponsesError, match=rf"log: 1 of its 2 rows had another .* as {first}; name the build"
    ):
        asked_rows(WHERE, other, data=build)
    strange = {first: digests[first], "dual_use/xyz-001/harmful/original": None}
    with pytest.raises(
        ResponsesError, match=r"log: 1 of its 2 rows are not in .* as dual_use/xyz-001"
    ):
        asked_rows(WHERE, strange, data=build)
    with pytest.raises(UnknownNameError, match="no reply has the id of a row"):
        asked_rows(WHERE, {"elsewhere": None}, data=build)
    with pytest.raises(ResponsesError, match="log: holds no sample"):
        asked_rows(WHERE, {}, data=build)


def test_nothing_is_counted_twice_or_not_at_all(tmp_path: Path) -> None:
    replies = [
        Response("a", "words"),
        Response("b", ""),
        Response("c", None, error="down"),
        Response("d", "half", finish_reason="content_filter"),
        Response("e", "None", meta={DOUBT: "odd"}),
    ]
    rows = asked_rows(WHERE, dict.fromkeys("abcde", "0" * 16))
    done = write_converted(tmp_path / "run", rows, replies, lost=2, notes=["a note"], **HOW)
    assert (done.replies, done.failed, done.missing) == (2, 3, ())
    assert (done.settings.rows, done.settings.data) == (7, "")
    assert done.notes == ("a note", "1 replies may not be what the model said (odd): e")
    with pytest.raises(OutputError, match="holds replies already"):
        write_converted(tmp_path / "run", rows, replies, **HOW)


def test_the_command_says_what_was_found(build: Path, tmp_path: Path) -> None:
    log = dump(frame(), tmp_path, ".tsv")
    options = ["--setting", "temperature=0", "--setting", "prompt=none"]
    command = ["convert", "vlmevalkit", str(log), "--out", str(tmp_path / "run"), *options]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    replies = read_responses(tmp_path / "run")
    failed = sum(r.reason is not None for r in replies)
    assert f"{len(SAID) - failed} replies, {failed} failed" in done.stdout
    assert "may not be what the model said" in done.stderr
    assert "missing" not in done.stderr
    settings = read_settings(tmp_path / "run")
    assert settings is not None
    assert settings.generation == {"temperature": 0, "prompt": "none"}
    again = CliRunner().invoke(main, [*command, "--data", str(build)])
    assert again.exit_code == 2
    assert "rows are not in the build" in again.stderr  # made on rows of none


def test_the_command_names_missing_rows(
    digests: dict[str, str], build: Path, tmp_path: Path
) -> None:
    rows = read_rows(build, "dual_use", [*SEEN])[:-1]
    log = dump(frame(["words"] * len(rows), rows), tmp_path, ".tsv")
    command = ["convert", "vlmevalkit", str(log), "--out", str(tmp_path / "run")]
    done = CliRunner().invoke(main, [*command, "--data", str(build)])
    assert done.exit_code == 0, done.output
    assert done.stderr == f"1 rows are missing: {list(digests)[-1]}\n"


class Header:
    """As much of the header of a log of Inspect as its settings are read from."""

    def __init__(self, **model: Any) -> None:
        config = type("Config", (), {"model_dump": lambda *_, **__: {}})()
        self.plan = type("Plan", (), {"config": config, "steps": []})()
        spec = {"model_args": {}, "model_base_url": None, "model_generate_config": config, **model}
        self.eval = type("Spec", (), spec)()


def test_no_secret_of_a_log_is_copied() -> None:
    arguments = {"hf_token": "abc", "api_key": "abc", "max_tokens": 5, "default_headers": {}}
    header: Any = Header(model_args=arguments, model_base_url="https://me:abc@host/v1?key=abc")
    assert generation(header) == {"model_args": {"max_tokens": 5}, "base_url": "https://host/v1"}
    header = Header(model_base_url="me:abc@host")
    assert generation(header) == {"base_url": HIDDEN}
    log = open_log(LOG)
    for given in ("hf_token=abc,max_tokens=5", {"hf_token": "abc", "max_tokens": 5}):
        made = lmms_generation(log._replace(results={"config": {"model_args": given}}))
        assert "abc" not in str(made)
        assert "max_tokens" in str(made)
