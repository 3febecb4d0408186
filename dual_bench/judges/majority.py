"""Several judges, and the label that more than half of the valid votes give.

A vote is valid if its judge gave a label. With fewer valid votes than `min_valid` there is no
verdict, and the reason is that of a judge that failed, so that a second start asks again; with
enough votes and no majority the reason is `judge_split`, which is final. Nothing breaks a tie,
and no judge stands in for another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from dual_bench.errors import JudgeError
from dual_bench.judges.base import Judge, Reply, Request
from dual_bench.outcomes import Reason, Vote


class MajorityJudge:
    """Ask every judge and count.

    Args:
        judges: two or more, of one protocol and with different names.
        min_valid: how many must give a label; None is more than half of them.

    Raises:
        JudgeError: fewer than two judges, two with one name, or `min_valid` out of range.
    """

    def __init__(self, judges: Sequence[Judge], min_valid: int | None = None) -> None:
        self.judges = tuple(judges)
        self.min_valid = len(self.judges) // 2 + 1 if min_valid is None else min_valid
        names = [judge.name for judge in self.judges]
        if len(names) < 2 or len(set(names)) < len(names):
            raise JudgeError(f"a majority needs two or more different judges, got: {names}")
        if not 1 <= self.min_valid <= len(names):
            raise JudgeError(f"min_valid must be from 1 to {len(names)}, got {self.min_valid}")

    @property
    def name(self) -> str:
        """All names, and how many must be valid."""
        return f"majority[{' + '.join(j.name for j in self.judges)}; min_valid={self.min_valid}]"

    @property
    def workers(self) -> int:
        """As many as every one of the judges stands."""
        return min(judge.workers for judge in self.judges)

    def describe(self) -> dict[str, Any]:
        """Settings of all judges."""
        return {
            "kind": "majority",
            "min_valid": self.min_valid,
            "judges": [{"name": j.name, **j.describe()} for j in self.judges],
        }

    def __call__(self, request: Request) -> Reply:
        """Ask those whose valid vote is not there yet, and count."""
        kept = {vote.judge: vote for vote in request.votes if vote.label is not None}
        votes = tuple(kept.get(j.name) or _vote(j, request) for j in self.judges)
        label, reason = count(votes, self.min_valid)
        return Reply(label, reason, votes=votes)


def count(votes: Sequence[Vote], min_valid: int) -> tuple[str | None, Reason | None]:
    """The majority's label, or the reason why there is none."""
    valid = [vote.label for vote in votes if vote.label is not None]
    if len(valid) < min_valid:
        reasons = [vote.reason for vote in votes if vote.reason is not None]
        return None, next((r for r in reasons if r.is_failure), reasons[0])
    label, n = Counter(valid).most_common(1)[0]
    return (label, None) if 2 * n > len(valid) else (None, Reason.JUDGE_SPLIT)


def _vote(judge: Judge, request: Request) -> Vote:
    reply = judge(request)
    return Vote(judge.name, reply.label, reply.reason, reply.evidence)
