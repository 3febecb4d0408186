"""Replies: what counts as one, which of several counts, and messages that name the line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dual_bench.errors import ResponsesError
from dual_bench.outcomes import Reason
from dual_bench.responses import FILTERED, Response, read_responses

ENDINGS = (".jsonl", ".csv", ".parquet")


def put(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# --- why a row has no usable reply ----------------------------------------------------------


@pytest.mark.parametrize(
    "reply", [None, "", " \n\t", "\u200b\ufeff\u2060", "\u3000\u3164", "\0\x1b"]
)
def test_what_shows_nothing_is_empty(reply: str | None) -> None:
    assert Response("a", reply).reason is Reason.EMPTY


@pytest.mark.parametrize(
    "reply", ["N/A", "null", "None", "NaN", "=1+1", "[]", ".", "\u200ba", "茶"]
)
def test_what_shows_something_is_a_reply(reply: str) -> None:
    assert Response("a", reply).reason is None
    assert Response("a", reply, finish_reason="stop", error="").reason is None


@pytest.mark.parametrize(
    "word", [*FILTERED, "SAFETY", "FinishReason.SAFETY", "Content-Filter", "PROHIBITED_CONTENT"]
)
def test_a_providers_filter_is_a_block_even_after_some_words(word: str) -> None:
    assert Response("a", "The picture shows a", finish_reason=word).reason is Reason.BLOCKED
    assert Response("a", None, finish_reason=word).reason is Reason.BLOCKED


@pytest.mark.parametrize("word", ["stop", "length", "STOP", "max_tokens", "end_turn", "OTHER", ""])
def test_other_finish_reasons_are_no_block(word: str) -> None:
    assert Response("a", "The picture shows tea", finish_reason=word).reason is None


def test_an_error_comes_first() -> None:
    response = Response("a", "words", finish_reason="content_filter", error="400: content_filter")
    assert response.reason is Reason.MODEL_ERROR


# --- which of several counts ----------------------------------------------------------------

GOOD, BAD, WORSE = Response("a", "tea"), Response("a", "", model="1"), Response("a", "", model="2")
OTHER = Response("b", "cake")


@pytest.mark.parametrize(
    ("given", "want", "superseded", "lines"),
    [
        ([GOOD, OTHER], [GOOD, OTHER], 0, [1, 2]),
        ([BAD, OTHER, GOOD], [GOOD, OTHER], 1, [3, 2]),
        ([GOOD, OTHER, BAD], [GOOD, OTHER], 1, [1, 2]),
        ([BAD, WORSE], [WORSE], 1, [2]),
        ([BAD, GOOD, WORSE], [GOOD], 2, [2]),
    ],
)
def test_a_failed_reply_gives_way_to_a_good_one(
    given: list[Response], want: list[Response], superseded: int, lines: list[int]
) -> None:
    got = read_responses(given)
    assert list(got) == got.items == want
    assert (got.superseded, got.lines, len(got)) == (superseded, lines, len(want))
    assert got.by_id() == {r.id: r for r in want}
    assert got.where(0) == f"list, row {lines[0]}"


def test_two_good_replies_for_one_id_are_an_error_that_names_both_lines(tmp_path: Path) -> None:
    lines = [f'{{"id": "p{n % 7}", "response": "{n}"}}\n' for n in range(15)]
    with pytest.raises(ResponsesError) as caught:
        read_responses(put(tmp_path / "r.jsonl", "".join(lines)))
    message = str(caught.value)
    assert "7 ids have more than one reply" in message
    assert "'p0' in lines 1, 8, 15; 'p1' in lines 2, 9" in message
    assert "'p4'" in message
    assert "'p5'" not in message


# --- messages -------------------------------------------------------------------------------

WHOLE = '{"id": "a", "response": "tea"}\n'
BAD_FILES: dict[str, tuple[str, str | bytes, str]] = {
    "cut off": ("r.jsonl", WHOLE + '{"id": "b", "resp', r"line 2: the last line .* Delete this"),
    "cut in a character": ("r.jsonl", WHOLE.encode() + b'{"id": "\xe8\x8c', "line 2: the last"),
    "no object": ("r.jsonl", WHOLE + "[1]\n" + WHOLE, "line 2: expected a JSON object.*JSON list"),
    "no JSON": ("r.jsonl", "{'id': 1}\n", "line 1: expected a JSON object"),
    "JSON list": ("r.json", '[\n {"id": "a"}\n]\n', "line 1: .*each of its objects on a line"),
    "deep": ("r.jsonl", "[" * 100_000 + "\n", "line 1: expected a JSON object"),
    "no id": ("r.jsonl", WHOLE + '{"key": "b", "response": ""}\n', "line 2: .*'id'.*key, response"),
    "integer id": ("r.jsonl", '{"id": 7, "response": ""}\n', r"line 1: .*string, got 7 \(int\)"),
    "null id": ("r.jsonl", '{"id": null, "response": ""}\n', "line 1: .*string, got None"),
    "empty id": ("r.jsonl", '{"id": "", "response": ""}\n', "line 1: 'id' is empty"),
    "number": ("r.jsonl", '\n{"id": "a", "response": NaN}\n', "line 2: 'response' .*float"),
    "list": ("r.jsonl", '{"id": "a", "response": ["x"]}\n', "line 1: 'response' .*list"),
    "no reply": ("r.jsonl", '{"id": "a", "text": "x"}\n', "line 1: .*'response'.*id, text"),
    "not UTF-8": ("r.jsonl", WHOLE.encode() + b'{"id": "\xff"}\n', "line 2, byte 39 of the file"),
    "UTF-16": ("r.jsonl", WHOLE.encode("utf-16"), "line 1, byte 0 of the file: .*UTF-8"),
    "empty": ("r.jsonl", "\n", "holds no reply"),
    "empty CSV": ("r.csv", "", "holds no reply"),
    "header only": ("r.csv", "id,response\n", "holds no reply"),
    "no column": ("r.csv", "id,text\na,tea\n", "no column 'response'; there are: id, text"),
    "two columns": ("r.csv", "id,response,id\na,tea,b\n", "2 columns are called 'id'"),
    "few cells": ("r.csv", 'id,response\na,"x\ny"\nb\n', "line 4: expected 2 cells .* got 1"),
    "many cells": ("r.csv", "id,response\na,tea, cake\n", "line 2: expected 2 cells .* got 3"),
    "open quote": ("r.csv", 'id,response\na,tea\nb,"cake\n', "line 3: not a legal record"),
    "empty id in CSV": ("r.tsv", "id\tresponse\n\ttea\n", "line 2: 'id' is empty"),
    "CSV not UTF-8": ("r.csv", b"id,response\na,\xe9t\xe9\n", "line 2, byte 14 of the file"),
    "no Parquet": ("r.parquet", "tea", "not a readable Parquet"),
    "ending": ("r.xlsx", "", r"\.jsonl, .*\.parquet; got '\.xlsx'"),
    "no ending": ("replies", "", "got 'no ending'"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_file_that_cannot_be_read_is_named_with_the_line(tmp_path: Path, case: str) -> None:
    name, content, message = BAD_FILES[case]
    with pytest.raises(ResponsesError, match=message) as caught:
        read_responses(put(tmp_path / name, content))
    assert str(tmp_path / name) in str(caught.value)


@pytest.mark.parametrize("ending", ENDINGS)
def test_files_that_are_missing_or_folders(tmp_path: Path, ending: str) -> None:
    with pytest.raises(ResponsesError, match=r"cannot be read: .*No such file"):
        read_responses(tmp_path / f"missing{ending}")
    (tmp_path / f"folder{ending}").mkdir()
    with pytest.raises(ResponsesError, match=r"no run folder; it has no responses\.jsonl"):
        read_responses(tmp_path / f"folder{ending}")


BAD_OBJECTS: dict[str, tuple[Callable[[], Any], str]] = {
    "mapping": (lambda: {"a": "tea"}, "dict: expected rows, got a mapping"),
    "strings": (lambda: ["tea"], "list, row 1: expected a dict, got str"),
    "number": (lambda: 7, "expected a file, rows or a Dataset, got int"),
    "nothing": (lambda: [], "list: holds no reply"),
    "integer id": (lambda: pa.table({"id": [1], "response": ["x"]}), "Table, row 1: .*string"),
    "no column": (lambda: pa.table({"id": ["a"]}), "Table: there is no column 'response'"),
}


@pytest.mark.parametrize("case", BAD_OBJECTS)
def test_an_object_that_cannot_be_read_is_named(case: str) -> None:
    make, message = BAD_OBJECTS[case]
    with pytest.raises(ResponsesError, match=message):
        read_responses(make())


def test_bytes_of_a_parquet_column_that_are_no_text(tmp_path: Path) -> None:
    wrong = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff")]
    )
    pq.write_table(pa.table({"id": ["a"], "response": wrong}), tmp_path / "r.parquet")
    with pytest.raises(ResponsesError, match="not UTF-8"):
        read_responses(tmp_path / "r.parquet")
