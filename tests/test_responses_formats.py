"""Replies in every format: what is written comes back, and what others wrote is read unchanged."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dual_bench.errors import OutputError, ResponsesError
from dual_bench.responses import Response, read_responses, write_responses

HARD = ["N/A", "NaN", "null", "None", "=1+1", "", " ", "\0", "a\0b", "\r", "\r\n", "a\rb\nc", '"']
HARD += [
    'a "b", c',
    "\t",
    "\ufeffx",
    "\u2028\u2029\x85\x0b\x0c\x1c",
    "\\N",
    "\ufffd",
    "茶\U0001f375",
]
TEXT = st.text() | st.sampled_from(HARD)  # st.text() leaves surrogates out by itself
ANY_TEXT = TEXT | st.text(st.characters(categories=["Cs", "L"]))  # halves of pairs
META = st.dictionaries(TEXT, st.none() | TEXT | st.integers() | st.lists(TEXT), max_size=2)


def replies(text: st.SearchStrategy[str], none: bool) -> st.SearchStrategy[list[Response]]:
    """Lists without a doubled id; the short fields are None or not empty."""
    short = st.none() | text.filter(bool)
    reply = st.none() | text if none else text
    one = st.builds(Response, text.filter(bool), reply, short, short, short, META)
    return st.lists(one, min_size=1, max_size=4, unique_by=lambda r: r.id)


def there_and_back(path: Path, given: list[Response]) -> list[Response]:
    write_responses(path, given)
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    return read_responses(path).items


same_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@same_folder
@given(given=replies(ANY_TEXT, none=True))
def test_json_lines_hold_everything(tmp_path: Path, given: list[Response]) -> None:
    assert there_and_back(tmp_path / "r.jsonl", given) == given


@same_folder
@given(given=replies(TEXT, none=True))
def test_parquet_holds_all_that_is_unicode(tmp_path: Path, given: list[Response]) -> None:
    assert there_and_back(tmp_path / "r.parquet", given) == given


@same_folder
@pytest.mark.parametrize("ending", [".csv", ".tsv"])
@given(given=replies(TEXT, none=False))
def test_csv_holds_all_that_is_unicode_but_none(
    tmp_path: Path, ending: str, given: list[Response]
) -> None:
    path = tmp_path / ending
    path.mkdir(exist_ok=True)
    assert there_and_back(path / f"r{ending}", given) == given


@pytest.mark.parametrize("ending", [".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet"])
def test_a_megabyte_and_every_hard_reply(tmp_path: Path, ending: str) -> None:
    texts = [*HARD, 'x, "茶"\n' * 120_000]
    given = [Response(f"p{n}", text) for n, text in enumerate(texts)]
    assert there_and_back(tmp_path / f"r{ending}", given) == given


def test_csv_cannot_tell_none_from_nothing(tmp_path: Path) -> None:
    (got,) = there_and_back(tmp_path / "r.csv", [Response("a", None)])
    assert got.response == ""


# --- writing --------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".parquet"])
def test_half_a_pair_is_refused_where_it_cannot_be_held(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"r{ending}"
    path.write_text("before")
    given = [Response("a", "tea"), Response("b", "te\ud83d")]
    with pytest.raises(ResponsesError, match=r"row 2 \(id 'b'\): 'response' .*at character 2"):
        write_responses(path, given)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".parquet"])
@pytest.mark.parametrize("value", [float("nan"), b"x", {1}])
def test_meta_that_is_not_json_is_refused(tmp_path: Path, ending: str, value: object) -> None:
    with pytest.raises(ResponsesError, match=r"row 1 \(id 'a'\): 'meta' cannot be written"):
        write_responses(tmp_path / f"r{ending}", [Response("a", "tea", meta={"x": value})])
    assert not list(tmp_path.iterdir())


def test_where_it_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write_responses(tmp_path / "nowhere" / "r.jsonl", [Response("a", "tea")])
    with pytest.raises(ResponsesError, match=r"\.jsonl, .*got '\.txt'"):
        write_responses(tmp_path / "r.txt", [Response("a", "tea")])


def test_json_lines_are_plain_and_short(tmp_path: Path) -> None:
    write_responses(tmp_path / "r.jsonl", [Response("a", None), Response("b", "茶", meta={"n": 1})])
    assert (tmp_path / "r.jsonl").read_bytes() == (
        b'{"id": "a", "response": null}\n{"id": "b", "response": "\\u8336", "meta": {"n": 1}}\n'
    )


# --- what others wrote ------------------------------------------------------------------------


def test_json_lines_of_others(tmp_path: Path) -> None:
    lines = [
        '\ufeff{"id": "a", "response": "x\u2028y\x85z", "other": {"deep": []}}\r',
        "  ",
        '{"id": "b", "error": {"code": 500}}',
        '{"id": "c", "response": "ok", "error": false, "finish_reason": "", "meta": "a note"}',
        '{"id": "d", "finish_reason": "SAFETY"}',
        '{"id": "e", "response": "last", "error": NaN, "meta": null}',
    ]
    (tmp_path / "r.jsonl").write_bytes("\n".join(lines).encode())  # no newline at the end
    got = read_responses(tmp_path / "r.jsonl")
    assert got.lines == [1, 3, 4, 5, 6]
    assert got.items == [
        Response("a", "x\u2028y\x85z"),
        Response("b", None, error='{"code": 500}'),
        Response("c", "ok", meta={"meta": "a note"}),
        Response("d", None, finish_reason="SAFETY"),
        Response("e", "last"),
    ]


def test_csv_of_others(tmp_path: Path) -> None:
    text = (
        '\ufeffkey,answer,meta\r\n\r\n1,N/A,\r\n2,"a\nb, ""c""",{}\r\n3,,"{""n"": 1}"\r\n4,=1+1,x'
    )
    (tmp_path / "r.csv").write_bytes(text.encode())
    got = read_responses(tmp_path / "r.csv", id_column="key", response_column="answer")
    assert got.items == [
        Response("1", "N/A"),
        Response("2", 'a\nb, "c"'),
        Response("3", "", meta={"n": 1}),
        Response("4", "=1+1", meta={"meta": "x"}),
    ]
    assert got.lines == [3, 4, 6, 7]
    assert csv.field_size_limit() >= 2**31 - 1


