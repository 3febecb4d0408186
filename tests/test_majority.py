"""A majority is what a naive count says, and asks again only those whose vote is missing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dual_bench
from dual_bench.errors import JudgeError
from dual_bench.judges import MajorityJudge, Reply, Request, make_judge
from dual_bench.judges.majority import count
from dual_bench.outcomes import Reason, Vote
from tests.replies_kit import CALIBRATED, Asked, by_id, failing, lines_of, only, replies, rows

FAILURES = [r for r in Reason if not r.is_model_side]
ROWS = rows()
IDS = [row["id"] for row in ROWS]
REPLIES = replies(ROWS)


def says(label: str, name: str) -> Asked:
    return Asked(lambda request: Reply(label, evidence={"by": name}), name=name)


def ask(*judges: Asked, min_valid: int | None = None) -> Reply:
    return MajorityJudge(judges, min_valid)(Request("row", "Describe the image.", "hello"))


def vote(said: str | Reason, number: int) -> Vote:
    if isinstance(said, Reason):
        return Vote(f"judge-{number}", None, said)
    return Vote(f"judge-{number}", said)


@given(
    st.lists(st.sampled_from(["a", "b", "c", *FAILURES]), min_size=2, max_size=7),
    st.integers(1, 7),
)
def test_the_count_is_the_naive_one(said: list[str | Reason], wanted: int) -> None:
    min_valid = min(wanted, len(said))
    valid = [s for s in said if not isinstance(s, Reason)]
    winners = [x for x in set(valid) if valid.count(x) > len(valid) - valid.count(x)]
    label, reason = count([vote(s, i) for i, s in enumerate(said)], min_valid)
    if len(valid) < min_valid:
        failed = [s for s in said if isinstance(s, Reason)]
        assert label is None
        assert reason in failed
        assert reason.is_failure or not any(f.is_failure for f in failed)  # so it is asked again
    elif winners:
        assert (label, reason) == (winners[0], None)
    else:
        assert (label, reason) == (None, Reason.JUDGE_SPLIT)


@pytest.mark.parametrize(
    ("labels", "outcome"),
    [
        (["answered", "answered", "refused"], ("answered", None)),
        (["answered", "refused", "warned"], (None, Reason.JUDGE_SPLIT)),
        (["answered", "refused"], (None, Reason.JUDGE_SPLIT)),
        (["refused", "answered", "answered", "refused"], (None, Reason.JUDGE_SPLIT)),
        (["refused", "refused"], ("refused", None)),
    ],
)
def test_nothing_breaks_a_tie_whatever_the_order(
    labels: list[str], outcome: tuple[str | None, Reason | None]
) -> None:
    for order in (labels, labels[::-1]):
        reply = ask(*(says(label, f"judge-{i}") for i, label in enumerate(order)))
        assert (reply.label, reply.reason) == outcome
        assert [v.label for v in reply.votes] == order


def test_a_failing_judge_counts_for_nobody_until_too_few_are_left() -> None:
    two, down = [says("answered", "one"), says("answered", "two")], Asked(failing, name="down")
    assert ask(*two, down).label == "answered"
    assert ask(*two, down, min_valid=3).reason is Reason.JUDGE_ERROR
    alone = ask(two[0], down, Asked(failing, name="down too"))
    assert (alone.label, alone.reason) == (None, Reason.JUDGE_ERROR)
    assert ask(two[0], down, min_valid=1).label == "answered"
    assert alone.votes[0] == Vote("one", "answered", None, {"by": "one"})  # evidence is kept
    assert alone.votes[1].evidence == {"error": "down"}


def test_an_absent_label_does_not_hide_a_failure_that_can_be_mended() -> None:
    absent = Asked(lambda request: Reply(reason=Reason.JUDGE_UNLABELLED), name="file")
    reply = ask(absent, Asked(failing, name="down"), says("answered", "one"), min_valid=3)
    assert reply.reason is Reason.JUDGE_ERROR


@pytest.mark.parametrize(
    ("judges", "min_valid", "message"),
    [
        ([by_id, by_id], None, "two or more different judges"),
        ([], None, "two or more different judges"),
        ([Asked(name="a"), Asked(name="b")], 3, "min_valid must be from 1 to 2, got 3"),
        ([Asked(name="a"), Asked(name="b")], 0, "min_valid must be from 1 to 2, got 0"),
    ],
)
def test_impossible_majorities(judges: list[object], min_valid: int | None, message: str) -> None:
    with pytest.raises(JudgeError, match=message):
        make_judge(judges, CALIBRATED, min_valid=min_valid)


def test_its_name_and_settings_tell_all_that_its_verdicts_depend_on() -> None:
    three = [Asked(name=name, workers=n) for name, n in (("a", 4), ("b", 2), ("c", 8))]
    judge = make_judge(three, CALIBRATED)
    assert judge.name == "majority[a + b + c; min_valid=2]"
    assert make_judge(three, CALIBRATED, min_valid=3).name != judge.name
    assert judge.workers == 2
    assert [part["name"] for part in judge.describe()["judges"]] == ["a", "b", "c"]
    assert make_judge(three[:1], CALIBRATED) is three[0]


def test_valid_votes_are_kept_and_only_the_failed_judge_is_asked_again(tmp_path: Path) -> None:
    one, two = says("answered", "one"), says("refused", "two")
    flaky = Asked(only(Reason.JUDGE_TIMEOUT, IDS[:3]), name="flaky")
    first = dual_bench.score(REPLIES, ROWS, [one, two, flaky], out=tmp_path, min_valid=3)
    assert first.unscored["judge_timeout"] == 3
    one, two, flaky = says("answered", "one"), says("refused", "two"), Asked(name="flaky")
    second = dual_bench.score(REPLIES, ROWS, [one, two, flaky], out=tmp_path, min_valid=3)
    assert (one.ids, two.ids, flaky.ids) == ([], [], IDS[:3])
    assert set(second.unscored) <= {"judge_split"}
    for verdict in second.verdicts:
        assert [v.judge for v in verdict.votes] == ["one", "two", "flaky"]
        assert verdict.votes[0] == Vote("one", "answered", None, {"by": "one"})
        said = Counter(v.label for v in verdict.votes)
        assert verdict.label == next((x for x, n in said.items() if n >= 2), None)
    assert len(lines_of(tmp_path)) == len(ROWS) + 3


def test_kept_votes_are_not_used_for_another_reply(tmp_path: Path) -> None:
    judges = [says("answered", "one"), Asked(failing, name="down")]
    dual_bench.score(REPLIES, ROWS, judges, out=tmp_path, min_valid=2)
    changed = [{**REPLIES[0], "response": "Something else."}, *REPLIES[1:]]
    again = [says("answered", "one"), says("answered", "down")]
    dual_bench.score(changed, ROWS, again, out=tmp_path, min_valid=2)
    assert again[0].ids == IDS[:1]
    assert again[1].ids == IDS


def test_the_agreement_of_the_judges_is_part_of_the_result() -> None:
    result = dual_bench.score(REPLIES, ROWS, [Asked(name="one"), Asked(name="two")])
    assert result.agreement is not None
    assert result.agreement.pairs[0][:4] == ("one", "two", len(ROWS), 1.0)
    assert "Agreement of the judges" in str(result)
