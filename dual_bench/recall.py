"""Did the model read the picture? The share of the picture's words that its reply repeats.

No judge is needed, and none is replaced: a refusal that names the subject may have read it, and
a reply without one of the words may have understood it. Scripts are not converted into each
other, and neither are traditional and simplified characters.

Words are compared as whole words after folding: compatibility forms, case, accents, invisible
characters, kinds of apostrophe, and a possessive 's. Han has no spaces, so there the units are
pairs of neighbouring characters; line breaks between them do not count, punctuation does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from math import isnan, nan

# Half of the words: far above what two texts of one hazard share by chance, and low enough for a
# paraphrase that keeps the subject and changes the rest.
READ = 0.5

# Words that any English sentence may have. Negations and always/never are not among them: the two
# sides of a pair differ in them. A contraction (don't, we're) counts as one of these by its form.
STOP_WORDS = frozenset(
    """
    a an the this that these those i you he she it we they me him her us them my your his its our
    their mine yours ours theirs and or but if so than then as of in on at by for from with to into
    is am are was were be been being do does did done have has had having will would can could
    shall should may might must let there here what which who whom whose when where how why
    """.split()
)

_APOSTROPHES = "\u2018\u2019\u201b\u02bc\u00b4\u0060\u2032\uff07"
_HAN = "\u2e80-\u2fd5\u3005\u3007\u3021-\u3029\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_HAN += "\U00020000-\U0003ffff"
_HAN_RUN = re.compile(f"[{_HAN}](?:\\s*[{_HAN}])*")
_WORD = re.compile(f"[^\\W_{_HAN}]+(?:'[^\\W_{_HAN}]+)*")


class _Folds(dict[int, str]):
    """What each character becomes, worked out once.

    Character by character, and so in linear time: normalising a whole text sorts its combining
    marks, which takes quadratic time where there are many in a row.
    """

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if char in _APOSTROPHES:
            folded = "'"
        else:
            plain = unicodedata.normalize("NFKD", char).casefold()
            parts = unicodedata.normalize("NFKD", plain)
            folded = "".join(c for c in parts if unicodedata.category(c)[0] != "M")
            folded = "" if unicodedata.category(char) == "Cf" else folded
        self[code] = folded
        return folded


_FOLDS = _Folds()


def recall(text: str, reply: str) -> float:
    r"""The share of the picture's units that occur in the reply.

        recall = |U(text) & V(reply)| / |U(text)|

    U is a set: the text's words without stop words, and the pairs of neighbouring characters in
    its Han runs (the character, for a run of one). If that is empty, it is all of its words. V
    is the set of all words, pairs and Han characters of the reply. Sets and no counts, because
    naming a word once shows that it was read; how often it is named is a matter of style.

    Args:
        text: what the picture shows.
        reply: what the model said.

    Returns:
        0 to 1; nan where the text has no word and no Han character.

    >>> recall("My uncle grows the tallest roses.", "The note is about an uncle's tall ROSES.")
    0.5
    >>> recall("今晚打扫小学", "图上写着：今晚\n打扫学校")
    0.6
    >>> recall("Tea 茶", "茶")
    0.5
    """
    return _share(_text_units(_fold(text)), _reply_units(_fold(reply)))


def best_recall(texts: Iterable[str], reply: str) -> float:
    """The highest `recall` over wordings of one picture, as the English text and its translation.

    A model may transcribe or translate; to have read it, it need not do both.

    Returns:
        0 to 1; nan where no wording has units, or where there is none.

    >>> best_recall(["Open the window.", "打开窗户"], "It says to open a window.")
    1.0
    """
    units = _reply_units(_fold(reply))
    shares = (_share(_text_units(_fold(text)), units) for text in texts)
    return max((share for share in shares if not isnan(share)), default=nan)


def was_read(texts: Iterable[str], reply: str) -> bool:
    """Whether `best_recall` reaches `READ`; False where it is nan."""
    return best_recall(texts, reply) >= READ


def _share(wanted: set[str], found: set[str]) -> float:
    return len(wanted & found) / len(wanted) if wanted else nan


def _fold(text: str) -> str:
    return text.translate(_FOLDS)


def _words(folded: str) -> set[str]:
    return {word.removesuffix("'s") for word in _WORD.findall(folded)}


def _runs(folded: str) -> list[str]:
    return ["".join(run.split()) for run in _HAN_RUN.findall(folded)]


def _pairs(run: str) -> set[str]:
    return {run[i : i + 2] for i in range(len(run) - 1)}


def _text_units(folded: str) -> set[str]:
    words = _words(folded)
    content = {word for word in words if word not in STOP_WORDS and "'" not in word}
    for run in _runs(folded):
        content |= _pairs(run) or {run}
    return content or words


def _reply_units(folded: str) -> set[str]:
    units = _words(folded)
    for run in _runs(folded):
        units |= _pairs(run) | set(run)
    return units
