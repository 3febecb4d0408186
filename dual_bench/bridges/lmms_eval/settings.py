"""Which model answered and how, and how much was asked, out of a results file of lmms-eval.

The harness knows what it was told (adapter, its arguments, generation settings of each task,
seeds) and not what a provider made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

from dual_bench.bridges.lmms_eval.log import Log
from dual_bench.bridges.secrets import redacted, without_secrets
from dual_bench.errors import ResponsesError

_ADAPTER = {"adapter": "model", "adapter_class": "model_backend", "batch_size": "batch_size"}
_SEEDS = ("random_seed", "numpy_seed", "torch_seed", "fewshot_seed")
_PROMPTING = ("system_instruction", "chat_template_sha", "fewshot_as_multiturn")


def model_name(log: Log) -> str:
    """Who answered.

    Raises:
        ResponsesError: nothing says which model it was.
    """
    name = log.results.get("model_name") or _part(log.results, "config").get("model")
    if not name:
        raise ResponsesError(
            f"{log.where}: does not exist or names no model, so that nothing says who answered "
            f"and how; put the results file beside the samples, or give the model's name"
        )
    return str(name)


def generation(log: Log) -> dict[str, Any]:
    """Everything in the log that could change a reply."""
    config = _part(log.results, "config")
    arguments = config.get("model_args")
    if isinstance(arguments, str):
        arguments = redacted(arguments)
    elif isinstance(arguments, dict):
        arguments = without_secrets(arguments)
    found = {
        **{name: config.get(key) for name, key in _ADAPTER.items()},
        "model_args": arguments,
        **{name: log.results.get(name) for name in _PROMPTING},
        **{name: config.get(name) for name in _SEEDS},
    }
    tasks = _part(log.results, "configs")
    for name in ("generation_kwargs", "num_fewshot"):
        found[name] = _common({task: _part(tasks, task).get(name) for task in log.samples})
    return {name: value for name, value in found.items() if value not in (None, "", {})}


def expected_samples(log: Log, task: str) -> int | None:
    """How many samples the harness meant to log for a task; None where it does not say."""
    counts = _part(_part(log.results, "n-samples"), task)
    original, effective = counts.get("original"), counts.get("effective")
    if not isinstance(original, int) or not isinstance(effective, int | float):
        return None
    offset = _part(log.results, "config").get("offset") or 0
    return max(0, min(ceil(effective), original - int(offset)))


def _part(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def _common(values: Mapping[str, Any]) -> Any:
    """The value that all tasks have; where they differ, task -> value."""
    differ = len({repr(value) for value in values.values()}) > 1
    return values if differ else next(iter(values.values()))
