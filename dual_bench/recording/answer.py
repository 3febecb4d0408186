"""What came back for a row, before it has a place in a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

NOTHING: Mapping[str, Any] = {}  # a dict, so that answers come through from other processes


class Answer(NamedTuple):
    """A reply, or why there is none; the fields are those of a line in responses.jsonl.

    Attributes:
        response: the model's words, unchanged; None where there are none.
        finish_reason: why it stopped, in the provider's word.
        error: what went wrong in place of a reply.
        meta: anything else worth keeping, as plain JSON values.
    """

    response: str | None
    finish_reason: str | None = None
    error: str | None = None
    meta: Mapping[str, Any] = NOTHING
