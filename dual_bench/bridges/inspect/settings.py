"""From the header of a log to the settings of a run: which model gave the replies, and how.

Everything that could change a reply is taken over; how often a call was tried, how many ran at
once, and headers and keys are not.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dual_bench.bridges.secrets import HIDDEN, without_secrets
from dual_bench.endpoint import shown_url
from dual_bench.errors import EndpointError

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog
    from inspect_ai.model import GenerateConfig

MERELY_HOW = frozenset(
    """
    max_retries timeout attempt_timeout stream_idle_timeout max_connections adaptive_connections
    cache cache_prompt batch extra_headers
    """.split()
)


def generation(header: EvalLog) -> dict[str, Any]:
    """Settings that could change a reply, as plain JSON values."""
    spec = header.eval
    found = {**_config(spec.model_generate_config), **_config(header.plan.config)}
    if args := _plain(spec.model_args):
        found["model_args"] = args
    if spec.model_base_url:
        found["base_url"] = _address(spec.model_base_url)
    steps = [
        {"solver": step.solver, **_plain(step.params)}
        for step in header.plan.steps
        if step.solver.rpartition("/")[2] != "generate"
    ]
    if steps:
        found["solvers"] = steps
    return found


def written_by(header: EvalLog) -> str:
    """`inspect_ai` and the version that ran the evaluation."""
    return f"inspect_ai {header.eval.packages.get('inspect_ai', '')}".strip()


def _config(config: GenerateConfig) -> dict[str, Any]:
    given = config.model_dump(mode="json", exclude_none=True)
    return {name: value for name, value in _plain(given).items() if name not in MERELY_HOW}


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Without what looks like a secret; what is no JSON is given as text."""
    return {name: _json(value) for name, value in without_secrets(values).items()}


def _json(value: Any) -> Any:
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return str(value)


def _address(url: str) -> str:
    try:
        return shown_url(url)
    except EndpointError:
        return HIDDEN  # in no usual form, so that nobody knows where a password would stand
