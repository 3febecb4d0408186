"""One POST, and what came of it; nothing that a server or a network does raises.

Redirects are not followed: a key must not go to another host. A proxy is taken from the
environment (`HTTPS_PROXY`, `NO_PROXY`, ...), once, as the `openai` package does it; a `.netrc` is
not looked at, because its password would go out in place of the key.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from io import BytesIO
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

from dual_bench.endpoint import Endpoint, error_in
from dual_bench.errors import DependencyError, EndpointError
from dual_bench.run.completion import read_json

AGAIN = frozenset({408, 409, 425, 429})  # and all from 500 on
LARGEST = 64 * 2**20  # bytes of an answer
ERROR_KEPT = 300  # characters
_AT_ONCE = 2**20  # bytes of a request that aiohttp gets in one piece

_PICTURE = re.compile(r"(data:image/\w+;base64,.{24})[\w+/=]*")


class Got(NamedTuple):
    """What came of one request: an answer of a server, or why there is none.

    Attributes:
        status: of the answer; 0 where there is none.
        headers: of the answer.
        raw: its body.
        fault: what went wrong on the way; then the body is not to be used.
    """

    status: int = 0
    headers: Mapping[str, str] = {}
    raw: bytes = b""
    fault: str = ""

    @property
    def is_good(self) -> bool:
        """True for a whole answer that the server calls a success."""
        return not self.fault and 200 <= self.status < 300

    @property
    def error(self) -> Any:
        """The error object in the body, or its text."""
        try:
            return error_in(read_json(self.raw))
        except ValueError:
            return self.raw[:ERROR_KEPT].decode("utf-8", "replace")

    @property
    def code(self) -> Any:
        """The code of the error object."""
        error = self.error
        return error.get("code") if isinstance(error, Mapping) else None

    @property
    def is_temporary(self) -> bool:
        """True where the same request may be answered later.

        A router that has begun to answer with 200 puts the real status into the error's code.
        """
        if self.fault and not self.status:
            return True
        status = self.code if self.is_good else self.status
        return type(status) is int and (status in AGAIN or 500 <= status < 600)

    @property
    def said(self) -> str:
        """One line for people, not longer than needed."""
        if self.fault:
            return self.fault[:ERROR_KEPT]
        error = self.error
        said = (error.get("message") or error) if isinstance(error, Mapping) else error
        return f"HTTP {self.status}: {' '.join(str(said).split())}"[:ERROR_KEPT]


class Wire:
    """Connections to an endpoint, kept open between requests.

    Args:
        endpoint: where to, and the key.
        timeout: seconds for one request, from the connection to the last byte, so that a server
            that drips is cut off.
    """

    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        parts = urlsplit(endpoint.url)
        place = parts.netloc.rpartition("@")[2]
        path = f"{parts.path.rstrip('/')}/chat/completions"
        self.url = urlunsplit((parts.scheme, place, path, parts.query, ""))
        self._endpoint, self._timeout = endpoint, timeout
        self._session: Any = None
        self._faults: tuple[type[Exception], ...] = (OSError,)
        self._options: dict[str, Any] = {"allow_redirects": False}

    async def open(self) -> None:
        """Make ready; nothing is sent yet.

        Raises:
            DependencyError: aiohttp is missing.
            EndpointError: the proxy is of a kind that it cannot use.
        """
        aiohttp = _package()
        login = urlsplit(self._endpoint.url)
        headers = {
            "Authorization": f"Bearer {self._endpoint.key or 'none'}",
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
        }
        if login.username is not None:  # a password in the address goes before the key
            pair = f"{unquote(login.username)}:{unquote(login.password or '')}".encode()
            headers["Authorization"] = f"Basic {b64encode(pair).decode()}"
        self._options["proxy"] = _proxy(self.url)
        self._faults = (aiohttp.ClientError, OSError)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),  # the loop says how many are in flight
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=self._timeout),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    def preview(self, body: bytes) -> str:
        """A request as it would be sent, for people: no key, and the picture shortened."""
        kind = "Basic" if "@" in urlsplit(self._endpoint.url).netloc else "Bearer"
        head = f"POST {self._endpoint.shown}/chat/completions\nAuthorization: {kind} ***"
        return self._endpoint.scrubbed(f"{head}\n\n{_shortened(body)}")

    async def post(self, body: bytes) -> Got:
        """Send one request and read the whole answer."""
        # a large one is written in pieces, so that the others get their turn
        data = body if len(body) < _AT_ONCE else BytesIO(body)
        try:
            async with self._session.post(self.url, data=data, **self._options) as answer:
                raw = await _read(answer.content)
                if raw is None:
                    return Got(answer.status, fault=f"an answer of more than {LARGEST} bytes")
                return Got(answer.status, answer.headers, raw)
        except TimeoutError:
            return Got(fault=f"TimeoutError: no whole answer within {self._timeout:g} s")
        except self._faults as err:
            return Got(fault=f"{type(err).__name__}: {err}")


def _shortened(body: bytes) -> str:
    """A request for people: indented, and a picture's first characters only."""
    text = json.dumps(json.loads(body), indent=2, ensure_ascii=True)
    return _PICTURE.sub(lambda found: f"{found[1]}... ({len(found[0]):,} characters)", text)


async def _read(content: Any) -> bytes | None:
    """The whole body; None where it is too large."""
    parts, size, ended = [], 0, False
    while not ended:
        part = await content.readany()
        size += len(part)
        if size > LARGEST:
            return None
        parts.append(part)
        ended = content.at_eof()  # a short answer is there at once, and is not waited for twice
    return b"".join(parts)


def _package() -> Any:
    try:
        import aiohttp
    except ImportError as err:
        raise DependencyError(
            'the openai loop needs the aiohttp package: pip install "dual-bench[api]"'
        ) from err
    return aiohttp


def _proxy(url: str) -> str | None:
    """The proxy that the environment names for an address."""
    parts = urlsplit(url)
    if proxy_bypass(parts.netloc):
        return None
    named = getproxies()
    proxy = named.get(parts.scheme) or named.get("all") or ""
    kind, _, rest = proxy.rpartition("://")
    if kind not in ("", "http", "https"):
        where = rest.rpartition("@")[2]
        raise EndpointError(
            f"the environment names the proxy {kind}://{where}, and only http:// and https:// can "
            f"be used; name another, or add {parts.hostname} to NO_PROXY"
        )
    return f"{kind or 'http'}://{rest}" if proxy else None
