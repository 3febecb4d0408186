"""`dual-bench score`: replies in, a table and a run folder out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from dual_bench.cli.common import (
    json_option,
    judge_options,
    judge_settings,
    judging_bar,
    print_json,
    protocol_option,
)
from dual_bench.outcomes import Reason

TOO_MANY = 1  # exit status where more than --max-unscored has no label


@click.command(short_help="Score a run folder, or a file of replies.")
@click.argument("responses", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for verdicts and metrics; of a run folder the folder itself.",
)
@click.option("--data", type=click.Path(path_type=Path), help="Folder of a build.")
@click.option("--hazard", "hazards", multiple=True, help="Score only this hazard; repeatable.")
@click.option("--variant", "variants", multiple=True, help="Score only this variant; repeatable.")
@click.option("--config", "configs", multiple=True, help="Score only this config; repeatable.")
@click.option("--asked-only", is_flag=True, help="Score only rows that RESPONSES has a line for.")
@protocol_option
@judge_options
@click.option("--id-column", default="id", show_default=True)
@click.option("--response-column", default="response", show_default=True)
@click.option(
    "--max-unscored",
    type=click.FloatRange(0, 1),
    default=1.0,
    help="Exit with status 1 if a larger share of the rows has no label.",
)
@click.option("--full", is_flag=True, help="Print every value, by hazard and variant.")
@json_option
def score(
    responses: Path,
    out: Path | None,
    data: Path | None,
    hazards: tuple[str, ...],
    variants: tuple[str, ...],
    configs: tuple[str, ...],
    asked_only: bool,
    protocol_name: str,
    judges: tuple[str, ...],
    min_valid: int | None,
    id_column: str,
    response_column: str,
    max_unscored: float,
    full: bool,
    as_json: bool,
    **judge: Any,
) -> None:
    """Score RESPONSES, a run folder or a file with an id and a response for each row.

    A file is JSON Lines, CSV, TSV or Parquet. With --out, every verdict is on disk before the
    next one is asked for; the same command goes on where it was stopped, and judges again what
    failed.
    """
    from dual_bench.responses import read_responses
    from dual_bench.scoring import score as score_replies
    from dual_bench.show import show

    out = out or (responses if responses.is_dir() else None)
    read = read_responses(responses, id_column=id_column, response_column=response_column)
    with judging_bar(as_json) as report:
        result = score_replies(
            read,
            data,
            list(judges),
            protocol_name,
            hazards=hazards,
            variants=variants,
            configs=configs,
            asked_only=asked_only,
            out=out,
            progress=report,
            min_valid=min_valid,
            **judge_settings(judges, **judge),
        )
    if as_json:
        print_json(result.to_dict())
    else:
        click.echo(show(result, full=full))
        if out is not None:
            click.echo(f"verdicts and metrics: {out}")
    unscored = sum(result.unscored.values())
    failed = sum(n for reason, n in result.unscored.items() if Reason(reason).is_failure)
    missing = result.unscored.get("missing", 0)
    if missing and responses.is_dir() and not as_json:
        click.echo(
            f"{missing:,} rows have no reply yet: run the model again, or score with --asked-only",
            err=True,
        )
    if failed and not as_json:
        again = "run the same command again" if out else "give --out, and run it again"
        click.echo(f"the judge failed on {failed:,} rows; to try only those, {again}", err=True)
    if unscored > max_unscored * len(result.verdicts):
        click.echo(f"error: {unscored:,} rows are unscored, more than --max-unscored", err=True)
        sys.exit(TOO_MANY)
