"""How long to wait before a request is sent again, and one gate for all that wait.

Nothing here is drawn at random: what spreads the requests is a hash of the row's id and the
number of the attempt, so that two runs do the same.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from dual_bench.errors import DualBenchError

FIRST, LONGEST = 0.5, 8.0  # seconds of the back-off, before it is spread


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """The seconds that a server asks to wait; None where it asks nothing that can be read.

    A date is compared with the server's own `Date`, if there is one: clocks differ.

    >>> asked_wait({"Retry-After": "2"}), asked_wait({"retry-after-ms": "250"})
    (2.0, 0.25)
    >>> late, now = "Wed, 21 Oct 2015 07:28:30 GMT", "Wed, 21 Oct 2015 07:28:00 GMT"
    >>> asked_wait({"Retry-After": late, "Date": now}), asked_wait({"Retry-After": "soon"})
    (30.0, None)
    """
    given = {name.lower(): value for name, value in headers.items()}
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        seconds = _number(given.get(name, ""))
        if seconds is not None:
            return max(0.0, seconds / unit)
    then, now = _date(given.get("retry-after", "")), _date(given.get("date", ""))
    if then is None:
        return None
    return max(0.0, (then - (now or datetime.now(UTC))).total_seconds())


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def spread(id: str, attempt: int) -> float:
    """A number from 0 to 1, always the same for a row and an attempt."""
    digest = hashlib.sha256(f"{id} {attempt}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:4]) / 2**32


def back_off(id: str, attempt: int) -> float:
    """Seconds to wait after the given attempt failed, from 1 on.

    >>> [round(back_off("a", n), 1) for n in (1, 2, 3, 9)]
    [0.4, 1.0, 1.5, 6.6]
    """
    return min(FIRST * 2.0 ** (attempt - 1), LONGEST) * (0.75 + 0.25 * spread(id, attempt))


class Gate:
    """Holds back all requests of a run: for a while, or for good.

    Attributes:
        shut: why nothing more may be sent; None while it may.
    """

    def __init__(self) -> None:
        self.shut: DualBenchError | None = None
        self._until = 0.0
        self._news = asyncio.Event()

    async def passed(self) -> None:
        """Wait until a request may be sent.

        Raises:
            DualBenchError: what the gate was shut with.
        """
        while self.shut is None and (left := self._until - time.monotonic()) > 0:
            await self.sleep(left)
        if self.shut is not None:
            raise self.shut

    async def sleep(self, seconds: float) -> None:
        """Wait, but no longer than until the gate is shut."""
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return

    def hold(self, seconds: float) -> None:
        """Let nothing pass for so long."""
        self._until = max(self._until, time.monotonic() + seconds)

    def close(self, why: DualBenchError) -> None:
        """Let nothing pass any more; wakes whatever waits."""
        self.shut = self.shut or why
        self._news.set()
