"""`dual-bench convert`: the log of a harness in, a run folder out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from dual_bench.console import clean
from dual_bench.errors import UnknownNameError

_SHOWN = 5  # rows that a line of the summary names

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


@click.group()
def convert() -> None:
    """Make a run folder of a harness's log, with the same replies.

    What the harness noted in place of a reply becomes the row's error and never a reply. The
    folder can then be scored, compared, and completed with a recorder.
    """


@convert.command()
@log_argument
@out_option
@data_option
@click.option("--epoch", type=click.IntRange(1), help="Which one, of a log with several.")
def inspect(log: Path, out: Path, data: Path | None, epoch: int | None) -> None:
    """LOG is an .eval or .json file of Inspect (needs the extra `inspect`)."""
    from dual_bench.bridges.inspect.convert import convert as convert_log

    done = convert_log(log, out, data=data, epoch=epoch)
    _say(out, done.replies, done.failed, done.missing)
    if done.status != "success":
        click.echo(f"the evaluation did not end well; its status is {clean(done.status)}", err=True)


@convert.command("lmms-eval")
@log_argument
@out_option
@data_option
@model_option
@partial_option
def lmms_eval(log: Path, out: Path, data: Path | None, model: str | None, partial: bool) -> None:
    """LOG is a samples or results file of lmms-eval, or the folder of a run (--log_samples)."""
    from dual_bench.bridges.lmms_eval.convert import convert as convert_log

    done = convert_log(log, out, data=data, model=model, partial=partial)
    _say(out, done.replies, done.failed, done.missing)
    _list("empty replies could be failed calls; the log cannot tell", done.unsure)
    _list("files are of other benchmarks' tasks and were left alone", done.others)


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

    generation = dict(map(_setting, settings))
    done = convert_log(log, out, data=data, model=model, generation=generation, partial=partial)
    _say(out, done.replies, done.failed, done.missing)
    doubts = [f"{d.id} ({d.why})" for d in done.doubts]
    _list("predictions may not be what the model said", doubts)
    _list("files do not say which export they are of; they may not be whole", done.unnamed)


def _setting(text: str) -> tuple[str, Any]:
    name, found, value = text.partition("=")
    if not found or not name:
        raise UnknownNameError("--setting", text, ["NAME=VALUE, such as temperature=0"])
    return name, value


def _say(out: Path, replies: int, failed: int, missing: int | Iterable[str]) -> None:
    click.echo(f"{out}: {replies:,} replies, {failed:,} failed")
    if isinstance(missing, int):
        if missing:
            click.echo(f"{missing:,} rows are missing", err=True)
    else:
        _list("rows are missing", missing)


def _list(what: str, names: Iterable[str]) -> None:
    """How many, and the first few; nothing where there are none."""
    there = list(names)
    if there:
        more = ", ..." if len(there) > _SHOWN else ""
        shown = ", ".join(map(clean, there[:_SHOWN]))
        click.echo(f"{len(there):,} {what}: {shown}{more}", err=True)