def table(**more: list[Any]) -> pa.Table:
    return pa.table({"id": ["a", "b"], "response": ["tea", None], **more})


def test_parquet_and_arrow_of_others(tmp_path: Path) -> None:
    given = table(error=[None, "down"], meta=[{"n": 1}, None], model=["m", "m"])
    want = [
        Response("a", "tea", model="m", meta={"n": 1}),
        Response("b", None, model="m", error="down"),
    ]
    pq.write_table(given, tmp_path / "r.parquet")
    got = read_responses(tmp_path / "r.parquet")
    assert got.items == read_responses(given).items == want
    assert (got.unit, got.lines) == ("row", [1, 2])


def test_columns_that_are_not_wanted_are_never_read(tmp_path: Path) -> None:
    path = tmp_path / "r.parquet"
    pq.write_table(table(picture=[b"x" * 50_000, b"y" * 50_000]), path, compression="none")
    column = pq.ParquetFile(path).metadata.row_group(0).column(2)
    content = bytearray(path.read_bytes())
    start = column.dictionary_page_offset or column.data_page_offset
    content[start : start + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    path.write_bytes(content)
    with pytest.raises(OSError):
        pq.read_table(path)
    assert [r.response for r in read_responses(path)] == ["tea", None]


def test_a_dataset_is_read_without_decoding_its_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = {"bytes": b"no picture", "path": None}
    rows = {"id": ["a", "b"], "response": ["N/A", None], "image": [broken, broken]}
    dataset = datasets.Dataset.from_dict(rows).cast_column("image", datasets.Image())
    with pytest.raises(Exception, match="image"):
        dataset[0]
    want = [Response("a", "N/A"), Response("b", None)]
    for one in (dataset, dataset.with_format("pandas"), dataset.to_iterable_dataset()):
        assert read_responses(one).items == want
    with pytest.raises(ResponsesError, match=r"got a mapping; .*\['test'\]"):
        read_responses(datasets.DatasetDict(test=dataset))


def test_a_stream_that_does_not_know_its_columns() -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield {"id": "a", "response": "tea"}

    stream = datasets.IterableDataset.from_generator(rows)
    assert stream.column_names is None
    assert read_responses(stream).items == [Response("a", "tea")]
    assert read_responses(rows()).items == [Response("a", "tea")]


def test_anything_with_column_names() -> None:
    class Table:
        column_names = ("id", "response", "image")

        def __iter__(self) -> Iterator[dict[str, Any]]:
            yield json.loads('{"id": "a", "response": "tea", "image": "never wanted"}')

    assert read_responses(Table()).items == [Response("a", "tea")]
