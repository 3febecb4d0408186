"""Every example runs as it stands, in a folder that holds a build."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def here(build: Path, tmp_path: Path) -> Path:
    (tmp_path / "dual-bench").symlink_to(build)
    return tmp_path


def run(name: str, here: Path) -> str:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name)],
        cwd=here,
        env=os.environ | {"HF_HOME": str(here / "hf")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_first_look(here: Path) -> None:
    assert "Counter" in run("first_look.py", here)
    assert len(list(here.glob("prv-001-*.png"))) == 2


def test_score_replies(here: Path) -> None:
    printed = run("score_replies.py", here)
    assert "protocol calibrated/1, judge rules/" in printed
    assert printed.endswith("read 0.000\n")


def test_no_example_is_forgotten() -> None:
    tested = Path(__file__).read_text(encoding="utf-8")
    for example in EXAMPLES.glob("*.py"):
        assert f'"{example.name}"' in tested
