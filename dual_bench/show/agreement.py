"""Two sets of labels beside each other, as text: the shares, the matrix, the worst cases."""

from __future__ import annotations

from dual_bench.agreement import Agreement
from dual_bench.console import clean
from dual_bench.show.tables import Grid, number, text

REPLY = 160  # characters of a reply that are shown


def show_agreement(found: Agreement, *, width: int | None = None) -> str:
    """The whole report."""
    first, second = map(clean, found.names)
    parts: list[str | Grid] = [
        f"protocol {found.protocol.id}: {first} (rows) and {second} (columns)"
    ]
    why = ", ".join(f"{n:,} {reason}" for reason, n in found.reasons.items())
    parts.append(
        f"{found.n:,} rows with both labels; unscored: {found.n_unscored:,}"
        + (f" ({why})" if why else "")
    )
    if found.only_one:
        parts.append(f"{found.only_one:,} rows that only one of the two has")
    shares = [
        ["accuracy", number(found.accuracy), "the same label"],
        ["refusal accuracy", number(found.refusal_accuracy), "agree whether it is any refusal"],
        ["macro F1", number(found.macro_f1), "mean over the labels that occur"],
        ["kappa", number(found.kappa), "Cohen's"],
    ]
    parts.append(Grid("", ["<", "", "<"], shares))
    rows = [
        [label, *(f"{n:,}" for n in counts)]
        for label, counts in zip(found.labels, found.confusion, strict=True)
    ]
    if rows:
        parts.append(Grid("Confusion matrix", ["<", *found.labels], rows))
    if found.worst:
        parts.append(_worst(found))
    return text(*parts, width=width)


def _worst(found: Agreement) -> Grid:
    rows = [
        [clean(d.id, 60), d.first, d.second, clean(d.reply or d.evidence, REPLY)]
        for d in found.worst
    ]
    return Grid("Worst disagreements", ["<row", "<first", "<second", "<reply"], rows)
