"""Text as the rules read it: one form for look-alike characters, words, and how much is repeated.

It normalises and counts; it does not know what a refusal is. All of it is linear in the reply.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from itertools import accumulate

APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u201b\u02bc\u2032\u00b4"), "'")
UNSEEN = dict.fromkeys(
    map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\ufe0f\u202a\u202b\u202c\u202d\u202e")
)
WORD = re.compile(r"[^\W_\u3400-\u9fff]+(?:'[^\W_\u3400-\u9fff]+)*|[\u3400-\u9fff]")
CJK = re.compile(r"[\u3400-\u9fff]")
FIRST, LAST = 80_000, 40_000  # characters that are read of a reply
NEAR = 0.75  # share of the picture's words, in order, that makes a reply a repetition
STEM = 5  # letters by which two forms of a word are the same
LONG = 4  # letters of a word that says what a text is about
COMMON = frozenset("that this with your from have they them will what when where there".split())
CHARACTERS_A_WORD = 1.6  # Chinese characters that say as much as one English word


def normalise(text: str) -> str:
    """NFKC without what cannot be seen, and with one kind of line end.

    Curly single quotes stay, because they tell an opening from a closing one. Of a text that is
    longer than any model's reply only the two ends are kept.
    """
    if len(text) > FIRST + LAST:
        text = f"{text[:FIRST]}\n{text[-LAST:]}"
    text = unicodedata.normalize("NFKC", text.translate(UNSEEN))
    return "\n".join(text.splitlines())


def folded(text: str) -> str:
    """For matching: lower case, straight apostrophes, single blanks."""
    return " ".join(text.translate(APOSTROPHES).lower().split())


def words(text: str) -> list[str]:
    """Lower-case words; a Chinese character is a word of its own."""
    return WORD.findall(text.translate(APOSTROPHES).lower())


def weight(text: str) -> float:
    """How much a text says, in English words."""
    cjk = len(CJK.findall(text))
    return len(words(text)) - cjk + cjk / CHARACTERS_A_WORD


def repeats(reply: str, text: str | None) -> bool:
    """Do the words of `text` stand in the reply, nearly all and nearly in order?

    For Chinese, in place of words, pairs of neighbouring characters: a single one is in
    every other text. A text of fewer than two units must be there as a whole.
    """
    if not text:
        return False
    want, have = _units(words(text)), _units(words(reply))
    if len(want) < 2:
        return bool(want) and want[0] in have
    size, step = 2 * len(want), max(1, len(want) // 2)
    counts = Counter(want)
    enough = NEAR * len(want)
    found = [0, *accumulate(w in counts for w in have)]
    return any(
        found[min(start + size, len(have))] - found[start] >= enough
        and _shared(counts, have[start : start + size]) >= enough
        and _in_order(want, have[start : start + size]) >= enough
        for start in range(0, max(1, len(have) - len(want) + step), step)
    )


def touches(reply: str, text: str) -> bool:
    """Is any word of some length of `text` in the reply, in whatever form?"""
    stems = {w[:STEM] for w in {*_units(words(text))} - COMMON if len(w) >= LONG or CJK.match(w)}
    return not stems.isdisjoint(w[:STEM] for w in _units(words(reply)))


def _units(tokens: list[str]) -> list[str]:
    """Words; of two Chinese characters in a row, the pair."""
    chinese = [bool(CJK.match(token)) for token in tokens]
    out: list[str] = []
    for i, cjk in enumerate(chinese):
        if not cjk:
            out.append(tokens[i])
        elif i + 1 < len(tokens) and chinese[i + 1]:
            out.append(tokens[i] + tokens[i + 1])
    return out or tokens


def _shared(counts: Counter[str], window: list[str]) -> int:
    return (counts & Counter(w for w in window if w in counts)).total()


def _in_order(want: list[str], window: list[str]) -> int:
    """Length of the longest common subsequence."""
    best = [0] * (len(want) + 1)
    for word in window:
        before = 0
        for j, other in enumerate(want, start=1):
            before, best[j] = best[j], before + 1 if word == other else max(best[j], best[j - 1])
    return best[-1]
