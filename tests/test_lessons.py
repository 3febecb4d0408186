"""The page of lessons names tests that exist."""

import re
from pathlib import Path

HERE = Path(__file__).parent


def test_every_lesson_names_a_test_that_there_is() -> None:
    page = (HERE / "LESSONS.md").read_text(encoding="utf-8")
    lessons = [line for line in page.split("\n") if line.startswith("| ") and "`test_" in line]
    assert len(lessons) > 20
    code = "\n".join(path.read_text(encoding="utf-8") for path in HERE.glob("test_*.py"))
    there = set(re.findall(r"^ *def (test_\w+)", code, re.MULTILINE))
    named = set(re.findall(r"`(test_\w+)`", page))
    assert named <= there, sorted(named - there)
