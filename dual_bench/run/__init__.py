"""Ready loops: run a model over the rows and record what it says.

    choice        which rows
    models        a model by name: `openai:MODEL`, `transformers:MODEL`, `vllm:MODEL`
    driver        ask it for what is missing
    kinds         what a model is to the driver
    openai        any OpenAI-compatible endpoint: request, chat, wire, waiting, completion, pictures
    transformers  a model on this machine, with transformers
    vllm          the same with vLLM; local: what both share

Each kind needs an extra. Nobody needs any of this to be scored: see `dual_bench.Recorder`.
"""

from dual_bench.recording.answer import Answer
from dual_bench.run.choice import SENT, rows_to_ask
from dual_bench.run.driver import Progress, run
from dual_bench.run.kinds import AsyncModel, BatchModel, Model
from dual_bench.run.models import FORMS, kind_of, make_model

__all__ = [
    "FORMS",
    "SENT",
    "Answer",
    "AsyncModel",
    "BatchModel",
    "Model",
    "Progress",
    "kind_of",
    "make_model",
    "rows_to_ask",
    "run",
]
