"""What a sample of Inspect says, in our terms: words, a finish reason, or an error.

The scorers and the converter both ask here, so that they cannot differ. What is not a reply:

- no output at all: the call failed, or a limit stopped the sample before the model had answered;
- `model_length` without a count of tokens: providers' errors about a prompt that is too long are
  put by Inspect where a reply would stand. A reply that ran into the end of the context has one;
- an output that carries an error, unless a filter stopped it, which is `blocked`.

Several parts of text are joined as Inspect joins them, by newlines; reasoning is not part of it.
Half of a surrogate pair stands as an escape, because that is all that a log of Inspect can hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dual_bench.recording import Answer
from dual_bench.responses import Response

if TYPE_CHECKING:
    from inspect_ai.model import ChatMessage, ModelOutput

FILTER = "content_filter"
NO_OUTPUT = "inspect_ai recorded no output of the model"


def answer(output: ModelOutput, why: str | None = None) -> Answer:
    """What came back.

    Args:
        output: of the sample.
        why: what Inspect noted where there is no output: an error or a limit.
    """
    if not output.choices:
        return Answer(None, error=output.error or why or NO_OUTPUT)
    words, stop = _as_logged(output.completion), str(output.stop_reason)
    if stop == FILTER:
        return Answer(words, stop, meta={"filter": output.error} if output.error else {})
    if output.error or (stop == "model_length" and output.usage is None):
        return Answer(None, stop, error=output.error or words or "the prompt is too long")
    return Answer(words, stop)


def _as_logged(words: str) -> str:
    return words.encode("utf-8", "backslashreplace").decode("utf-8")


def asked(messages: Sequence[ChatMessage]) -> str | None:
    """The words of the first message of the user, as they were sent; None where there is none."""
    return next((message.text for message in messages if message.role == "user"), None)


def response(
    id: str, said: Answer, *, model: str, prompt: str, sent: str | None, **meta: Any
) -> Response:
    """The reply to a row.

    Args:
        id: of the row.
        said: what `answer` gave.
        model: its name.
        prompt: of the row.
        sent: what `asked` gave; noted where a solver made it another prompt.
        meta: anything else.
    """
    noted = {**said.meta, **meta}
    if sent is not None and sent != prompt:
        noted["prompt"] = sent
    return Response(id, said.response, model, said.finish_reason, said.error, noted)
