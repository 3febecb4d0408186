"""Who may import whom: the doors of the house, and what the wheel holds."""

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HELPERS = {"dual_bench.errors", "dual_bench.console", "dual_bench.files"}
SHARED = {"dual_bench.schema", "dual_bench.taxonomy", *HELPERS}
ALLOWED = {
    "dual_bench": {"dual_bench"},
    "perturb": {"perturb", *HELPERS},
    "builders": {"builders", "perturb", *SHARED},
}


def imports(path: Path) -> set[str]:
    """Modules of this project that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            inside = node.module == "dual_bench"  # `from dual_bench import schema`
            found |= {f"dual_bench.{a.name}" for a in node.names} if inside else {node.module or ""}
    return {name for name in found if name.split(".")[0] in ALLOWED}


@pytest.mark.parametrize("house", ALLOWED)
def test_doors_are_one_way(house: str) -> None:
    for path in (ROOT / house).rglob("*.py"):
        for name in imports(path):
            open_ = any(name == door or name.startswith(f"{door}.") for door in ALLOWED[house])
            assert open_, f"{path.relative_to(ROOT)} imports {name}"


def test_importing_dual_bench_loads_nothing_heavy_and_asks_nobody() -> None:
    code = (
        "import socket, sys\n"
        "socket.getaddrinfo = socket.socket.connect = None\n"
        "import dual_bench\n"
        "heavy = {'datasets', 'albumentations', 'cv2', 'perturb', 'builders', 'pandas'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_wheel_holds_dual_bench_alone_and_whole(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, check=True, capture_output=True, cwd=ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    data = ("judges/prompts/calibrated.questions.md", "judges/rules/patterns/en.tsv")
    for name in (*data, "bridges/README.md"):
        assert f"dual_bench/{name}" in names
    assert {t for t in tops if not t.endswith(".dist-info")} == {"dual_bench"}


def test_files_are_of_a_readable_length() -> None:
    for house in ALLOWED:
        for path in (ROOT / house).rglob("*.py"):
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path
