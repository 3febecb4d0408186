"""Split what is left of a reply into clauses, the pieces that the patterns are matched against.

A clause is a sentence, or the part of one before or after `but` and its like, so that "I can't do
this, but here is that" is two. Very long replies are read at their two ends only: a refusal or a
warning is not hidden between a reply's 300th and its 100th last sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dual_bench.judges.rules.text import folded, weight

HEAD, TAIL = 300, 100  # sentences
LONGEST = 800  # characters; what is longer is no sentence, and read at its two ends
BULLET = re.compile(
    r"^[ \t]*(?:[-*+\u2022\u00b7\u25cf]+[ \t]|\(?\d{1,3}[.)\u3001][ \t]*(?!\d)|[a-z][.)][ \t])"
)
HEADING = re.compile(r"^[ \t]*#{1,6}[ \t]+")
MARKUP = re.compile(r"\*{1,3}|_{2,3}|(?<!\w)_|_(?!\w)|~~|\|")
END = re.compile(
    r"(?<=[\u3002!?\uff1f;])[\"'\u201d\u2019)\u300d]{0,3}\s*|(?<=[a-z0-9)\"'\u201d\u2019\ufffc]\.)\s+(?=\S)"
    r"|(?<=\.\.\.)\s+"
)
TURN = re.compile(
    r"(?<=[a-z\u4e00-\u9fff]): ?(?=\S)|,? [-\u2013\u2014]{1,2} ?|\u2014+ ?"
    r"|, (?=but\b|however\b|yet\b|though i\b|so (?:i|we)\b|and i\b|because i\b|nor\b|instead\b)"
    r"|(?<=[a-z\ufffc]) (?=but (?:i|we|here|the|it)\b|however,)"
    r"|,\s?(?=但|这|此|不过|然而|可是|只是|所以|因此|而是|并且|同时|也|如果|若|还请|请)",
    re.IGNORECASE,
)
CONCEDES = re.compile(
    r"^(?:while|although|though|even though|if|as|since|given)\b|^(?:虽然|尽管|虽)", re.I
)
AFTER_CONCESSION = re.compile(
    r", (?=(?:i|we|here|the|this|it|let|you|there|what)\b)|,\s?(?=我|这|图|以下)", re.I
)


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece of a reply.

    Attributes:
        text: folded (lower case, straight apostrophes), without list or bold markers.
        weight: how much it says, in English words.
    """

    text: str
    weight: float


def clauses(own: str) -> list[Clause]:
    """The clauses of a reply's own voice, in order."""
    out: list[str] = []
    for line in own.split("\n"):
        if line and not line.isspace():
            line = HEADING.sub("", BULLET.sub("", line, count=1), count=1)
            out += [s for s in END.split(MARKUP.sub("", line)) if s and not s.isspace()]
    if len(out) > HEAD + TAIL:
        out = out[:HEAD] + out[-TAIL:]
    return [
        Clause(text, weight(text))
        for sentence in out
        for part in _parts(_ends(sentence))
        if (text := folded(part).strip(" ,;:-"))
    ]


def _ends(sentence: str) -> str:
    """A sentence as it is, unless it is far too long to be one: then its two ends."""
    half = LONGEST // 2
    return sentence if len(sentence) <= LONGEST else f"{sentence[:half]} {sentence[-half:]}"


def _parts(sentence: str) -> list[str]:
    parts = TURN.split(sentence)
    if CONCEDES.match(parts[0].lstrip()):
        return [*AFTER_CONCESSION.split(parts[0], maxsplit=1), *parts[1:]]
    return parts
