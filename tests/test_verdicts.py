"""Files of verdicts, our own and other programs': what counts, what is refused, what follows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dual_bench
from dual_bench.errors import DualBenchError, JournalError, LabelsError, OutputError
from dual_bench.outcomes import Reason, Verdict, Vote
from dual_bench.result import Result
from dual_bench.verdicts import latest, open_verdicts, read_verdicts
from tests.replies_kit import Asked, failing, lines_of, only, replies, rows, write_jsonl

ROWS = rows(20)
IDS = [row["id"] for row in ROWS]
REPLIES = replies(ROWS)


def line(id: object = IDS[0], label: object = "answered", **rest: Any) -> dict[str, Any]:
    return {"id": id, "label": label, **rest}


# --- one verdict -------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=[]), max_size=20)
OUTCOMES = st.one_of(
    st.tuples(TEXT, st.none()), st.tuples(st.none(), st.sampled_from(list(Reason)))
)


@st.composite
def any_verdict(draw: st.DrawFn) -> Verdict:
    names = draw(st.lists(TEXT, max_size=3))
    votes = tuple(Vote(name, *draw(OUTCOMES)) for name in names)
    label, reason = draw(OUTCOMES)
    evidence = draw(st.dictionaries(TEXT, TEXT, max_size=3))
    facts = {"recall": draw(st.none() | st.floats(0, 1))}
    return Verdict(draw(TEXT), label, reason, "judge", "x/1", votes, evidence, "0f", facts)


@given(any_verdict())
def test_a_verdict_survives_the_way_through_json(verdict: Verdict) -> None:
    assert Verdict.from_dict(json.loads(json.dumps(verdict.to_dict()))) == verdict


# --- several lines on one row ------------------------------------------------------------


def test_a_later_line_counts_after_a_failure_or_for_other_words() -> None:
    failed = line(label=None, reason="judge_error", input="aa")
    assert latest([failed, line(input="aa")], "x")[IDS[0]].label == "answered"
    assert latest([failed, failed], "x")[IDS[0]].reason is Reason.JUDGE_ERROR
    changed = [line(input="aa"), line(label="refused", input="bb")]
    assert latest(changed, "x")[IDS[0]].label == "refused"
    assert list(latest([line("b"), line("a"), line("c")], "x")) == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([line(input="aa"), line("b"), line(input="aa")], "line 3: .* was judged twice"),
        ([line(judge="x"), line("b", judge="y")], "different judges or protocols: x .*; y "),
        ([line(protocol="x/1"), line("b", protocol="x/2")], "x/1; .* under x/2"),
        ([line(), {"label": "answered"}], "line 2: not a verdict: KeyError: 'id'"),
        ([line(), {"id": "b"}], "line 2: not a verdict: .* a label or a reason"),
        ([line(reason="empty")], "line 1: .* not both"),
        ([line(label=None, reason="tired")], "'tired' is not a valid Reason"),
        ([line(id=5)], "line 1: not a verdict: 'id' must be a str, got a int"),
        ([line(label=["answered"])], "'label' must be a str"),
        ([line(facts=[1])], "'facts' must be a dict"),
        ([line(evidence="because")], "'evidence' must be a dict"),
        ([line(votes=[{"label": "answered"}])], "line 1: not a verdict: KeyError: 'judge'"),
    ],
)
def test_what_is_no_file_of_verdicts_is_named_with_its_line(
    tmp_path: Path, lines: list[dict[str, Any]], message: str
) -> None:
    path = write_jsonl(tmp_path / "verdicts.jsonl", lines)
    for read in (read_verdicts, Result.from_verdicts, opened):
        with pytest.raises(JournalError, match=rf"verdicts\.jsonl.*{message}"):
            read(path if read is not opened else tmp_path)


def opened(folder: Path) -> object:
    with open_verdicts(folder, "x", "x/1") as found:
        return found


def test_no_verdicts_at_all(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing.jsonl"):
        with pytest.raises(JournalError, match="no such file; expected the verdicts"):
            read_verdicts(path)
    (tmp_path / "verdicts.jsonl").touch()
    with pytest.raises(JournalError, match="say which one"):
        Result.from_verdicts(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be made"):
        opened(tmp_path / "file")


def test_a_torn_tail_is_the_row_that_is_judged_again(tmp_path: Path) -> None:
    whole = dual_bench.score(REPLIES, ROWS, Asked(), out=tmp_path)
    path = tmp_path / "verdicts.jsonl"
    content = path.read_bytes()
    for keep in (len(content) - 2, len(content) - 40):
        path.write_bytes(content[:keep])
        assert len(read_verdicts(tmp_path)) == len(ROWS) - 1
        again = Asked()
        assert dual_bench.score(REPLIES, ROWS, again, out=tmp_path).verdicts == whole.verdicts
        assert again.ids == IDS[-1:]
        assert path.read_bytes() == content


# --- from verdicts to a result -----------------------------------------------------------


@pytest.mark.parametrize(
    "judge",
    [
        lambda: Asked(workers=8, delay=0.005),
        lambda: [Asked(name="one"), Asked(only(Reason.JUDGE_REFUSED, IDS[3:9]), name="two")],
        lambda: Asked(failing),
    ],
)
def test_a_run_folder_says_what_score_said(tmp_path: Path, judge: Callable[[], Any]) -> None:
    given = [*REPLIES[:-2], {"id": "nowhere", "response": "hello"}]
    result = dual_bench.score(given, ROWS, judge(), out=tmp_path)
    want = result.to_dict()
    asked = {line["id"] for line in lines_of(tmp_path)}
    read = Result.from_verdicts(tmp_path)
    got = read.to_dict()
    assert set(want) == set(got)
    if asked < set(IDS):  # a judge was down: the file does not hold the rows that nobody asked
        assert got["n"] == len(asked) < want["n"] == len(IDS)
        return
    # What was read from where is the replies' matter and not that of the verdicts.
    differ = {key for key in want if want[key] != got[key]}
    assert differ == {"replies"}
    assert want == json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))
    assert {v.id: v for v in read.verdicts} == {v.id: v for v in result.verdicts}


def test_a_file_alone_says_the_same_but_for_the_settings(tmp_path: Path) -> None:
    result = dual_bench.score(REPLIES, ROWS, Asked(), out=tmp_path / "run")
    alone = tmp_path / "elsewhere.jsonl"
    shutil.copy(tmp_path / "run" / "verdicts.jsonl", alone)
    want, got = result.to_dict(), Result.from_verdicts(alone).to_dict()
    assert {key for key in want if want[key] != got[key]} == {"judge", "data", "replies"}
    assert got["judge"] == {"name": "asked/1"}
    assert got["data"] == {"rows": len(ROWS)}


def test_foreign_lines_need_only_an_id_and_a_label(tmp_path: Path) -> None:
    lines = [line(i, "refused" if "harmful" in i else "answered") for i in IDS]
    path = write_jsonl(tmp_path / "theirs.jsonl", lines)
    with pytest.raises(JournalError, match="say which one they are of"):
        Result.from_verdicts(path)
    result = Result.from_verdicts(path, "calibrated")
    assert result.get("RR_h").value == 1
    assert result.get("RR_b").value == 0
    assert result.get("RR_h").n == len(IDS) // 2
    assert repr(Result.from_verdicts(lines, "calibrated").estimates) == repr(result.estimates)
    assert result.get("RR_h", "violent_crimes").n == len(IDS) // 2  # as their ids say
    with pytest.raises(LabelsError, match="vscbench has no label"):
        _ = Result.from_verdicts(path, "vscbench").estimates


def test_foreign_ids_need_facts(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "theirs.jsonl", [line("row-1")])
    with pytest.raises(LabelsError, match="nothing is known about this row"):
        _ = Result.from_verdicts(path, "calibrated").estimates


def test_verdicts_of_a_future_version_are_not_read_as_todays(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "theirs.jsonl", [line(protocol="calibrated/999")])
    with pytest.raises(DualBenchError, match="calibrated/999, expected calibrated/"):
        _ = Result.from_verdicts(path).estimates
