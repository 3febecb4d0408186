"""`dual-bench run`: a model in, a run folder out."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dual_bench.cli.common import choice_options, progress_bar
from dual_bench.console import visible
from dual_bench.errors import DualBenchError, SpendingLimit, UnknownNameError

if TYPE_CHECKING:
    from dual_bench.run import Model, Progress

INCOMPLETE = 1  # exit status where rows are missing or have an error in place of a reply
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
@click.option("--shard", metavar="I/N", default="0/1", help="This process's part, from 0 on.")
@click.option(
    "--retry", multiple=True, type=click.Choice([*FAILURES, "nothing"]), default=FAILURES,
    help="Which failures of an earlier start are asked again.  [default: all]",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Show the first request; ask the model nothing.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@click.option("--max-tokens", type=click.IntRange(1), help="Room for a reply.")
@click.option("--temperature", type=float, help="0 by default.")
@click.option("--system", metavar="TEXT", help="A system message.")
@click.option("--url", "base_url", help="openai: address of the endpoint, often ends in /v1.")
@click.option("--key-env", "api_key_env", help="openai: variable of the key [OPENAI_API_KEY].")
@click.option("--concurrency", type=click.IntRange(1), help="openai: requests at once [16].")
@click.option("--timeout", type=float, help="openai: seconds for one try [120].")
@click.option("--retries", type=click.IntRange(0), help="openai: tries again [5].")
@click.option("--max-wait", type=float, help="openai: longest Retry-After to obey [120].")
@click.option("--max-requests", type=click.IntRange(0), help="openai: spending limit.")
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
    shard: str,
    retry: tuple[str, ...],
    dry_run: bool,
    quiet: bool,
    batch_size: int,
    extra: str | None,
    **options: Any,
) -> None:
    """Ask a model for every row and record its replies in a run folder.

    Every reply is on disk before its request's place is taken by another. The same command goes
    on where it was stopped, and asks again only what failed. Exit status 1: no row has a reply, or
    rows are missing or have an error in place of one.
    """
    import datasets

    from dual_bench.recording import Recorder
    from dual_bench.run import SENT, kind_of, make_model, rows_to_ask
    from dual_bench.run import run as run_model

    part, of = _shard(shard)
    options["extra_body"] = _json(extra)
    kind = kind_of(spec)
    if quiet:
        datasets.disable_progress_bars()
    rows = rows_to_ask(  # before the model: loading one takes longer than a mistake in a name
        configs, data=data, hazards=hazards, sides=sides, variants=variants,
        pairs_per_hazard=pairs_per_hazard, limit=limit, columns=SENT, decode=kind != "openai",
    )  # fmt: skip
    model = make_model(spec, **options)
    if dry_run:
        _show_first(model, rows)
        return
    again = [name for name in retry if name != "nothing"]
    stopped: DualBenchError | None = None
    with Recorder(out, rows, model=model.name, generation=model.generation) as recorder:
        with _orderly_end(), _progress(quiet) as bar:
            try:
                run_model(
                    model, recorder, shard=part, of=of, retry=again, batch_size=batch_size,
                    report=bar,
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
        click.echo(str(stopped), err=True)
    if not counts["answered"]:
        click.echo("no row has a reply", err=True)
        sys.exit(INCOMPLETE)
    if left:
        click.echo(
            f"{left:,} rows are missing or have an error; the same command asks {due:,}", err=True
        )
        sys.exit(INCOMPLETE)


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
        raise UnknownNameError("--shard", text, ["I/N from 0/N on, such as 0/4, 1/4, 2/4 and 3/4"])
    return int(part), int(of)


def _show_first(model: Model, rows: Any) -> None:
    click.echo(f"{len(rows):,} rows; the first, {visible(rows[0]['id'])}, would be sent as:\n")
    click.echo("\n".join(map(visible, model.preview(rows[0]).splitlines())))
    click.echo("\nmodel: " + visible(model.name))
    click.echo("settings: " + json.dumps(dict(model.generation)))
    click.echo("dry run: nothing was asked, and nothing written")


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
