"""Read the body of a chat completion: a reply, a filter's block, or an error; it never raises.

A reply is taken exactly as it stands. What cannot be read is an error and never a reply; an
empty reply stays an empty reply.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dual_bench.endpoint import error_in, is_block
from dual_bench.recording.answer import Answer
from dual_bench.responses.model import is_blank, is_filter

BLOCKED = "content_filter"
KEPT = 2000  # characters of a provider's words about its filter
# Endings that say that the server, and neither the model nor its filter, broke off.
BROKEN = frozenset({"error", "abort", "network_error", "insufficient_system_resource"})
# nan and infinity are no JSON, but no reason to lose a reply that was paid for
_DECODER = json.JSONDecoder(parse_constant=lambda name: None)
_TOKENS = ("prompt_tokens", "completion_tokens")


def read_json(raw: bytes) -> Any:
    """The JSON in a body.

    Raises:
        ValueError: it is no UTF-8, or no JSON; the message is one line.
    """
    try:
        return _DECODER.decode(raw.decode().removeprefix("\ufeff"))
    except UnicodeDecodeError as err:
        raise ValueError(f"no UTF-8 at byte {err.start} of {len(raw)}") from None
    except (ValueError, RecursionError) as err:
        raise ValueError(f"no JSON ({type(err).__name__}: {err}): {_start(raw)}") from None


def read_completion(raw: bytes) -> Answer:
    """What the model said, in the body of an answer with status 200.

    Meta has the model and the tokens as they were reported, the whole of a `reasoning_content`,
    and a provider's words about its filter. The first choice counts.

    >>> read_completion(b'{"choices": [{"message": {"content": " Hi."}, "finish_reason": "stop"}]}')
    Answer(response=' Hi.', finish_reason='stop', error=None, meta={})
    """
    try:
        body = read_json(raw)
    except ValueError as err:
        return Answer(None, error=f"the answer is {err}")
    choices = body.get("choices") if isinstance(body, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        return _no_choice(body, raw)
    meta = _reported(body)
    ending = choice.get("finish_reason")
    ending = ending if isinstance(ending, str) else None
    message = choice.get("message")
    if not isinstance(message, dict):
        if is_filter(ending):
            return _blocked(None, ending, choice, meta)
        return Answer(None, ending, f"a choice without a message: {_start(raw)}", meta)
    return _said(choice, message, ending, meta)


def block(error: object, meta: Mapping[str, Any]) -> Answer:
    """A row that a provider's filter stopped, with the provider's words."""
    return Answer(None, BLOCKED, meta={**meta, "filter": words(error)})


def words(value: object) -> str:
    """A provider's words as one line of JSON, at most `KEPT` characters."""
    return json.dumps(value, ensure_ascii=False)[:KEPT]


def _no_choice(body: object, raw: bytes) -> Answer:
    error = error_in(body)
    if is_block(error):
        return block(error, _reported(body))
    feedback = body.get("promptFeedback") if isinstance(body, dict) else None
    if isinstance(feedback, dict) and feedback.get("blockReason"):  # Google's
        return block(feedback, _reported(body))
    return Answer(None, error=f"no choices in the answer: {_start(raw)}", meta=_reported(body))


def _said(
    choice: Mapping[str, Any], message: Mapping[str, Any], ending: str | None, meta: dict[str, Any]
) -> Answer:
    try:
        text = _text(message.get("content"), meta)
    except ValueError as err:
        return Answer(None, ending, str(err), meta)
    thought = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(thought, str) and thought:
        meta["reasoning_content"] = thought
    refusal = message.get("refusal") or meta.get("refusal")
    if isinstance(refusal, str) and refusal:
        meta["refusal"] = refusal
        if is_blank(text):
            text = refusal  # the model's own words, which OpenAI keeps apart from other replies
    if is_filter(ending):
        return _blocked(text, ending, choice, meta)
    if ending in BROKEN or choice.get("error"):  # routers: the model behind them broke off
        said = words(choice.get("error") or {"finish_reason": ending})
        return Answer(None, ending, f"the answer ends in an error: {said}", meta)
    return Answer(text, ending, meta=meta)


def _blocked(
    text: str | None, ending: str | None, choice: Mapping[str, Any], meta: dict[str, Any]
) -> Answer:
    """Words that a filter let through stay; the finish reason says that they are not all."""
    said = {k: v for k, v in choice.items() if k not in ("message", "logprobs", "index")}
    return Answer(text, ending, meta=meta | {"filter": words(said)})


def _text(content: object, meta: dict[str, Any]) -> str | None:
    """The words in a `content`; parts are joined, and thoughts among them go into meta."""
    if content is None or isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise ValueError(f"the content is a {type(content).__name__} and no text")
    said: list[str] = []
    for part in content:
        if isinstance(part, str):
            said.append(part)
        elif isinstance(part, dict) and part.get("type") in (None, "text", "output_text"):
            if not isinstance(part.get("text"), str):
                raise ValueError(f"a part of the content has no text: {words(part)}")
            said.append(part["text"])
        elif isinstance(part, dict) and isinstance(part.get("refusal"), str):
            meta["refusal"] = meta.get("refusal", "") + part["refusal"]
        else:  # thoughts, pictures
            meta.setdefault("other_content", []).append(json.dumps(part))
    return "".join(said)


def _reported(body: object) -> dict[str, Any]:
    """The model and the tokens, where they are what they should be."""
    meta: dict[str, Any] = {}
    if not isinstance(body, dict):
        return meta
    if isinstance(model := body.get("model"), str):
        meta["model"] = model
    usage = body.get("usage")
    if isinstance(usage, dict):
        tokens = {name: n for name in _TOKENS if type(n := usage.get(name)) is int and n >= 0}
        if tokens:
            meta["usage"] = tokens
    return meta


def _start(raw: bytes) -> str:
    return repr(raw[:200].decode("utf-8", "replace"))
