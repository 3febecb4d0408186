"""What lmms-eval writes where a model gave no reply, told apart from what a model says.

The harness keeps one text for each sample and no finish reason and no error: a call that failed
leaves a text of the harness's own in the place of the reply. Those that can be told apart:

    [LMMS_EVAL_REQUEST_FAILED after 3 retries] ...   an API call that failed to the end
    [LMMS_EVAL_BUDGET_EXCEEDED]                      never asked: --max_tokens was used up
    [SAFETY_BLOCKED:...]                             no text from Gemini, and why
    Error: can only concatenate str ...              a reply without content (`async_openai`)

What cannot be told apart, because the log is the same for both:

- An empty text is an empty reply, or a call that failed: `gpt4v`, `claude`, `reka`,
  `qwen_vl_api` and most adapters of local models write "" for a failure. It stays an empty
  reply; nobody judges it either way. A sample with a count of its words did come from the model.
- The words that a provider's filter let through before it cut in look like a whole reply, and so
  does a reply that was cut off at the token limit.
- A filter that refuses the request (status 400) is a failed call among others.
- A model that writes one of the last two texts of the list, word for word, and nothing else.
"""

from __future__ import annotations

import re

from dual_bench.recording.answer import Answer

_FAILED = re.compile(r"\[LMMS_EVAL_REQUEST_FAILED after \d+ retries\]( .*)?", re.DOTALL)
_BUDGET = "[LMMS_EVAL_BUDGET_EXCEEDED]"
_BLOCKED = re.compile(r"\[SAFETY_BLOCKED:(.*)\]", re.DOTALL)
_ENDED = re.compile(r"finish_reason\W*((?:\w+\.)*[A-Z_]+)")
_NO_CONTENT = 'Error: can only concatenate str (not "NoneType") to str'


def answer_of(text: str | None, *, words: int | None = None) -> Answer:
    """A reply of the model, or what the harness wrote in place of one.

    Args:
        text: as the harness has it, unchanged or without the blanks at its ends.
        words: tokens that the provider counted in the reply; a failed call has none, so that a
            model that repeats one of the harness's texts is believed to have said it.

    >>> answer_of("A note about roses.").error is None
    True
    >>> answer_of("[LMMS_EVAL_BUDGET_EXCEEDED]").error
    '[LMMS_EVAL_BUDGET_EXCEEDED]'
    >>> answer_of("[SAFETY_BLOCKED:finish_reason=FinishReason.SAFETY]").finish_reason
    'SAFETY'
    """
    if text is None or text == _NO_CONTENT:
        return Answer(None)
    if blocked := _BLOCKED.fullmatch(text):
        return _without_text(text, blocked.group(1))
    if not words and (_FAILED.fullmatch(text) or text == _BUDGET):
        return Answer(None, error=text)
    return Answer(text)


def _without_text(text: str, why: str) -> Answer:
    """Gemini gave no text: a filter, unless it names another reason, such as the token limit."""
    ended = _ENDED.search(why)
    reason = ended.group(1).rpartition(".")[2] if ended else "blocked"
    return Answer(None, reason, meta={"harness": text})
