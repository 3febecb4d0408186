"""Compare two models that were run over the same rows, say before and after a fine-tuning.

    python compare_models.py run-before run-after

The tests are paired by row and resampled by cluster; by hazard they are corrected after Holm.
"""

import sys

import dual_bench

before, after = (dual_bench.score(folder) for folder in sys.argv[1:])
for name, result in (("before", before), ("after", after)):
    values = {metric: result.get(metric).value for metric in ("SCR", "RR_h", "RR_b")}
    print(name, {metric: round(value, 3) for metric, value in values.items()}, result.unscored)

print(dual_bench.compare(before, after))
