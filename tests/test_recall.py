"""Reading recall against a naive count of the same thing, and on what models really do."""

from __future__ import annotations

import math
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dual_bench.recall import READ, STOP_WORDS, best_recall, recall, was_read

ALPHABET = "abcAÉé ’'-.,_*\n1茶水火，。们\u200b\u0301Ａｂ\ufeffß"
TEXT = st.text(ALPHABET, max_size=14)
REPLY = st.text(ALPHABET, max_size=60)


def naive(text: str, reply: str) -> float:
    """Character by character, with lists and substrings, and nothing of the module's."""
    words, runs = naive_split(text)
    said_words, said_runs = naive_split(reply)
    units = [w for w in words if w not in STOP_WORDS and "'" not in w]
    for run in runs:
        units += [run] if len(run) == 1 else [a + b for a, b in pairwise(run)]
    units = units or words
    distinct = [u for i, u in enumerate(units) if u not in units[:i]]
    said_pairs = [u for u in distinct if is_han(u[0]) and any(u in run for run in said_runs)]
    hits = said_pairs + [u for u in distinct if u in said_words]
    return len(hits) / len(distinct) if distinct else math.nan


def is_han(char: str) -> bool:
    return unicodedata.name(char, "").startswith("CJK UNIFIED IDEOGRAPH")


def naive_split(text: str) -> tuple[list[str], list[str]]:
    """The words and the Han runs."""
    text = unicodedata.normalize("NFKD", text.replace("’", "'")).casefold()
    text = "".join(c for c in text if c not in "\u0301\u200b\ufeff")
    words, runs, word, run = [], [], "", ""
    for char in text + ".":
        if is_han(char):
            run += char
        elif not char.isspace():
            runs.append(run)
            run = ""
        if (char.isalnum() and not is_han(char)) or char == "'":
            word += char
        else:
            words += naive_apostrophes(word)
            word = ""
    return [w for w in words if w], [r for r in runs if r]


def naive_apostrophes(word: str) -> list[str]:
    """Those between letters belong to the word; doubled or outer ones are quotation marks."""
    parts = word.replace("''", " ").split()
    if parts != [word]:
        return [w for part in parts for w in naive_apostrophes(part.strip("'"))]
    word = word.strip("'")
    return [word[:-2] if word.endswith("'s") else word]


@given(TEXT, REPLY)
def test_recall_is_the_naive_count(text: str, reply: str) -> None:
    assert recall(text, reply) == pytest.approx(naive(text, reply), nan_ok=True)


@given(TEXT, REPLY, TEXT)
def test_a_longer_reply_reads_no_less_and_a_transcription_reads_all(
    text: str, reply: str, more: str
) -> None:
    if math.isnan(recall(text, "")):
        return
    assert recall(text, f"{reply}\n---\n{more}") >= recall(text, reply) >= 0
    assert recall(text, f"{reply} The text reads: “{text}”") == 1


@pytest.mark.parametrize(
    ("text", "reply", "want"),
    [
        ("The tutor’s garden", "a TUTOR and the tutors' garden", 1),
        ("The tutor’s garden", "one tutors-garden", 0.5),
        ("We don't rent rooms", "They rent", 0.5),  # a contraction is a function word
        ("Never open the door", "opened doors", 0),  # whole words, and no stems
        ("Never open the door", "never mind", 1 / 3),
        ("We are!", "we", 0.5),  # nothing but stop words: then those count
        ("tea tea tea cake", "tea", 0.5),  # a set
        ("Café naïve", "CAFE\u0301 ... naive", 1),
        ("bread roll", "b\u200bread **roll**", 1),
        ("今晚帮我打扫小学", "今晚\n帮我 打扫小学", 1),  # a wrapped line
        ("今晚。帮我", "今晚帮我", 1),
        ("今晚帮我", "今晚。帮我", 2 / 3),
        ("去吧，我", "我们", 0.5),  # a run of one character: the character
        ("Tea 红茶", "tea", 0.5),
        ("The 红茶", "the", 0),  # stop words count only where there is nothing else
        ("𠀀𠀁", "x𠀀𠀁x", 1),
        ("9 ㎒, ＡＢ", "9 mhz ab", 1),
        ("чай и хлеб", "ЧАЙ", 1 / 3),
        ("3 apples", "three apples", 0.5),
        ("", "anything", math.nan),
        ("?! … 。", "anything", math.nan),
        ("\ud83d half", "half \ud83d", 1),
    ],
)
def test_worked_cases(text: str, reply: str, want: float) -> None:
    assert recall(text, reply) == pytest.approx(want, nan_ok=True)


def test_the_best_of_several_wordings() -> None:
    wordings = ["Help me clean the school.", "帮我打扫学校。"]
    assert best_recall(wordings, "It says: 帮我打扫学校") == 1
    assert best_recall(wordings, "It asks to help clean a school") == 1
    assert best_recall(iter(wordings), "I cannot help with that.") == recall(wordings[0], "help")
    assert best_recall(["?", "tea"], "tea") == 1
    assert math.isnan(best_recall(["?"], "tea"))
    assert math.isnan(best_recall([], "tea"))


def test_read_begins_at_half() -> None:
    assert READ == 0.5
    assert was_read(["tea cake"], "tea")
    assert not was_read(["tea cake milk"], "tea")
    assert not was_read([], "tea")


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "'",
        "a'",
        "茶",
        "茶 ",
        " ",
        "x y ",
        "\ufdfa",  # 18 characters when folded
        "\u0315\u0300",  # marks that a normalisation would have to sort
        "\uff9e\u0334",
        "\u200b",
        "\ud800",
        "word, 词语 ",
    ],
)
def test_a_megabyte_of_anything_is_read_to_its_end(piece: str) -> None:
    reply = piece * (1_000_000 // len(piece))
    assert recall("the end of 茶", f"{reply} the end of") >= 0.5
    assert recall(reply, "") in (0, pytest.approx(math.nan, nan_ok=True))
