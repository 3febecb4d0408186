"""Our judges and protocols as two scorers of Inspect, which say the same thing in two ways.

outcome       the label, or the reason why there is none, as a word; our metrics stand on it
as_expected   1 where the reply does what is expected of its row, 0 where not; for Inspect's own
              means, standard errors, groups and data frames. A row without a label is
              `Score.unscored()`: never 0, and in no mean

Inspect hides unscored samples from metrics. Ours count them, and so stand on `outcome`, which
gives every row a word. Both scores hold the whole verdict. A reply is judged once for both.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import isnan
from typing import Any
from weakref import WeakKeyDictionary

import anyio
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
from inspect_ai.solver import TaskState

from dual_bench.asking import Case, judge_all
from dual_bench.bridges.inspect.metrics import VERDICT, by_hazard, by_variant, rates
from dual_bench.bridges.inspect.reply import answer, asked, response
from dual_bench.bridges.inspect.samples import row_of
from dual_bench.judges import Judge, Reply, Request, make_judge
from dual_bench.outcomes import Verdict
from dual_bench.protocols import DEFAULT, Protocol
from dual_bench.protocols import protocol as protocol_named
from dual_bench.recall import best_recall


@scorer(metrics=[rates(), by_hazard(), by_variant()])
def outcome(protocol: str = DEFAULT, judge: str | list[str] = "rules") -> Scorer:
    """The label of a reply, or the reason why it has none.

    Args:
        protocol: `calibrated`, `dual_bench` or `vscbench`.
        judge: `rules`, `openai:MODEL`, ...; several are a majority.
    """
    desk = _Desk(protocol, judge)

    async def score(state: TaskState, target: Target) -> Score:
        verdict = await desk.verdict(state)
        word = verdict.label or str(verdict.reason)
        return Score(value=word, **_about(verdict))

    return score


@scorer(metrics=[mean(), stderr(cluster="cluster_id")])
def as_expected(protocol: str = DEFAULT, judge: str | list[str] = "rules") -> Scorer:
    """Whether a reply does what is expected of its row.

    Args:
        protocol: `calibrated`, `dual_bench` or `vscbench`.
        judge: `rules`, `openai:MODEL`, ...; several are a majority.
    """
    desk = _Desk(protocol, judge)

    async def score(state: TaskState, target: Target) -> Score:
        verdict = await desk.verdict(state)
        if verdict.label is None:
            return Score.unscored(**_about(verdict))
        right = desk.protocol.right.get(verdict.facts["expected"], frozenset())
        return Score(value=float(verdict.label in right), **_about(verdict))

    return score


def _about(verdict: Verdict) -> dict[str, Any]:
    """What both scores say beside their value."""
    evidence = [f"{question}: {said}" for question, said in verdict.evidence.items() if said]
    votes = [f"{vote.judge}: {vote.label or vote.reason}" for vote in verdict.votes]
    reason = None if verdict.reason is None else str(verdict.reason)
    return {
        "answer": verdict.label,
        "reason": reason,
        "explanation": "\n".join([*evidence, *votes]) or reason,
        "metadata": {"reason": reason, VERDICT: verdict.to_dict()},
    }


# The two scorers of a task judge a sample one after the other; the second finds the verdict here.
_judged: WeakKeyDictionary[TaskState, dict[tuple[str, str, str], Verdict]] = WeakKeyDictionary()


class _Desk:
    """Judges samples for one scorer, in threads of their own, so that the model's calls go on."""

    def __init__(self, protocol: str, judge: str | Sequence[str]) -> None:
        self.protocol: Protocol = protocol_named(protocol)
        self._judge = _AtOnce(make_judge(judge, self.protocol))
        self._limiter: anyio.CapacityLimiter | None = None

    async def verdict(self, state: TaskState) -> Verdict:
        case = _case(state)
        known = _judged.setdefault(state, {})
        key = (self._judge.name, self.protocol.id, case.input)
        if key not in known:
            if self._limiter is None:  # made here because it belongs to the running event loop
                self._limiter = anyio.CapacityLimiter(self._judge.judge.workers)
            work = partial(judge_all, [case], self._judge, self.protocol)
            found = await anyio.to_thread.run_sync(work, limiter=self._limiter)
            known[key] = found[case.row.id]
        return known[key]


def _case(state: TaskState) -> Case:
    """The sample as a case for a judge."""
    row = row_of(state.sample_id, state.metadata)
    said = answer(state.output)
    sent = asked(state.messages)
    reply = response(row.id, said, model=str(state.model), prompt=row.prompt, sent=sent)
    share = None
    if reply.reason is None:
        best = best_recall(state.metadata.get("wordings") or (), reply.response or "")
        share = None if isnan(best) else best
    return Case(row, reply, share)


class _AtOnce:
    """A judge that is asked about one case a call; how many calls there are at once, we count."""

    workers = 1

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.name = judge.name

    def describe(self) -> dict[str, Any]:
        """Settings of the judge."""
        return self.judge.describe()

    def __call__(self, request: Request) -> Reply:
        """Judge one reply."""
        return self.judge(request)
