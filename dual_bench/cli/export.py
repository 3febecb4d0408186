"""`dual-bench export`: what other programs need to ask the dataset's rows, or to show results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dual_bench.cli.common import of_protocol_option

out_option = click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Folder to write to."
)
data_option = click.option("--data", type=click.Path(path_type=Path), help="Folder of a build.")


@click.group()
def export() -> None:
    """Write files for a harness or for the Hub.

    Inspect needs none: with `pip install "dual-bench[inspect]"` its command knows
    dual_bench/dual_use and the other configs.
    """


@export.command("lmms-eval")
@out_option
@data_option
def lmms_eval(out: Path, data: Path | None) -> None:
    """A folder of tasks for lmms-eval's --include_path, one task a config.

    A config that has no task is named.
    """
    from dual_bench.bridges.lmms_eval.export import export as write

    done = write(out, data)
    click.echo(f"{done.folder}: {len(done.tasks)} tasks, {done.rows:,} rows. Run, for example:")
    click.echo(
        f"  lmms-eval --include_path {done.folder} --tasks {done.tasks[0]} --log_samples "
        f"--output_path logs --model ..."
    )
    for config, why in done.left_out.items():
        click.echo(f"{config} is left out: {why}", err=True)


@export.command()
@out_option
@data_option
@click.option("--config", default="dual_use", show_default=True)
@click.option("--hazard", "hazards", multiple=True, help="Only this hazard; repeatable.")
@click.option("--variant", "variants", multiple=True, help="Only this variant; repeatable.")
def vlmevalkit(
    out: Path,
    data: Path | None,
    config: str,
    hazards: tuple[str, ...],
    variants: tuple[str, ...],
) -> None:
    """A TSV file for VLMEvalKit, of one config."""
    from dual_bench.bridges.vlmevalkit.export import export as write

    done = write(out, data, config, hazards=hazards or None, variants=variants or None)
    text = f", {done.text_only:,} of them without a picture" if done.text_only else ""
    click.echo(f"{done.path}: {done.rows:,} rows{text}. Run, for example:")
    folder = done.path.parent.resolve()
    click.echo(f"  LMUData={folder} python run.py --data {done.name} --mode infer --model ...")
    if done.large:
        click.echo("It is above 1 GiB: VLMEvalKit unpacks its pictures before the first question.")


@export.command()
@click.argument("run", type=click.Path(path_type=Path))
@out_option
@click.option(
    "--dataset-repo", required=True, help="Of the dataset on the Hub: someone/dual-bench."
)
@click.option("--revision", help="Commit of the dataset's repository.")
@click.option("--date", help="Of the run, as 2026-01-31; without it the Hub takes the commit's.")
@click.option("--source-url", help="Where the replies can be looked at.")
@click.option("--notes", default="", help="What else is to be said.")
@click.option("--name", default="dual-bench", show_default=True, help="Of the file.")
@click.option("--partial", is_flag=True, help="Take a run over a part of the rows.")
@of_protocol_option
def hub(run: Path, out: Path, protocol_name: str | None, **how: Any) -> None:
    """`.eval_results/NAME.yaml` for a model's repository, from a scored RUN folder."""
    from dual_bench.bridges.hub.model import write_eval_results
    from dual_bench.result import Result

    path = write_eval_results(out, Result.from_verdicts(run, protocol_name), **how)
    click.echo(f"{path}: commit it to the model's repository, or open a pull request with it")
