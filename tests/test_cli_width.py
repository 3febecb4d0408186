"""Tables on a command line are as wide as the terminal, or as COLUMNS say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.replies_kit import rows, write_jsonl

SCRIPT = str(Path(sys.executable).with_name("dual-bench"))


def call(folder: Path) -> list[str]:
    """A command that prints many tables, one with a very long name."""
    lines = [{"id": row["id"], "label": "answered", "judge": "j" * 300} for row in rows(30)]
    path = str(write_jsonl(folder / "verdicts.jsonl", lines))
    return [SCRIPT, "compare", path, path, "--full", "--protocol", "calibrated"]


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("columns", [80, 100, 140])
def test_nothing_is_wider_than_the_terminal(tmp_path: Path, columns: int) -> None:
    import pty

    parent, child = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm"}
    with subprocess.Popen(call(tmp_path), stdout=child, stderr=child, env=environment) as process:
        os.close(child)
        content = b""
        with suppress(OSError):  # how Linux says that the other end is closed
            while block := os.read(parent, 65536):
                content += block
    os.close(parent)
    assert process.returncode == 0
    lines = re.split(r"\r?\n", content.decode())
    assert "All rows" in lines
    assert max(map(len, lines)) <= columns


@pytest.mark.parametrize(("told", "width"), [({}, 100), ({"COLUMNS": "80"}, 80)])
def test_a_pipe_is_as_wide_as_columns_say(tmp_path: Path, told: dict[str, str], width: int) -> None:
    done = subprocess.run(
        call(tmp_path), capture_output=True, text=True, check=True, env=os.environ | told
    )
    assert width - 20 < max(map(len, done.stdout.splitlines())) <= width
