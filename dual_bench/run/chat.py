"""One row's request to a chat model, and everything that can go wrong with it.

A row ends with an `Answer`: a reply, a filter's block or an error. Only what is no row's fault
raises: a key or an address that is wrong, an endpoint that is down, a limit that is used up. Then
no further request is sent, and rows that were not asked stay missing. What is sent, over which
wire, and how a completion is read stands elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from dual_bench.endpoint import Endpoint, adaptation, is_block
from dual_bench.errors import DualBenchError, EndpointError, SpendingLimit
from dual_bench.recording.answer import Answer
from dual_bench.run.completion import block, read_completion
from dual_bench.run.waiting import Gate, asked_wait, back_off, spread
from dual_bench.run.wire import Got, Wire

NO_MONEY = ("insufficient_quota", "billing_hard_limit_reached")  # a 429 that does not pass
_NOTHING_YET = Got()  # what came of a request that was not sent
Body = Callable[[Mapping[str, str]], bytes]  # the request, for what had to be adapted


@dataclass
class Counts:
    """What a run has cost so far: tries of all rows, and tokens where they are reported."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def add(self, usage: Mapping[str, int]) -> None:
        """Count the tokens of an answer."""
        self.prompt_tokens += usage.get("prompt_tokens", 0)
        self.completion_tokens += usage.get("completion_tokens", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How patient a run is.

    Attributes:
        timeout: seconds for one try, from the connection to the last byte.
        retries: how often a request is repeated that fails for reasons of the server.
        max_wait: longest wait that a server may ask for, in seconds.
        max_requests: how many requests may be sent, repeated ones included; None is any number.
        patience: rows in a row that fail after which the endpoint is taken to be down.
    """

    timeout: float = 120.0
    retries: int = 5
    max_wait: float = 120.0
    max_requests: int | None = None
    patience: int = 20

    def __post_init__(self) -> None:
        least = {"timeout": 0.001, "retries": 0, "max_wait": 0, "max_requests": 0, "patience": 1}
        for name, smallest in least.items():
            value = getattr(self, name)
            if not (value is None or value >= smallest):
                raise EndpointError(f"{name} must be {smallest} or more, got {value!r}")


class Chat:
    """Asks for rows; many at a time may be on their way. Open the wire first.

    Args:
        wire: to the endpoint.
        endpoint: for messages, and what must not be in them.
        model: for messages.
        limits: how patient it is.
        adaptable: parameters that may be left out or renamed where the server rejects them.

    Attributes:
        counts: what it has cost so far.
    """

    def __init__(
        self, wire: Wire, endpoint: Endpoint, model: str, limits: Limits, adaptable: tuple[str, ...]
    ) -> None:
        self.counts = Counts()
        self._wire, self._endpoint, self._model = wire, endpoint, model
        self._limits, self._adaptable = limits, adaptable
        # what the server was found to reject; replaced and never changed: rows on their way hold it
        self._adapted: Mapping[str, str] = {}
        self._gate = Gate()
        self._failed_in_a_row = 0
        self._answered = False  # a row was: key, model and address are right

    async def ask(self, id: str, body: Body) -> Answer:
        """Send a row's request until it is answered, or given up.

        Args:
            id: of the row; it spreads the waits.
            body: makes the request.

        Raises:
            EndpointError: no row can be answered: key, model, address, or it is down.
            SpendingLimit: no request was sent for this row, because there are no more.
        """
        adapted, tries, failed, got = self._adapted, 0, 0, _NOTHING_YET
        while True:
            await self._gate.passed()
            if self.counts.requests == self._limits.max_requests:
                if tries:
                    return self._given_up(got, "; max_requests are used up", tries, adapted)
                raise SpendingLimit(
                    f"max_requests: all {self.counts.requests} requests are used up; rows that "
                    f"were not asked are missing, and the same program goes on from here"
                )
            request = body(adapted)
            self.counts.requests += 1
            tries += 1
            got = await self._wire.post(request)
            if (answer := _answer(got)) is not None:
                return self._kept(answer, tries, adapted)
            if change := self._change(got, adapted):
                adapted = {**adapted, **change}
                continue
            self._check_account(got)
            failed += 1
            pause, why = self._pause(got, id, failed)
            if pause is None:
                return self._given_up(got, why, tries, adapted)
            await self._gate.sleep(pause)

    def stop(self, why: DualBenchError) -> None:
        """Send nothing more: rows that wait raise `why`, rows on the wire are still answered."""
        self._gate.close(why)

    def _kept(self, answer: Answer, tries: int, adapted: Mapping[str, str]) -> Answer:
        """What a server answered, with what it cost; nothing in it shows the key."""
        meta: dict[str, Any] = {"attempts": tries}
        if adapted:
            meta["adapted"] = dict(adapted)
        meta.update(answer.meta)
        self.counts.add(meta.get("usage", {}))
        if "filter" in meta:
            meta["filter"] = self._endpoint.scrubbed(meta["filter"])
        if answer.error:
            error = self._endpoint.scrubbed(answer.error)
            self._count_failure(error)
            return answer._replace(error=error, meta=meta)
        self._failed_in_a_row, self._answered = 0, True
        if adapted:
            self._adapted = {**self._adapted, **adapted}
        return Answer(answer.response, answer.finish_reason, answer.error, meta)

    def _given_up(self, got: Got, why: str, tries: int, adapted: Mapping[str, str]) -> Answer:
        error = self._endpoint.scrubbed(got.said) + why
        # what is wrong with one row (a picture too large) says nothing about the endpoint
        if got.is_temporary or not self._answered:
            self._count_failure(error)
        meta: dict[str, Any] = {"attempts": tries}
        return Answer(None, None, error, meta | ({"adapted": dict(adapted)} if adapted else {}))

    def _count_failure(self, error: str) -> None:
        self._failed_in_a_row += 1
        if self._failed_in_a_row >= self._limits.patience:
            self._halt(
                f"{self._endpoint.shown} seems to be down, or takes none of these requests: "
                f"{self._failed_in_a_row} rows failed one after another, the last with: {error}. "
                f"Rows that were not asked are missing, and the same program goes on from here"
            )

    def _check_account(self, got: Got) -> None:
        """Raise where it is not this row that is refused, but all of them.

        Once a row was answered, 403 and 404 are taken for this row's: a firewall in front of a
        provider, or a router without a place for it, can mean one row alone.
        """
        said, where = self._endpoint.scrubbed(got.said), self._endpoint.shown
        if got.status == 402 or got.code in NO_MONEY:
            self._halt(f"{where} answers no more until it is paid: {said}")
        if 300 <= got.status < 400 and not self._answered:
            to = self._endpoint.scrubbed(got.headers.get("Location", "an unknown address"))
            self._halt(f"{where} redirects to {to}, which is not followed; mend the address")
        status = _meant(got)
        if status == 401 or not self._answered:
            mistake = self._endpoint.mistake(status, self._model, said)
            if mistake is not None:
                self._halt(mistake)

    def _halt(self, message: str) -> NoReturn:
        error = EndpointError(message)
        self.stop(error)
        raise error

    def _change(self, got: Got, adapted: Mapping[str, str]) -> dict[str, str]:
        """How to ask again, where the server names a parameter that it does not take."""
        if got.fault:
            return {}
        error = got.error
        if isinstance(error, Mapping) and isinstance(error.get("message"), str):
            error = f"{error.get('param')} {error['message']}"  # and no echo of the request
        left = [name for name in self._adaptable if name not in adapted]
        return adaptation(got.status, str(error), left)

    def _pause(self, got: Got, id: str, failed: int) -> tuple[float | None, str]:
        """Seconds until the next try; None, and why, where there is none."""
        if not got.is_temporary:
            return None, ""
        own, asked = back_off(id, failed), asked_wait(got.headers)
        if asked is not None and asked > self._limits.max_wait:
            most = self._limits.max_wait
            return None, f"; it asks to wait {asked:.0f} s, and max_wait is {most:g} s"
        if got.status == 429:
            self._gate.hold(own if asked is None else asked)
        if failed > self._limits.retries:
            return None, f" (failed {failed} times)"
        # those that were told the same time do not all come at once
        return own if asked is None else asked + own * spread(id, failed) / 4, ""


def _meant(got: Got) -> int:
    """The status that servers give which say 400 for a wrong key or model."""
    if got.status != 400:
        return got.status
    if got.code == "invalid_api_key" or "API key not valid" in got.said:  # the latter is Google's
        return 401
    return 404 if got.code == "model_not_found" else 400


def _answer(got: Got) -> Answer | None:
    """What the server answered, or None where the request failed."""
    if got.fault:
        return None
    if got.is_good:
        answer = read_completion(got.raw)
        return None if answer.error and got.is_temporary else answer
    return block(got.error, {}) if is_block(got.error) else None
