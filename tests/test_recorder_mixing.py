"""One folder holds replies of one model, under one set of settings, on one build of the data."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dual_bench.errors import JournalError, OutputError, UnknownNameError
from dual_bench.recording import (
    RunSettings,
    data_digest,
    merge,
    read_settings,
    row_digest,
    write_run,
)
from dual_bench.responses import Response
from tests.recorder_kit import GENERATION, IDS, ROWS, content, due, filled, lines, recorder


def other(at: int, **changed: Any) -> list[dict[str, Any]]:
    return [*ROWS[:at], {**ROWS[at], **changed}, *ROWS[at + 1 :]]


def top(**changed: Any) -> dict[str, Any]:
    return {**GENERATION, "top": {"p": 1, "stop": ["a", {"b": 1, "c": 2}], **changed}}


@pytest.mark.parametrize(
    ("changed", "messages"),
    [
        ({"model": "n"}, ["model: was 'm', is 'n'"]),
        ({"model": "m "}, ["model: was 'm', is 'm '"]),
        ({"generation": {**GENERATION, "temperature": 0.5}}, ["temperature: was 0, is 0.5"]),
        ({"generation": {**GENERATION, "temperature": False}}, ["temperature: was 0, is false"]),
        ({"generation": top(p=2)}, ["generation.top.p: was 1, is 2"]),
        ({"generation": top(k=None)}, ["generation.top.k: was absent, is null"]),
        ({"generation": {**GENERATION, "top": {}}}, ["top.p: was 1, is absent", "top.stop: was"]),
        ({"generation": {**GENERATION, "top": 1}}, ["generation.top: was {"]),
        ({"generation": None}, ["temperature: was 0, is absent", "system: was null, is absent"]),
        ({"model": "n", "generation": top(p=True)}, ["model: was", "top.p: was 1, is true"]),
        ({"data": other(0, prompt="What is it?")}, ["1 of its 4 rows had another prompt", IDS[0]]),
        ({"data": other(2, pixel_sha256="f" * 64)}, ["another build of the data", IDS[2]]),
        ({"data": other(3, pixel_sha256=None)}, ["without the columns prompt and pixel_sha256"]),
        ({"data": [{"id": id} for id in IDS]}, ["4 of its 4 rows", ", ".join(IDS[:3]) + ";"]),
    ],
)
def test_another_run_is_refused_and_leaves_no_trace(
    tmp_path: Path, changed: dict[str, Any], messages: list[str]
) -> None:
    folder = filled(tmp_path)
    before = content(folder)
    with pytest.raises(JournalError) as caught:
        recorder(folder, **changed)
    for message in [*messages, str(folder), "ake another folder"]:
        assert message in str(caught.value)
    assert content(folder) == before
    with recorder(folder) as rec:  # its lock was let go
        assert len(due(rec)) == 7


def test_what_cannot_change_a_reply_is_no_other_run(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    generation = json.loads(json.dumps(GENERATION, sort_keys=True))
    generation["temperature"] = 0.0  # the same number
    generation["top"]["stop"] = ("a", {"c": 2, "b": 1})  # another order, and a tuple
    data = [{**row, "text": "another column"} for row in reversed(ROWS)]
    with recorder(folder, data, generation=generation, by="my loop 2") as rec:
        assert due(rec) == IDS[:0:-1]
    found = read_settings(folder)
    assert found is not None
    assert (found.by, found.rows) == ("my loop 2", 8)
    assert found.data == data_digest({id: row_digest(r) for id, r in zip(IDS, ROWS, strict=True)})


def test_data_that_grew_and_other_configs_share_a_folder(tmp_path: Path) -> None:
    with recorder(tmp_path, ROWS[:4]) as rec:
        for row in rec.todo():
            rec.add(row["id"], "x")
    with recorder(tmp_path) as rec:
        assert due(rec) == IDS[4:]
    config = [{**row, "id": row["id"].replace("dual_use", "contrast_image")} for row in ROWS[:2]]
    with recorder(tmp_path, config) as rec:
        assert rec.counts == {"answered": 0, "missing": 2}
        with pytest.raises(UnknownNameError):
            rec.add(IDS[5], "x")
        rec.add(config[0]["id"], "y")
    with recorder(tmp_path, [*config, *ROWS]) as rec:
        assert due(rec) == [config[1]["id"], *IDS[4:]]


LOG = RunSettings("m", {"max_tokens": 9}, by="inspect_ai 0.3")


def converted(folder: Path, made: RunSettings = LOG) -> Path:
    """A run folder as a converter writes it."""
    digest = {"row": row_digest(ROWS[0])}
    write_run(folder, made, [Response(IDS[0], "x", model=made.model, meta=digest)])
    return folder


def test_replies_of_another_program_are_completed_with_it(tmp_path: Path) -> None:
    folder = converted(tmp_path / "log")
    before = content(folder)
    with pytest.raises(JournalError) as caught:
        recorder(folder)
    for told in (
        "generation.max_tokens: was 9, is absent",
        "made with inspect_ai 0.3: complete them there (and convert a log again, into a new",
        "or take another folder and ask all rows in it; merge does not join two settings either",
    ):
        assert told in str(caught.value)
    assert "the settings of that run" not in str(caught.value)
    assert content(folder) == before


def test_what_the_message_says_of_merge_and_of_another_folder_is_so(tmp_path: Path) -> None:
    folder = converted(tmp_path / "log")
    with recorder(tmp_path / "rest", ROWS[1:]) as rec:  # another folder
        for id in IDS[1:]:
            rec.add(id, "y")
    with pytest.raises(JournalError, match=r"different runs.*max_tokens: was 9, is absent"):
        merge([folder, tmp_path / "rest"], tmp_path / "both", dataset=ROWS)
    with recorder(folder, generation=LOG.generation) as rec:  # and who has its settings goes on
        assert due(rec) == IDS[1:]


@pytest.mark.parametrize(
    ("by", "same"),
    [("dual_bench 0.0.1", True), ("", True), ("dual_bench", True), ("dual_bench2 1", False)],
)
def test_another_version_of_one_program_is_the_same_program(
    tmp_path: Path, by: str, same: bool
) -> None:
    folder = converted(tmp_path, replace(LOG, by=by))
    message = r"Take another folder, or the settings of that run$" if same else f"made with {by}: "
    with pytest.raises(JournalError, match=message):
        recorder(folder)


def test_a_folder_without_replies_may_be_taken_by_another_run(tmp_path: Path) -> None:
    recorder(tmp_path).close()
    with recorder(tmp_path, model="n", generation={}) as rec:
        rec.add(IDS[0], "x")
    assert (read_settings(tmp_path) or RunSettings("?")).model == "n"


def test_failures_alone_bind_a_folder_to_nothing(tmp_path: Path) -> None:
    with recorder(tmp_path) as rec:
        rec.add(IDS[0], None, error="down")
        rec.add(IDS[1], "", finish_reason="length")
    with recorder(tmp_path, model="n", generation={"max_tokens": 4096}) as rec:
        assert len(due(rec)) == len(IDS)
        rec.add(IDS[0], "x")
    with pytest.raises(JournalError, match="model: was 'n', is 'm'"):
        recorder(tmp_path)


def test_a_whole_folder_is_written_once(tmp_path: Path) -> None:
    made = RunSettings("m", GENERATION, 8, "d", "harness 1")
    replies = [
        Response(id, "x", meta={"row": row_digest(row)})
        for id, row in zip(IDS[:3], ROWS, strict=False)
    ]
    write_run(tmp_path / "a" / "b", made, iter(replies))
    assert read_settings(tmp_path / "a" / "b") == made
    with recorder(tmp_path / "a" / "b") as rec:
        assert due(rec) == IDS[3:]
    with pytest.raises(OutputError, match="holds replies already"):
        write_run(tmp_path / "a" / "b", made, replies)
    assert len(lines(tmp_path / "a" / "b")) == 3
