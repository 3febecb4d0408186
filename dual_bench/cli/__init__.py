"""The command `dual-bench`: thin commands over the library, one file each.

A user's mistake is one line and exit status 2. What a command prints for programs (`--json`) is
what the library's `to_dict` gives.
"""

from __future__ import annotations

import click

import dual_bench
from dual_bench.cli.agree import agree, validate_judge
from dual_bench.cli.compare import compare
from dual_bench.cli.convert import convert
from dual_bench.cli.export import export
from dual_bench.cli.merge import merge
from dual_bench.cli.protocols import protocols
from dual_bench.cli.run import run
from dual_bench.cli.score import score
from dual_bench.console import OneLineErrors


class _Commands(OneLineErrors):
    stopped = "stopped; with --out, the same command goes on from here"


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(dual_bench.__version__, prog_name="dual-bench")
def main() -> None:
    """Run a vision-language model and score what it said: does it help, warn, refuse where it
    should?
    """


for command in (run, merge, convert, export, score, compare, agree, validate_judge, protocols):
    main.add_command(command)
