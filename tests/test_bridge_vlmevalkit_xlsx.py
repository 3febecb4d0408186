"""Prediction files in .xlsx: exact, or said to be doubtful; and files that are made to do harm."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import pytest

import dual_bench
from dual_bench.bridges.vlmevalkit import workbook
from dual_bench.bridges.vlmevalkit.convert import convert
from dual_bench.bridges.vlmevalkit.sheet import Cell, unescaped
from dual_bench.bridges.vlmevalkit.workbook import read_cells
from dual_bench.errors import DependencyError, ResponsesError
from dual_bench.responses import read_responses
from tests.vlmevalkit_kit import AWKWARD, FAILURES, FILES, SAID, asked, dump, frame, name_of

pytest.importorskip("defusedxml", reason="needs the extra vlmevalkit")

HEAD = ("dual_bench_id", "dual_bench_row", "prediction")


def fixture(kind: str) -> Path:
    """The file that pandas and XlsxWriter made."""
    (path,) = (FILES / kind).glob("*.xlsx")
    return path


def doubts_of(run: Path) -> dict[str, str]:
    """Id -> why, as the run folder says it."""
    return {r.id: r.meta["doubt"] for r in read_responses(run) if "doubt" in r.meta}


@pytest.mark.parametrize("kind", ["new", "old"])
def test_every_change_of_the_format_is_a_doubt(tmp_path: Path, kind: str) -> None:
    assert name_of(frame()) in fixture(kind).name, "made for other rows; see its README"
    found = convert(fixture(kind), tmp_path / "run")
    doubts = doubts_of(tmp_path / "run")
    assert {why for line in found.notes for why in doubts.values() if f"({why})" in line} == set(
        doubts.values()
    )
    changed = []
    for said, reply in zip(SAID, read_responses(tmp_path / "run"), strict=True):
        if said in FAILURES:
            assert (reply.response, reply.error) == (None, said)
        elif reply.response != said:
            changed.append(said[:8])
            assert reply.id in doubts, (said[:40], reply.response)
    formulas = ["{=1+1}"] if kind == "old" else []
    assert changed == [*formulas, "mailto:s", "long lon", "http://e"]
    assert len(doubts) < len(AWKWARD) / 2  # and most are known to be exact


def test_the_same_verdicts_as_from_tsv(tmp_path: Path) -> None:
    """But for the reply that the format lost, which has none."""
    convert(fixture("new"), tmp_path / "xlsx")
    convert(dump(frame(), tmp_path, ".tsv"), tmp_path / "tsv")
    one, two = (dual_bench.score(tmp_path / f, asked()) for f in ("xlsx", "tsv"))
    differ = [
        (a.reason, b.reason)
        for a, b in zip(one.verdicts, two.verdicts, strict=True)
        if (a.label, a.reason) != (b.label, b.reason)
    ]
    assert differ == [(dual_bench.Reason.EMPTY, None)]


def test_a_cell_of_the_full_length_is_marked(tmp_path: Path) -> None:
    convert(fixture("new"), tmp_path / "run")
    replies = read_responses(tmp_path / "run").by_id()
    cut = [id for id, why in doubts_of(tmp_path / "run").items() if "32,767" in why]
    assert [len(replies[id].response or "") for id in cut] == [32767, 32767]


def test_plain_text_is_what_openpyxl_reads() -> None:
    openpyxl = pytest.importorskip("openpyxl")
    sheet = openpyxl.load_workbook(fixture("new")).active
    theirs = [[str(v) if v is not None else "" for v in row] for row in sheet.values]
    ours = [[cells[n].text if n in cells else "" for n in range(1, 9)] for _, cells in mine()]
    plain = [n for n, row in enumerate(theirs) if "_x" not in row[-1] and "x005F" not in row[-1]]
    assert len(plain) > 30
    assert [ours[n] for n in plain if "\ufffe" not in ours[n][-1]] == [
        theirs[n] for n in plain if "\ufffe" not in ours[n][-1]
    ]


def mine() -> list[tuple[int, dict[int, Cell]]]:
    return list(read_cells(fixture("new")))


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("_x000d_", "\r"),
        ("_x005F_x000D_", "_x000D_"),
        ("_x005F__x000A_", "_\n"),
        ("_x0041_ _xFFFE_ _xD83D_", "_x0041_ \ufffe \ud83d"),
        ("_x00_ _xGGGG_ x000D_", "_x00_ _xGGGG_ x000D_"),
    ],
)
def test_escapes(text: str, means: str) -> None:
    assert unescaped(text) == means


def book(path: Path, sheet: str, strings: str | None = None, **more: bytes) -> Path:
    """A workbook of these parts."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
        if strings is not None:
            archive.writestr("xl/sharedStrings.xml", strings)
        for name, content in more.items():
            archive.writestr(name.replace("__", "/") + ".xml", content)
    return path


