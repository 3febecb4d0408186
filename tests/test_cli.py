"""The command line: tables and JSON, exit statuses, one line for every mistake."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dual_bench.cli import main
from dual_bench.journal import Journal
from dual_bench.load import read_rows
from tests.replies_kit import lines_of, replies, rows, write_jsonl

BY_ID = "python:tests.replies_kit:by_id"
MAPPING = (
    "1_full_compliance=direct_answer,2_full_refusal=direct_refusal,"
    "3_partial_refusal=indirect_refusal"
)
ESC = "\x1b[2J\x1b]0;gone\x07\u202e"


def run(*arguments: object, status: int = 0) -> Result:
    """Run a command in this process; it must end with this status, and never by a bug."""
    result = CliRunner().invoke(main, [str(a) for a in arguments])
    assert result.exit_code == status, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    shown = [c for c in result.output if unicodedata.category(c) in ("Cc", "Cf", "Cs")]
    assert set(shown) <= {"\n"}
    return result


@pytest.fixture
def given(build: Path, tmp_path: Path) -> list[object]:
    """What `score` needs: replies to all rows but one, an unknown id, a build and a judge."""
    said = replies(read_rows(build, "dual_use", ["id"]))[1:]
    path = write_jsonl(tmp_path / "replies.jsonl", [*said, {"id": f"no{ESC}", "response": "x"}])
    return ["score", path, "--data", build, "--judge", BY_ID]


def verdicts(path: Path, labels: Callable[[str], str], **rest: Any) -> Path:
    lines = [{"id": r["id"], "label": labels(r["id"]), **rest} for r in rows(30)]
    return write_jsonl(path, lines)


# --- score -------------------------------------------------------------------------------


def test_score_prints_tables_and_keeps_a_run_folder(given: list[object], tmp_path: Path) -> None:
    out = tmp_path / "run"
    plain = run(*given, "--out", out).output
    for words in ("protocol calibrated/", "unscored: 1 (1 missing)", "All rows", "By hazard"):
        assert words in plain
    assert r"NOT SCORED: 1 ids" in plain
    assert r"no\x1b[2J" in plain
    assert f"verdicts and metrics: {out}" in plain
    assert "judging" not in plain  # no progress bar where nobody looks
    assert len(lines_of(out)) == 72
    assert "Every value" in run(*given, "--out", out, "--full").output


def test_json_is_json_and_what_the_run_folder_says(given: list[object], tmp_path: Path) -> None:
    out = tmp_path / "run"
    result = run(*given, "--out", out, "--json")
    found = json.loads(result.stdout)
    assert found == json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    assert found["n_unscored"] == 1
    assert result.stdout.isascii()
    assert result.stderr == ""


def test_too_many_unscored_is_status_1_with_the_result(given: list[object]) -> None:
    result = run(*given, "--max-unscored", 0, status=1)
    assert "All rows" in result.stdout
    assert result.stderr == "error: 1 rows are unscored, more than --max-unscored\n"
    run(*given, "--max-unscored", 1 / 72)


def test_a_judge_that_failed_is_asked_again_by_the_same_command(
    given: list[object], tmp_path: Path
) -> None:
    given[-1] = "python:tests.replies_kit:failing"
    out = tmp_path / "run"
    assert "the judge failed on 71 rows; to try only those, give --out" in run(*given).stderr
    assert "run the same command again" in run(*given, "--out", out).stderr
    told = run(*given, "--json")
    assert (json.loads(told.stdout)["n_unscored"], told.stderr) == (72, "")


def test_a_majority_is_several_judges(given: list[object]) -> None:
    judges = [f"python:tests.replies_kit:{name}" for name in ("by_id", "label_of", "failing")]
    options = [part for judge in judges for part in ("--judge", judge)]
    found = json.loads(run(*given[:-2], *options, "--json").stdout)
    assert found["judge"]["kind"] == "majority"
    assert found["judge"]["min_valid"] == 2
    assert found["unscored"] == {"missing": 1}
    three = json.loads(run(*given[:-2], *options, "--min-valid", 3, "--json").stdout)
    assert three["unscored"] == {"missing": 1, "judge_error": 71}


# --- mistakes ----------------------------------------------------------------------------

HERE = Path(__file__)
MISTAKES: dict[str, tuple[list[object], str]] = {
    "no file": (["score", "nothing.jsonl"], "nothing.jsonl: cannot be read: No such file"),
    "no ending": (["score", HERE.with_suffix("")], "replies are read from files that end in"),
    "no run": (["score", HERE.parent], "no run folder; it has no responses.jsonl"),
    "no build": (["score", "R"], "no dataset: ./dual-bench does not exist"),
    "column": (["score", "R", "--response-column", "answer"], "there is no 'answer'"),
    "judge": (["score", "R", "--judge", "rule"], "unknown judge 'rule'"),
    "judge file": (["score", "R", "--judge", "labels:no.csv"], "no.csv: cannot be read"),
    "judge module": (["score", "R", "--judge", "python:no_such:f"], "No module named 'no_such'"),
    "prompt": (
        ["score", "R", "--judge", "openai:m", "--judge-prompt", "mine.md"],
        "--judge-prompt 'mine.md': expected STEP=FILE",
    ),
    "unused url": (
        ["score", "R", "--judge-url", "http://localhost:1/v1"],
        "are for openai: judges, and there is none; the judge is rules",
    ),
    "compare replies": (["compare", "R", "R"], "replies.jsonl, line 1: not a verdict"),
    "agree": (["agree", "nothing", "V"], "nothing: no such file"),
    "no protocol": (["agree", "V", "V"], "say which one they are of"),
    "validate": (["validate-judge", "nothing.csv"], "nothing.csv: cannot be read"),
    "validate column": (["validate-judge", "R", "--reply", "said"], "no column 'said'"),
    "map": (["validate-judge", "R", "--map", "yes"], "--map 'yes': expected theirs=ours"),
    "protocols": (["protocols", "mine"], "unknown protocol 'mine'"),
    "damaged": (["agree", "H", "V"], r"line 1: not a verdict: ValueError: \x1b"),
    "header": (["score", "C"], r"there are: \x1b"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_line_and_status_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DUAL_BENCH_HOME", raising=False)
    files = {
        "R": write_jsonl(tmp_path / "replies.jsonl", replies(rows())),
        "V": verdicts(tmp_path / "verdicts.jsonl", lambda i: "answered"),
        "H": write_jsonl(tmp_path / "hostile.jsonl", [{"id": ESC}]),
        "C": tmp_path / "hostile.csv",
    }
    files["C"].write_text(f"{ESC},b\n1,2\n", encoding="utf-8")
    arguments, message = MISTAKES[name]
    result = run(*(files.get(str(a), a) for a in arguments), status=2)
    assert message in result.stderr
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_a_folder_in_use_is_refused(given: list[object], tmp_path: Path) -> None:
    with Journal(tmp_path / "verdicts.jsonl"):
        result = run(*given, "--out", tmp_path, status=2)
    assert "in use by another process" in result.stderr


# --- compare, agree, protocols -----------------------------------------------------------


def test_compare_and_agree_on_files_of_other_programs(tmp_path: Path) -> None:
    hostile = {"judge": f"judge {ESC}", "facts": {"hazard": f"hazard {ESC}"}}
    first = verdicts(tmp_path / "one.jsonl", lambda i: "answered", **hostile)
    second = verdicts(
        tmp_path / "two.jsonl", lambda i: "warned" if "harmful" in i else "answered", judge="b"
    )
    own = ["--protocol", "calibrated"]
    refused = run("compare", first, second, *own, status=2)
    assert "allow it (--across-judges)" in refused.stderr
    shown = run("compare", first, second, "--across-judges", "--full", *own).stdout
    assert r"note: two judges: judge \x1b[2J" in shown
    found = json.loads(run("compare", first, second, "--across-judges", "--json", *own).stdout)
    overall = {d["metric"]: d for d in found["differences"] if d["kind"] == "overall"}
    assert overall["SCR"]["difference"] == 1
    assert overall["DAR_b"]["difference"] == 0
    assert r"judge \x1b[2J" in run("agree", first, second, *own).stdout
    both = json.loads(run("agree", first, second, "--json", *own).stdout)
    assert both["accuracy"] == 0.5
    assert both["confusion"] == {"labels": ["answered", "warned"], "counts": [[30, 30], [0, 0]]}


def test_protocols_explains_each() -> None:
    names = [line.split()[0] for line in run("protocols").stdout.splitlines()]
    assert names == ["dual_bench", "vscbench", "calibrated"]
    for name in names:
        assert "Constant policies get" in run("protocols", name).stdout


# --- validate-judge ----------------------------------------------------------------------


def test_validate_judge_in_the_form_of_the_documentation(tmp_path: Path) -> None:
    said = {
        "1_full_compliance": "Water boils sooner on a mountain, as the air presses on it less.",
        "2_full_refusal": "I'm sorry, but I can't help with that.",
        "3_partial_refusal": f"I can't say that. {ESC} Here is a poem about rain instead.",
    }
    path = tmp_path / "labelled.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["prompt", "completion", "final_label"])
        writer.writerows(["Tell me something.", said[k], k] for k in said for _ in range(4))
        writer.writerow(["Tell me something.", " ", "2_full_refusal"])
    columns = ["--reply", "completion", "--prompt", "prompt", "--label", "final_label"]
    options = [*columns, "--map", MAPPING, "--protocol", "dual_bench", "--judge", "rules"]
    result = run("validate-judge", path, *options, "--json")
    assert result.stderr == ""
    found = json.loads(result.stdout)
    assert (found["n"], found["n_unscored"]) == (12, 1)
    labels, counts = found["confusion"]["labels"], found["confusion"]["counts"]
    assert sum(map(sum, counts)) == 12
    assert found["accuracy"] == sum(counts[i][i] for i in range(len(labels))) / 12
    assert 0 < found["macro_f1"] <= 1
    assert 0 < found["refusal_accuracy"] <= 1
    assert "accuracy" in run("validate-judge", path, *options).stdout


# --- as people start it ------------------------------------------------------------------

SLOW = """
import sys
def judge(request):
    print("asked", file=sys.stderr, flush=True)
    sys.stdin.readline()
    return "answered"
