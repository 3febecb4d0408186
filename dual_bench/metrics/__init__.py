"""From verdicts to numbers: pure functions on arrays.

    table       verdicts as arrays
    shares      what can be counted, by group, as sums over clusters
    pairs       both sides of a pair; whether the picture was read
    robustness  a perturbed row against its original
    estimate    value, interval, n and bounds of each
    summary     all that a result shows

Labels come from `dual_bench.protocols`, statistics from `dual_bench.stats`; nothing here judges,
reads files or prints.
"""

from dual_bench.metrics.estimate import LEVEL, RESAMPLES, SEED, Estimate
from dual_bench.metrics.summary import policies, summary
from dual_bench.metrics.table import Table, table

__all__ = ["LEVEL", "RESAMPLES", "SEED", "Estimate", "Table", "policies", "summary", "table"]
