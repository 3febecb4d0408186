"""`dual-bench run`: a model in, a run folder out."""

from __future__ import annotations

import json
import math
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dual_bench.cli.common import choice_options, progress_bar
from dual_bench.cli.run_words import typed, typed_words
from dual_bench.console import visible
from dual_bench.errors import BadValueError, DualBenchError, SpendingLimit

if TYPE_CHECKING:
    from dual_bench.run import Progress

INCOMPLETE = 1  # exit status where rows are missing or have an error in place of a reply
MOST = "openai: spending limit. The rows stand hazard by hazard: see --shuffle."
FAILURES = ("model_error", "empty", "blocked")


@click.command(short_help="Ask a model for every row and record its replies.")
@click.option(
    "--model",
    "spec",
    required=True,
    help="openai:MODEL (any OpenAI-compatible endpoint), transformers:MODEL or vllm:MODEL.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The run folder.")
@choice_options
@click.option(
    "--shuffle", metavar="SEED", type=int,
    help="Ask the same rows in a mixed order, always the same for a SEED.",
)  # fmt: skip
@click.option("--shard", metavar="I/N", default="0/1", help="This process's part, from 0 on.")
@click.option(
    "--retry", multiple=True, type=click.Choice([*FAILURES, "nothing"]), default=FAILURES,
    help="Which failures of an earlier start are asked again.  [default: all]",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Show the first request and the size of all.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@click.option("--max-tokens", type=click.IntRange(1), help="Room for a reply.")
@click.option("--temperature", type=float, help="0 by default.")
@click.option("--system", metavar="TEXT", help="A system message.")
@click.option(
    "--prompt", metavar="TEMPLATE",
    help="Asked in place of each row's prompt; {prompt} in it is the row's own.",
)  # fmt: skip
@click.option("--name", metavar="TEXT", help="The model's name in the run folder and tables.")
@click.option("--url", "base_url", help="openai: address of the endpoint, often ends in /v1.")
@click.option("--key-env", "api_key_env", help="openai: variable of the key [OPENAI_API_KEY].")
@click.option("--concurrency", type=click.IntRange(1), help="openai: requests at once [16].")
@click.option("--timeout", type=float, help="openai: seconds for one try [120].")
@click.option("--retries", type=click.IntRange(0), help="openai: tries again [5].")
@click.option("--max-wait", type=float, help="openai: longest Retry-After to obey [120].")
@click.option("--max-requests", type=click.IntRange(0), help=MOST)
@click.option("--extra", metavar="JSON", help="openai: more of the request, as an object.")
@click.option("--batch-size", type=click.IntRange(1), default=8, help="Local models [8].")
@click.option("--device", help="transformers: cuda, mps, cpu.")
@click.option("--dtype", help="Local models: such as bfloat16.")
@click.option("--revision", help="Local models: of the repository.")
@click.option("--seed", type=int, help="Local models, where they sample.")
def run(
    spec: str,
    out: Path,
    data: Path | None,
    configs: tuple[str, ...],
    hazards: tuple[str, ...],
    sides: tuple[str, ...],
    variants: tuple[str, ...],
    pairs_per_hazard: int | None,
    limit: int | None,
    shuffle: int | None,
    shard: str,
    retry: tuple[str, ...],
    dry_run: bool,
    quiet: bool,
    prompt: str | None,
    batch_size: int,
    extra: str | None,
    **options: Any,
) -> None:
    """Ask a model for every row and record its replies in a run folder.

    Every reply is on disk before its request's place is taken by another. The same command goes
    on where it was stopped, and asks again only what failed. Exit status 1: no row has a reply, or
    rows are missing or have an error in place of one.
    """
    with typed_words():
        _run(
            spec, out, shard=_shard(shard), again=[name for name in retry if name != "nothing"],
            dry=dry_run, quiet=quiet, prompt=prompt, shuffle=shuffle, batch_size=batch_size,
            choice={
                "configs": configs, "data": data, "hazards": hazards, "sides": sides,
                "variants": variants, "pairs_per_hazard": pairs_per_hazard, "limit": limit,
            },
            options={**options, "extra_body": _json(extra)},
        )  # fmt: skip


def _run(
    spec: str, out: Path, *, shard: tuple[int, int], again: list[str], dry: bool, quiet: bool,
    prompt: str | None, shuffle: int | None, batch_size: int, choice: dict[str, Any],
    options: dict[str, Any],
) -> None:  # fmt: skip
    import datasets

    from dual_bench.recording import Recorder
    from dual_bench.run import SENT, kind_of, make_model, rows_to_ask, shuffled, with_prompt
    from dual_bench.run import run as run_model

    part, of = shard
    kind = kind_of(spec)
    _check_number("--temperature", options["temperature"])
    with_prompt({}, prompt)  # an empty one is told before rows and model are loaded
    if quiet:
        datasets.disable_progress_bars()
    # before the model: loading one takes longer than a mistake in a name
    rows = rows_to_ask(**choice, columns=SENT, decode=kind != "openai")
    if shuffle is not None:
        rows = shuffled(rows, shuffle, of=of)
    model = make_model(spec, **options)
    if dry:
        from dual_bench.cli.run_dry import show

        show(
            model, rows, out, prompt=prompt, shard=part, of=of, retry=again,
            max_requests=options["max_requests"],
        )  # fmt: skip
        return
    stopped: DualBenchError | None = None
    generation = with_prompt(model.generation, prompt)
    with Recorder(out, rows, model=model.name, generation=generation) as recorder:
        with _orderly_end(), _progress(quiet) as bar:
            try:
                run_model(
                    model, recorder, shard=part, of=of, retry=again, batch_size=batch_size,
                    prompt=prompt, report=bar,
                )  # fmt: skip
            except SpendingLimit as used_up:
                stopped = used_up
        counts = recorder.count(shard=part, of=of)
        left = len(recorder.todo(shard=part, of=of, retry=["model_error"]))
        due = len(recorder.todo(shard=part, of=of, retry=again))
    click.echo(f"{out}: {_summary(counts)}")
    for line in bar.notes():
        click.echo(line, err=True)
    if stopped is not None:
        click.echo(typed(stopped), err=True)
    if not counts["answered"]:
        click.echo("no row has a reply", err=True)
        sys.exit(INCOMPLETE)
    if left:
        click.echo(
            f"{left:,} rows are missing or have an error; the same command asks {due:,}", err=True
        )
        sys.exit(INCOMPLETE)


def _check_number(option: str, value: float | None) -> None:
    if value is not None and not 0 <= value < math.inf:
        raise BadValueError(option, value, "a number, 0 or more")


def _json(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as err:
        raise DualBenchError(f"--extra: expected a JSON object, got {text!r}: {err}") from err
    if not isinstance(value, dict):
        raise DualBenchError(f"--extra: expected a JSON object, got {text!r}")
    return value


def _shard(text: str) -> tuple[int, int]:
    part, found, of = text.partition("/")
    if not (found and part.isdecimal() and of.isdecimal() and int(part) < int(of)):
        raise BadValueError("--shard", text, "I/N, from 0/N on, such as 0/4, 1/4, 2/4 and 3/4")
    return int(part), int(of)


def _summary(counts: dict[str, int]) -> str:
    return ", ".join(f"{n:,} {name}" for name, n in counts.items() if n or name == "answered")


class _Bar:
    """Draws how far a run is, and remembers what people should know at its end."""

    def __init__(self, draw: Callable[[int, int, str], None]) -> None:
        self._draw = draw
        self._last: Progress | None = None

    def __call__(self, at: Progress) -> None:
        self._draw(at.done, at.todo, _costs(at))
        if at.stopping:
            click.echo("stopping: waiting for what is on its way (Ctrl-C drops it)", err=True)
        self._last = at

    def notes(self) -> Iterator[str]:
        """What no reply shows by itself."""
        if self._last is not None and self._last.cut_off:
            yield f"{self._last.cut_off:,} replies end at the token limit; see --max-tokens"
        for change in self._last.adapted if self._last else ():
            yield f"the endpoint did not take a setting, and it was {visible(change)}"


@contextmanager
def _progress(quiet: bool) -> Iterator[_Bar]:
    with progress_bar("asking", quiet) as draw:
        yield _Bar(draw)


@contextmanager
def _orderly_end() -> Iterator[None]:
    """A batch system's SIGTERM is treated as Ctrl-C: what is on its way is waited for."""
    before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _costs(at: Progress) -> str:
    parts = [f"failed {at.failed:,}"]
    if at.requests:
        parts.append(f"requests {at.requests:,}")
    if at.prompt_tokens or at.completion_tokens:
        parts.append(f"tokens {_short(at.prompt_tokens)} in, {_short(at.completion_tokens)} out")
    return "  ".join(parts)


def _short(count: int) -> str:
    return f"{count:,}" if count < 10_000 else f"{count / 1000:,.0f}k"
