"""Open an .xlsx file without trusting it, and read its one sheet.

A workbook is a zip of XML. Its members are measured by the directory before one is unpacked
(`zipfile` never unpacks more of a member than the directory claims), only two kinds are read, and
their XML ends at a document type, with which every entity attack begins. Nothing is computed,
linked or run.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from xml.sax import SAXException
from xml.sax.handler import ContentHandler

from dual_bench.bridges.converted import few
from dual_bench.bridges.vlmevalkit.sheet import Cell, Sheet, Strings
from dual_bench.errors import DependencyError, ResponsesError

_MB = 2**20
# 12,000 replies of 32,767 characters are 400 MB; the XML around real ones packs to a tenth.
MOST_PACKED = 256 * _MB
MOST_UNPACKED = 1024 * _MB
MOST_RATIO = 200  # deflate ends at 1,032
RATIO_FREE = 4 * _MB
MOST_MEMBERS = 1_000

_STRINGS = "xl/sharedStrings.xml"
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_OLE = b"\xd0\xcf\x11\xe0"  # .xls files, and workbooks with a password
_ENCRYPTED = 0x1
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def read_cells(path: Path) -> Iterator[tuple[int, dict[int, Cell]]]:
    """The rows that hold something: row number, and column number -> cell; both begin at 1.

    Raises:
        ResponsesError: no .xlsx file with one sheet, damaged, or made to do harm.
        DependencyError: defusedxml is missing.
    """
    _check_file(path)
    try:
        with zipfile.ZipFile(path) as archive:
            sheet = _check_members(path, archive.infolist())
            strings = Strings()
            if _STRINGS in archive.namelist():
                _parse(path, archive, _STRINGS, strings)
            cells = Sheet(str(path), strings.found)
            _parse(path, archive, sheet, cells)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as err:
        raise ResponsesError(f"{path}: not a readable .xlsx file: {err}") from err
    yield from cells.rows.items()


def _check_file(path: Path) -> None:
    size = path.stat().st_size
    if size > MOST_PACKED:
        raise ResponsesError(
            f"{path}: {size:,} bytes; at most {MOST_PACKED:,} of an .xlsx file are read. Have "
            f"VLMEvalKit write PRED_FORMAT=tsv"
        )
    with path.open("rb") as file:
        if file.read(len(_OLE)) == _OLE:
            raise ResponsesError(
                f"{path}: this is an old .xls file or has a password; save it as .xlsx without one"
            )


def _check_members(path: Path, members: list[zipfile.ZipInfo]) -> str:
    """Name of the one sheet, if every member that is read is harmless."""
    if len(members) > MOST_MEMBERS:
        raise ResponsesError(f"{path}: {len(members):,} members; at most {MOST_MEMBERS:,}")
    read = [m for m in members if m.filename == _STRINGS or _SHEET.fullmatch(m.filename)]
    sheets = [m.filename for m in read if m.filename != _STRINGS]
    if len(sheets) != 1 or len(read) > 2:
        raise ResponsesError(
            f"{path}: expected a workbook with one sheet, as VLMEvalKit writes it, got "
            f"{len(sheets)}: {few(sheets) or 'none'}"
        )
    for member in read:
        _check_member(path, member)
    size = sum(member.file_size for member in read)
    if size > MOST_UNPACKED:
        raise ResponsesError(
            f"{path}: {size:,} bytes of XML when unpacked; at most {MOST_UNPACKED:,} are read"
        )
    return sheets[0]


def _check_member(path: Path, member: zipfile.ZipInfo) -> None:
    if member.flag_bits & _ENCRYPTED or member.compress_type not in _PLAIN:
        raise ResponsesError(
            f"{path}: {member.filename} has a password or is packed in a way that .xlsx files are "
            f"not; save it again from a spreadsheet program"
        )
    size, packed = member.file_size, member.compress_size
    if size > RATIO_FREE and size > MOST_RATIO * packed:
        raise ResponsesError(
            f"{path}: {member.filename} claims {size:,} bytes, packed into {packed:,}: more than "
            f"{MOST_RATIO} times, as bombs are. Have VLMEvalKit write PRED_FORMAT=tsv"
        )


def _parse(path: Path, archive: zipfile.ZipFile, name: str, handler: ContentHandler) -> None:
    try:
        import defusedxml.sax as safe
        from defusedxml.common import DefusedXmlException
    except ImportError as err:
        raise DependencyError(
            f"{path}: reading .xlsx needs the package defusedxml; "
            f'pip install "dual-bench[vlmevalkit]", or have VLMEvalKit write PRED_FORMAT=tsv'
        ) from err
    try:
        with archive.open(name) as part:
            safe.parse(part, handler, forbid_dtd=True)
    except DefusedXmlException as err:
        raise ResponsesError(
            f"{path}: {name} declares a document type, as entity attacks do and spreadsheet "
            f"programs never do; it is not read"
        ) from err
    except (SAXException, ValueError, LookupError) as err:
        raise ResponsesError(
            f"{path}: {name} is not XML that can be read: {' '.join(str(err).split())}"
        ) from err
