"""Two runs on the same rows: which is better, at what, and by more than chance would do?

Only rows that both runs have a label for are compared, and how many are left out is part of the
answer. Every difference comes with an interval from resampled clusters, the p-value of a paired
permutation of whole clusters, and, for plain rates, that of the exact McNemar test, which takes
rows as independent. Over the hazards the permutation's p-values are adjusted after Holm, metric
by metric. `detectable` is the smallest difference that rows as many and as correlated as these
would have shown with a power of 0.8.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from dual_bench.errors import JournalError
from dual_bench.metrics import Estimate, Table, table
from dual_bench.metrics.estimate import Line, estimates
from dual_bench.metrics.shares import OVERALL, Floats, Group, Share, row_units, sums
from dual_bench.metrics.table import Bools, by_id
from dual_bench.protocols import Metric, Protocol, Rate
from dual_bench.result import Result
from dual_bench.stats import discordant, holm, mcnemar_exact, paired_permutation

POWER = 0.8


class Difference(NamedTuple):
    """A metric of both runs on the rows that both have a label for.

    Attributes:
        metric, kind, name: as in `Estimate`; kind is overall or hazard.
        first, second: the metric's values.
        difference: second - first, with its interval `low` to `high`.
        n: rows.
        p_permutation: two-sided, over clusters; nan for results without resamples.
        p_holm: the same adjusted over the hazards; nan overall.
        p_mcnemar: exact; nan where the metric is a difference of rates.
        detectable: smallest difference that would have been found with power 0.8.
    """

    metric: str
    kind: str
    name: str
    first: float
    second: float
    difference: float
    low: float
    high: float
    n: int
    p_permutation: float
    p_holm: float
    p_mcnemar: float
    detectable: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs side by side.

    Attributes:
        differences: overall first, then by hazard.
        n: rows that both have a label for.
        only_first, only_second: rows that one run alone knows.
        unscored: rows that both know and that one or both have no label for.
        notes: what a reader must know, such as judges that differ.
    """

    protocol: Protocol
    differences: tuple[Difference, ...]
    n: int
    only_first: int
    only_second: int
    unscored: int
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; a value that does not exist is None."""
        rows = [
            {
                k: None if isinstance(v, float) and math.isnan(v) else v
                for k, v in d._asdict().items()
            }
            for d in self.differences
        ]
        return {
            "protocol": self.protocol.id,
            "n": self.n,
            "only_first": self.only_first,
            "only_second": self.only_second,
            "unscored": self.unscored,
            "notes": list(self.notes),
            "differences": rows,
        }

    def __str__(self) -> str:
        from dual_bench.show import show_comparison

        return show_comparison(self)

    def __repr__(self) -> str:
        return f"<Comparison by {self.protocol.id}: {self.n} rows that both have>"


def compare(first: Result, second: Result, *, across_judges: bool = False) -> Comparison:
    """Compare two results on the rows that they share.

    Args:
        first: for instance the model before training.
        second: the model after it.
        across_judges: allow two judges; the difference is then also one of judges.

    Raises:
        JournalError: their protocols, their judges or their builds differ, no row is shared, or
            a run has two verdicts on one row.
    """
    notes = _comparable(first, second, across_judges)
    one, two = by_id(first.verdicts), by_id(second.verdicts)
    shared = [i for i in one if i in two]
    kept = [i for i in shared if one[i].label is not None and two[i].label is not None]
    if not kept:
        raise JournalError("the two runs share no row that both have a label for")
    facts = {i: {**two[i].facts, **one[i].facts} for i in kept}  # one truth about a row
    tables = [
        table([replace(run[i], facts=facts[i]) for i in kept], first.protocol) for run in (one, two)
    ]
    found = list(_differences(tables[0], tables[1], first))
    return Comparison(
        first.protocol,
        tuple(_adjusted(found)),
        len(kept),
        len(one) - len(shared),
        len(two) - len(shared),
        len(shared) - len(kept),
        tuple(notes),
    )


def _comparable(first: Result, second: Result, across_judges: bool) -> list[str]:
    judges = [str(r.judge.get("name", "")) for r in (first, second)]
    builds = [str(r.data.get("fingerprint") or "") for r in (first, second)]
    if first.protocol.id != second.protocol.id:
        raise JournalError(
            f"the runs are under protocols {first.protocol.id} and {second.protocol.id}; "
            f"score both under one"
        )
    if judges[0] != judges[1] and not across_judges:
        raise JournalError(
            f"the runs were judged by {judges[0]} and by {judges[1]}; score both with one judge, "
            f"or allow it (--across-judges)"
        )
    if all(builds) and builds[0] != builds[1]:
        raise JournalError(f"the runs are on different builds of the data: {' and '.join(builds)}")
    return [f"two judges: {' and '.join(judges)}"] if judges[0] != judges[1] else []


def _differences(one: Table, two: Table, result: Result) -> Iterator[Difference]:
    hazards = [Group("hazard", name) for name in one.hazard.values]
    groups = (OVERALL, *(hazards if len(hazards) > 1 else ()))
    lines = list(_lines(one, two, result.protocol))
    ranges = {
        (e.metric, Group(e.kind, e.name)): e
        for e in estimates(lines, resamples=result.resamples, seed=result.seed, level=result.level)
    }
    for metric in result.protocol.metrics:
        for group in groups:
            where = np.ones(len(one), bool) if group == OVERALL else one.hazard.is_(group.name)
            if all((one.side.is_(r.side) & where).any() for _, r in metric.terms):
                e = ranges[metric.key, group]
                yield _difference(one, two, metric, where, e, result)


def _difference(
    one: Table, two: Table, metric: Metric, where: Bools, e: Estimate, result: Result
) -> Difference:
    return Difference(
        metric=metric.key,
        kind=e.kind,
        name=e.name,
        first=_value(one, metric, where),
        second=_value(two, metric, where),
        difference=e.value,
        low=e.low,
        high=e.high,
        n=int(sum((one.side.is_(r.side) & where).sum() for _, r in metric.terms)),
        p_permutation=_permutation(one, two, metric, where, result),
        p_holm=math.nan,
        p_mcnemar=_mcnemar(one, two, metric, where),
        detectable=_detectable(e, result.level),
    )


def _permutation(one: Table, two: Table, metric: Metric, where: Bools, result: Result) -> float:
    """The p-value over clusters; nan for a result without resamples."""
    if not result.resamples:
        return math.nan
    first, second = (_scores(t, metric, where)[where] for t in (one, two))
    return paired_permutation(
        first,
        second,
        one.cluster.codes[where],
        resamples=result.resamples,
        seed=result.seed,
    ).p_value


def _lines(one: Table, two: Table, protocol: Protocol) -> Iterator[Line]:
    """Differences as shares over the same rows: -1, 0 or 1 a row."""
    units = row_units(one)
    parts = {}
    for _, r in (term for m in protocol.metrics for term in m.terms):
        hit = two.has(r.labels).astype(np.float64) - one.has(r.labels)
        share = Share.of(hit, one.scored, one.side.is_(r.side), signed=True)
        parts[r] = sums(share, units, len(one.cluster.values))
    for metric in protocol.metrics:
        for group in parts[metric.terms[0][1]]:
            if group.kind != "variant":
                yield Line(metric.key, group, tuple((w, parts[r][group]) for w, r in metric.terms))


def _scores(t: Table, metric: Metric, where: Bools) -> Floats:
    """(N,) what each row adds to the metric, so that they sum to it."""
    out = np.zeros(len(t))
    for weight, r in metric.terms:
        about = t.side.is_(r.side) & where
        out += weight * (about & t.has(r.labels)) / about.sum()
    return out


def _value(t: Table, metric: Metric, where: Bools) -> float:
    """The metric from counts, without the rounding of a sum of row scores."""
    value = 0.0
    for weight, r in metric.terms:
        about = t.side.is_(r.side) & where
        value += weight * (float((about & t.has(r.labels)).sum()) / float(about.sum()))
    return value


def _mcnemar(one: Table, two: Table, metric: Metric, where: Bools) -> float:
    if len(metric.terms) > 1:
        return math.nan
    rate: Rate = metric.terms[0][1]
    rows = where & one.side.is_(rate.side)
    b, c = discordant(one.has(rate.labels)[rows], two.has(rate.labels)[rows])
    return float(mcnemar_exact(b, c))


def _detectable(e: Estimate, level: float) -> float:
    """(z of the level + z of the power) standard errors, read off the interval's width."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    return (z + NormalDist().inv_cdf(POWER)) * (e.high - e.low) / (2 * z)


def _adjusted(found: list[Difference]) -> Iterator[Difference]:
    """With p_holm, each metric's hazards being one family."""
    families: dict[str, list[int]] = {}
    for i, d in enumerate(found):
        if d.kind == "hazard" and not math.isnan(d.p_permutation):
            families.setdefault(d.metric, []).append(i)
    adjusted: dict[int, float] = {}
    for members in families.values():
        p = holm([found[i].p_permutation for i in members])
        adjusted |= dict(zip(members, p.tolist(), strict=True))
    order = sorted(range(len(found)), key=lambda i: found[i].kind == "hazard")
    for i in order:
        yield found[i]._replace(p_holm=adjusted.get(i, math.nan))
