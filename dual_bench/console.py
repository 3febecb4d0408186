"""What a command line says: text that cannot move the cursor, and errors in one line."""

from __future__ import annotations

import sys
import unicodedata

import click

from dual_bench.errors import DualBenchError

LONGEST = 2000  # characters of an error
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def clean(text: str, limit: int = 200) -> str:
    r"""One line that shows every control, format or unassigned character by its number.

    >>> clean("red \x1b[31m alert")
    'red \\x1b[31m alert'
    """
    return visible(text if len(text) <= limit else text[: limit - 1] + "…")


def visible(text: str) -> str:
    """The same for text of any length."""
    return "".join(map(_shown, text))


def _shown(c: str) -> str:
    return ascii(c)[1:-1] if unicodedata.category(c) in _HIDDEN else c


class OneLineErrors(click.Group):
    """Turns errors of our own into one line; anything else is a bug and keeps its traceback.

    A message may quote a file, so it is cleaned on its way to the terminal.
    """

    stopped = "stopped; the same command goes on from here"

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except DualBenchError as err:
            click.echo(f"error: {clean(str(err), LONGEST)}", err=True)
            sys.exit(err.exit_status)
        except KeyboardInterrupt:
            click.echo(self.stopped, err=True)
            sys.exit(130)
