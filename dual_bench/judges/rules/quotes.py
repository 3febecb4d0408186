"""Where other people's words stand between quote marks.

One pass a paragraph: an opening mark without its closing one costs one scan for its kind, so that
the whole is linear however the marks are nested or left open.
"""

from __future__ import annotations

import re
from bisect import bisect_right

PAIRS = {
    '"': '"',
    "\u201c": "\u201d",
    "\u201e": "\u201c",
    "\u2018": "\u2019",
    "\u300c": "\u300d",
    "\u300e": "\u300f",
    "\u300a": "\u300b",
    "\u00ab": "\u00bb",
    "'": "'",
    "`": "`",
}
SHORT = {"'": 300, "\u2018": 300, "`": 300}  # marks that are apostrophes, too, reach no further
MARK = re.compile("[" + "".join({*PAIRS, *PAIRS.values()}) + "]")
PARAGRAPH = re.compile(r"\n[ \t]*\n")

Span = tuple[int, int]


def spans(text: str) -> list[Span]:
    """Start and end of every outermost quotation, marks included, in order."""
    out: list[Span] = []
    start = 0
    for gap in [*PARAGRAPH.finditer(text), None]:
        end = gap.start() if gap else len(text)
        out += _paragraph(text, start, end)
        start = gap.end() if gap else end
    return out


def _paragraph(text: str, start: int, end: int) -> list[Span]:
    marks = [m.start() for m in MARK.finditer(text, start, end)]
    closing: dict[str, list[int]] = {}
    for at in marks:
        if _closes(text, at):
            closing.setdefault(text[at], []).append(at)
    out: list[Span] = []
    done, last_break = start, text.rfind("\n", start, end)
    for at in marks:
        if at < done or not _opens(text, at):
            continue
        close = _close(text, at, closing.get(PAIRS[text[at]], []), end, last_break)
        if close is not None:
            out.append((at, close))
            done = close
    return out


def _close(text: str, at: int, closing: list[int], end: int, last_break: int) -> int | None:
    """Where the quotation that opens here ends, or None where it is no quotation."""
    mark = text[at]
    i = bisect_right(closing, at)
    if i < len(closing):
        reach = SHORT.get(mark, end)
        return closing[i] + 1 if closing[i] - at <= reach else None
    # Cut off before the closing mark: what is left of the reply is still quoted.
    last_line = end == len(text) and at > last_break
    return end if mark not in SHORT and last_line else None


def _opens(text: str, at: int) -> bool:
    mark = text[at]
    if mark not in PAIRS:
        return False
    if mark not in "'\"`\u2018":
        return True
    before = text[at - 1] if at else " "
    after = text[at + 1] if at + 1 < len(text) else " "
    return not _joined(before) and not after.isspace()


def _closes(text: str, at: int) -> bool:
    mark = text[at]
    if mark not in "'\u2019":
        return True
    before = text[at - 1] if at else " "
    after = text[at + 1] if at + 1 < len(text) else " "
    return not before.isspace() and not _joined(after)


def _joined(char: str) -> bool:
    """A letter that a mark would be an apostrophe beside; Chinese is written without blanks."""
    return char.isalnum() and not "\u3400" <= char <= "\u9fff"
