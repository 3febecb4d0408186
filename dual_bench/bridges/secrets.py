"""What in a harness's log looks like a secret: it is not copied into a run folder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "[REDACTED]"
_NAME = re.compile(r"(?i)api_?key|access_?token|secret|passw|credential|auth|header|(?:key|token)$")
_ARGUMENT = re.compile(r"\b(\w+)=([^,]*)")


def is_secret(name: str) -> bool:
    """Whether a value of this name should stay where it is.

    >>> is_secret("hf_token"), is_secret("extra_headers"), is_secret("max_tokens")
    (True, True, False)
    """
    return bool(_NAME.search(name))


def without_secrets(values: Mapping[str, Any]) -> dict[str, Any]:
    """The others, at the first level."""
    return {name: value for name, value in values.items() if not is_secret(name)}


def redacted(arguments: str) -> str:
    """A text `name=value,name=value` without the values of secrets.

    >>> redacted("api_key=abc,timeout=10")
    'api_key=[REDACTED],timeout=10'
    """
    return _ARGUMENT.sub(
        lambda found: f"{found[1]}={HIDDEN}" if is_secret(found[1]) else found[0], arguments
    )
