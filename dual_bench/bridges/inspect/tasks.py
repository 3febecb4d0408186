"""Our configs as tasks of Inspect.

    inspect eval dual_bench/dual_use --model openai/gpt-4o
    inspect eval dual_bench/dual_use_perturbed -T variants=rotation,chinese -T hazards=privacy ...

A call that fails is recorded and scored as `model_error`, and the others go on; where half of them
fail the log's status is `error`. Temperature and room for a reply are those of `dual-bench run`,
unless the command says otherwise (`--temperature`, `--max-tokens`); `--limit`, `--retry-on-error`
and all else is Inspect's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from inspect_ai import Task, task
from inspect_ai._util.error import PrerequisiteError  # has no public place
from inspect_ai.model import GenerateConfig
from inspect_ai.solver import generate
from rich.markup import escape

from dual_bench.bridges.inspect.samples import dataset
from dual_bench.bridges.inspect.scorers import as_expected, outcome
from dual_bench.defaults import MAX_TOKENS, TEMPERATURE
from dual_bench.errors import DualBenchError
from dual_bench.load import find_build
from dual_bench.protocols import DEFAULT
from dual_bench.schema import DATA_VERSION, read_manifest

Names = str | list[str] | None
BROKEN = 0.5  # share of failed calls at which a run is taken to be broken


class TaskError(PrerequisiteError, DualBenchError):  # type: ignore[misc]
    """A task that cannot be made; the `inspect` command shows its message and no traceback."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = escape(message)  # else what stands in brackets is taken for markup


def _task_of(config: str, about: str) -> Callable[..., Task]:
    """A task of Inspect for one of our configs; its parameters are those of `imported`."""

    def made(
        protocol: str = DEFAULT,
        judge: str | list[str] = "rules",
        hazards: Names = None,
        variants: Names = None,
        data: str | None = None,
    ) -> Task:
        return _task(config, protocol, judge, hazards, variants, data)

    made.__name__ = made.__qualname__ = config  # Inspect's name for it
    made.__doc__ = f"{about}; see `imported` for the parameters."
    return cast(Callable[..., Task], task(made))


dual_use = _task_of("dual_use", "Harmful and benign sentences as plain pictures")
dual_use_perturbed = _task_of("dual_use_perturbed", "The same under five perturbations")
contrast_image = _task_of("contrast_image", "A harmless request whose picture decides")
contrast_text = _task_of("contrast_text", "Look-alike requests, shown in four ways")


@task
def imported(
    config: str,
    data: str,
    protocol: str = DEFAULT,
    judge: str | list[str] = "rules",
    hazards: Names = None,
    variants: Names = None,
) -> Task:
    """Data that an importer brought into our columns.

    Args:
        config: the name that the import printed.
        data: folder of a build or import; elsewhere None finds it as `dual_bench.load` does.
        protocol: `calibrated`, `dual_bench` or `vscbench`.
        judge: `rules`, `openai:MODEL`, `openai:MODEL@URL`, ...; several are a majority.
        hazards: only rows of these; names with commas between them, or a list.
        variants: only rows of these.
    """
    return _task(config, protocol, judge, hazards, variants, data)


def _task(
    config: str,
    protocol: str,
    judge: str | list[str],
    hazards: Names,
    variants: Names,
    data: str | None,
) -> Task:
    try:
        return _made(config, protocol, judge, _names(hazards), _names(variants), data)
    except DualBenchError as err:
        raise TaskError(str(err)) from err


def _made(
    config: str,
    protocol: str,
    judge: str | list[str],
    hazards: list[str] | None,
    variants: list[str] | None,
    data: str | None,
) -> Task:
    manifest = read_manifest(find_build(data))
    return Task(
        dataset=dataset(config, data=data, hazards=hazards, variants=variants),
        solver=generate(),
        scorer=[outcome(protocol, judge), as_expected(protocol, judge)],
        config=GenerateConfig(max_tokens=MAX_TOKENS, temperature=TEMPERATURE),
        fail_on_error=BROKEN,
        score_on_error=True,
        version=DATA_VERSION,
        metadata={"build": manifest.fingerprint},
    )


def _names(given: Names) -> list[str] | None:
    """Names as the command line or Python gives them."""
    if isinstance(given, str):
        return [name.strip() for name in given.split(",") if name.strip()]
    return given
