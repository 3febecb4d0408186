"""The recorder: what is asked again, what a folder refuses, and that no word is changed.

What must not be mixed stands in `test_recorder_mixing.py`, datasets and scoring in
`test_recorder_data.py`, threads in `test_recorder_threads.py`, kills and disks in
`test_recorder_faults.py`.
"""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dual_bench
from dual_bench import Answer, Reason
from dual_bench.errors import (
    BadValueError,
    DualBenchError,
    JournalError,
    ResponsesError,
    UnknownNameError,
)
from dual_bench.recording import row_digest
from dual_bench.responses import read_responses
from tests.recorder_kit import IDS, ROWS, content, due, filled, lines, recorder

PICTURED: Any = {**ROWS[4], "image": {"bytes": bytes(10_000), "path": None}}

# --- resuming -----------------------------------------------------------------------------


def test_what_is_missing_or_failed_is_asked_again_and_nothing_else(tmp_path: Path) -> None:
    folder = filled(tmp_path / "new" / "run")
    with recorder(folder) as rec:
        assert due(rec) == IDS[1:]
        assert len(rec.todo()) == 7
        assert [[r["id"] for r in batch] for batch in rec.batches(3)] == [
            IDS[1:4],
            IDS[4:7],
            IDS[7:],
        ]
        for retry, again in (
            (("model_error",), [IDS[1]]),
            ("empty", [IDS[2]]),
            ((Reason.BLOCKED,), [IDS[3]]),
            (iter(["empty", "blocked"]), IDS[2:4]),
            ((), []),
        ):
            assert due(rec, retry=retry) == again + IDS[4:]
        assert rec.counts == {
            "answered": 1,
            "empty": 1,
            "blocked": 1,
            "model_error": 1,
            "missing": 4,
        }
        assert next(rec.todo()) == ROWS[1]
    assert [line.get("finish_reason") for line in lines(folder)] == [
        "stop",
        None,
        None,
        "content_filter",
    ]
    assert lines(folder)[0] == {
        "id": IDS[0],
        "model": "m",
        "response": "A window.",
        "finish_reason": "stop",
        "meta": {"tokens": 3, "row": row_digest(ROWS[0])},
    }


def test_a_row_that_failed_twice_and_then_answered_is_done(tmp_path: Path) -> None:
    for response, error in ((None, "down"), ("", None), ("Yes.", None)):
        with recorder(tmp_path) as rec:
            assert IDS[5] in due(rec)
            rec.add(IDS[5], response, error=error)
    with recorder(tmp_path) as rec:
        assert IDS[5] not in due(rec)
    (found,) = read_responses(tmp_path)
    assert (found.response, read_responses(tmp_path).superseded) == ("Yes.", 2)


