"""Options and habits that several commands share: which judge, a progress bar, output."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column

from dual_bench.errors import JudgeError
from dual_bench.protocols import DEFAULT, PROTOCOLS

Command = TypeVar("Command", bound=Callable[..., Any])

protocol_option = click.option(
    "--protocol",
    "protocol_name",
    type=click.Choice(list(PROTOCOLS)),
    default=DEFAULT,
    show_default=True,
    help="Which labels there are, and which metrics follow.",
)
of_protocol_option = click.option(
    "--protocol",
    "protocol_name",
    type=click.Choice(list(PROTOCOLS)),
    help="Of verdicts that do not name theirs.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def choice_options(command: Command) -> Command:
    """The options that say which rows are asked; `rows_to_ask` takes them."""
    for option in reversed(
        [
            click.option("--data", type=click.Path(path_type=Path), help="Folder of a build."),
            click.option(
                "--config",
                "configs",
                multiple=True,
                default=("dual_use",),
                show_default=True,
                help="Which rows; repeatable.",
            ),
            click.option("--hazard", "hazards", multiple=True, help="Only this; repeatable."),
            click.option("--side", "sides", multiple=True, help="Only this; repeatable."),
            click.option("--variant", "variants", multiple=True, help="Only this; repeatable."),
            click.option(
                "--pairs-per-hazard",
                type=click.IntRange(1),
                help="For a trial: the first pairs of each hazard.",
            ),
            click.option("--limit", type=click.IntRange(1), help="The first rows only."),
        ]
    ):
        command = option(command)
    return command


def judge_options(command: Command) -> Command:
    """The options that name a judge and set it up."""
    for option in reversed(
        [
            click.option(
                "--judge",
                "judges",
                multiple=True,
                default=("rules",),
                show_default=True,
                help="rules, openai:MODEL, openai:MODEL@URL, labels:FILE or "
                "python:MODULE:FUNCTION. Given several times: the majority of them.",
            ),
            click.option("--min-valid", type=int, help="Valid votes that a majority needs."),
            click.option(
                "--judge-url", metavar="URL", help="Of an OpenAI-compatible server, for openai:."
            ),
            click.option(
                "--judge-key-env",
                metavar="NAME",
                default="OPENAI_API_KEY",
                show_default=True,
                help="Environment variable that holds the key, for openai:.",
            ),
            click.option(
                "--judge-prompt",
                "prompts",
                metavar="STEP=FILE",
                multiple=True,
                help="A prompt of your own for a step of the protocol, for openai:.",
            ),
            click.option(
                "--workers", type=click.IntRange(1), help="Requests in flight, for openai:."
            ),
            click.option("--timeout", type=float, help="Seconds to wait for a reply, for openai:."),
            click.option("--retries", type=click.IntRange(0), help="Tries again, for openai:."),
        ]
    ):
        command = option(command)
    return command


def judge_settings(
    judges: tuple[str, ...],
    judge_url: str | None,
    judge_key_env: str,
    prompts: tuple[str, ...],
    workers: int | None,
    timeout: float | None,
    retries: int | None,
) -> dict[str, Any]:
    """What `make_judge` takes, from what the options say."""
    chosen = {
        "base_url": judge_url,
        "workers": workers,
        "timeout": timeout,
        "retries": retries,
    }
    settings: dict[str, Any] = {k: value for k, value in chosen.items() if value is not None}
    if not any(judge.startswith("openai:") for judge in judges):
        if settings or prompts:  # else rules would judge where a model was meant
            raise JudgeError(
                f"--judge-url, --judge-prompt, --workers, --timeout and --retries are for openai: "
                f"judges, and there is none; the judge is {', '.join(judges)}"
            )
        return {}
    files = {}
    for given in prompts:
        step, found, file = given.partition("=")
        if not found:
            raise JudgeError(
                f"--judge-prompt {given!r}: expected STEP=FILE, such as stage1=mine.md"
            )
        files[step] = Path(file)
    return {**settings, "api_key_env": judge_key_env, "prompts": files}


@contextmanager
def progress_bar(what: str, quiet: bool) -> Iterator[Callable[[int, int, str], None]]:
    """A bar on the terminal's error stream; takes what is done, what there is, and a note."""
    console = Console(stderr=True)
    whole = Column(no_wrap=True, min_width=13)  # numbers are never cut; the bar gives way
    columns = (
        TextColumn(what),
        BarColumn(bar_width=max(4, min(40, console.width - 80))),
        MofNCompleteColumn(table_column=whole),
        TextColumn("{task.fields[note]}", table_column=Column(no_wrap=True)),
        TimeRemainingColumn(),
    )
    quiet = quiet or not console.is_terminal  # else it would write an empty line into a log
    bar = Progress(*columns, console=console, disable=quiet, transient=True)
    with bar:
        task = bar.add_task(what, total=None, note="")

        def report(done: int, total: int, note: str) -> None:
            bar.update(task, completed=done, total=total, note=note)

        yield report


@contextmanager
def judging_bar(quiet: bool) -> Iterator[Callable[[int, int, int], None]]:
    """The same for a judge, with a running count of the unscored."""
    with progress_bar("judging", quiet) as report:
        yield lambda judged, total, unscored: report(judged, total, f"unscored {unscored}")


def print_json(content: Mapping[str, Any]) -> None:
    """JSON in ASCII, so that no text of a model reaches the terminal as it is."""
    click.echo(json.dumps(content, indent=1))
