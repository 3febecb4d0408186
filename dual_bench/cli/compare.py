"""`dual-bench compare`: are two runs different, and by more than chance would do?"""

from __future__ import annotations

from pathlib import Path

import click

from dual_bench.cli.common import json_option, of_protocol_option, print_json


@click.command(short_help="Compare two scored runs.")
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@click.option("--across-judges", is_flag=True, help="Allow runs that two judges judged.")
@click.option("--full", is_flag=True, help="Show hazards that do not differ, too.")
@of_protocol_option
@json_option
def compare(
    first: Path,
    second: Path,
    across_judges: bool,
    full: bool,
    protocol_name: str | None,
    as_json: bool,
) -> None:
    """Compare two run folders (or files of verdicts) on the rows that both have.

    Differences are SECOND minus FIRST.
    """
    from dual_bench.comparison import compare as compare_results
    from dual_bench.result import Result
    from dual_bench.show import show_comparison

    results = [Result.from_verdicts(path, protocol_name) for path in (first, second)]
    found = compare_results(*results, across_judges=across_judges)
    if as_json:
        print_json(found.to_dict())
    else:
        click.echo(show_comparison(found, full=full))
