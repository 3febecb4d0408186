"""Two runs side by side, as text: all rows first, then what differs by hazard."""

from __future__ import annotations

import math

from dual_bench.comparison import Comparison, Difference
from dual_bench.show.tables import Grid, number, span, text

ALPHA = 0.05


def show_comparison(found: Comparison, *, full: bool = False, width: int | None = None) -> str:
    """The whole report; `full` also shows hazards that do not differ."""
    parts: list[str | Grid] = [
        f"protocol {found.protocol.id}: {found.n:,} rows with both labels; change is second - first"
    ]
    parts += [f"note: {note}" for note in found.notes]
    parts.append(
        f"left out: {found.unscored:,} unscored in one or both, {found.only_first:,} only in the "
        f"first run, {found.only_second:,} only in the second"
    )
    overall = [d for d in found.differences if d.kind == "overall"]
    parts.append(_grid("All rows", overall, by_hazard=False))
    hazards = [d for d in found.differences if d.kind == "hazard"]
    shown = hazards if full else [d for d in hazards if d.p_holm <= ALPHA]
    if shown:
        title = "By hazard" if full else f"By hazard, where p (Holm) is {ALPHA} or less"
        parts.append(_grid(title, shown, by_hazard=True))
    elif hazards:
        parts.append(f"by hazard: no difference with p (Holm) of {ALPHA} or less")
    return text(*parts, width=width)


def _grid(title: str, found: list[Difference], *, by_hazard: bool) -> Grid:
    heads = ["<metric", *(["<hazard"] if by_hazard else [])]
    heads += ["first", "second", "change", "95% interval", "n"]
    heads += ["p (Holm)"] if by_hazard else ["p", "McNemar p", "detectable"]
    rows = []
    for d in found:
        row = [d.metric, *([d.name] if by_hazard else [])]
        row += [number(d.first), number(d.second), f"{d.difference:+.3f}", span(d.low, d.high)]
        row.append(f"{d.n:,}")
        tail = [d.p_holm] if by_hazard else [d.p_permutation, d.p_mcnemar]
        row += [_p(p) for p in tail] + ([] if by_hazard else [number(d.detectable)])
        rows.append(row)
    return Grid(title, heads, rows)


def _p(p: float) -> str:
    """A p-value for reading."""
    return "-" if math.isnan(p) else "<0.001" if p < 0.001 else f"{p:.3f}"
