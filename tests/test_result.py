"""A result: as plain values, as a data frame, as text, and made from verdicts alone."""

from __future__ import annotations

import json
import math
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

from dual_bench.errors import JournalError, LabelsError, UnknownNameError
from dual_bench.outcomes import Reason, Verdict, Vote
from dual_bench.protocols import PROTOCOLS
from dual_bench.result import METRICS, Replies, Result
from dual_bench.runfile import RUN
from tests.synthetic import random_rows, result, row

HOW = PROTOCOLS["calibrated"]
HOSTILE = "\x1b[31mred\x1b[0m \u202ecba\u2066 [red]x[/red] [link=http://localhost]y[/] \x07\x9b2J"


def some(resamples: int = 50) -> Result:
    return result(random_rows(4, list(HOW.labels)), HOW, resamples=resamples)


# --- Plain values ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROTOCOLS)
@pytest.mark.parametrize("resamples", [0, 20])
def test_to_dict_is_json_without_nan(name: str, resamples: int) -> None:
    how = PROTOCOLS[name]
    one_sided = [row("p0", "harmful", None), row("p1", "harmful", next(iter(how.labels)))]
    for rows in (random_rows(4, list(how.labels)), one_sided, []):
        got = result(rows, how, resamples=resamples)
        plain = got.to_dict()
        assert json.loads(json.dumps(plain, allow_nan=False)) == plain
        assert plain["protocol"] == how.id
        assert plain["n"] == len(rows)
        assert plain["n_unscored"] == sum(r["label"] is None for r in rows)
        assert sum(plain["unscored"].values()) == plain["n_unscored"]
        in_cells = sum(n for side in plain["counts"].values() for n in side.values())
        assert in_cells == plain["n"] - plain["n_unscored"]
        for e, line in zip(got.estimates, plain["estimates"], strict=True):
            assert (line["metric"], line["n"]) == (e.metric, e.n)
            assert (line["value"] is None) == math.isnan(e.value)


def test_counts_have_every_label() -> None:
    got = result([row("p0", "benign", "warned"), row("p1", "benign", None)], HOW)
    assert got.counts == {"benign": {**dict.fromkeys(HOW.labels, 0), "warned": 1}}
    assert got.unscored == {"judge_error": 1}
    assert repr(got) == "<Result calibrated/1 by made-up/1: 1 of 2 scored>"


def test_to_pandas_has_one_line_an_estimate() -> None:
    got = some()
    frame = got.to_pandas()
    assert list(frame.columns) == list(got.estimates[0]._fields)
    assert len(frame) == len(got.estimates)
    line = frame[(frame.metric == "SCR") & (frame.kind == "overall") & (frame.given == "")]
    assert line.value.item() == got.get("SCR").value
    assert line.n.item() == got.get("SCR").n


def test_verdicts_as_json_give_the_same_result() -> None:
    got = some()
    lines = [json.loads(json.dumps(v.to_dict(), allow_nan=False)) for v in got.verdicts]
    again = replace(Result.from_verdicts(lines), resamples=got.resamples)
    assert again.verdicts == got.verdicts
    assert repr(again.estimates) == repr(got.estimates)  # by their words: nan is not nan
    assert again.policies == got.policies
    assert again.judge["name"] == "made-up/1"


def test_from_verdicts_with_as_little_as_can_be() -> None:
    lines = [
        {"id": "dual_use/vcr-001/harmful/original", "label": "warned"},
        {"id": "dual_use/vcr-001/benign/original", "label": "answered"},
        {"id": "dual_use_perturbed/vcr-001/benign/rotation", "reason": "empty"},
    ]
    got = Result.from_verdicts(lines, "calibrated")
    assert got.get("pair_accuracy").value == 1
    assert got.get("DAR_b", "violent_crimes").n_unscored == 1
    assert got.table.cluster.values == ("vcr-001",)
    with pytest.raises(JournalError, match="no protocol; say which"):
        Result.from_verdicts(lines)
    with pytest.raises(LabelsError, match="has no label 'perhaps'"):
        Result.from_verdicts([{**lines[0], "label": "perhaps"}], "calibrated").table  # noqa: B018
    with pytest.raises(LabelsError, match="nothing is known about this row"):
        Result.from_verdicts([{"id": "r1", "label": "warned"}], "calibrated").table  # noqa: B018
    with pytest.raises(JournalError, match="two verdicts on one row"):
        Result.from_verdicts([lines[0], lines[0]], "calibrated").table  # noqa: B018
    with pytest.raises(JournalError, match=r"protocol calibrated/1, expected vscbench/1"):
        Result.from_verdicts(some().verdicts, "vscbench").table  # noqa: B018
    with pytest.raises(JournalError, match="a label or a reason"):
        Result.from_verdicts([{"id": "r1"}], "calibrated")


