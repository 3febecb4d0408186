"""One reply of a model, and the run of replies that one source holds.

A reply is kept exactly as it was given: nothing is stripped, and "N/A", "null" or "=1+1" are
replies like any other. Whether a reply is a refusal is not for this module to say.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dual_bench.outcomes import Reason

# The finish reasons by which providers say that a filter of theirs, and not the model, ended the
# reply; in lower case. A word that can also mean something else ("other", "error") is not here.
FILTERED = frozenset(
    {
        "content_filter",  # OpenAI, Azure, Mistral and most servers that copy their interface
        "content_filtered",  # Amazon Bedrock
        "guardrail_intervened",  # Amazon Bedrock
        "refusal",  # Anthropic: its classifiers stopped the stream; a refusal in words is end_turn
        "safety",  # Google, and the names down to image_recitation
        "recitation",
        "blocklist",
        "prohibited_content",
        "spii",
        "model_armor",
        "image_safety",
        "image_prohibited_content",
        "image_recitation",
        "error_toxic",  # Cohere
        "sensitive",  # Zhipu
        "blocked",  # names that wrappers and own scripts use
        "filtered",
    }
)

CUT_OFF = ("length", "max_tokens")  # finish reasons of a reply that ended at a token limit

# Letters and symbols by category that nevertheless show nothing: fillers and the empty Braille.
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Response:
    """What came back for one row.

    Attributes:
        id: of the row.
        response: the model's words, unchanged; None where there are none.
        model: its name.
        finish_reason: why it stopped, in the provider's word.
        error: what the run recorded in place of a reply; an empty one is none.
        meta: anything else that was recorded.
    """

    id: str
    response: str | None
    model: str | None = None
    finish_reason: str | None = None
    error: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reason(self) -> Reason | None:
        """Why there is nothing to judge; None for a reply that can be judged.

        An error comes first, even if its text speaks of a filter: from words alone it cannot be
        told whether the row or the whole account was refused. Then a filter, even where it let
        some words through, because they are not the model's whole reply. Then blankness.

        >>> Response("a", "N/A").reason is None
        True
        >>> Response("a", "The picture sh", finish_reason="SAFETY").reason
        <Reason.BLOCKED: 'blocked'>
        """
        if self.error and self.error.strip():
            return Reason.MODEL_ERROR
        if is_filter(self.finish_reason):
            return Reason.BLOCKED
        return Reason.EMPTY if is_blank(self.response) else None


@dataclass(frozen=True, slots=True)
class Responses:
    """All replies of one source, one an id, in the order in which the ids first came.

    Attributes:
        items: the replies that count.
        source: name of the file, or the kind of object.
        lines: where each of `items` stood; the first line of a file or row of a table is 1.
        superseded: failed replies that were left out because the id has another.
        unit: what `lines` counts: `line` or `row`.
        folder: of the run that holds them; None where they come from elsewhere.
    """

    items: list[Response]
    source: str
    lines: list[int]
    superseded: int = 0
    unit: str = "line"
    folder: Path | None = None

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Response]:
        return iter(self.items)

    def by_id(self) -> dict[str, Response]:
        """Each reply under its id."""
        return {item.id: item for item in self.items}

    def where(self, index: int) -> str:
        """Place of `items[index]`, for messages: `replies.jsonl, line 12`."""
        return f"{self.source}, {self.unit} {self.lines[index]}"


def is_filter(finish_reason: str | None) -> bool:
    """True for a provider's word for its filter; also as `FinishReason.SAFETY`."""
    if finish_reason is None:
        return False
    word = finish_reason.rpartition(".")[2].strip().casefold()
    return word.replace("-", "_").replace(" ", "_") in FILTERED


def is_blank(text: str | None) -> bool:
    """True for None and for words of which nothing can be seen: blanks, zero-width, control."""
    return text is None or all(map(_is_unseen, text))


def _is_unseen(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) in _UNSEEN or char in _BLANKS