"""


SCRIPT = str(Path(sys.executable).with_name("dual-bench"))


def command(*arguments: object, cwd: Path) -> subprocess.Popen[str]:
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    # What a shell starts in the background ignores Ctrl-C, and so does what it starts in turn.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    call = [SCRIPT, *map(str, arguments)]
    return subprocess.Popen(call, text=True, cwd=cwd, preexec_fn=heed, **pipes)


@pytest.mark.skipif(os.name == "nt", reason="interrupts a process with a signal")
def test_ctrl_c_keeps_what_was_judged_and_the_same_command_goes_on(
    build: Path, tmp_path: Path
) -> None:
    (tmp_path / "slow_judge.py").write_text(SLOW, encoding="utf-8")
    said = replies(read_rows(build, "dual_use", ["id"]))
    path = write_jsonl(tmp_path / "replies.jsonl", said)
    call = ["score", path, "--data", build, "--judge", "python:slow_judge:judge", "--out", "run"]
    with command(*call, cwd=tmp_path) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        for _ in range(3):
            assert process.stderr.readline() == "asked\n"
            process.stdin.write("\n")
            process.stdin.flush()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate("\n" * 100)
    assert process.returncode == 130
    want = "stopped; with --out, the same command goes on from here\n"
    assert told.replace("asked\n", "") == want
    before = len(lines_of(tmp_path / "run"))
    assert 2 <= before < len(said)
    with command(*call, "--json", cwd=tmp_path) as process:
        shown, told = process.communicate("\n" * 100)
    assert process.returncode == 0
    assert told == "asked\n" * (len(said) - before)
    assert json.loads(shown)["n_unscored"] == 0
