"""The tasks that lmms-eval gets: what they read and send, and that their numbers are ours."""

from __future__ import annotations

import importlib.util
import json
import math
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image

import dual_bench
from dual_bench.bridges.lmms_eval import task
from dual_bench.bridges.lmms_eval.export import export
from dual_bench.bridges.lmms_eval.failures import answer_of
from dual_bench.bridges.lmms_eval.tallies import tallies
from dual_bench.cli import main
from dual_bench.errors import BuildNotFoundError, DamagedBuildError, NotABuildError, OutputError
from dual_bench.load import read_rows
from dual_bench.protocols import PROTOCOLS
from dual_bench.recording import row_digest
from dual_bench.result import Result
from dual_bench.rows import COLUMNS
from tests import synthetic
from tests.lmms_eval_kit import BUDGET, FAILED, REPLIES, reply_to

OWN = ("dual_use", "dual_use_perturbed", "contrast_image", "contrast_text")


yaml: Any = pytest.importorskip("yaml")  # comes with datasets
Tagged: Any = type("Tagged", (yaml.SafeLoader,), {})  # reads `!function utils.name` as the name
Tagged.add_constructor("!function", lambda loader, node: loader.construct_scalar(node))


def read_task(path: Path) -> dict[str, Any]:
    found = yaml.load(path.read_text(encoding="utf-8"), Loader=Tagged)
    assert isinstance(found, dict)
    return found


