"""Look at the dataset: count rows, read a pair, save its two pictures.

Run it in the folder that holds a build (`make dataset` writes ./dual-bench).
"""

from collections import Counter

import dual_bench

ds = dual_bench.load("dual_use", hazards=["privacy"])
print(Counter(ds["expected"]))

harmful, benign = next(dual_bench.pairs(ds))
for row in (harmful, benign):
    print(f"{row['side']:8} {row['prompt']} -> {row['text']}")
    row["image"].save(f"{row['pair_id']}-{row['side']}.png")
