"""What inspect_ai imports through the entry point, so that it knows our tasks, scorers, metrics."""

from dual_bench.bridges.inspect.metrics import by_hazard, by_variant, rates
from dual_bench.bridges.inspect.scorers import as_expected, outcome
from dual_bench.bridges.inspect.tasks import (
    contrast_image,
    contrast_text,
    dual_use,
    dual_use_perturbed,
    imported,
)

__all__ = [
    "as_expected",
    "by_hazard",
    "by_variant",
    "contrast_image",
    "contrast_text",
    "dual_use",
    "dual_use_perturbed",
    "imported",
    "outcome",
    "rates",
]
