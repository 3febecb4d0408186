"""Which predictions are no words of the model, and which may not be the words that it said.

VLMEvalKit has one column for replies and for what it writes in place of one. Its own programs
call a prediction failed that holds "Failed to obtain answer" anywhere; a model that read these
words from a picture would be failed too, so here they must stand where VLMEvalKit puts them, at
the start and in its form. A prediction that has them elsewhere is a reply, and a doubt.

What cannot be told: its API models ask again after an empty reply and write the failure in the
end, so an empty reply and a provider's filter are both errors here, never `empty` or `blocked`.
"""

from __future__ import annotations

import re

FAILED = "Failed to obtain answer"
_FAILURES = (
    # Of an API: its fail_msg, perhaps with more behind it.
    re.compile(rf"{FAILED} via API\b.*", re.DOTALL),
    # Of a model on this machine under SKIP_ERR=1: type and words of the exception.
    re.compile(rf"{FAILED}(\.\s*|\s*:\s.*)?", re.DOTALL),
    # The words of an exception of the openai package, which some wrappers return as the reply.
    re.compile(r"Error code: \d{3}( - .*)?", re.DOTALL),
    re.compile(r"\{\s*\"error\"\s*:\s*\{\s*\"message\"\s*:.*", re.DOTALL),
)
_MARKS = (FAILED, "Error code: ", '"error":{"message":', "思考过程过长")
_ESCAPE = re.compile(r"_x00[01][0-9A-Fa-f]_")
_SAME_AS_NOTHING = {
    "nan": "an empty reply, `N/A`, `None` and the like become `nan` when VLMEvalKit resumes a run",
    "None": "VLMEvalKit writes `None` where a model returned nothing",
}


def is_failure(text: str) -> bool:
    """True for what VLMEvalKit writes in place of a reply.

    >>> is_failure("Failed to obtain answer via API. ")
    True
    >>> is_failure('The note reads "Failed to obtain answer".')
    False
    """
    return any(pattern.fullmatch(text) for pattern in _FAILURES)


def doubt(text: str) -> str:
    """Why a prediction may not be what the model said; empty where there is no sign of it."""
    if why := _SAME_AS_NOTHING.get(text):
        return why
    if _ESCAPE.search(text):
        return "holds a sign as .xlsx files write it, as is left when VLMEvalKit resumes from one"
    found = next((mark for mark in _MARKS if mark in text), None)
    return f"holds {found!r}, which VLMEvalKit takes for a failure" if found else ""
