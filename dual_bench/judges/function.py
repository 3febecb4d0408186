"""A judge made of any Python function: `Request` in, label out.

The function is called from one thread. What it raises is this row's failure (`judge_error`);
what it returns must be a label of the protocol, since a wrong one is a bug and not a verdict.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from functools import partial
from types import CodeType
from typing import Any

from dual_bench.errors import UnknownNameError
from dual_bench.judges.base import Reply, Request
from dual_bench.outcomes import Reason
from dual_bench.protocols import Protocol


class FunctionJudge:
    """Judge with a function.

    Args:
        function: from a request to a label, or to a whole `Reply`.
        protocol: whose labels it gives.
        name: identity; None takes the function's name and a hash of its source, so that an
            edited function is another judge. What it calls or holds is not in the hash.
    """

    def __init__(
        self,
        function: Callable[[Request], str | Reply],
        protocol: Protocol,
        name: str | None = None,
    ) -> None:
        self.function, self.protocol = function, protocol
        self._name = name or f"python:{_title(function)}#{_source_hash(function)}"

    @property
    def name(self) -> str:
        """The function's name and hash."""
        return self._name

    @property
    def workers(self) -> int:
        """One: whether a function stands threads is not known."""
        return 1

    def describe(self) -> dict[str, Any]:
        """Where the function comes from."""
        return {"kind": "python", "function": _title(self.function)}

    def __call__(self, request: Request) -> Reply:
        """Call the function.

        Raises:
            UnknownNameError: it returned something that is no label of the protocol.
        """
        try:
            said = self.function(request)
        except Exception as err:  # the user's code may fail in any way; the row is then unscored
            line = f"{type(err).__name__}: {err}".splitlines()[0]
            return Reply(reason=Reason.JUDGE_ERROR, evidence={"error": line})
        if isinstance(said, Reply):
            return said
        if not isinstance(said, str) or said not in self.protocol.labels:
            raise UnknownNameError(
                f"label from {self.name} for {request.id}:", said, self.protocol.labels
            )
        return Reply(str(said))


def _title(function: Callable[..., object]) -> str:
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{getattr(named, '__module__', '')}.{named.__qualname__}"


def _source_hash(function: Callable[..., object]) -> str:
    if isinstance(function, partial):
        rest = (function.args, sorted(function.keywords.items()))
        source = f"{_source_hash(function.func)} {rest!r}"
    else:
        source = _source(function if inspect.isroutine(function) else type(function))
    return hashlib.sha256(source.encode()).hexdigest()[:8]


def _source(thing: Any) -> str:
    try:
        return inspect.getsource(thing)
    except (OSError, TypeError):  # typed at a prompt
        parts = vars(thing).values() if inspect.isclass(thing) else [thing]
        codes = [part.__code__ for part in parts if inspect.isfunction(part)]
        return repr([_instructions(code) for code in codes])


def _instructions(code: CodeType) -> tuple[object, ...]:
    """What a function does, without where it stands: the same in every process."""
    constants = [
        _instructions(c)
        if isinstance(c, CodeType)
        else sorted(map(repr, c))
        if isinstance(c, frozenset)
        else c
        for c in code.co_consts
    ]
    return code.co_code, code.co_names, constants
