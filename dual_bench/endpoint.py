"""What every client of an OpenAI-compatible endpoint needs to know: a judge, or a run's loop.

Where requests go and how that is shown, the key from the environment and how it is kept out of
every message, what providers call a prompt that their filter stopped, and how to ask again where
a server rejects a parameter. Nothing here sends anything.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from dual_bench.errors import DualBenchError, EndpointError

DEFAULT_URL = "https://api.openai.com/v1"
OWN = "a private server"

# What providers call a prompt that their filter stopped, in lower case.
BLOCK_CODES = frozenset(
    {
        "content_filter",  # Azure, and OpenAI
        "content_policy_violation",
        "invalid_prompt",  # OpenAI: the usage policy
        "responsibleaipolicyviolation",  # Azure's inner error
        "data_inspection_failed",  # Alibaba, and the same in its older interface
        "datainspectionfailed",
        "moderation_blocked",
        "1301",  # Zhipu
    }
)
# Where there is no code of its own: a router's metadata, DeepSeek, Alibaba behind a router.
_BLOCK_WORDS = re.compile(r"flagged_input|Content Exists Risk|DataInspectionFailed")

# A parameter, what a server says that rejects it, and what is done. A prompt that is too long is
# answered with the names of both limits, too, but then there is no talk of support.
REJECTED: Mapping[str, tuple[str, str]] = {
    "response_format": (r"response_format|json_schema", "not sent"),
    "temperature": (r"\btemperature\b", "not sent"),
    "max_tokens": (r"(unsupported|not support).*max_completion_tokens", "max_completion_tokens"),
}
_REJECTING = (400, 404, 422)
_PASSWORD = re.compile(r"//[^/\s]*@")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where requests go.

    Attributes:
        url: as it was given; it may hold a password.
        shown: the same without user, password and query, for people and for run.json.
        key_env: environment variable of the key.
        key: the key, or an empty string.
    """

    url: str = field(repr=False)
    shown: str
    key_env: str
    key: str = field(repr=False)

    @property
    def place(self) -> str:
        """Whose model answers, for settings that two starts of one run must share.

        A private server moves between ports and machines and stays the same.
        """
        host = urlsplit(self.shown).hostname or ""
        return OWN if _is_own(host) else self.shown

    def scrubbed(self, text: str) -> str:
        """Without the key, should a server repeat it, and without a password in an address."""
        for secret in self._secrets():
            text = text.replace(secret, "***")
        return utf8(_PASSWORD.sub("//", text))

    def mistake(self, status: int, model: str, said: str) -> str | None:
        """What a user has to mend, where the status says that no row could be answered."""
        if status in (401, 403):
            key = f"the key in {self.key_env}" if self.key else f"no key ({self.key_env} unset)"
            return f"{self.shown} does not accept {key}; mend the key: {said}"
        if status == 404:
            missing = f"has no model {model!r}, or its base_url is not right"
            return f"{self.shown} {missing} (many end in /v1): {said}"
        return None

    def _secrets(self) -> Iterator[str]:
        parts = urlsplit(self.url)
        yield from filter(None, (self.key, parts.password, parts.query))


def find_endpoint(
    base_url: str | None, api_key_env: str, *, error: type[DualBenchError] = EndpointError
) -> Endpoint:
    """The endpoint that is meant, and its key.

    Args:
        base_url: of the endpoint; None takes `OPENAI_BASE_URL`, or else OpenAI's own.
        api_key_env: environment variable that holds the key. With an address it may be unset.
        error: what is raised.
    """
    url = base_url or os.environ.get("OPENAI_BASE_URL") or ""
    shown = shown_url(url or DEFAULT_URL, error)
    key = _key(api_key_env, bool(url), error)
    return Endpoint(url or DEFAULT_URL, shown, api_key_env, key)


def _is_own(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private  # loopback is, too
    except ValueError:
        return "." not in host  # `localhost`, and a machine of a cluster


def _key(variable: str, named: bool, error: type[DualBenchError]) -> str:
    key = os.environ.get(variable, "").strip()
    if not key and not named:
        raise error(f"no key: set {variable} in the environment, or name a base_url")
    if not (key.isascii() and key.isprintable()):
        raise error(f"the key in {variable} is not plain ASCII text; set it again")
    return key


def shown_url(url: str, error: type[DualBenchError] = EndpointError) -> str:
    """An address without user, password and query.

    >>> shown_url("http://me:secret@localhost:8000/v1/?key=secret")
    'http://localhost:8000/v1'
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise error(f"base_url {url.rpartition('@')[2]!r}: expected http://HOST[:PORT]/v1")
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def error_in(body: object) -> Any:
    """The error object in the JSON of an answer, whichever way a server wraps it.

    >>> error_in([{"error": {"code": 404}}]), error_in({"error": "gone"}), error_in("<html>")
    ({'code': 404}, {'message': 'gone'}, '<html>')
    """
    if isinstance(body, list) and body:
        body = body[0]  # Google's
    inner = body.get("error", body) if isinstance(body, Mapping) else body
    return {"message": inner} if isinstance(inner, str) and inner is not body else inner


def is_block(error: object) -> bool:
    """True where an error, as `error_in` gives it, says that a filter stopped the prompt.

    >>> is_block({"code": "content_filter"}), is_block({"code": "context_length_exceeded"})
    (True, False)
    """
    codes = {str(code).casefold() for code in _codes(error)}
    return bool(codes & BLOCK_CODES or _BLOCK_WORDS.search(str(error)))


def _codes(error: object) -> Iterator[object]:
    if isinstance(error, Mapping):
        yield from (error.get("code"), error.get("type"))
        for inner in ("innererror", "metadata"):  # Azure's and OpenRouter's
            yield from _codes(error.get(inner))


def adaptation(status: int, said: str, sent: Iterable[str]) -> dict[str, str]:
    """How to ask again, if an error names a parameter that was sent; else empty.

    Args:
        status: of the answer.
        said: the words of the error, with its `param`.
        sent: parameters that may be changed.

    >>> adaptation(400, "temperature: only the default is supported", ["temperature"])
    {'temperature': 'not sent'}
    """
    for name, (words, instead) in REJECTED.items() if status in _REJECTING else ():
        if name in sent and re.search(words, said, re.IGNORECASE | re.DOTALL):
            return {name: instead}
    return {}


def utf8(text: str) -> str:
    """Without lone surrogates: JSON can smuggle them in, and UTF-8 cannot take them out."""
    return text.encode("utf-8", "replace").decode("utf-8")