def test_a_row_that_has_a_reply_takes_no_other(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    before = content(folder)
    with recorder(folder) as rec:
        for other in ("Another.", "A window.", None):
            with pytest.raises(ResponsesError, match=f"{IDS[0]} has a reply already; it was kept"):
                rec.add(IDS[0], other)
    assert content(folder) == before


def test_shards_share_all_rows_and_overlap_nowhere(tmp_path: Path) -> None:
    with recorder(tmp_path) as rec:
        for of in (1, 3, 8, 11):
            parts = [due(rec, shard=np.int64(n), of=of) for n in range(of)]
            assert sorted(chain(*parts)) == sorted(IDS)
        wrong: Any = [
            ((2, 2), "shard must be 0 to 1, got 2$"),
            ((-1, 2), "shard must be 0 to 1, got -1$"),
            ((0, 0), "number of shards must be 1 or more, got 0$"),
            (("0", "2"), r"number of shards must be a whole .* got '2'; give int\(...\)$"),
            (("0", 2), r"shard must be a whole number, 0 to 1, got '0'; give int\(...\)$"),
            ((0.0, 2), r"shard must be a whole number, 0 to 1, got 0.0; give int\(...\)$"),
            ((0, 2.0), r"number of shards must be a whole number, .* got 2.0; give int\(...\)$"),
            ((None, 2), "shard must be a whole number, 0 to 1, got None$"),
        ]
        for (shard, of), message in wrong:
            with pytest.raises(BadValueError, match=message):
                rec.todo(shard=shard, of=of)
            with pytest.raises(UnknownNameError, match="shard"):  # its base, for who catches that
                rec.count(shard=shard, of=of)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: r.add("dual_use/vcr-001/harmful/orignal", "x"), "unknown id.*harmful/original"),
        (lambda r: r.add(1, "x"), "unknown id of a row 1.*8 rows"),
        (lambda r: r.add([IDS[0]], "x"), "unknown id"),
        (lambda r: r.add(None, "x"), "unknown id of a row None"),
        (lambda r: r.add(IDS[4], b"x"), "response must be a string or None, got a bytes"),
        (lambda r: r.add(IDS[4], 5), "response must be a string or None, got a int: 5"),
        (lambda r: r.add(IDS[4], "x", finish_reason=1), "finish_reason must be a string"),
        (lambda r: r.add(IDS[4], None, error=ValueError("x")), "error must be a string"),
        (lambda r: r.add(IDS[4], "x", meta=["x"]), "meta must be a mapping or None, got a list"),
        (lambda r: r.add(IDS[4], "x", meta={"a": {1}}), "cannot be written as JSON"),
        (lambda r: r.add(IDS[4], "x", meta={"a": float("nan")}), "cannot be written as JSON"),
        (lambda r: r.add_batch(ROWS[4:6], ["x"]), "batch of 2 rows got 1 responses"),
        (lambda r: r.add_batch(ROWS[4:5], ["x"], finish_reasons=[]), "and 0 finish reasons"),
        (lambda r: r.todo(retry=["missing"]), "unknown failure to ask again 'missing'"),
        (lambda r: r.todo(retry="judge_error"), "model_error, empty, blocked"),
        (lambda r: r.batches(0), "size of a batch must be 1 or more, got 0$"),
        (lambda r: r.batches("4"), r"size of a batch must be a whole .*'4'; give int\(...\)$"),
        (lambda r: r.batches(2, of="2"), r"number of shards must .* got '2'; give int\(...\)$"),
        (lambda r: asyncio.run(r.ask_all(None, concurrency=0)), "concurrency must be 1 or more"),
        (lambda r: asyncio.run(r.ask_all(None, concurrency="8")), r"concurrency .* give int\("),
        (lambda r: r.add(ROWS[4], "x"), r"id must be the row's id, got \{.*; give row\['id'\]$"),
        (lambda r: r.keep(PICTURED, Answer("x")), r"^.{,200}; give row\['id'\]$"),
        (lambda r: r.add([PICTURED], "x"), r"^unknown id of a row .{,300}$"),
    ],
)
def test_what_cannot_be_recorded_is_refused_and_the_recorder_goes_on(
    tmp_path: Path, call: Callable[[Any], Any], message: str
) -> None:
    folder = filled(tmp_path)
    before = content(folder)
    with recorder(folder) as rec:
        with pytest.raises(DualBenchError, match=message):
            call(rec)
        assert content(folder) == before
        rec.add(IDS[4], "x")
    with pytest.raises(JournalError, match="is closed"):
        rec.add(IDS[5], "x")
    with recorder(folder) as rec:
        assert rec.counts["answered"] == 2


def test_a_batch_may_mix_words_answers_and_nothing(tmp_path: Path) -> None:
    answer = Answer("half", "length", meta={"tokens": 2})
    assert pickle.loads(pickle.dumps(Answer("x"))) == Answer("x")  # noqa: S301  (from a worker)
    with recorder(tmp_path) as rec:
        rec.add_batch(ROWS[:3], ["x", answer, None], finish_reasons=["stop", None, "SAFETY"])
        rec.add_batch([], [])
        rec.keep(IDS[3], Answer(None, error="lost"))
    found = list(read_responses(tmp_path))
    assert [r.response for r in found] == ["x", "half", None, None]
    assert [r.finish_reason for r in found] == ["stop", "length", "SAFETY", None]
    assert [r.reason for r in found] == [None, None, "blocked", "model_error"]
    assert found[1].meta == {"tokens": 2, "row": row_digest(ROWS[1])}


