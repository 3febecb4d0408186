"""Messages of the errors that say what an argument may be."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from click.testing import CliRunner

from dual_bench.cli import main
from dual_bench.errors import BadValueError, DualBenchError, UnknownNameError


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            UnknownNameError("hazard", "hat", ["hate", "privacy"]),
            "unknown hazard 'hat'; expected one of: hate, privacy. Did you mean 'hate'?",
        ),
        (
            UnknownNameError("hazard", 3, ["hate", "privacy"]),
            "unknown hazard 3; expected one of: hate, privacy.",
        ),
        (
            BadValueError("number of shards", 0, "1 or more"),
            "number of shards must be 1 or more, got 0",
        ),
        (
            BadValueError("shard", "0", "0 to 1", "give int(...)"),
            "shard must be 0 to 1, got '0'; give int(...)",
        ),
    ],
)
def test_a_name_is_unknown_and_a_value_is_bad(error: DualBenchError, message: str) -> None:
    assert str(error) == message
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  (our own bytes)
    assert type(again) is type(error)
    assert str(again) == message
    assert vars(again) == vars(error)


def test_a_bad_value_is_caught_where_an_unknown_name_is() -> None:
    assert issubclass(BadValueError, UnknownNameError)
    assert issubclass(BadValueError, ValueError)
    assert not isinstance(UnknownNameError("a", "b", []), BadValueError)


@pytest.mark.parametrize("n", [118, 119, 10_000_000])
def test_a_message_shows_the_beginning_of_a_long_value(n: int) -> None:
    got = "x" * n
    shown = repr(got) if n == 118 else "'" + "x" * 119 + "..."
    assert str(BadValueError("id", got, "short")) == f"id must be short, got {shown}"
    assert f"unknown id {shown}; expected" in str(UnknownNameError("id", got, ["a"]))
    assert BadValueError("id", got, "short").got == got


def test_a_setting_of_another_form_is_told_with_its_form(tmp_path: Path) -> None:
    for text in ("temperature", "=0"):
        command = ["convert", "vlmevalkit", str(tmp_path), "--out", str(tmp_path / "run")]
        done = CliRunner().invoke(main, [*command, "--setting", text])
        assert done.exit_code == 2
        told = f"--setting must be NAME=VALUE, such as temperature=0, got '{text}'"
        assert done.stderr == f"error: {told}\n"
