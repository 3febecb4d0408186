"""dual-bench: does a vision-language model help when it should, warn when it must, and refuse
only when it has to?

    import dual_bench
    ds = dual_bench.load("dual_use", hazards=["privacy"])
    with dual_bench.Recorder("run", ds, model="my-vlm") as rec:
        for row in rec.todo():
            rec.add(row["id"], my_model(row["image"], row["prompt"]))
    print(dual_bench.score("run"))

Importing this package reads no data and asks no network.
"""

from dual_bench.comparison import compare
from dual_bench.errors import DualBenchError
from dual_bench.load import find_build, load
from dual_bench.outcomes import Reason, Verdict
from dual_bench.pairing import pairs
from dual_bench.recording import Answer, Recorder, merge
from dual_bench.result import Result
from dual_bench.scoring import score
from dual_bench.taxonomy import HAZARDS

__version__ = "0.1.0"
__all__ = [
    "HAZARDS",
    "Answer",
    "DualBenchError",
    "Reason",
    "Recorder",
    "Result",
    "Verdict",
    "__version__",
    "compare",
    "find_build",
    "load",
    "merge",
    "pairs",
    "score",
]
