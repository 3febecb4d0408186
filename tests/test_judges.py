"""Finding the judge that is meant; the judges made of a function and of a file of labels."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import dual_bench
from dual_bench.errors import DualBenchError, JudgeError, LabelsError, UnknownNameError
from dual_bench.judges import FORMS, FunctionJudge, Reply, Request, make_judge
from dual_bench.judges.labels import LabelsJudge
from dual_bench.outcomes import Reason
from tests.replies_kit import CALIBRATED, Asked, by_id, label_of, number_of, replies, rows
from tests.replies_kit import write_jsonl as write

ROWS = rows()
IDS = [row["id"] for row in ROWS]
REPLIES = replies(ROWS)
REQUEST = Request("row", "Describe the image.", "hello")

# --- by name -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "rule", "rules:x", "openai:", "labels:", "python:mine"])
def test_an_unknown_form_lists_all(name: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        make_judge(name, CALIBRATED)
    assert caught.value.legal == FORMS


MODULES = {
    "fine_judge.py": "def judge(request):\n    return 'refused'\nnumber = 5\n",
    "torn_judge.py": "def (\n",
    "sad_judge.py": "raise RuntimeError('not today')\n",
}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("python:sad_judge:judge", "RuntimeError: not today"),
        ("python:torn_judge:judge", "SyntaxError"),
        ("python:fine_judge:judg", "has no attribute 'judg'"),
        ("python:fine_judge:number", "is a int and no function"),
        ("python:no_such_module:judge", "No module named"),
        ("python::judge", "Empty module name"),
    ],
)
def test_a_module_that_cannot_be_used_is_a_users_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    for file, content in MODULES.items():
        (tmp_path / file).write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(JudgeError, match=message):
        make_judge(name, CALIBRATED)
    assert make_judge("python:fine_judge:judge", CALIBRATED)(REQUEST) == Reply("refused")


@pytest.mark.parametrize("spec", [None, 5, {"judge": "rules"}])
def test_what_is_no_judge_says_so(spec: Any) -> None:
    with pytest.raises(JudgeError, match="a function from a request to a label"):
        make_judge(spec, CALIBRATED)


def test_an_option_that_nobody_takes_is_no_option() -> None:
    for judge in ("rules", by_id, ["rules", by_id]):
        with pytest.raises(JudgeError, match="protcol: only openai: judges have options"):
            dual_bench.score(REPLIES, ROWS, judge, protcol="vscbench")


def test_a_judge_object_is_taken_as_it_is() -> None:
    judge = Asked()
    assert make_judge(judge, CALIBRATED) is judge


# --- a function --------------------------------------------------------------------------


def test_what_a_function_raises_is_the_failure_of_that_row_alone() -> None:
    def judge(request: Request) -> str:
        if request.id == IDS[2]:
            raise ZeroDivisionError("by zero\nand a second line")
        return "answered"

    result = dual_bench.score(REPLIES, ROWS, judge)
    assert result.unscored == {"judge_error": 1}
    assert result.verdicts[2].evidence == {"error": "ZeroDivisionError: by zero"}


@pytest.mark.parametrize("said", ["helpful", "", None, 1, ["answered"], {"label": "answered"}])
def test_what_is_no_label_is_a_bug_and_ends_the_run(said: Any) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown label from python:.*_bug_.*#"):
        dual_bench.score(REPLIES, ROWS, lambda request: said)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (Reply("helpful"), "gave the label 'helpful'"),
        (Reply(), "must give a label or a reason"),
        (Reply("answered", Reason.JUDGE_ERROR), "must give a label or a reason"),
    ],
)
def test_a_reply_that_is_neither_or_both_ends_the_run(said: Reply, message: str) -> None:
    with pytest.raises(JudgeError, match=message):
        dual_bench.score(REPLIES, ROWS, Asked(lambda request: said))


def typed(source: str) -> Callable[[Request], str]:
    """A function as if it had been typed at a prompt: without a source file."""
    space: dict[str, Any] = {}
    exec(source, space)  # noqa: S102
    return next(v for name, v in space.items() if name == "f")  # type: ignore[no-any-return]


class Constant:
    """A judge that is an object."""

    def __init__(self, label: str) -> None:
        self.label = label

    def __call__(self, request: Request) -> str:
        return self.label


class Other(Constant):
    """The same with another body."""

    def __call__(self, request: Request) -> str:
        return self.label.lower()


def constant(request: Request, label: str) -> str:
    return label


def test_an_edited_function_is_another_judge_and_the_same_one_is_not() -> None:
    functions: list[Callable[[Request], str]] = [
        label_of,
        lambda request: "answered",
        lambda request: "refused",
        typed("def f(r): return 'answered'"),
        typed("def f(r): return 'refused'"),
        typed("def f(r): return 'refused' if r.id in {'a', 'b', 'c'} else 'answered'"),
        typed("def f(r): return [x for x in ('refused', 'answered')][0]"),
        Constant("answered"),
        Other("answered"),
        functools.partial(constant, label="answered"),
        functools.partial(constant, label="refused"),
    ]
    names = [FunctionJudge(f, CALIBRATED).name for f in functions]
    assert len(set(names)) == len(functions)
    assert [FunctionJudge(f, CALIBRATED).name for f in functions] == names
    again = typed("def f(r): return 'refused' if r.id in {'c', 'b', 'a'} else 'answered'")
    assert FunctionJudge(again, CALIBRATED).name == names[5]
    assert FunctionJudge(label_of, CALIBRATED, name="mine/1").name == "mine/1"
    assert not any("0x" in name for name in names)  # no address: the next start finds it again


# --- a file of labels --------------------------------------------------------------------


def labels() -> list[dict[str, Any]]:
    names = list(CALIBRATED.labels)
    return [{"id": i, "label": str(names[number_of(i) % len(names)])} for i in IDS]


def as_table(path: Path, lines: list[dict[str, Any]]) -> Path:
    cut = "\t" if path.suffix == ".tsv" else ","
    text = "".join(f"{line['id']}{cut}{line['label'] or ''}\n" for line in lines)
    path.write_text(f"id{cut}label\n{text}", encoding="utf-8")
    return path


def as_parquet(path: Path, lines: list[dict[str, Any]]) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(lines), path)
    return path


WRITERS = {".jsonl": write, ".csv": as_table, ".tsv": as_table, ".parquet": as_parquet}


@pytest.mark.parametrize("ending", WRITERS)
def test_labels_are_looked_up_and_what_is_absent_is_final(tmp_path: Path, ending: str) -> None:
    known = labels()
    known[0]["label"] = None
    path = WRITERS[ending](tmp_path / f"labels{ending}", known[:-1])
    for _ in range(2):
        result = dual_bench.score(REPLIES, ROWS, f"labels:{path}", out=tmp_path / "run")
        assert result.unscored == {"judge_unlabelled": 2}
        assert [v.label for v in result.verdicts] == [
            None,
            *(line["label"] for line in known[1:-1]),
            None,
        ]


def test_a_mapping_translates_and_another_label_makes_another_judge(tmp_path: Path) -> None:
    path = write(tmp_path / "labels.jsonl", [{"id": "row", "label": "1"}])
    judge = LabelsJudge(path, CALIBRATED, {"1": "answered", "2": "refused"})
    assert judge(REQUEST) == Reply("answered")
    assert judge.describe()["mapping"] == {"1": "answered", "2": "refused"}
    other = LabelsJudge(path, CALIBRATED, {"1": "refused"})
    assert other.name != judge.name
    assert judge.name.startswith("labels:labels.jsonl#")
    column = write(tmp_path / "mine.jsonl", [{"id": "row", "mine": "warned"}])
    assert LabelsJudge(column, CALIBRATED, label_column="mine")(REQUEST) == Reply("warned")


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        ('{"id": "a", "label": "warned"}\n{"id": "b", "label": "ok"}\n', LabelsError, "line 2"),
        ('{"id": "a", "label": "Warned"}\n', LabelsError, r"\('a'\): calibrated has no label"),
        ('{"id": "a", "label": "warned"}\n' * 2, DualBenchError, "more than one"),
        ('{"id": "a", "labels": "warned"}\n', DualBenchError, "there is no 'label'"),
    ],
)
def test_wrong_labels_are_found_before_anything_is_judged(
    tmp_path: Path, content: str, error: type[DualBenchError], message: str
) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(error, match=message):
        make_judge(f"labels:{path}", CALIBRATED)
    with pytest.raises(DualBenchError, match=r"nothing\.csv: cannot be read"):
        make_judge(f"labels:{tmp_path / 'nothing.csv'}", CALIBRATED)
