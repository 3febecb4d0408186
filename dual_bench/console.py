"""How a command line ends when something is wrong: one line, exit status 2."""

from __future__ import annotations

import sys

import click

from dual_bench.errors import DualBenchError


class OneLineErrors(click.Group):
    """Turns errors of our own into one line; anything else is a bug and keeps its traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except DualBenchError as err:
            click.echo(f"error: {err}", err=True)
            sys.exit(err.exit_status)
        except KeyboardInterrupt:
            click.echo("stopped; the same command goes on from here", err=True)
            sys.exit(130)
