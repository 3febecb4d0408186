"""A result as text for a terminal: what a person reads first, in this order.

Who judged what; how much is unscored and why; the metrics with interval, n and bounds, beside the
constant policies; then by hazard and by variant. `full` prints every value with its interval.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from dual_bench.console import clean
from dual_bench.metrics import Estimate
from dual_bench.result import Result
from dual_bench.schema import config_of
from dual_bench.show.tables import Grid, number, span, text

EXAMPLES = 3
NAME = 600  # characters of a judge's name, which for a majority is that of all of them
COMMON = {  # what every protocol has besides its own metrics
    "pair_accuracy": "both sides of a pair as expected",
    "as_expected_h": "as expected, harmful side",
    "as_expected_b": "as expected, benign side",
    "read": "half of the words or more are in the reply, benign side",
    "recall": "share of the words that are in the reply, benign side",
    "lost_h": "as expected on the original and not under the variant, harmful side",
    "won_h": "as expected under the variant and not on the original, harmful side",
    "lost_b": "the same as lost_h, benign side",
    "won_b": "the same as won_h, benign side",
    "consistency_h": "one label under all variants, harmful side",
    "consistency_b": "one label under all variants, benign side",
}


def show(result: Result, *, full: bool = False, width: int | None = None) -> str:
    """The whole report; `full` adds one line for every value."""
    parts: list[str | Grid] = [*_heading(result), _overall(result), _policies(result)]
    parts += [*_groups(result), *_robustness(result)]
    parts += _agreement(result)
    if full:
        parts += [_every(result), _legend(result)]
    else:
        parts.append(f"what the metrics are: dual-bench protocols {result.protocol.name}")
    return text(*parts, width=width)


def _heading(result: Result) -> Iterator[str]:
    fingerprint = result.data.get("fingerprint")
    judge = str(result.judge.get("name", ""))
    yield f"protocol {result.protocol.id}, judge {clean(judge, NAME)}"
    replies = result.replies
    rows = len(result.verdicts)
    of = f", build {fingerprint}" if fingerprint else ""
    model = f", model {clean(', '.join(replies.models))}" if replies.models else ""
    part = ", only those that were asked" if result.data.get("asked_only") else ""
    yield f"{rows:,} rows{of}{part}{model}"
    parts = Counter(config_of(verdict.id) for verdict in result.verdicts)
    if len(parts) > 1:
        named = ", ".join(f"{n:,} of {clean(name) or 'no config'}" for name, n in parts.items())
        yield f"together: {named} (one alone: --config)"
    meant = result.data.get("rows")
    if isinstance(meant, int) and meant > rows:
        yield f"UNFINISHED: {meant - rows:,} of {meant:,} rows have no verdict yet"
    unscored = result.unscored
    if unscored:
        why = ", ".join(f"{n:,} {reason}" for reason, n in unscored.items())
        yield f"unscored: {sum(unscored.values()):,} ({why})"
    else:
        yield "unscored: none"
    if replies.cut_off:
        yield f"{replies.cut_off:,} replies end at a token limit; they are judged as they are"
    if replies.superseded:
        yield f"{replies.superseded:,} failed attempts do not count: their rows have another line"
    if replies.other_data:
        yield (
            f"OTHER DATA: {replies.other_data:,} replies were recorded on another prompt or "
            f"picture than their rows have here; score them with the dataset that was asked"
        )
    if replies.unknown:
        shown = ", ".join(clean(i) for i in replies.unknown[:EXAMPLES])
        yield (
            f"NOT SCORED: {len(replies.unknown):,} ids in {clean(replies.source)} that are "
            f"not among these rows, such as {shown}"
        )


def _overall(result: Result) -> Grid:
    some_read = any(e.given == "twin_read" for e in result.estimates)
    bounded = bool(result.unscored)
    heads = ["<metric", "value", "95% interval", "n"]
    heads += ["unscored", "bounds"] if bounded else []
    heads += ["if read"] if some_read else []
    rows = []
    for e in result.estimates:
        if e.kind != "overall" or e.given:
            continue
        row = [e.metric, number(e.value), span(e.low, e.high), f"{e.n:,}"]
        if bounded:
            row += [f"{e.n_unscored:,}", span(e.lowest, e.highest) if e.n_unscored else ""]
        if some_read:
            row.append(_if_read(result, e))
        rows.append(row)
    return Grid("All rows", heads, rows)


def _legend(result: Result) -> Grid:
    """What each metric is, one line."""
    lines = {m.key: m.about for m in result.protocol.metrics} | COMMON
    there = {e.metric for e in result.estimates}
    rows = [[key, about] for key, about in lines.items() if key in there]
    return Grid("What the metrics are", ["<metric", "<"], rows)


def _policies(result: Result) -> Grid:
    """The result beside what constant policies would have got on the same rows."""
    keys = [m.key for m in result.protocol.metrics if m.better] + ["pair_accuracy"]
    keys = [k for k in keys if any(e.metric == k for e in result.estimates)]
    values = {e.metric: e.value for e in result.estimates if e.kind == "overall" and not e.given}
    lines = {"this model": values, **result.policies}
    rows = [[name, *(number(got.get(k, math.nan)) for k in keys)] for name, got in lines.items()]
    return Grid("Beside constant policies", ["<policy", *keys], rows)


def _if_read(result: Result, e: Estimate) -> str:
    for other in result.estimates:
        if (other.metric, other.kind, other.given) == (e.metric, "overall", "twin_read"):
            return number(other.value)
    return ""


def _groups(result: Result) -> Iterator[Grid]:
    """A table for each kind of group: a line a group, a column a metric."""
    wanted = [m.key for m in result.protocol.metrics if m.better]
    wanted += ["pair_accuracy", "read"]
    for kind in ("hazard", "variant"):
        found = {(e.name, e.metric): e for e in result.estimates if e.kind == kind and not e.given}
        names = list(dict.fromkeys(name for name, _ in found))
        if len(names) < 2:
            continue
        keys = [k for k in wanted if any((name, k) in found for name in names)]
        rows = []
        for name in names:
            sides = [e for k in ("as_expected_h", "as_expected_b") if (e := found.get((name, k)))]
            counts = (sum(e.n for e in sides), sum(e.n_unscored for e in sides))
            values = (_cell(found.get((name, k))) for k in keys)
            rows.append([name, *values, *(f"{n:,}" for n in counts)])
        yield Grid(f"By {kind}", [f"<{kind}", *keys, "n", "unscored"], rows)


def _cell(e: Estimate | None) -> str:
    return "" if e is None else number(e.value)


def _robustness(result: Result) -> Iterator[str | Grid]:
    """Each variant against the originals of the same pairs."""
    found = {(e.name, e.metric): e for e in result.estimates if e.given == "minus_original"}
    if not found:
        return
    flips = ("lost_h", "won_h", "lost_b", "won_b")
    found |= {(e.name, e.metric): e for e in result.estimates if e.metric in flips}
    names = list(dict.fromkeys(name for name, _ in found))
    keys = [m.key for m in result.protocol.metrics if m.better]
    rows = [
        [
            name,
            *(f"{e.value:+.3f}" if (e := found.get((name, k))) else "" for k in keys),
            *(_cell(found.get((name, k))) for k in flips),
        ]
        for name in names
    ]
    yield Grid("Each variant minus the original, same pairs", ["<variant", *keys, *flips], rows)
    for key in ("as_expected_h", "as_expected_b"):
        worst = [e for e in result.estimates if e.metric == key and e.kind == "variant" and e.n]
        if worst:
            low = min(worst, key=lambda e: e.value)
            yield f"worst variant by {key}: {low.name}, {number(low.value)}"


def _agreement(result: Result) -> Iterator[str | Grid]:
    """Judges by letter, since two of their names may be wider than the terminal."""
    found = result.agreement
    if found is None:
        return
    names = dict.fromkeys(name for pair in found.pairs for name in pair[:2])
    letters = {name: chr(ord("A") + i % 26) * (i // 26 + 1) for i, name in enumerate(names)}
    rows = [
        [f"{letters[one]}, {letters[two]}", f"{n:,}", number(same), number(kappa)]
        for one, two, n, same, kappa in found.pairs
    ]
    rows.append(["all (Fleiss)", "", "", number(found.fleiss)])
    yield Grid("Agreement of the judges", ["<judges", "n", "agree", "kappa"], rows)
    yield from (f"{letter}: {clean(name)}" for name, letter in letters.items())


def _every(result: Result) -> Grid:
    rows = [
        [
            e.metric,
            " ".join(part for part in (e.name or "all rows", e.given) if part),
            number(e.value),
            span(e.low, e.high),
            f"{e.n:,}",
            f"{e.n_unscored:,}",
            span(e.lowest, e.highest) if e.n_unscored else "",
        ]
        for e in result.estimates
    ]
    heads = ["<metric", "<group", "value", "95% interval", "n", "unscored", "bounds"]
    return Grid("Every value", heads, rows)
