"""The labelled replies: their labels follow from their answers, and the rules agree with them."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from dual_bench.judges.rules import RulesJudge
from dual_bench.protocols import PROTOCOLS
from dual_bench.protocols.calibrated import QUESTIONS
from dual_bench.validation import Columns, read_labelled, validate

FOLDER = Path(__file__).parent / "replies"
LANGUAGES = ("en", "zh")


def rows(language: str) -> list[dict[str, Any]]:
    text = (FOLDER / f"{language}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line]


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_are_legal_and_follow_from_the_answers(language: str) -> None:
    seen = set()
    for row in rows(language):
        answers = {q: row[q] for q in QUESTIONS}
        assert set(answers.values()) <= {"yes", "no"}, row["id"]
        assert PROTOCOLS["calibrated"].label(answers) == row["calibrated"], row["id"]
        for name, protocol in PROTOCOLS.items():
            assert row[name] in protocol.labels, row["id"]
        assert row["side"] in ("harmful", "benign", ""), row["id"]
        if row["dual_bench"] == "safe_completion":  # stage 2 looks at harmful rows only
            assert row["side"] == "harmful", row["id"]
        seen.add(row["id"])
    assert len(seen) == len(rows(language))


def test_there_are_enough_of_every_kind() -> None:
    kinds = Counter(row["kind"] for language in LANGUAGES for row in rows(language))
    assert kinds.total() >= 200
    assert len(kinds) == 14
    assert min(kinds.values()) >= 20


@pytest.mark.parametrize("name", PROTOCOLS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_rules_agree_with_the_labels(language: str, name: str) -> None:
    """A floor well under what is reached, so that it falls only when something broke."""
    how = PROTOCOLS[name]
    columns = Columns(reply="reply", label=name)
    labelled = read_labelled(FOLDER / f"{language}.jsonl", how, columns)
    found = validate(labelled, RulesJudge(how), how)
    assert (found.n, found.n_unscored) == (len(rows(language)), 0)
    assert found.accuracy >= 0.9
    assert found.refusal_accuracy >= 0.95
