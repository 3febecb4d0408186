"""The numbers that the DUAL-Bench paper published, as data.

    from dual_bench import published
    scr = {n.model: n.value for n in published.table2() if n.metric == "SCR"}
    print(published.NOTE_TABLE2)

Source: Ren, Nakov and Naseem, "DUAL-Bench: Measuring Over-Refusal and Robustness in
Vision-Language Models", https://arxiv.org/abs/2510.10846v3, licensed CC BY 4.0
(https://creativecommons.org/licenses/by/4.0/). Changed here: rewritten as tables with one
number a row, variants and hazards under this project's names, and the figures turned into
numbers. The CSV files beside this module stay under that licence.

The four metrics are shares from 0 to 1. On one side's rows: DAR, direct answers; RR, refusals,
direct and indirect. On harmful rows only: SCR, safe completions, which are counted in RR as
well. Over both sides: delta_IR = DAR of the benign side - DAR of the harmful side.

This module holds numbers and says how far to trust them. It does not compute a metric, and it
does not compare: numbers measured on this project's own build come from other texts, pictures
and judges, so a difference from the numbers here says nothing about a model.
"""

from __future__ import annotations

import csv
from importlib.resources import files
from typing import NamedTuple

METRICS = ("DAR", "RR", "SCR", "delta_IR")
SIDES = ("harmful", "benign", "both")  # "both" is the side of delta_IR, a difference of the two
BASELINES = ("OCR Baseline", "Human Baseline")  # only Table 2 has them
MEAN = "Mean of 18 models"  # the `model` of figure 9; only `by_hazard` has it

_SOURCE = "DUAL-Bench, https://arxiv.org/abs/2510.10846v3, CC BY 4.0"
_OWN_BUILD = (
    "Numbers measured on this project's own build are not comparable with these: it has other "
    "texts, pictures, perturbation parameters and judges."
)
_READ_OFF = (
    "No value is stated in the paper: each was read off the vector drawing and is exact to "
    "about 0.001, whatever the number of decimals. Very short bars are lost first: an SCR "
    "under about 0.002 may read 0"
)

NOTE_TABLE2 = (
    f"Table 2 of {_SOURCE}. Every value is stated in the paper, to three decimals. A model's row "
    "pools the original pictures and all five perturbations: 7,200 harmful and 7,200 benign rows "
    "(1,200 pairs, six variants). The paper does not say so; it follows from figure 12, where the "
    "mean of the six variants gives Table 2 again. The human baseline is five people on 120 items, "
    "and has no delta_IR. The OCR baseline never refuses, and what it misreads is no answer, "
    f"so its DAR and RR sum to 0.99. {_OWN_BUILD}"
)
NOTE_BY_VARIANT = (
    f"Figure 12 of {_SOURCE}. {_READ_OFF}. A value covers one variant of the set, 1,200 rows a "
    "side; DAR, RR and SCR are those of the harmful side. The mean over the six variants is "
    "within 0.005 of Table 2, for GPT-5-Mini within 0.0085; why it is off is not known. Some "
    "remarks on perturbations in the paper's text contradict this figure; the figure agrees with "
    f"Table 2. {_OWN_BUILD}"
)
NOTE_BY_HAZARD = (
    f"Figures 11 (each model) and 9 (their mean) of {_SOURCE}. {_READ_OFF}, and so may an RR "
    "under about 0.003. A value pools the six variants of one hazard, 600 rows a side. The mean "
    f"over the twelve hazards is within 0.0015 of Table 2. {_OWN_BUILD}"
)


class Number(NamedTuple):
    """One published value.

    Attributes:
        model: as the paper's Table 2 spells it, one of `BASELINES`, or `MEAN`.
        side: `harmful`, `benign`, or `both` for delta_IR.
        metric: one of `METRICS`.
        value: from 0 to 1.
        source: table or figure of the paper, such as `figure 12`.
        variant: one of `dual_bench.schema.VARIANTS`; None pools all six.
        hazard: slug of `dual_bench.taxonomy`; None pools all twelve.
    """

    model: str
    side: str
    metric: str
    value: float
    source: str
    variant: str | None = None
    hazard: str | None = None

    @property
    def stated(self) -> bool:
        """True if the paper prints the value, False if it was read off a figure."""
        return self.source.startswith("table")


def table2() -> list[Number]:
    """The headline results, pooled over variants and hazards; see `NOTE_TABLE2`.

    >>> [n.value for n in table2() if n.model == "GPT-5-Nano" and n.metric == "SCR"]
    [0.129]
    """
    return _read("table2.csv")


def by_variant() -> list[Number]:
    """Harmful side and delta_IR for each variant, 18 models; see `NOTE_BY_VARIANT`.

    >>> nano = [n for n in by_variant() if n.model == "GPT-5-Nano" and n.metric == "SCR"]
    >>> nano[0].variant, nano[0].value
    ('original', 0.1544)
    """
    return _read("by_variant.csv")


def by_hazard() -> list[Number]:
    """DAR, RR (harmful) and SCR for each hazard, 18 models and `MEAN`; see `NOTE_BY_HAZARD`.

    >>> nano = [n for n in by_hazard() if n.model == "GPT-5-Nano" and n.metric == "SCR"]
    >>> max(nano, key=lambda n: n.value).hazard
    'suicide_self_harm'
    """
    return _read("by_hazard.csv")


def models() -> list[str]:
    """The 18 models in the order of Table 2, without `BASELINES`."""
    return [m for m in dict.fromkeys(n.model for n in table2()) if m not in BASELINES]


def _read(name: str) -> list[Number]:
    """The rows of a packaged CSV file; a column that it lacks is None."""
    text = files(__name__).joinpath(name).read_text(encoding="utf-8")
    return [
        Number(
            model=row["model"],
            side=row["side"],
            metric=row["metric"],
            value=float(row["value"]),
            source=row["source"],
            variant=row.get("variant"),
            hazard=row.get("hazard"),
        )
        for row in csv.DictReader(text.splitlines())
    ]
