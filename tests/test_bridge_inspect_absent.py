"""Without inspect_ai: importing us works, and converting says what to install."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dual_bench.bridges.inspect.convert import convert
from dual_bench.errors import DependencyError


def test_converting_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "inspect_ai", None)
    monkeypatch.setitem(sys.modules, "inspect_ai.log", None)
    with pytest.raises(DependencyError, match=r"dual-bench\[inspect\]"):
        convert(tmp_path / "log.eval", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_importing_the_converter_imports_no_inspect_ai() -> None:
    code = (
        "import sys, dual_bench.bridges.inspect.convert\n"
        "print([name for name in sys.modules if name.startswith('inspect_ai')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
