"""The body of a chat completion's request, put together from bytes.

A picture in base64 needs no escapes, so it is set between two pieces of JSON: encoding it as a
JSON string would cost more than all the rest. The picture stands first, the prompt after it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from dual_bench.errors import EndpointError
from dual_bench.run.pictures import picture_of

_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)  # one for all: made slowly
OURS = ("messages", "model", "n", "stream")


class Request:
    """What all requests of a run have in common.

    Args:
        model: as the endpoint calls it.
        own: parameters that are left out or renamed where a server rejects them; None is unset.
        system: a message that stands before each row's.
        extra: more of the request; what it names goes before `own`.

    Attributes:
        adaptable: the parameters of `own` that are sent.

    Raises:
        EndpointError: `extra` is no JSON, or names what is not for it to set.
    """

    def __init__(
        self, model: str, own: Mapping[str, Any], system: str | None, extra: Mapping[str, Any]
    ) -> None:
        if wrong := [name for name in OURS if name in extra]:
            raise EndpointError(f"extra_body: {', '.join(wrong)} is for the loop to set")
        named = set(extra) | ({"max_tokens"} if "max_completion_tokens" in extra else set())
        for name, value in {**own, "system": system, "extra_body": extra}.items():
            _json(value, name)
        self._own = {k: v for k, v in own.items() if v is not None and k not in named}
        self._extra = dict(extra)
        self.adaptable = tuple(self._own)
        before = b"" if system is None else _json({"role": "system", "content": system}) + b","
        self._head = b'{"model":%b,"messages":[%b{"role":"user","content":' % (_json(model), before)
        self._plain = self._tail({})

    def body(self, content: Iterable[bytes], adapted: Mapping[str, str]) -> bytes:
        """The request for a row.

        Args:
            content: of the user's message, as pieces of JSON; see `content_of`.
            adapted: parameter -> its other name, or `not sent`.
        """
        tail = self._tail(adapted) if adapted else self._plain
        return b"".join((self._head, *content, tail))

    def _tail(self, adapted: Mapping[str, str]) -> bytes:
        names = {name: adapted.get(name, name) for name in self._own}
        sent = {to: self._own[name] for name, to in names.items() if to != "not sent"}
        rest = _json(sent | self._extra)[1:]
        return b"}]%b%b" % (b"" if rest == b"}" else b",", rest)


def content_of(row: Mapping[str, Any]) -> tuple[bytes, ...]:
    """A row as the content of a message, in JSON: picture and prompt, or the prompt alone.

    >>> b"".join(content_of({"id": "a", "prompt": "Why?"}))
    b'"Why?"'

    Raises:
        DamagedBuildError: the picture cannot be read.
        EndpointError: there is no prompt.
    """
    if not isinstance(row.get("prompt"), str):
        raise EndpointError(f"{row.get('id')}: has no prompt; load the column `prompt`")
    prompt, picture = _json(row["prompt"]), picture_of(row)
    if picture is None:
        return (prompt,)
    after = b'"}},{"type":"text","text":%b}]' % prompt
    return b'[{"type":"image_url","image_url":{"url":"', *picture, after


def _json(value: object, what: str = "a request") -> bytes:
    try:
        return _ENCODER.encode(value).encode("ascii")
    except (TypeError, ValueError, RecursionError) as err:
        raise EndpointError(f"{what} must be plain JSON values: {err}") from err
