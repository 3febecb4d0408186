"""`dual-bench run --dry-run`: the first request, and what the whole run would send."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from dual_bench.console import visible
from dual_bench.recording import RunSettings
from dual_bench.run import AsyncModel, Model, asked, with_prompt
from dual_bench.run.plan import due, picture_bytes, room


def show(
    model: Model,
    rows: Any,
    out: Path,
    *,
    prompt: str | None,
    shard: int,
    of: int,
    retry: Iterable[str],
    max_requests: int | None,
) -> None:
    """Print it; nothing is asked, and nothing written.

    Args:
        model: that would be asked.
        rows: that were chosen.
        out: the run folder; what it holds already would not be asked again.
        prompt: in place of the rows' own; see `dual_bench.run.prompts`.
        shard: see `Recorder.todo`.
        of: see `Recorder.todo`.
        retry: see `Recorder.todo`.
        max_requests: at which the run would end.

    Raises:
        JournalError: the folder holds another run.
    """
    generation = with_prompt(model.generation, prompt)
    settings = RunSettings(model.name, generation)
    numbers = due(out, rows, settings, shard=shard, of=of, retry=retry)
    first = rows[numbers[0] if numbers else 0]
    click.echo(f"{len(rows):,} rows; the first, {visible(first['id'])}, would be sent as:\n")
    click.echo("\n".join(map(visible, model.preview(asked(first, prompt)).splitlines())))
    click.echo("\nmodel: " + visible(model.name))
    click.echo("settings: " + json.dumps(dict(generation)))
    now = numbers[:max_requests]
    pictures = _pictures(rows, now) if isinstance(model, AsyncModel) else ""
    limited = ", where --max-requests ends it" if len(now) < len(numbers) else ""
    click.echo(f"to be asked: {len(now):,} of {len(rows):,} rows{limited}{pictures}")
    if (most := room(generation)) is not None:
        click.echo(f"replies: at most {len(now) * most:,} tokens ({len(now):,} x {most:,})")
    click.echo("dry run: nothing was asked, and nothing written")


def _pictures(rows: Any, numbers: list[int]) -> str:
    plain, encoded = picture_bytes(rows, numbers)
    if not plain:
        return ""
    return f"; pictures: {plain / 1e6:,.1f} MB, or {encoded / 1e6:,.1f} MB as a request holds them"
