"""What the tasks of an exported folder call; its utils.py hands these on to the harness.

The verdict is the rules judge's, under one protocol, on the reply as the harness has it: without
the blanks at its ends, which it strips before it asks. A row without a reply is unscored, with
the reason that `dual_bench.score` would give.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from threading import Lock
from typing import Any

from dual_bench.asking import Case, judge_all
from dual_bench.bridges.lmms_eval.failures import answer_of
from dual_bench.bridges.lmms_eval.tallies import Number, tallies
from dual_bench.judges import Judge, make_judge
from dual_bench.outcomes import Verdict
from dual_bench.protocols import PROTOCOLS
from dual_bench.recording.identity import row_digest
from dual_bench.responses import Response
from dual_bench.rows import rows_for

PROTOCOL = PROTOCOLS["calibrated"]
TALLIES = tallies(PROTOCOL)
_LOCK = Lock()  # the harness calls `process_results` from several threads

Doc = Mapping[str, Any]


def doc_to_visual(doc: Doc) -> list[Any]:
    """The row's picture; an empty list for a row that is text alone."""
    image = doc["image"]
    return [] if image is None else [image.convert("RGB")]


def doc_to_text(doc: Doc) -> str:
    """The row's prompt, unchanged."""
    return str(doc["prompt"])


def doc_to_target(doc: Doc) -> str:
    """Which row it is, as JSON: id, digest, what is expected, and the harness's version.

    The harness does not log the row itself, nor its own version; the target is logged always,
    even where it was told to predict only, and `convert` finds the row by it.
    """
    target = {"id": doc["id"], "row": row_digest(doc), "expected": doc["expected"], "by": _by()}
    return json.dumps(target, ensure_ascii=False)


def process_results(doc: Doc, results: Sequence[str | None]) -> dict[str, Any]:
    """The value of every tally for one row.

    Args:
        doc: the row; its picture is not needed.
        results: one reply.
    """
    found = verdict(doc, results[0] if results else None)
    return {key: tally.of_row(found) for key, tally in TALLIES.items()}


def aggregation(key: str) -> Callable[[Sequence[Any]], Number]:
    """What turns the values of one tally into the number that the harness prints."""
    over = TALLIES[key].over

    def aggregate(items: Sequence[Any]) -> Number:
        return over(items)

    aggregate.__name__ = key
    return aggregate


def verdict(doc: Doc, text: str | None) -> Verdict:
    """What the rules make of one reply."""
    (row,) = rows_for([doc], ()).rows
    answer = answer_of(text)
    response = Response(
        row.id, answer.response, finish_reason=answer.finish_reason, error=answer.error
    )
    with _LOCK:
        return judge_all([Case(row, response)], _judge(), PROTOCOL)[row.id]


@lru_cache(maxsize=1)
def _by() -> str:
    try:
        return f"lmms_eval {version('lmms_eval')}"
    except PackageNotFoundError:  # a checkout that is not installed
        return "lmms_eval"


@lru_cache(maxsize=1)
def _judge() -> Judge:
    return make_judge("rules", PROTOCOL)
