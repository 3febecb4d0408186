"""`dual-bench merge`: the run folders of several processes in one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dual_bench.cli.common import choice_options
from dual_bench.cli.run_words import typed_words


@click.command(short_help="Join run folders that were recorded as shards.")
@click.argument("parts", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The new run folder.")
@click.option("--partial", is_flag=True, help="Merge even if rows are missing.")
@choice_options
@click.pass_context
def merge(
    context: click.Context, /, parts: tuple[Path, ...], out: Path, partial: bool, **choice: Any
) -> None:
    """Join run folders PARTS that were recorded as shards of one run.

    All must be of one model, one set of settings and one build, have no row twice, and cover the
    data together. The parts know which rows they were to ask at their last start; with --data,
    --config or another choice of rows, these are compared instead, and what is missing is named.
    """
    from dual_bench.recording import merge as merge_parts
    from dual_bench.run import rows_to_ask

    default = click.core.ParameterSource.DEFAULT
    named = any(context.get_parameter_source(name) is not default for name in choice)
    columns = ["id", "prompt", "pixel_sha256"]
    with typed_words():
        rows = rows_to_ask(**choice, columns=columns, decode=False) if named else None
    merged = merge_parts(parts, out, dataset=rows, partial=partial)
    missing = f", {merged.missing:,} missing" if merged.missing else ""
    click.echo(f"{out}: {merged.replies:,} replies, {merged.failed:,} failed{missing}")