def module(path: Path) -> ModuleType:
    """A module by its path, as the harness loads utils.py."""
    spec = importlib.util.spec_from_file_location("utils", path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture(scope="module")
def folder(build: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(tmp_path_factory.mktemp("export") / "tasks", build).folder


def test_one_task_a_config_and_a_group(build: Path, tmp_path: Path) -> None:
    done = export(tmp_path / "new" / "tasks", build)
    assert done.tasks == tuple(f"dual_bench_{name}" for name in OWN)
    assert done.rows == 3 * 12 * (2 + 10 + 6 + 8)
    names = {path.name for path in done.folder.iterdir()}
    assert names == {"utils.py", "dual_bench.yaml", *(f"{name}.yaml" for name in done.tasks)}
    group = read_task(done.folder / "dual_bench.yaml")
    assert group == {"group": "dual_bench", "task": list(done.tasks)}


def test_a_config_without_a_task_is_named(build: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        main, ["export", "lmms-eval", "--out", str(tmp_path / "tasks"), "--data", str(build)]
    )
    assert done.exit_code == 0
    assert done.stderr == (
        "prompts is left out: its rows have no side, so that no reply could be judged\n"
    )
    part = tmp_path / "part"
    shutil.copytree(build, part)
    said = json.loads((part / "manifest.json").read_text(encoding="utf-8"))
    said["files"] = [f for f in said["files"] if f.get("config") != "contrast_text"]
    (part / "manifest.json").write_text(json.dumps(said), encoding="utf-8")
    found = export(tmp_path / "tasks2", part)
    assert "dual_bench_contrast_text" not in found.tasks
    assert found.left_out == {
        "contrast_text": "this build has no rows of it",
        "prompts": "its rows have no side, so that no reply could be judged",
    }


def test_a_task_reads_the_rows_of_its_config_offline(folder: Path, build: Path) -> None:
    datasets = pytest.importorskip("datasets")
    for config in OWN:
        found = read_task(folder / f"dual_bench_{config}.yaml")
        files = found["dataset_kwargs"]["data_files"]
        assert all(Path(path).is_absolute() for path in files["test"])
        ds = datasets.load_dataset(found["dataset_path"], data_files=files)[found["test_split"]]
        assert ds["id"][:] == [row["id"] for row in read_rows(build, config, ["id"])]


def test_every_function_that_a_task_names_is_in_utils(folder: Path) -> None:
    utils = module(folder / "utils.py")
    for path in folder.glob("dual_bench_*.yaml"):
        found = read_task(path)
        named = [v for v in found.values() if isinstance(v, str) and v.startswith("utils.")]
        named += [metric["aggregation"] for metric in found["metric_list"]]
        assert len(named) == 4 + len(task.TALLIES)
        assert all(callable(getattr(utils, name.removeprefix("utils."))) for name in named)


def test_the_harness_is_kept_from_cutting_replies(folder: Path) -> None:
    found = read_task(folder / "dual_bench_dual_use.yaml")
    assert found["generation_kwargs"]["until"] == []  # without it: an empty line ends a reply
    assert found["reasoning_tags"] == "none"  # without it: what stands in <think> is dropped


def test_a_second_export_replaces_the_first_and_nothing_else(build: Path, tmp_path: Path) -> None:
    before = {p.name: p.read_bytes() for p in export(tmp_path, build).folder.iterdir()}
    (tmp_path / "dual_bench_dual_use.yaml").write_text("task: old")
    assert {p.name: p.read_bytes() for p in export(tmp_path, build).folder.iterdir()} == before
    (tmp_path / "mine.yaml").write_text("task: mine")
    with pytest.raises(OutputError, match=r"holds mine\.yaml"):
        export(tmp_path, build)


def test_no_usable_build(build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DUAL_BENCH_HOME", raising=False)
    with pytest.raises(BuildNotFoundError):
        export(tmp_path / "tasks")
    with pytest.raises(NotABuildError):
        export(tmp_path / "tasks", tmp_path)
    part = tmp_path / "part"
    part.mkdir()
    (part / "manifest.json").write_bytes((build / "manifest.json").read_bytes())
    with pytest.raises(DamagedBuildError, match="is missing"):
        export(tmp_path / "tasks", part)
    assert not (tmp_path / "tasks").exists()


def test_what_is_sent_is_the_picture_and_the_prompt(build: Path) -> None:
    for row in dual_bench.load("contrast_text", path=build):
        visuals = task.doc_to_visual(row)
        assert [isinstance(v, Image.Image) for v in visuals] == [True] * (row["variant"] != "text")
        assert task.doc_to_text(row) == row["prompt"]
        target = json.loads(task.doc_to_target(row))
        assert (target["id"], target["row"]) == (row["id"], row_digest(row))


@pytest.mark.parametrize("config", OWN)
def test_the_numbers_are_those_of_score(build: Path, config: str) -> None:
    rows = read_rows(build, config, [*COLUMNS, "pixel_sha256"])
    replies = {**reply_to(rows), rows[7]["id"]: FAILED, rows[9]["id"]: BUDGET}
    given = {row["id"]: (replies[row["id"]] or "").strip() for row in rows}
    values = [task.process_results(row, [given[row["id"]]]) for row in rows]
    json.dumps(values, allow_nan=False)  # the harness logs them
    result = dual_bench.score(
        [{"id": id, **answer_of(text)._asdict()} for id, text in replies.items()], rows
    )
    for key in task.TALLIES:
        number = task.aggregation(key)([value[key] for value in values])
        assert same(number, expected(result, key)), key


def expected(result: Result, key: str) -> float:
    n_unscored = sum(result.unscored.values())
    counts = {"unscored": n_unscored, "scored": len(result.verdicts) - n_unscored}
    return counts[key] if key in counts else result.get(key).value


def same(one: float | None, other: float) -> bool:
    return math.isnan(other) if one is None else one == other


@pytest.mark.parametrize("name", PROTOCOLS)
@pytest.mark.parametrize("seed", range(6))
def test_every_protocols_tallies_are_its_metrics(name: str, seed: int) -> None:
    protocol = PROTOCOLS[name]
    rows = synthetic.random_rows(seed, list(protocol.labels), unscored=0.2 * (seed % 3))
    verdicts = synthetic.verdicts(rows[: [0, 1, 3, 500, 500, 500][seed]], protocol)
    result = Result(verdicts, protocol, resamples=0)
    for key, tally in tallies(protocol).items():
        number = tally.over(json.loads(json.dumps([tally.of_row(v) for v in verdicts])))
        if key == "pair_accuracy" and not any(e.metric == key for e in result.estimates):
            assert number is None  # no pair: the result has no such line at all
        elif verdicts or key in ("scored", "unscored"):
            assert same(number, expected(result, key)), key


def test_several_pictures_of_a_query_are_matched_in_the_order_of_their_ids() -> None:
    protocol = PROTOCOLS["calibrated"]
    labels = {("harmful", 0): "warned", ("benign", 1): "answered"}
    rows = [
        synthetic.row("p", side, labels.get((side, copy), "irrelevant"), copy=copy)
        for copy in (1, 0)
        for side in ("harmful", "benign")
    ]
    tally = tallies(protocol)["pair_accuracy"]
    values = [tally.of_row(v) for v in synthetic.verdicts(rows, protocol)]
    assert tally.over(values) == tally.over(values[::-1]) == 0.0  # by their labels: 0.5
    assert synthetic.result(rows, protocol).get("pair_accuracy").value == 0.0


def test_only_a_text_of_the_harness_is_a_failure() -> None:
    for text in (FAILED, BUDGET, "[LMMS_EVAL_REQUEST_FAILED after 10 retries] a\nb"):
        assert answer_of(text) == (None, None, text, {})
        assert answer_of(text, words=12).response == text  # the provider counted its words
        for other in (f"{text[1:]}", f"It says {text}", f"{text[:-4]}"[:20]):
            assert answer_of(other) == (other, None, None, {})
    for reply in (*REPLIES, "[SAFETY_BLOCKED:x] is what it says", f"{BUDGET} "):
        assert answer_of(reply) == (reply, None, None, {})
    assert answer_of('Error: can only concatenate str (not "NoneType") to str').response is None


@pytest.mark.parametrize(
    ("tag", "reason"),
    [
        ("[SAFETY_BLOCKED:finish_reason=FinishReason.SAFETY,HARM=HIGH]", "SAFETY"),
        ("[SAFETY_BLOCKED:finish_reason=FinishReason.MAX_TOKENS]", "MAX_TOKENS"),
        ("[SAFETY_BLOCKED:unknown]", "blocked"),
        ("[SAFETY_BLOCKED:the finish_reason is 2]", "blocked"),
    ],
)
def test_a_reply_that_gemini_held_back(tag: str, reason: str) -> None:
    answer = answer_of(tag)
    assert (answer.response, answer.finish_reason, answer.error) == (None, reason, None)
