"""`dual-bench merge`: the run folders of several processes in one."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("parts", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The new run folder.")
@click.option("--partial", is_flag=True, help="Merge even if rows are missing.")
def merge(parts: tuple[Path, ...], out: Path, partial: bool) -> None:
    """Join run folders PARTS that were recorded as shards of one run.

    All must be of one model, one set of settings and one build, have no row twice, and cover the
    data together.
    """
    from dual_bench.recording import merge as merge_parts

    merged = merge_parts(parts, out, partial=partial)
    missing = f", {merged.missing:,} missing" if merged.missing else ""
    click.echo(f"{out}: {merged.replies:,} replies, {merged.failed:,} failed{missing}")
