"""Judges: who says what a reply does.

    rules      offline patterns; the default
    openai     a model behind any OpenAI-compatible endpoint (extra `judge`)
    majority   several of them
    function   any Python function
    labels     a file of labels, people's or another program's

`base` says what a judge is; `make_judge` finds the one that a user names. None of them stands
in for another.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from dual_bench.errors import JudgeError, UnknownNameError
from dual_bench.judges.base import Judge, Reply, Request
from dual_bench.judges.function import FunctionJudge
from dual_bench.judges.majority import MajorityJudge
from dual_bench.protocols import Protocol

FORMS = (
    "rules",
    "openai:MODEL",
    "openai:MODEL@URL",
    "labels:FILE",
    "python:MODULE:FUNCTION",
)
Spec = str | Judge | Callable[[Request], "str | Reply"] | Sequence[Any]


def make_judge(
    spec: Spec, protocol: Protocol, *, min_valid: int | None = None, **options: Any
) -> Judge:
    """The judge that is meant.

    Args:
        spec: one of `FORMS`, a judge, a function from `Request` to a label, or a list of these
            for a majority.
        protocol: whose labels it gives.
        min_valid: of a majority.
        options: passed on to `OpenAIJudge` (workers, timeout, prompts, ...).

    Raises:
        UnknownNameError: no such form.
        JudgeError: the judge cannot be used as it is named, or has no such options.
    """
    if options and not _takes_options(spec):
        raise JudgeError(
            f"options {', '.join(options)}: only openai: judges have options, and there is none"
        )
    return _made(spec, protocol, min_valid, options)


def _takes_options(spec: Spec) -> bool:
    if isinstance(spec, str):
        return spec.startswith("openai:")
    return isinstance(spec, Sequence) and any(map(_takes_options, spec))


def _made(spec: Spec, protocol: Protocol, min_valid: int | None, options: dict[str, Any]) -> Judge:
    if min_valid is not None and (isinstance(spec, str) or not isinstance(spec, Sequence)):
        raise JudgeError("min_valid is of a majority, and there is one judge")
    if isinstance(spec, str):
        return _named(spec, protocol, options)
    if isinstance(spec, Sequence):
        judges = [_made(one, protocol, None, options) for one in spec]
        if len(judges) == 1 and min_valid is None:
            return judges[0]
        return MajorityJudge(judges, min_valid)
    if all(hasattr(spec, part) for part in ("name", "workers", "describe")):
        return cast(Judge, spec)
    if not callable(spec):
        raise JudgeError(
            f"a judge is one of {', '.join(FORMS)}, a function from a request to a label, or a "
            f"list of these; got {spec!r}"
        )
    return FunctionJudge(spec, protocol)


def _named(spec: str, protocol: Protocol, options: dict[str, Any]) -> Judge:
    kind, _, rest = spec.partition(":")
    if kind == "rules" and not rest:
        from dual_bench.judges.rules import RulesJudge

        return RulesJudge(protocol)
    if kind == "openai" and rest:
        from dual_bench.judges.openai import OpenAIJudge

        model, _, url = rest.partition("@http")
        own = {"base_url": f"http{url}"} if url else {}
        return OpenAIJudge(protocol, model, **{**options, **own})
    if kind == "labels" and rest:
        from dual_bench.judges.labels import LabelsJudge

        return LabelsJudge(Path(rest), protocol)
    if kind == "python" and ":" in rest:
        return FunctionJudge(_imported(rest), protocol)
    raise UnknownNameError("judge", spec, FORMS)


def _imported(name: str) -> Callable[[Request], str | Reply]:
    """The user's own function; the working directory may hold its module."""
    module, _, function = name.partition(":")
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module), function)
    except Exception as err:  # the user's module may fail in any way while it is imported
        raise JudgeError(f"python:{name}: {type(err).__name__}: {err}") from err
    if not callable(found):
        raise JudgeError(f"python:{name}: is a {type(found).__name__} and no function")
    return cast("Callable[[Request], str | Reply]", found)


__all__ = ["FORMS", "FunctionJudge", "Judge", "MajorityJudge", "Reply", "Request", "make_judge"]