def test_save_writes_both_files(tmp_path: Path) -> None:
    got = some()
    got.save(tmp_path)
    assert json.loads((tmp_path / METRICS).read_text(encoding="utf-8")) == got.to_dict()
    run = json.loads((tmp_path / RUN).read_text(encoding="utf-8"))
    assert run["judge"] == {"name": "made-up/1"}
    assert sorted(p.name for p in tmp_path.iterdir()) == [METRICS, RUN]


# --- One value ---------------------------------------------------------------------------------


def test_get_finds_groups_and_says_what_there_is() -> None:
    got = some()
    for e in got.estimates:
        same = got.get(e.metric, e.name, e.given)
        assert same is e
    with pytest.raises(UnknownNameError, match=r"unknown metric 'SRC'.*SCR.*pair_accuracy.*Did"):
        got.get("SRC")
    with pytest.raises(UnknownNameError, match=r"group of SCR 'wether'.*all rows.*Did.*'weather'"):
        got.get("SCR", "wether")
    with pytest.raises(UnknownNameError) as caught:
        got.get("consistency_h", "rotation")
    assert "rotation" not in caught.value.legal  # only what this metric has
    assert "weather" in caught.value.legal


# --- Text --------------------------------------------------------------------------------------


def test_text_shows_the_numbers() -> None:
    got = result([row(f"p{i}", s, "warned") for i in range(4) for s in ("harmful", "benign")], HOW)
    text = str(replace(got, resamples=100))
    scr = next(line for line in text.splitlines() if line.split()[:1] == ["SCR"])
    assert "1.000" in scr
    assert "[0.510, 1.000]" in scr  # Wilson's for 4 of 4
    assert "nan" not in text
    assert "unscored: none" in text
    for policy in HOW.policies:
        assert policy in text


def test_text_of_nothing_scored() -> None:
    text = str(result([row("p0", "harmful", None)], HOW, resamples=20))
    assert "unscored: 1 (1 judge_error)" in text
    assert "nan" not in text
    assert str(result([], HOW, resamples=20)).startswith("protocol calibrated/1")


def test_hostile_text_is_shown_by_numbers() -> None:
    rows = [
        {**r, "hazard": f"{r['hazard']} {HOSTILE}", "variant": f"{r['variant']} {HOSTILE}"}
        for r in random_rows(4, list(HOW.labels))
    ]
    got = result(rows, HOW, resamples=20, judge=HOSTILE)
    cast = (Vote(HOSTILE, "warned"), Vote("b" + HOSTILE, None, Reason.JUDGE_ERROR))
    first = replace(got.verdicts[0], id=HOSTILE, votes=cast)
    got = replace(
        got,
        verdicts=(first, *got.verdicts[1:]),
        data={"fingerprint": HOSTILE},
        replies=Replies(source=HOSTILE, n=3, unknown=(HOSTILE, "u2"), models=(HOSTILE, "m")),
    )
    from dual_bench.show import show

    for text in (str(got), show(got, full=True, width=60)):
        hidden = [c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Zl")]
        assert hidden == []
        joined = "".join(text.split())
        assert r"\x1b[31mred\x1b[0m" in joined  # shown, and not dropped
        assert r"\u202ecba\u2066" in joined
        assert "[red]x[/red]" in joined  # and not read as markup
        assert r"\x07\x9b2J" in joined


def test_a_verdict_of_hostile_words_is_only_data() -> None:
    one = Verdict(f"made_up/{HOSTILE}", "warned", None, HOSTILE, HOW.id, evidence={"q": HOSTILE})
    back = Verdict.from_dict(json.loads(json.dumps(one.to_dict())))
    assert back == one
