"""Ask a judge about every row that has no verdict yet.

A verdict is in the journal before its thread takes the next row, so neither a crash nor Ctrl-C
loses one that was paid for. A judge that fails many times in a row is taken to be down; rows that
were then not asked say so. Rows without a reply never reach the judge.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, NamedTuple

from dual_bench.errors import JudgeError
from dual_bench.journal import Journal
from dual_bench.judges import Judge, Reply, Request
from dual_bench.outcomes import Reason, Verdict
from dual_bench.protocols import Protocol
from dual_bench.responses import Response
from dual_bench.rows import Row
from dual_bench.workers import Workers

PATIENCE = 20  # failures in a row after which a judge is taken to be down
DOWN = (Reason.JUDGE_ERROR, Reason.JUDGE_TIMEOUT)
Progress = Callable[[int, int, int], None]  # judged so far, to be judged, unscored so far


class Case(NamedTuple):
    """A row, what came back for it, and what an earlier start made of it."""

    row: Row
    response: Response | None
    recall: float | None = None
    old: Verdict | None = None

    @property
    def own_reason(self) -> Reason | None:
        """Why there is nothing to judge, if there is nothing."""
        return Reason.MISSING if self.response is None else self.response.reason

    @property
    def prompt(self) -> str:
        """What the model was asked: the row's prompt, unless the reply names another."""
        own = self.response.meta.get("prompt") if self.response else None
        return own if isinstance(own, str) else self.row.prompt

    @property
    def facts(self) -> dict[str, Any]:
        """What metrics need to know."""
        return {**self.row.facts, "recall": self.recall}

    @property
    def input(self) -> str:
        """16 hexadecimal digits over all that a judge would see, or what stands in its place."""
        seen = [self.prompt, self.row.text, self.row.side]
        if self.response is not None:
            seen += [self.response.response, self.own_reason]
        return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where a case becomes a verdict; used by several threads."""

    judge: Judge
    protocol: Protocol
    journal: Journal | None

    def decide(self, case: Case) -> Verdict:
        own = case.own_reason
        return self.kept(case, Reply(reason=own) if own else self._ask(case))

    def kept(self, case: Case, reply: Reply) -> Verdict:
        verdict = self._verdict(case, reply)
        if self.journal is not None:
            self.journal.append(verdict.to_dict())
        return verdict

    def _ask(self, case: Case) -> Reply:
        votes = case.old.votes if case.old and case.old.input == case.input else ()
        said = (case.response and case.response.response) or ""
        reply = self.judge(
            Request(case.row.id, case.prompt, said, case.row.text, case.row.side or None, votes)
        )
        if (reply.label is None) == (reply.reason is None):
            raise JudgeError(
                f"{self.judge.name}: must give a label or a reason for {case.row.id}, and not "
                f"both; got label {reply.label!r} and reason {reply.reason!r}"
            )
        if reply.label is not None and reply.label not in self.protocol.labels:
            raise JudgeError(
                f"{self.judge.name}: gave the label {reply.label!r} for {case.row.id}; "
                f"{self.protocol.name} has: {', '.join(self.protocol.labels)}"
            )
        return reply

    def _verdict(self, case: Case, reply: Reply) -> Verdict:
        return Verdict(
            case.row.id,
            reply.label,
            reply.reason,
            self.judge.name,
            self.protocol.id,
            reply.votes,
            reply.evidence,
            case.input,
            case.facts,
        )


def judge_all(
    cases: Sequence[Case],
    judge: Judge,
    protocol: Protocol,
    journal: Journal | None = None,
    progress: Progress | None = None,
) -> dict[str, Verdict]:
    """A verdict for every case, by id: the old one where it still holds, a new one elsewhere.

    Raises:
        DualBenchError: the judge cannot be used, or the journal not be written.
    """
    done = {  # the facts are those of today: hazards and clusters may have been mended since
        c.row.id: replace(c.old, facts=c.facts)
        for c in cases
        if c.old is not None and _holds(c.old, c)
    }
    todo = [case for case in cases if case.row.id not in done]
    unscored = sum(v.label is None for v in done.values())
    report = progress or (lambda judged, total, unscored: None)
    report(0, len(todo), unscored)
    desk = _Desk(judge, protocol, journal)
    for judged, verdict in enumerate(_decided(todo, desk), start=1):
        done[verdict.id] = verdict
        unscored += verdict.label is None
        report(judged, len(todo), unscored)
    return done


def _holds(old: Verdict, case: Case) -> bool:
    return old.input == case.input and not (old.reason is not None and old.reason.is_failure)


def _decided(todo: Sequence[Case], desk: _Desk) -> Iterator[Verdict]:
    """The verdict of every case, in the order in which they become known."""
    failures = 0
    waiting = iter(todo)
    workers = Workers(desk.judge.workers, desk.decide)
    try:
        while failures < max(PATIENCE, 2 * desk.judge.workers):
            for case in islice(waiting, 2 * desk.judge.workers - workers.flying):
                workers.give(case)
            if not workers.flying:
                return
            verdict = workers.take()
            if verdict.reason in DOWN:
                failures += 1
            elif verdict.reason is None or not verdict.reason.is_model_side:
                failures = 0  # rows without a reply say nothing about the judge
            yield verdict
        # The judge is down: what is on its way is waited for, the others are not asked.
        left = workers.withdraw()
        while workers.flying:
            yield workers.take()
        yield from _given_up([*left, *waiting], failures, desk)
    finally:  # also after an error or Ctrl-C: what is being judged is finished and kept
        workers.stop()


def _given_up(cases: Iterable[Case], failures: int, desk: _Desk) -> Iterator[Verdict]:
    """Rows that are not asked, since the judge is down; those without a reply are as ever."""
    error = {"error": f"not asked: the judge had failed {failures} times in a row"}
    for case in cases:
        if case.own_reason:
            yield desk.decide(case)
        else:
            yield desk.kept(case, Reply(reason=Reason.JUDGE_ERROR, evidence=error))
