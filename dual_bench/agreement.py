"""How far two sets of labels agree: shares, kappa, confusion matrix, the worst disagreements.

Rows that either set has no label for are counted and left out. Nothing here makes a label; see
`validation` for a judge against people's labels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from dual_bench.judges.labels import check_label
from dual_bench.metrics.table import by_id
from dual_bench.outcomes import Verdict
from dual_bench.protocols import Protocol
from dual_bench.stats import cohen_kappa, confusion_matrix, macro_f1

WORST = 10


class Disagreement(NamedTuple):
    """A row that the two sets of labels differ on."""

    id: str
    first: str
    second: str
    reply: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two sets of labels on the same rows; where one is the truth it is the first.

    Attributes:
        protocol: whose labels they are.
        names: of the two sets.
        n: rows with a label in both.
        n_unscored: rows without one in either.
        only_one: rows that only one of the two knows at all.
        accuracy: share with the same label; nan without rows, as are the following.
        refusal_accuracy: share on which both agree whether it is a refusal of any kind.
        macro_f1: mean F1 over the labels that occur.
        kappa: Cohen's.
        labels, confusion: labels that occur, in the protocol's order, and counts with the first
            set in rows and the second in columns.
        worst: disagreements, those between the most distant labels first.
    """

    protocol: Protocol
    names: tuple[str, str]
    n: int
    n_unscored: int
    only_one: int
    accuracy: float
    refusal_accuracy: float
    macro_f1: float
    kappa: float
    labels: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    worst: tuple[Disagreement, ...]
    reasons: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; a value that does not exist is None."""
        values = {
            "protocol": self.protocol.id,
            "first": self.names[0],
            "second": self.names[1],
            "n": self.n,
            "n_unscored": self.n_unscored,
            "unscored": dict(self.reasons),
            "only_one": self.only_one,
            "accuracy": self.accuracy,
            "refusal_accuracy": self.refusal_accuracy,
            "macro_f1": self.macro_f1,
            "kappa": self.kappa,
            "confusion": {
                "labels": list(self.labels),
                "counts": [list(row) for row in self.confusion],
            },
            "worst": [d._asdict() for d in self.worst],
        }
        return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in values.items()}

    def __str__(self) -> str:
        from dual_bench.show import show_agreement

        return show_agreement(self)


def agree(
    first: Sequence[Verdict],
    second: Sequence[Verdict],
    protocol: Protocol,
    names: tuple[str, str],
    replies: Mapping[str, str] | None = None,
) -> Agreement:
    """Set two sets of verdicts against each other.

    Args:
        first: people's, or any judge's.
        second: another's.
        protocol: whose labels both have.
        names: of the two, for people.
        replies: id -> reply, to show with the disagreements.

    Raises:
        LabelsError: a label that the protocol does not have.
        JournalError: two verdicts on one row.
    """
    one, two = by_id(first), by_id(second)
    shared = [i for i in one if i in two]
    for verdicts in (one, two):
        for v in verdicts.values():
            if v.label is not None:
                check_label(v.label, protocol, v.id)
    both = [(one[i], two[i]) for i in shared]
    scored = [(a, b) for a, b in both if a.label is not None and b.label is not None]
    truth, said = [str(a.label) for a, _ in scored], [str(b.label) for _, b in scored]
    labels = tuple(str(x) for x in protocol.labels if x in {*truth, *said})
    reasons: dict[str, int] = {}
    for a, b in both:
        reason = a.reason or b.reason
        if reason is not None:
            reasons[reason.value] = reasons.get(reason.value, 0) + 1
    return Agreement(
        protocol,
        names,
        len(scored),
        len(both) - len(scored),
        len(one) + len(two) - 2 * len(shared),
        _share(a == b for a, b in zip(truth, said, strict=True)),
        _share(
            (a in protocol.refusals) == (b in protocol.refusals)
            for a, b in zip(truth, said, strict=True)
        ),
        macro_f1(truth, said),
        cohen_kappa(truth, said),
        labels,
        _confusion(truth, said, labels),
        tuple(_worst(scored, protocol, replies or {})),
        reasons,
    )


def _share(hits: Iterator[bool]) -> float:
    values = list(hits)
    return sum(values) / len(values) if values else math.nan


def _confusion(
    truth: list[str], said: list[str], labels: tuple[str, ...]
) -> tuple[tuple[int, ...], ...]:
    """Counts in the protocol's order of labels."""
    found = confusion_matrix(truth, said)
    order = [int(np.flatnonzero(found.labels == label)[0]) for label in labels]
    return tuple(tuple(int(n) for n in found.counts[i, order]) for i in order)


def _worst(
    scored: list[tuple[Verdict, Verdict]], protocol: Protocol, replies: Mapping[str, str]
) -> Iterator[Disagreement]:
    """Up to WORST: labels far apart in the protocol's order first, then the shortest replies."""
    place = {str(label): i for i, label in enumerate(protocol.labels)}
    apart = [(a, b) for a, b in scored if a.label != b.label]

    def key(pair: tuple[Verdict, Verdict]) -> tuple[int, int, str]:
        a, b = pair
        return -abs(place[str(a.label)] - place[str(b.label)]), len(replies.get(a.id, "")), a.id

    for a, b in sorted(apart, key=key)[:WORST]:
        words = "; ".join(f"{k}: {v}" for k, v in b.evidence.items())
        yield Disagreement(a.id, str(a.label), str(b.label), replies.get(a.id, ""), words)
