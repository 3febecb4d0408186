"""Ask a chat model behind any OpenAI-compatible endpoint: rows become requests, and answers.

    async with ChatModel("my-model", base_url="http://localhost:8000/v1") as model:
        await recorder.ask_all(model.ask, concurrency=model.concurrency)

Load the rows with decode=False: pictures are then sent byte for byte as they were built, and 64
requests in flight keep two cores busy. `dual_bench.run.chat` says what becomes of failures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Self

from dual_bench.defaults import MAX_TOKENS, TEMPERATURE
from dual_bench.endpoint import find_endpoint
from dual_bench.errors import DamagedBuildError
from dual_bench.recording.answer import Answer
from dual_bench.run.chat import Chat, Limits
from dual_bench.run.pictures import is_decoded
from dual_bench.run.request import Request, content_of
from dual_bench.run.wire import Wire


class ChatModel:
    """A model; an async context manager, which holds the connections.

    Args:
        model: as the endpoint calls it.
        base_url: of the endpoint; None takes `OPENAI_BASE_URL`, or else OpenAI's own.
        api_key_env: environment variable that holds the key. With a base_url it may be unset.
        max_tokens: room for a reply; None leaves it to the server.
        temperature: None leaves it to the server.
        system: a message that stands before each row's.
        concurrency: requests in flight at once, for the loop that asks.
        extra_body: more of the request, such as {"seed": 1}; it goes before these arguments.
        limits: those of `Limits`: timeout, retries, max_wait, max_requests, patience.

    Attributes:
        name, generation: for the recorder; what could change a reply.
        counts: requests and tokens so far.
        stop: ends the run: `stop(error)` lets nothing more be sent; rows that wait raise it.

    Raises:
        EndpointError: no key, or a setting that cannot be.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key_env: str = "OPENAI_API_KEY",
        max_tokens: int | None = MAX_TOKENS,
        temperature: float | None = TEMPERATURE,
        system: str | None = None,
        concurrency: int = 16,
        extra_body: Mapping[str, Any] | None = None,
        **limits: Any,
    ) -> None:
        self.name, self.concurrency = model, concurrency
        own, extra = {"max_tokens": max_tokens, "temperature": temperature}, dict(extra_body or {})
        request = Request(model, own, system, extra)
        self._body = request.body
        endpoint, patience = find_endpoint(base_url, api_key_env), Limits(**limits)
        place = {"system": system, "extra_body": extra, "endpoint": endpoint.place}
        self.generation: Mapping[str, Any] = {**own, **place}
        self._wire = Wire(endpoint, patience.timeout)
        self._chat = Chat(self._wire, endpoint, model, patience, request.adaptable)
        self.counts, self.stop = self._chat.counts, self._chat.stop

    async def __aenter__(self) -> Self:
        await self._wire.open()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._wire.close()

    async def ask(self, row: Mapping[str, Any]) -> Answer:
        """The model's answer to a row with `id`, `prompt` and `image`; see `Chat.ask`."""
        try:
            if is_decoded(row.get("image")):  # encoding it takes long enough to stop the others
                content = await asyncio.to_thread(content_of, row)
                return await self._chat.ask(row["id"], lambda changed: self._body(content, changed))
            # made when it is sent, so that what waits holds no copy
            return await self._chat.ask(
                row["id"], lambda changed: self._body(content_of(row), changed)
            )
        except DamagedBuildError as err:
            return Answer(None, error=f"not asked: {err}")

    def preview(self, row: Mapping[str, Any]) -> str:
        """The first request for a row as text, with the picture shortened and no key."""
        return self._wire.preview(self._body(content_of(row), {}))
