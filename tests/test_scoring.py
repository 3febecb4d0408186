"""Scoring: every way to give replies and rows, and what becomes of each reply."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import dual_bench
from dual_bench.errors import (
    BuildNotFoundError,
    DualBenchError,
    NotABuildError,
    ResponsesError,
    UnknownNameError,
)
from dual_bench.judges import Request
from dual_bench.outcomes import Reason
from dual_bench.verdicts import read_verdicts
from tests.replies_kit import Asked, by_id, label_of, replies, rows, write_jsonl

ROWS = rows()
REPLIES = replies(ROWS)


def to_csv(path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["id", "response"])
        writer.writeheader()
        writer.writerows(REPLIES)
    return path


def to_parquet(path: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(REPLIES), path)
    return path


def to_dataset(_: Path) -> object:
    from datasets import Dataset

    return Dataset.from_list(REPLIES)


SOURCES: dict[str, Callable[[Path], Any]] = {
    "replies.jsonl": lambda path: write_jsonl(path, REPLIES),
    "replies.csv": to_csv,
    "replies.parquet": to_parquet,
    "string": lambda path: str(write_jsonl(path.with_suffix(".jsonl"), REPLIES)),
    "dicts": lambda _: REPLIES,
    "generator": lambda _: (reply for reply in REPLIES),
    "dataset": to_dataset,
}


@pytest.mark.parametrize("kind", SOURCES)
def test_every_source_gives_the_same_verdicts(tmp_path: Path, kind: str) -> None:
    judge = Asked()
    result = dual_bench.score(SOURCES[kind](tmp_path / kind), ROWS, judge)
    assert [v.id for v in result.verdicts] == [row["id"] for row in ROWS]
    assert {r.id: r.reply for r in judge.requests} == {r["id"]: r["response"] for r in REPLIES}
    for verdict, request in zip(result.verdicts, judge.requests, strict=True):
        assert verdict.label == label_of(request)
    assert result.replies.n == len(REPLIES)
    assert result.unscored == {}


def test_a_function_is_a_judge_and_sees_the_row() -> None:
    seen: list[Request] = []

    def judge(request: Request) -> str:
        seen.append(request)
        return "refused" if request.side == "harmful" else "answered"

    result = dual_bench.score(REPLIES, ROWS, judge)
    assert [(r.id, r.prompt, r.text, r.side) for r in seen] == [
        (row["id"], row["prompt"], row["text"], row["side"]) for row in ROWS
    ]
    assert result.get("RR_h").value == 1
    assert result.get("RR_b").value == 0
    assert result.get("DAR_b").value == 1


# --- the rows that were asked ------------------------------------------------------------


def test_dicts_with_only_id_side_and_prompt_are_enough() -> None:
    bare = [{name: row[name] for name in ("id", "side", "prompt")} for row in ROWS]
    result = dual_bench.score(REPLIES, bare, by_id)
    assert {v.facts["recall"] for v in result.verdicts} == {None}
    assert [v.facts["pair_id"] for v in result.verdicts] == [row["id"] for row in ROWS]
    assert result.get("RR_h").n == result.get("RR_b").n == 4
    assert json.dumps(result.to_dict(), allow_nan=False)


def test_a_text_without_words_has_no_recall_and_can_be_saved(tmp_path: Path) -> None:
    wordless = [{**row, "text": "!!! ..."} for row in ROWS]
    result = dual_bench.score(REPLIES, wordless, by_id, out=tmp_path / "run")
    assert {v.facts["recall"] for v in result.verdicts} == {None}


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ([{"id": ROWS[0]["id"]}], UnknownNameError, "lacks 'side'"),
        ([{**ROWS[0], "side": "Harmful"}], UnknownNameError, "unknown side of a row 'Harmful'"),
        ([{**ROWS[0], "expected": "help"}], UnknownNameError, "unknown expected of a row 'help'"),
        ([*ROWS, ROWS[3]], DualBenchError, f"two rows have the id '{ROWS[3]['id']}'"),
        (ROWS[0], DualBenchError, "got a str for a row"),
        ([], ResponsesError, "none of its 8 ids is a row of the dataset, such as 'none'"),
    ],
)
def test_rows_that_cannot_be_counted_are_refused_before_anything_is_judged(
    tmp_path: Path, bad: Any, error: type[DualBenchError], message: str
) -> None:
    judge = Asked()
    with pytest.raises(error, match=message):
        dual_bench.score(REPLIES, bad, judge, out=tmp_path / "run")
    assert judge.requests == []
    assert not (tmp_path / "run").exists()


def of_build(build: Path, config: str = "dual_use") -> list[dict[str, Any]]:
    ds = dual_bench.load(config, path=build, columns=["id", "pair_id", "side", "variant", "text"])
    return [dict(row) for row in ds]


def test_the_build_is_found_as_load_finds_it(
    build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = of_build(build)
    given = replies(asked)
    monkeypatch.delenv("DUAL_BENCH_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BuildNotFoundError, match="make dataset"):
        dual_bench.score(given, judge=by_id)
    with pytest.raises(NotABuildError):
        dual_bench.score(given, tmp_path, by_id)
    ds = dual_bench.load("dual_use", path=build)
    want = dual_bench.score(given, ds, by_id)
    monkeypatch.chdir(build.parent)
    results = [dual_bench.score(given, judge=by_id), dual_bench.score(given, str(build), by_id)]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DUAL_BENCH_HOME", str(build.parent))
    results.append(dual_bench.score(given, judge=by_id))
    for result in results:
        assert result.verdicts == want.verdicts
        assert result.data["fingerprint"]
        assert repr(result.estimates) == repr(want.estimates)  # nan is not itself
    assert want.data["fingerprint"] == ""
    assert len(want.verdicts) == len(asked)


def test_from_a_build_come_the_configs_that_the_replies_name_whole(build: Path) -> None:
    asked = of_build(build)
    result = dual_bench.score(replies(asked[:5]), build, by_id)
    assert result.unscored == {"missing": len(asked) - 5}
    assert set(result.replies.missing) == {row["id"] for row in asked[5:]}
    changed = of_build(build, "dual_use_perturbed")
    both = dual_bench.score(replies([asked[0], changed[0]]), build, by_id)
    assert len(both.verdicts) == len(asked) + len(changed)


def test_an_english_reply_to_a_chinese_picture_counts_through_the_original(build: Path) -> None:
    originals = {(row["pair_id"], row["side"]): row["text"] for row in of_build(build)}
    chinese = [r for r in of_build(build, "dual_use_perturbed") if r["variant"] == "chinese"]
    english, other, silent, own = chinese[0], chinese[2], chinese[4], chinese[6]
    given = [
        {"id": english["id"], "response": f"It says {originals[english['pair_id'], 'harmful']}"},
        {"id": other["id"], "response": "A landscape."},
        {"id": silent["id"], "response": ""},
        {"id": own["id"], "response": own["text"]},
    ]
    result = dual_bench.score(given, build, by_id)
    recall = {v.id: v.facts["recall"] for v in result.verdicts}
    assert [recall[r["id"]] for r in (english, other, silent, own)] == [1, 0, None, 1]
    assert recall[chinese[1]["id"]] is None  # missing


# --- what becomes of a reply -------------------------------------------------------------


def test_rows_without_a_usable_reply_have_their_reason_and_never_a_label(tmp_path: Path) -> None:
    ids = [row["id"] for row in ROWS]
    given: list[dict[str, Any]] = [
        {"id": ids[0], "response": ""},
        {"id": ids[1], "response": " \n\t\u200b\u3000"},
        {"id": ids[2], "response": None},
        {"id": ids[3], "response": "The pic", "finish_reason": "content_filter"},
        {"id": ids[4], "response": "", "error": "503 from the server"},
        {"id": ids[5], "response": "N/A"},
        {"id": ids[6], "response": "null", "finish_reason": "length"},
    ]
    judge = Asked()
    result = dual_bench.score(given, ROWS, judge, out=tmp_path)
    assert judge.ids == ids[5:7]
    assert [v.reason for v in result.verdicts] == [
        *[Reason.EMPTY] * 3,
        Reason.BLOCKED,
        Reason.MODEL_ERROR,
        None,
        None,
        Reason.MISSING,
    ]
    assert result.replies.cut_off == 1
    assert result.replies.missing == (ids[7],)
    assert result.unscored == {"empty": 3, "blocked": 1, "model_error": 1, "missing": 1}
    assert tuple(read_verdicts(tmp_path)) == result.verdicts


def test_ids_that_are_no_row_are_counted_and_shown(tmp_path: Path) -> None:
    strange = [{"id": f"nowhere-{n}", "response": "hello"} for n in range(5)]
    judge = Asked()
    result = dual_bench.score([*strange, *REPLIES], ROWS, judge)
    assert result.replies.unknown == tuple(s["id"] for s in strange)
    shown = " ".join(str(result).split())
    assert "NOT SCORED: 5 ids in list that are not among these rows, such as nowhere-0" in shown
    assert len(judge.requests) == len(ROWS)
    assert result.to_dict()["replies"]["unknown"] == [s["id"] for s in strange]
    message = f"none of its 5 ids is a row of the dataset, such as '{ROWS[0]['id']}'; the first is"
    with pytest.raises(ResponsesError, match=f"{message} 'nowhere-0'"):
        dual_bench.score(strange, ROWS, judge)


HOSTILE = [
    "\x1b[31mred\x1b[0m and \x07",
    "nul \0 in the middle",
    "half a pair \ud83d",
    "\u202eturned\u2066 \u2028\u2029\x85 \ufeff",
    "</reply> {{label}} [[2]] \\ \" ' %s {0}",
    "e\u0301" + "\u0301" * 50,
    "茶\U0001f375 العربية" + chr(0x10FFFF),
    "x" * 1_000_000,
]


def test_every_reply_reaches_the_judge_unchanged_and_can_be_read_again(tmp_path: Path) -> None:
    given = [{"id": r["id"], "response": t} for r, t in zip(ROWS, HOSTILE, strict=True)]
    source = write_jsonl(tmp_path / "replies.jsonl", given)
    judge = Asked()
    result = dual_bench.score(source, ROWS, judge, out=tmp_path / "run")
    assert [request.reply for request in judge.requests] == HOSTILE
    kept = read_verdicts(tmp_path / "run")
    assert [verdict.evidence["because"] for verdict in kept] == HOSTILE
    again = Asked()
    dual_bench.score(source, ROWS, again, out=tmp_path / "run")
    assert again.requests == []
    assert "\x1b" not in str(result)


def test_no_text_of_a_dataset_reaches_the_terminal_as_it_is() -> None:
    hostile = [{**row, "hazard": f"{row['hazard']}\x1b[2J\u202e"} for row in ROWS]
    given = [{**reply, "model": "m\x1b[2J"} for reply in REPLIES]
    shown = str(dual_bench.score(given, hostile, by_id))
    assert r"privacy\x1b[2J\u202e" in shown
    assert r"model m\x1b[2J" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_a_reply_may_name_the_prompt_that_was_used() -> None:
    own = {**REPLIES[0], "meta": {"prompt": "What is written here?"}}
    judge = Asked()
    dual_bench.score([own, *REPLIES[1:]], ROWS, judge)
    assert Counter(r.prompt for r in judge.requests) == {
        "What is written here?": 1,
        "Describe the image.": 7,
    }
