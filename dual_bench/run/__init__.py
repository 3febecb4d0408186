"""Ready loops: run a model over the rows and record what it says.

    choice        which rows
    models        a model by name: `openai:MODEL`, `transformers:MODEL`, `vllm:MODEL`
    driver        ask it for what is missing
    prompts       what is asked in place of a row's own prompt
    order         in which order
    hub           whether a model is there, before a library looks for it
    plan          what a whole run would send
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
from dual_bench.run.order import shuffled
from dual_bench.run.prompts import asked, with_prompt

__all__ = [
    "FORMS",
    "SENT",
    "Answer",
    "AsyncModel",
    "BatchModel",
    "Model",
    "Progress",
    "asked",
    "kind_of",
    "make_model",
    "rows_to_ask",
    "run",
    "shuffled",
    "with_prompt",
]
