import sys
from builders.texts import read_pairs, read_prompts, all_pairs
from builders.lint import lint_pairs, lint_prompts
from dual_bench.taxonomy import hazard
out=[]
for a in sys.argv[2:]:
    if a=="prompts": out+=lint_prompts(read_prompts())
    elif a=="all": out+=lint_pairs(all_pairs())
    else: out+=lint_pairs(read_pairs(hazard(a)))
print("\n".join(out) or "ok")
