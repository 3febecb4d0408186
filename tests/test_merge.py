"""Merging the folders of shards: all rows, each once, of one run, and nothing lost."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import dual_bench
from dual_bench import merge
from dual_bench.errors import DualBenchError, JournalError, OutputError, ResponsesError
from dual_bench.recording import Merged, RunSettings, read_settings
from tests.recorder_kit import GENERATION, IDS, ROWS, content, due, lines, recorder

REPLIES = "responses.jsonl"


def part(folder: Path, numbers: Sequence[int], data: Any = ROWS, **changed: Any) -> Path:
    """A run folder with a reply to these rows; a negative number is a failure."""
    with recorder(folder, data, **changed) as rec:
        for n in numbers:
            if n < 0:
                rec.add(IDS[-n], None, error=f"down at {folder.name}")
            else:
                rec.add(IDS[n], f"reply {n}", meta={"n": n})
    return folder


def shards(folder: Path, of: int) -> list[Path]:
    """Folders as so many processes leave them."""
    found = []
    for shard in range(of):
        with recorder(folder / f"part-{shard}") as rec:
            for row in rec.todo(shard=shard, of=of):
                n = IDS.index(row["id"])
                rec.add(row["id"], f"reply {n}" if n != 6 else "", meta={"n": n})
        found.append(folder / f"part-{shard}")
    return found


def by_id(folder: Path) -> dict[str, Any]:
    return {line["id"]: line for line in lines(folder)}


def datasets_of(data: list[dict[str, Any]]) -> Any:
    from datasets import Dataset

    return Dataset.from_list(data)


@pytest.mark.parametrize("of", [1, 2, 3, 8, 9])
@pytest.mark.parametrize("data", [None, ROWS, datasets_of])
def test_shards_together_are_one_run(tmp_path: Path, of: int, data: Any) -> None:
    parts = shards(tmp_path, of)
    before = [content(p) for p in parts]
    dataset = data(ROWS) if callable(data) else data
    assert merge(parts, tmp_path / "all", dataset=dataset) == Merged(7, 1, 0)
    assert [content(p) for p in parts] == before
    assert len(lines(tmp_path / "all")) == 8
    one = shards(tmp_path / "one", 1)[0]
    assert by_id(tmp_path / "all") == by_id(one)
    assert read_settings(tmp_path / "all") == read_settings(one)
    if data is not None:
        assert [line["id"] for line in lines(tmp_path / "all")] == IDS
    whole, merged = (dual_bench.score(f, ROWS).to_dict() for f in (one, tmp_path / "all"))
    assert whole.pop("replies")["n"] == merged.pop("replies")["n"] == 8
    assert whole == merged
    with recorder(tmp_path / "all") as rec:  # it goes on like any run folder
        assert due(rec) == [IDS[6]]
        rec.add(IDS[6], "reply 6")
        assert rec.counts == {"answered": 8, "missing": 0}


def test_the_order_of_the_parts_does_not_matter(tmp_path: Path) -> None:
    parts = shards(tmp_path, 3)
    found = set()
    for n, order in enumerate(itertools.permutations(parts)):
        merge(order, tmp_path / f"all-{n}", dataset=ROWS)
        out = content(tmp_path / f"all-{n}")
        found.add((out[REPLIES], out["run.json"]))
    assert len(found) == 1


@pytest.mark.parametrize("dataset", [None, ROWS])
def test_rows_that_are_in_no_part_are_counted(tmp_path: Path, dataset: Any) -> None:
    parts = shards(tmp_path, 4)
    unfinished = part(tmp_path / "unfinished", [0])
    for some in (parts[1:], [unfinished, *parts[1:]]):
        missing = 2 if len(some) == 3 else 1
        named = f", such as {IDS[0] if missing == 2 else IDS[4]}" if dataset else ";"
        message = f"^{missing} rows are in no part{named}.*say partial"
        with pytest.raises(ResponsesError, match=message):
            merge(some, tmp_path / "all", dataset=dataset)
        assert not (tmp_path / "all").exists()
    found = merge(parts[1:], tmp_path / "all", dataset=dataset, partial=True)
    assert found == Merged(5, 1, 2)
    with recorder(tmp_path / "all") as rec:
        assert due(rec) == [IDS[0], IDS[4], IDS[6]]


@pytest.mark.parametrize("left", [b"", b'{"id": "dual', b"\0\0\0"])
@pytest.mark.parametrize("dataset", [None, ROWS])
def test_a_shard_that_was_killed_early_is_an_unfinished_one(
    tmp_path: Path, left: bytes, dataset: Any
) -> None:
    half, killed = part(tmp_path / "half", range(4)), part(tmp_path / "killed", [])
    (killed / REPLIES).write_bytes(left)
    with pytest.raises(ResponsesError, match=r"^4 rows are in no part"):
        merge([killed, half], tmp_path / "all", dataset=dataset)
    assert merge([killed, half], tmp_path / "all", dataset=dataset, partial=True).missing == 4
    assert (killed / REPLIES).read_bytes() == left
    (half / REPLIES).write_bytes((half / REPLIES).read_bytes() + b'{"id":')
    second = part(tmp_path / "second", range(4, 8))
    assert merge([half, second], tmp_path / "whole", dataset=dataset) == Merged(8, 0, 0)


def test_parts_with_a_reply_to_one_row_are_refused(tmp_path: Path) -> None:
    one, two = part(tmp_path / "one", range(5)), part(tmp_path / "two", [7, 4, 5, 6])
    for parts in ([one, two], [one, two, one], [one, one]):
        with pytest.raises(ResponsesError, match=r"both have a reply to .*the same number\?"):
            merge(parts, tmp_path / "all", partial=True)
    assert not (tmp_path / "all").exists()


def test_a_failure_gives_way_to_a_reply_wherever_it_stands(tmp_path: Path) -> None:
    one, two = part(tmp_path / "one", [0, -1, -2, 3]), part(tmp_path / "two", [1, -2, 4, 5, 6, -7])
    for n, parts in enumerate(([one, two], [two, one])):
        assert merge(parts, tmp_path / f"{n}", dataset=ROWS) == Merged(6, 2, 0)
        found = by_id(tmp_path / f"{n}")
        assert found[IDS[1]]["response"] == "reply 1"
        assert found[IDS[2]]["error"] == f"down at {parts[-1].name}"  # of failures the last
        assert len(lines(tmp_path / f"{n}")) == 8


OTHER = [{**row, "prompt": "What is it?"} for row in ROWS]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"model": "n"}, "model: was 'm', is 'n'"),
        ({"generation": {**GENERATION, "temperature": 0.5}}, "temperature: was 0, is 0.5"),
    ],
)
def test_parts_of_different_runs_are_refused(
    tmp_path: Path, changed: dict[str, Any], message: str
) -> None:
    one = part(tmp_path / "one", [0, 1, 2, 3, 6, 7])
    two = part(tmp_path / "two", [4, 5], **changed)
    for dataset in (None, ROWS):
        with pytest.raises(JournalError, match=f"one and .*two are of different runs.*{message}"):
            merge([one, two], tmp_path / "all", dataset=dataset)
    assert not (tmp_path / "all").exists()


@pytest.mark.parametrize(("data", "is_"), [(OTHER, 8), (ROWS[:6], 6)])
def test_parts_that_knew_other_rows_need_the_whole_dataset(
    tmp_path: Path, data: list[Any], is_: int
) -> None:
    one = part(tmp_path / "one", [0, 1, 2, 3, 6, 7])
    two = part(tmp_path / "two", [4, 5], data=data)
    message = rf"data: was 8 rows \(.*\), is {is_} \(.*name it with dataset="
    with pytest.raises(JournalError, match=message):
        merge([one, two], tmp_path / "all")
    if data is OTHER:
        with pytest.raises(JournalError, match=r"another build.* 2 rows differ"):
            merge([one, two], tmp_path / "all", dataset=ROWS)
        assert not (tmp_path / "all").exists()
    else:  # a part of the same dataset, as its own process had it
        assert merge([one, two], tmp_path / "all", dataset=ROWS) == Merged(8, 0, 0)


def test_another_build_than_that_of_the_parts_is_refused(tmp_path: Path) -> None:
    parts = shards(tmp_path, 2)
    with pytest.raises(JournalError, match=r"another build.*8 rows differ, such as"):
        merge(parts, tmp_path / "all", dataset=OTHER)
    lines_ = (parts[0] / REPLIES).read_text().splitlines()
    changed = json.loads(lines_[0])
    changed["meta"]["row"] = "0" * 16
    (parts[0] / REPLIES).write_text("\n".join([json.dumps(changed), *lines_[1:]]) + "\n")
    with pytest.raises(JournalError, match="hold 8 rows that are not the 8 of their data"):
        merge(parts, tmp_path / "all")


def test_replies_to_rows_of_other_configs_are_kept(tmp_path: Path) -> None:
    config = [{**row, "id": row["id"].replace("dual_use", "contrast_image")} for row in ROWS[:2]]
    for n in (0, 1):
        part(tmp_path / f"{n}", range(n, 8, 2))
        with recorder(tmp_path / f"{n}", config) as rec:
            rec.add(config[n]["id"], "y")
    parts = [tmp_path / "1", tmp_path / "0"]
    with pytest.raises(JournalError, match="name the rows with dataset="):
        merge(parts, tmp_path / "all")
    assert merge(parts, tmp_path / "all", dataset=ROWS) == Merged(10, 0, 0)
    assert [line["id"] for line in lines(tmp_path / "all")] == IDS + sorted(r["id"] for r in config)
    settings = read_settings(tmp_path / "all") or RunSettings("?")
    assert settings.rows == 8
    with recorder(tmp_path / "all", [*config, *ROWS]) as rec:
        assert rec.settings.data != settings.data
        assert due(rec) == []


def test_what_is_in_the_way_is_named_and_stays(tmp_path: Path) -> None:
    (one,) = shards(tmp_path, 1)
    before = content(one)
    for out in (one, tmp_path / "part-0" / "." / ""):
        with pytest.raises(OutputError, match="holds replies already"):
            merge([one], out)
    assert content(one) == before
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="cannot be made"):
        merge([one], tmp_path / "file")
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "notes.txt").write_text("mine")
    with recorder(tmp_path / "there"), pytest.raises(JournalError, match="in use"):
        merge([one], tmp_path / "there")
    merge([one], tmp_path / "there")
    assert (tmp_path / "there" / "notes.txt").read_text() == "mine"


def test_one_part_may_be_given_by_itself(tmp_path: Path) -> None:
    (one,) = shards(tmp_path, 1)
    given: Any = (one, str(one), (str(one),))
    for n, parts in enumerate(given):
        assert merge(parts, str(tmp_path / f"{n}")) == Merged(7, 1, 0)


@pytest.mark.parametrize("gone", [REPLIES, "run.json", "all", "damaged"])
def test_what_is_no_run_folder_is_named(tmp_path: Path, gone: str) -> None:
    parts = shards(tmp_path, 2)
    if gone == "all":
        shutil.rmtree(parts[1])
    elif gone == "damaged":
        (parts[1] / REPLIES).write_text("notes")
    else:
        (parts[1] / gone).unlink()
    with pytest.raises(DualBenchError, match=r"part-1.*: (no run folder; exp|expected a JSON)"):
        merge(parts, tmp_path / "out")
    with pytest.raises(JournalError, match="at least one part"):
        merge([], tmp_path / "out")
    assert not (tmp_path / "out").exists()
