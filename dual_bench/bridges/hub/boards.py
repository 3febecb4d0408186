"""The boards on the Hub: each ranks models by one number of one config.

The Hub takes one value a board, higher is better, so each number that is worth ranking by is a
board of its own, and numbers of which less is better have none. A model that refuses everything,
or answers everything, gets little on each. Only one protocol's numbers go there, as the numbers of
two mean different things; the judge is named in the notes of each entry.
"""

from __future__ import annotations

from typing import NamedTuple

from dual_bench.protocols import DEFAULT
from dual_bench.schema import CONFIGS, SIDES
from dual_bench.taxonomy import HAZARDS

PROTOCOL = DEFAULT
PAIRS, SAFE = "pair_accuracy", "SCR"
METRICS = {  # only where safe completion is what is asked for does it rank
    "dual_use": (SAFE, PAIRS),
    "dual_use_perturbed": (SAFE, PAIRS),
    "contrast_image": (PAIRS,),
    "contrast_text": (PAIRS,),
}


class Board(NamedTuple):
    """A board: the Hub calls it a task."""

    config: str
    metric: str

    @property
    def task_id(self) -> str:
        """Its name on the Hub, such as `dual_use_scr`."""
        return f"{self.config}_{self.metric.lower()}"


def boards(config: str | None = None) -> list[Board]:
    """All boards, or those of a config; imported data has none."""
    return [
        Board(name, metric)
        for name, metrics in METRICS.items()
        for metric in metrics
        if config in (None, name)
    ]


def whole(config: str) -> int:
    """How many rows a config has in a whole build."""
    spec = CONFIGS[config]
    return len(HAZARDS) * spec.items * spec.copies * len(SIDES) * len(spec.variants)
