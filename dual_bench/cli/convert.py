"""`dual-bench convert`: the log of a harness in, a run folder out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dual_bench.console import LONGEST, clean
from dual_bench.errors import BadValueError

if TYPE_CHECKING:
    from dual_bench.bridges.converted import Converted

log_argument = click.argument("log", type=click.Path(path_type=Path))
out_option = click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="The new run folder."
)
data_option = click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Folder of the build that was asked; every row is then checked against it.",
)
model_option = click.option("--model", help="The model's name, where the log's does not suit.")
partial_option = click.option("--partial", is_flag=True, help="Take a log that lacks rows.")


@click.group(short_help="Make a run folder of a harness's log.")
def convert() -> None:
    """Make a run folder of a harness's log, with the same replies.

    What the harness noted in place of a reply becomes the row's error and never a reply. The
    folder can then be scored, compared, and completed with a recorder.
    """


@convert.command()
@click.argument("logs", metavar="LOG...", nargs=-1, required=True, type=click.Path(path_type=Path))
@out_option
@data_option
@click.option("--epoch", type=click.IntRange(1), help="Which one, of logs with several.")
@click.option("--model", help="Only logs of this one, as Inspect names it: openai/NAME.")
def inspect(
    logs: tuple[Path, ...], out: Path, data: Path | None, epoch: int | None, model: str | None
) -> None:
    """LOG is an .eval or .json file of Inspect, or a folder of them (needs the extra `inspect`).

    Several logs, as of a retry, become one run: of one model, asked in one way. Logs of other
    tasks in a folder are left alone and named.
    """
    from dual_bench.bridges.inspect.convert import convert as convert_logs

    _say(out, convert_logs(logs, out, data=data, epoch=epoch, model=model))


@convert.command("lmms-eval")
@log_argument
@out_option
@data_option
@model_option
@partial_option
def lmms_eval(log: Path, out: Path, data: Path | None, model: str | None, partial: bool) -> None:
    """LOG is a samples or results file of lmms-eval, or the folder of a run (--log_samples)."""
    from dual_bench.bridges.lmms_eval.convert import convert as convert_log

    _say(out, convert_log(log, out, data=data, model=model, partial=partial))


@convert.command()
@log_argument
@out_option
@data_option
@model_option
@click.option(
    "--setting", "settings", multiple=True, metavar="NAME=VALUE",
    help="A generation setting that you used; VLMEvalKit writes none down. Repeatable.",
)  # fmt: skip
@partial_option
def vlmevalkit(
    log: Path,
    out: Path,
    data: Path | None,
    model: str | None,
    settings: tuple[str, ...],
    partial: bool,
) -> None:
    """LOG is a prediction file of VLMEvalKit, or the folder of a run.

    .xlsx (needs the extra `vlmevalkit`), .tsv, .csv, .json or .jsonl.
    """
    from dual_bench.bridges.vlmevalkit.convert import convert as convert_log

    made = dict(map(_setting, settings))
    _say(out, convert_log(log, out, data=data, model=model, generation=made, partial=partial))


def _setting(text: str) -> tuple[str, Any]:
    """Name and value; a value that is JSON is taken as such, so that 0 is a number."""
    name, found, value = text.partition("=")
    if not found or not name:
        raise BadValueError("--setting", text, "NAME=VALUE, such as temperature=0")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _say(out: Path, done: Converted) -> None:
    from dual_bench.bridges.converted import note

    click.echo(f"{out}: {done.replies:,} replies, {done.failed:,} failed")
    for line in [*note("rows are missing", done.missing), *done.notes]:
        click.echo(clean(line, LONGEST), err=True)
