"""Did refusal training make a model safer, or only more silent? Run both, and look at both sides.

    python tuned_untuned.py my-model my-refusal-tuned-model

What to look for: SCR should rise (harmful text described *and* warned of) while RR_b, refusals of
harmless text, stays where it was. A model that learnt to refuse whatever looks alike has a higher
RR_h and RR_b and no higher SCR.
"""

import sys

import dual_bench
from dual_bench.run import make_model, run

ds = dual_bench.load("dual_use")
results = []
for folder, name in zip(["run-untuned", "run-tuned"], sys.argv[1:], strict=True):
    model = make_model(f"transformers:{name}", max_new_tokens=64)
    with dual_bench.Recorder(folder, ds, model=name, generation=model.generation) as rec:
        run(model, rec, batch_size=16)
    results.append(dual_bench.score(folder))

for metric in ("SCR", "RR_h", "RR_b", "over_caution"):
    untuned, tuned = (result.get(metric) for result in results)
    print(f"{metric:13} {untuned.value:.3f} -> {tuned.value:.3f}   n {untuned.n}, {tuned.n}")
print(dual_bench.compare(*results))
