"""The Hub's files: values that are ours, notes that say what they rest on, and legal YAML."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import yaml

import dual_bench
from dual_bench import Result, Verdict
from dual_bench.bridges.hub.boards import METRICS, boards, whole
from dual_bench.bridges.hub.dataset import eval_yaml
from dual_bench.bridges.hub.model import eval_results, write_eval_results
from dual_bench.errors import DualBenchError, OutputError, UnknownNameError
from dual_bench.outcomes import Reason
from dual_bench.protocols import protocol
from dual_bench.result import Replies
from dual_bench.schema import CONFIGS, SIDES, config
from dual_bench.taxonomy import HAZARDS
from tests.replies_kit import CALIBRATED, by_id, number_of, replies, rows

REPO = "someone/dual-bench"


def verdicts(*configs: str) -> list[Verdict]:
    """A verdict on every row of these configs; one in 50 has none."""
    out = []
    for name in configs:
        spec = CONFIGS[name]
        for h in HAZARDS:
            for n in range(1, spec.items * spec.copies + 1):
                for side in SIDES:
                    for variant in spec.variants:
                        out.append(verdict(f"{name}/{h.key}-{n:03d}/{side}/{variant}"))
    return out


def verdict(id: str) -> Verdict:
    number, labels = number_of(id), list(CALIBRATED.labels)
    if number % 50 == 0:
        return Verdict(id, None, Reason.BLOCKED, "rules", CALIBRATED.id)
    return Verdict(id, str(labels[number % len(labels)]), None, "rules", CALIBRATED.id)


def result_of(*configs: str) -> Result:
    found = Result.from_verdicts(verdicts(*configs))
    return replace(found, resamples=0, data={"fingerprint": "0123456789abcdef"})


def entries(result: Result, **how: Any) -> list[dict[str, Any]]:
    text = eval_results(result, **{"dataset_repo": REPO, "date": None, **how})
    found = yaml.safe_load(text)
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize(
    "configs", [["dual_use"], ["contrast_image"], ["contrast_text", "dual_use"]]
)
def test_values_are_those_of_the_result(configs: Sequence[str]) -> None:
    result = result_of(*configs)
    found = {e["dataset"]["task_id"]: e["value"] for e in entries(result)}
    assert list(found) == [b.task_id for name in METRICS if name in configs for b in boards(name)]
    for name in configs:
        alone = result_of(name)
        for board in boards(name):
            assert found[board.task_id] == alone.get(board.metric).value
            assert 0 <= found[board.task_id] <= 1


def test_a_value_of_nought_is_a_value() -> None:
    refused = [replace(v, label="refused", reason=None) for v in verdicts("dual_use")]
    found = entries(replace(result_of("dual_use"), verdicts=tuple(refused)))
    assert [e["value"] for e in found] == [0.0, 0.0]


def test_notes_say_what_a_value_rests_on() -> None:
    result = replace(result_of("dual_use"), resamples=100)
    scr = result.get("SCR")
    note, other = (e["notes"] for e in entries(result, notes="temperature 0"))
    assert note.startswith(
        f"temperature 0; SCR over {scr.n} harmful rows, {scr.n_unscored} unscored; 95% interval "
    )
    assert scr.n + scr.n_unscored == 1200
    assert scr.n_unscored > 0
    blocked = sum(v.reason is not None for v in result.verdicts)
    for part in (
        f"it could be {scr.lowest:.4f} to {scr.highest:.4f} had they a score",
        f"rows without a score: {blocked} blocked",
        "protocol calibrated/1",
        "judge rules",
        "data 0123456789abcdef",
    ):
        assert f"; {part}" in note
    assert "pair_accuracy over" in other
    assert "partial" not in note


def test_a_part_is_refused_or_named() -> None:
    asked = rows(20)
    result = dual_bench.score(replies(asked), asked, by_id)
    with pytest.raises(DualBenchError, match="40 of its 2,400 rows"):
        entries(result)
    for entry in entries(result, partial=True):
        assert entry["notes"].endswith("partial run: 40 of 2400 rows")


def test_what_is_given_is_there_and_nothing_else() -> None:
    full = entries(
        result_of("contrast_image"),
        date=dt.date(2026, 1, 31),
        revision="a" * 40,
        source_url="https://huggingface.co/datasets/someone/traces",
        source_name="Traces: all",
        source_user="someone",
    )
    (entry,) = full
    assert entry["dataset"] == {
        "id": REPO,
        "task_id": "contrast_image_pair_accuracy",
        "revision": "a" * 40,
    }
    assert entry["date"] == "2026-01-31"  # a string: YAML's own dates are no strings
    assert entry["source"] == {
        "url": "https://huggingface.co/datasets/someone/traces",
        "name": "Traces: all",
        "user": "someone",
    }
    (least,) = entries(result_of("contrast_image"))
    assert list(least) == ["dataset", "value", "notes"]
    assert entries(result_of("contrast_image"), date="2026-01-31T10:00:00Z")[0]["date"]


def test_the_client_of_the_hub_reads_it() -> None:
    parse = getattr(huggingface_hub, "parse_eval_result_entries", None)
    if parse is None:
        pytest.skip("this huggingface_hub does not know the format yet")
    result = result_of("dual_use")
    how = {"date": "2026-01-31", "revision": "b" * 40, "source_url": "https://example.org/"}
    plain = entries(result, **how)
    found = parse(plain)
    assert [e.value for e in found] == [e["value"] for e in plain]
    assert {(e.dataset_id, e.dataset_revision, e.date) for e in found} == {
        (REPO, "b" * 40, "2026-01-31")
    }
    assert huggingface_hub.eval_result_entries_to_yaml(found) == plain


@pytest.mark.parametrize("text", ["{a: b}", "x: #c", "- !!python/object:os.system", "é\n…\x85 '\""])
def test_words_of_others_stay_words(text: str) -> None:
    result = result_of("contrast_image")
    judged = replace(result, judge={"name": text})
    (entry,) = entries(judged, notes=text, source_url="https://a.b", source_name=text)
    assert entry["source"]["name"] == text
    assert entry["notes"].startswith(text)
    assert f"judge {' '.join(text.split())}" in entry["notes"]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"dataset_repo": "dual-bench"}, "dataset repository"),
        ({"dataset_repo": "a/b\n- c: d"}, "dataset repository"),
        ({"date": "yesterday"}, "ISO 8601"),
        ({"source_url": "javascript:x"}, "source_url"),
        ({"source_name": "x"}, "source"),
    ],
)
def test_mistakes_are_named(how: dict[str, str], message: str) -> None:
    with pytest.raises(UnknownNameError, match=message):
        entries(result_of("contrast_image"), **how)


def test_other_protocols_models_and_data_have_no_board() -> None:
    result = result_of("contrast_image")
    with pytest.raises(DualBenchError, match="of vscbench"):
        entries(replace(result, protocol=protocol("vscbench")))
    with pytest.raises(DualBenchError, match="2 models: a, b"):
        entries(replace(result, replies=Replies(models=("a", "b"))))
    with pytest.raises(DualBenchError, match="none of its rows has a board"):
        entries(replace(result, verdicts=(verdict("xstest/vcr-001/harmful/text"),)))
    lost = tuple(replace(v, label=None, reason=Reason.EMPTY) for v in result.verdicts)
    with pytest.raises(DualBenchError, match="no row has a score"):
        entries(replace(result, verdicts=lost))


def test_the_file_is_whole_and_in_its_place(tmp_path: Path) -> None:
    result = result_of("contrast_image")
    how: dict[str, Any] = {"dataset_repo": REPO, "date": None}
    path = write_eval_results(tmp_path, result, **how)
    assert path == tmp_path / ".eval_results" / "dual-bench.yaml"
    assert path.read_text("utf-8") == eval_results(result, **how)
    write_eval_results(tmp_path, result, name="dual-bench_t1", **how)
    assert len(list(path.parent.iterdir())) == 2
    for name in ("../up", "", ".hidden", "a/b"):
        with pytest.raises(UnknownNameError):
            write_eval_results(tmp_path, result, name=name, **how)
    with pytest.raises(OutputError):
        write_eval_results(path, result, **how)


def test_the_same_result_gives_the_same_file() -> None:
    how: dict[str, Any] = {"dataset_repo": REPO, "date": None}
    how["source_url"] = "https://example.org/run"
    one, two = (eval_results(result_of("dual_use"), **how) for _ in range(2))
    assert one == two
    assert "&id" not in one


def test_the_dataset_names_each_board() -> None:
    found = yaml.safe_load(eval_yaml())
    assert list(found) == ["name", "description", "evaluation_framework", "tasks"]
    assert found["evaluation_framework"] == "inspect-ai"
    assert [t["id"] for t in found["tasks"]] == [b.task_id for b in boards()]
    assert len({t["id"] for t in found["tasks"]}) == len(boards())
    for task in found["tasks"]:
        spec = config(task["config"])
        assert task["split"] == "test"
        assert set(task["field_spec"].values()) <= set(spec.columns)
        assert task["solvers"]
        assert task["scorers"]
    assert "&id" not in eval_yaml()


def test_another_framework_needs_only_the_boards() -> None:
    found = yaml.safe_load(eval_yaml("dual-bench"))
    assert [list(t) for t in found["tasks"]] == [["id", "config", "split"]] * len(boards())
    with pytest.raises(UnknownNameError):
        eval_yaml("no: framework")


def test_inspect_takes_the_tasks_and_refuses_the_pictures() -> None:
    hf = pytest.importorskip("inspect_ai._eval.task.hf", reason="needs inspect_ai")
    for task in yaml.safe_load(eval_yaml())["tasks"]:
        spec = hf.HFTask.model_validate(task).field_spec
        row = {"prompt": "Describe the image.", "expected": "answer", "image": {"bytes": b""}}
        with pytest.raises(ValueError, match="valid string"):
            hf._record_to_sample_hf(row, spec)


def test_boards_are_numbers_that_rank() -> None:
    keys = {m.key: m.better for m in CALIBRATED.metrics}
    for board in boards():
        assert whole(board.config) in (2400, 12000, 1800)
        assert keys.get(board.metric, "higher") == "higher"
    result = result_of("dual_use")
    for policy, metrics in result.policies.items():
        assert math.isclose(metrics["SCR"], policy == "describes and warns"), policy


def test_a_build_holds_the_same_eval_yaml(build: Path) -> None:
    assert (build / "eval.yaml").read_text(encoding="utf-8") == eval_yaml()