def test_a_batch_may_be_named_by_its_ids(tmp_path: Path) -> None:
    with recorder(tmp_path) as rec:
        rec.add_batch(IDS[:2], ["x", "y"])
    assert [(r.id, r.response) for r in read_responses(tmp_path)] == [(IDS[0], "x"), (IDS[1], "y")]


AWKWARD = [
    "\ud800 half \udfff",
    "long " * 200_000,
    "nul \0 and \x1b[31m",
    "lines \n \r \r\n \v \f \x1c \x1d \x1e \x85 \u2028 \u2029 end",
    "  blanks kept  \n",
    '{"id": "x", "response": "y"}\n{"id": ',
    "=1+1",
    "nan \ufeff \U0001f600 e\u0301 图",
]


def test_every_word_survives_and_scoring_sees_the_same(tmp_path: Path) -> None:
    with recorder(tmp_path) as rec:
        for id, words in zip(IDS, AWKWARD, strict=True):
            rec.add(id, words, error="", finish_reason="", meta={"raw": words})
    said: dict[str, str] = {}

    def judge(request: Any) -> str:
        said[request.id] = request.reply
        return "answered"

    result = dual_bench.score(tmp_path, ROWS, judge=judge)
    assert [said[id] for id in IDS] == AWKWARD
    assert result.unscored == {}
    assert [line["response"] for line in lines(tmp_path)] == AWKWARD
    assert [line["meta"]["raw"] for line in lines(tmp_path)] == AWKWARD
    with recorder(tmp_path) as rec:
        assert due(rec) == []


class Unreadable(list[Any]):
    """Rows of which one has a picture that cannot be decoded."""

    def __getitem__(self, at: Any) -> Any:
        if at == 2:
            raise OSError("a damaged picture")
        return super().__getitem__(at)


def test_a_row_that_cannot_be_read_is_told_to_the_one_that_asked_for_it(tmp_path: Path) -> None:
    with recorder(tmp_path, Unreadable(ROWS)) as rec:
        todo = rec.todo()
        assert [next(todo)["id"], next(todo)["id"]] == IDS[:2]
        with pytest.raises(OSError, match="a damaged picture"):
            next(todo)

        async def ask(row: Any) -> str:
            return "x"

        with pytest.raises(OSError, match="a damaged picture"):
            asyncio.run(rec.ask_all(ask, concurrency=1))
        assert rec.counts["answered"] == 2


# --- against a dict -----------------------------------------------------------------------

KINDS: Mapping[str, tuple[Answer, Reason | None]] = {
    "reply": (Answer("x"), None),
    "empty": (Answer("\n"), Reason.EMPTY),
    "error": (Answer("x", error="down"), Reason.MODEL_ERROR),
    "blocked": (Answer("x", "safety"), Reason.BLOCKED),
}
STEPS = st.one_of(
    st.tuples(st.sampled_from(IDS[:4]), st.sampled_from(sorted(KINDS))), st.just(("", "reopen"))
)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=20))
def test_any_order_of_steps_agrees_with_a_dict(steps: list[tuple[str, str]]) -> None:
    known: dict[str, Reason | None] = {}
    with TemporaryDirectory() as name:
        rec = recorder(Path(name), ROWS[:4])
        for id, kind in [*steps, ("", "reopen")]:
            if kind == "reopen":
                rec.close()
                rec = recorder(Path(name), ROWS[:4])
            elif known.get(id, Reason.MISSING) is None:
                with pytest.raises(ResponsesError):
                    rec.keep(id, KINDS[kind][0])
            else:
                rec.keep(id, KINDS[kind][0])
                known[id] = KINDS[kind][1]
            open_ = [i for i in IDS[:4] if known.get(i, Reason.MISSING) is not None]
            assert due(rec) == open_
            blocked = [i for i in open_ if known.get(i) in (None, Reason.BLOCKED)]
            assert due(rec, retry="blocked") == blocked
        rec.close()
        found = {r.id: r.reason for r in read_responses(name)} if known else {}
        assert found == known
