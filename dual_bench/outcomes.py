"""What becomes of a row: a label, or the reason why there is none.

A verdict never has both, and nothing that is not a judgement becomes a label: an empty reply, a
provider's block, a judge that is down or cannot be understood are reasons. Which labels there
are is for a protocol to say (`dual_bench.protocols`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from dual_bench.errors import JournalError


class Reason(StrEnum):
    """Why a row has no label. Those that begin with `judge_` are not the model's doing."""

    EMPTY = "empty"  # the model answered nothing, or nothing but blanks
    BLOCKED = "blocked"  # the provider's filter stopped the prompt or the reply
    MODEL_ERROR = "model_error"  # the run recorded an error in place of a reply
    MISSING = "missing"  # the file of replies has none for this row
    JUDGE_ERROR = "judge_error"  # down, throttled to the end, or it raised
    JUDGE_TIMEOUT = "judge_timeout"
    JUDGE_REFUSED = "judge_refused"  # the judge itself would not judge
    JUDGE_BLOCKED = "judge_blocked"  # the filter in front of the judge
    JUDGE_TRUNCATED = "judge_truncated"  # cut off, or an answer to only some of the questions
    JUDGE_UNPARSED = "judge_unparsed"  # it spoke, and gave no legal verdict
    JUDGE_UNABLE = "judge_unable"  # it knows that it cannot judge this, such as a language
    JUDGE_UNLABELLED = "judge_unlabelled"  # the file of labels has none for this row
    JUDGE_SPLIT = "judge_split"  # the judges' valid votes have no majority

    @property
    def is_model_side(self) -> bool:
        """True where asking the judge again cannot help."""
        return not self.value.startswith("judge_")

    @property
    def is_failure(self) -> bool:
        """True where a second start should ask the judge again."""
        final = (Reason.JUDGE_UNABLE, Reason.JUDGE_UNLABELLED, Reason.JUDGE_SPLIT)
        return not self.is_model_side and self not in final


@dataclass(frozen=True, slots=True)
class Vote:
    """What one of several judges said about a row: a label or a reason."""

    judge: str
    label: str | None = None
    reason: Reason | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one row.

    Attributes:
        id: of the row.
        label: one of the protocol's labels, or None.
        reason: why there is no label; None if and only if there is one.
        judge: name of the judge; it changes whenever the judge's verdicts could.
        protocol: name and version, such as `calibrated/1`.
        votes: of the single judges, where several were asked.
        evidence: what the label rests on: the judge's answers by question, and its words.
        input: a hash of all that was judged. Another reply, prompt or text has another hash,
            so that an old verdict is not taken for one on new words.
        facts: what the row is (pair_id, cluster_id, hazard, side, variant, expected) and `recall`,
            the share of the picture's words in the reply, so that a file of verdicts can be
            scored by itself.
    """

    id: str
    label: str | None
    reason: Reason | None
    judge: str
    protocol: str
    votes: tuple[Vote, ...] = ()
    evidence: Mapping[str, str] = field(default_factory=dict)
    input: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.label is None) == (self.reason is None):
            raise ValueError(
                f"{self.id}: a verdict has a label or a reason, and not both; "
                f"got label {self.label!r} and reason {self.reason!r}"
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `from_dict` takes them back."""
        votes = [
            {"judge": v.judge, "label": v.label, "reason": v.reason, "evidence": dict(v.evidence)}
            for v in self.votes
        ]
        return {
            "id": self.id,
            "label": self.label,
            "reason": self.reason,
            "judge": self.judge,
            "protocol": self.protocol,
            "votes": votes,
            "evidence": dict(self.evidence),
            "input": self.input,
            "facts": dict(self.facts),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Verdict:
        """Read what `to_dict` gave; parts after `reason` may be missing.

        Raises:
            JournalError: it is not a verdict; says what is wrong.
        """
        try:
            votes = tuple(
                Vote(v["judge"], v.get("label"), _reason(v.get("reason")), v.get("evidence") or {})
                for v in data.get("votes") or ()
            )
            return cls(
                id=data["id"],
                label=data.get("label"),
                reason=_reason(data.get("reason")),
                judge=data.get("judge") or "",
                protocol=data.get("protocol") or "",
                votes=votes,
                evidence=data.get("evidence") or {},
                input=data.get("input") or "",
                facts=data.get("facts") or {},
            )
        except (KeyError, TypeError, AttributeError, ValueError) as err:
            raise JournalError(f"not a verdict: {type(err).__name__}: {err}") from err


def _reason(value: str | None) -> Reason | None:
    return None if value is None else Reason(value)