def sheet_of(*cells: str) -> str:
    return f"<worksheet><sheetData><row>{''.join(cells)}</row></sheetData></worksheet>"


def inline(text: str) -> str:
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def test_kinds_of_cells(tmp_path: Path) -> None:
    sheet = sheet_of(
        inline(" a "),
        "<c><v>1.0</v></c>",
        '<c t="b"><v>1</v></c>',
        '<c t="e"><v>#N/A</v></c>',
        '<c t="str"><f>A1&amp;"x"</f><v>ax</v></c>',
        '<c t="s"><v>0</v></c>',
        "<c/>",
        '<c r="AB1"><v>5</v></c>',
    )
    strings = "<sst><si><r><t>two </t></r><r><t>runs</t></r><rPh><t>no</t></rPh></si></sst>"
    ((number, cells),) = read_cells(book(tmp_path / "a.xlsx", sheet, strings))
    assert number == 1
    assert {n: c.text for n, c in cells.items()} == {
        1: " a ",
        2: "1.0",
        3: "True",
        4: "#N/A",
        5: '=A1&"x"',
        6: "two runs",
        28: "5",
    }
    assert [n for n, c in cells.items() if not c.doubt] == [1, 6]


ENTITY = '<!DOCTYPE x [<!ENTITY a "boom">]>'


@pytest.mark.parametrize(
    ("sheet", "strings", "message"),
    [
        (ENTITY + sheet_of(inline("&a;")), None, "document type"),
        (sheet_of(), ENTITY + "<sst/>", "document type"),
        ("<worksheet><row>", None, "not XML"),
        (sheet_of('<c t="s"><v>7</v></c>'), "<sst/>", "names string '7'"),
        (sheet_of('<c r="B1"/>', '<c r="A1"/>'), None, "out of order"),
        (sheet_of('<c r="A2"/>'), None, "out of order"),
        (sheet_of('<c r="ZZZ1"/>'), None, "out of order"),
        (sheet_of('<c r="&lt;"/>'), None, "no place"),
        ('<worksheet><row r="2"/><row r="1"/></worksheet>', None, "row 1 after row 2"),
    ],
)
def test_a_sheet_that_cannot_be_read(
    tmp_path: Path, sheet: str, strings: str | None, message: str
) -> None:
    with pytest.raises(ResponsesError, match=message):
        list(read_cells(book(tmp_path / "a.xlsx", sheet, strings)))


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    bomb = book(tmp_path / "a.xlsx", sheet_of(inline("0" * 2**23)))
    assert bomb.stat().st_size < 2**15
    with pytest.raises(ResponsesError, match="more than 200 times"):
        list(read_cells(bomb))


def test_what_is_read_has_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = book(tmp_path / "a.xlsx", sheet_of(inline("a")))
    for name, message in (
        ("MOST_PACKED", "bytes; at most 1"),
        ("MOST_UNPACKED", "bytes of XML when unpacked; at most 1"),
        ("MOST_MEMBERS", "members"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(workbook, name, 0 if name == "MOST_MEMBERS" else 1)
            with pytest.raises(ResponsesError, match=message):
                list(read_cells(path))


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    two = book(tmp_path / "two.xlsx", sheet_of(), xl__worksheets__sheet2=b"<worksheet/>")
    for content, message in (
        (b"\xd0\xcf\x11\xe0rest", "password"),
        (b"no zip", "not a readable"),
        (fixture("new").read_bytes()[:4000], "not a readable"),
        (two.read_bytes(), "one sheet"),
        (empty_zip(), "one sheet"),
    ):
        path.write_bytes(content)
        with pytest.raises(ResponsesError, match=message):
            list(read_cells(path))


def empty_zip() -> bytes:
    with io.BytesIO() as file:
        zipfile.ZipFile(file, "w").close()
        return file.getvalue()


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    data = bytearray(fixture("new").read_bytes())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        start = archive.getinfo("xl/sharedStrings.xml").header_offset
    data[start + 200] ^= 0xFF
    (tmp_path / "a.xlsx").write_bytes(data)
    with pytest.raises(ResponsesError):
        list(read_cells(tmp_path / "a.xlsx"))


def test_without_the_extra_it_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "defusedxml.sax", None)
    with pytest.raises(DependencyError, match=r"dual-bench\[vlmevalkit\]"):
        convert(fixture("new"), tmp_path / "run")


def test_an_empty_workbook_has_no_columns(tmp_path: Path) -> None:
    path = book(tmp_path / "m_x.xlsx", sheet_of())
    with pytest.raises(ResponsesError, match="no column 'prediction'"):
        convert(path, tmp_path / "run", model="m")
    path = book(tmp_path / "m_y.xlsx", sheet_of(*map(inline, HEAD)))
    with pytest.raises(ResponsesError, match="holds no prediction"):
        convert(path, tmp_path / "run", model="m")
