"""`dual-bench agree` and `dual-bench validate-judge`: how far labels can be trusted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dual_bench.cli.common import (
    json_option,
    judge_options,
    judge_settings,
    judging_bar,
    of_protocol_option,
    print_json,
    protocol_option,
)
from dual_bench.errors import JournalError, LabelsError


@click.command(short_help="Set the verdicts of two judges beside each other.")
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@of_protocol_option
@json_option
def agree(first: Path, second: Path, protocol_name: str | None, as_json: bool) -> None:
    """Set the verdicts of two run folders (or files of verdicts) against each other."""
    from dual_bench.agreement import agree as agree_verdicts
    from dual_bench.result import Result

    one, two = (Result.from_verdicts(path, protocol_name) for path in (first, second))
    if one.protocol.id != two.protocol.id:
        raise JournalError(
            f"{first} is under protocol {one.protocol.id} and {second} under {two.protocol.id}; "
            f"labels of two protocols cannot agree"
        )
    names = str(one.judge.get("name") or first), str(two.judge.get("name") or second)
    found = agree_verdicts(one.verdicts, two.verdicts, one.protocol, names)
    _print(found, as_json)


@click.command("validate-judge", short_help="Check a judge against people's labels.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--reply", default="response", show_default=True, help="Column of the replies.")
@click.option("--label", default="label", show_default=True, help="Column of people's labels.")
@click.option("--prompt", default="prompt", show_default=True, help="Column of the prompts.")
@click.option("--text", default="text", show_default=True, help="Column of the pictures' words.")
@click.option("--side", default="side", show_default=True, help="Column with harmful or benign.")
@click.option("--id", default="id", show_default=True, help="Column of the ids.")
@click.option("--map", "mapping", default="", help='"theirs=ours,theirs=ours" for the labels.')
@click.option("--out", type=click.Path(path_type=Path), help="Folder to keep the verdicts in.")
@protocol_option
@judge_options
@json_option
def validate_judge(
    file: Path,
    mapping: str,
    out: Path | None,
    protocol_name: str,
    judges: tuple[str, ...],
    min_valid: int | None,
    as_json: bool,
    **rest: Any,
) -> None:
    """Ask a judge about the labelled replies in FILE, and count how often it is right."""
    from dual_bench.judges import make_judge
    from dual_bench.protocols import protocol
    from dual_bench.validation import Columns, read_labelled, validate

    columns = Columns(**{name: rest.pop(name) for name in Columns._fields})
    how = protocol(protocol_name)
    labelled = read_labelled(file, how, columns, _mapping(mapping))
    judge = make_judge(list(judges), how, min_valid=min_valid, **judge_settings(judges, **rest))
    with judging_bar(as_json) as report:
        found = validate(labelled, judge, how, out=out, progress=report)
    _print(found, as_json)


def _mapping(text: str) -> dict[str, str]:
    """`a=b,c=d` as a dict."""
    found = {}
    for pair in filter(None, text.split(",")):
        theirs, equals, ours = pair.partition("=")
        if not equals:
            raise LabelsError(f"--map {pair!r}: expected theirs=ours")
        found[theirs.strip()] = ours.strip()
    return found


def _print(found: Any, as_json: bool) -> None:
    if as_json:
        print_json(found.to_dict())
    else:
        click.echo(str(found))
