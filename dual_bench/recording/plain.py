"""Settings as plain JSON values, so that those of a later start can be compared with them.

A whole number of another kind (NumPy's) is taken as an int, which changes nothing. What else is no
JSON is refused: a float32 of 0.1 is not 0.1, and what str() makes of an object may be another text
at the next start; which one is meant is for the user to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from decimal import Decimal
from math import isfinite
from numbers import Integral, Real
from typing import Any

from dual_bench.errors import JournalError

_LONGEST = 80  # characters of a value that a message shows


def plain_settings(name: str, given: Any) -> dict[Any, Any]:
    """A dict of values that JSON can write; keys become strings when it does.

    >>> plain_settings("generation", {"seed": 1, "stop": ("a", "b")})
    {'seed': 1, 'stop': ['a', 'b']}

    Raises:
        JournalError: it is no dict, or a value is none; names its key and says what to give.
    """
    try:
        pairs = dict(given)
    except (TypeError, ValueError) as err:
        hint = _made_with_dict(given) or "give one, such as {'temperature': 0}"
        raise JournalError(f"{name}: expected a dict, got {_shown(given)}; {hint}") from err
    return _plain_dict(name, pairs)


def _plain_dict(name: str, pairs: Mapping[Any, Any]) -> dict[Any, Any]:
    for key in pairs:
        if key is not None and not isinstance(key, str | int | float):
            raise JournalError(f"{name}: expected strings as keys, got {_shown(key)}")
    return {key: _plain(f"{name}.{key}", value) for key, value in pairs.items()}


def _plain(name: str, value: Any) -> Any:
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float) and isfinite(value):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, dict):
        return _plain_dict(name, value)
    if isinstance(value, list | tuple):
        return [_plain(f"{name}[{number}]", item) for number, item in enumerate(value)]
    raise JournalError(
        f"{name}: expected a plain JSON value, got {_shown(value)}; {_what_to_give(value)}"
    )


def _shown(value: Any) -> str:
    """Its type, with the module where it is not Python's own, and the beginning of it."""
    kind = type(value)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    text = " ".join(repr(value).split())  # an array's has several lines
    return f"a {module}{kind.__qualname__}: {text:.{_LONGEST}}"


def _what_to_give(value: Any) -> str:
    if isinstance(value, type):  # it has the methods of its objects
        return _name(value)
    return _number(value) or _made_with_dict(value) or _collection(value) or _name(value)


def _number(value: Any) -> str:
    if isinstance(value, float):  # nan and inf: all others are plain
        return "give a finite number, a string or None"
    if isinstance(value, Real | Decimal):
        return "give float(...)"
    return "give bool(...)" if type(value).__name__ in ("bool", "bool_") else ""  # NumPy's


def _made_with_dict(value: Any) -> str:
    if isinstance(value, Mapping):
        return "give dict(...)"
    return "give its to_dict()" if callable(getattr(value, "to_dict", None)) else ""


def _collection(value: Any) -> str:
    if callable(getattr(value, "tolist", None)):
        return "give its tolist()"
    if isinstance(value, bytes | bytearray):
        return "give its decode()"
    if isinstance(value, Set):
        return "give sorted(...)"  # str and list have another order in each process
    return "give list(...)" if isinstance(value, Iterable) else ""


def _name(value: Any) -> str:
    """For objects; where str() would tell their address in memory, it is no setting."""
    if callable(value) or repr(value) == object.__repr__(value):
        return "give a string that names it"
    return "give str(...)"
