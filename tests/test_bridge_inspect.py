# ruff: noqa: E402 -- first of all, is there an inspect_ai?
"""Our tasks inside Inspect, run by Inspect itself: what the model is shown, scores, metrics."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("inspect_ai", reason='needs inspect_ai: pip install "dual-bench[inspect]"')
# Inspect leaves streams of its own to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

import fsspec  # type: ignore[import-untyped]
import inspect_ai
from inspect_ai.scorer import SampleScore

from dual_bench import Result, Verdict, load, score
from dual_bench.bridges.inspect import scorers, tasks
from dual_bench.bridges.inspect.metrics import by_hazard, rates
from dual_bench.bridges.inspect.samples import dataset
from dual_bench.errors import BuildNotFoundError, DualBenchError, NoRowsError, UnknownNameError
from dual_bench.judges import Request
from tests.bridge_inspect_kit import evaluate, ids, output, record

ROOT = Path(__file__).parents[1]
PART = ["privacy", "hate"]


def say(id: str) -> Any:
    """Help, a warning, a refusal, a blocked one, nothing, an error: by the number of the pair."""
    number, harmful = int(id.split("/")[1].rpartition("-")[2]), "/harmful/" in id
    if harmful:
        return [
            "I can't help with that.",
            output("The picture sh", "content_filter"),
            "The image shows a sentence in black letters. Please be careful: this is dangerous "
            "and may harm people.",
        ][number % 3]
    return ["The image shows a short sentence in black letters.", "", RuntimeError("down")][
        number % 3
    ]


def as_recorded(id: str) -> dict[str, Any]:
    """The same for the recorder."""
    said = say(id)
    if isinstance(said, str):
        return {"response": said, "finish_reason": "stop"}
    if isinstance(said, Exception):
        return {"response": None, "error": repr(said)}
    return {"response": said.completion, "finish_reason": said.stop_reason}


def scored_by_us(build: Path, folder: Path, config: str, **options: Any) -> Result:
    rows = load(config, path=build, decode=False)
    part = ids(build, config, hazards=PART)
    run = record(folder, rows, {id: as_recorded(id) for id in part})
    return score(run, build, hazards=PART, **options)


def metrics_of(log: Any) -> dict[str, float]:
    (found,) = [s for s in log.results.scores if s.name == "outcome"]
    return {name: metric.value for name, metric in found.metrics.items()}


def test_a_sample_is_a_row(build: Path) -> None:
    rows = {row["id"]: row for row in load("contrast_text", path=build, decode=False)}
    found = dataset("contrast_text", data=build)
    assert [sample.id for sample in found] == list(rows)
    for sample in found:
        row = rows[str(sample.id)]
        (message,) = sample.input
        kinds = [part.type for part in message.content_list]
        assert kinds == (["image", "text"] if row["image"] else ["text"])
        assert message.text == row["prompt"]
        assert sample.target == row["expected"]
        for name in ("pair_id", "cluster_id", "hazard", "side", "variant", "expected", "text"):
            assert sample.metadata[name] == row[name]
        assert len(sample.metadata["row"]) == 16


def test_samples_name_their_pictures_and_do_not_hold_them(build: Path) -> None:
    found = dataset("dual_use", data=build)
    size = sum(len(sample.model_dump_json()) for sample in found) / len(found)
    assert size < 2_000  # a picture has 25,000 bytes


def test_parts_are_chosen_by_name(build: Path) -> None:
    found = dataset("dual_use_perturbed", data=build, hazards=["hte"], variants=["rotation"])
    assert {(s.metadata["hazard"], s.metadata["variant"]) for s in found} == {("hate", "rotation")}
    assert found[0].metadata["wordings"][1:], "the Chinese wording is of another variant"
    with pytest.raises(UnknownNameError, match="Did you mean 'privacy'"):
        dataset("dual_use", data=build, hazards=["privcy"])
    with pytest.raises(NoRowsError, match=r"prompts: cannot .* choose one of: dual_use, "):
        dataset("prompts", data=build)


def test_imported_takes_any_config_of_a_folder(build: Path) -> None:
    made = tasks.imported("contrast_image", str(build), hazards="privacy")
    assert {sample.metadata["hazard"] for sample in made.dataset} == {"privacy"}
    assert made.metadata["build"]


def test_an_address_of_no_picture_is_refused(build: Path) -> None:
    (message,) = dataset("dual_use", data=build)[0].input
    address = message.content[0].image
    with fsspec.open(address, "rb") as file:
        assert file.read(4) in (b"\x89PNG", b"\xff\xd8\xff\xe0", b"RIFF")
    for wrong in (f"{address}999999", "dual-bench://0/0", "dual-bench://1/../../etc/passwd"):
        with pytest.raises(UnknownNameError, match="picture"), fsspec.open(wrong, "rb"):
            pass


def test_without_a_build_the_message_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DUAL_BENCH_HOME", raising=False)
    with pytest.raises(DualBenchError, match="make dataset") as caught:
        tasks.dual_use()
    assert isinstance(caught.value.__cause__, BuildNotFoundError)


@pytest.mark.parametrize("protocol", ["calibrated", "dual_bench", "vscbench"])
def test_metrics_are_those_of_dual_bench_score(build: Path, tmp_path: Path, protocol: str) -> None:
    task = tasks.dual_use_perturbed(protocol=protocol, hazards=PART, data=str(build))
    log = evaluate(task, build, "dual_use_perturbed", say, tmp_path / "logs")
    ours = scored_by_us(build, tmp_path / "run", "dual_use_perturbed", protocol=protocol)
    found = metrics_of(log)
    seen = set()
    for one in ours.estimates:
        if one.given or one.metric not in {m.key for m in ours.protocol.metrics}:
            continue
        key = f"{one.metric} {one.name}".strip()
        assert found[key] == one.value or (math.isnan(found[key]) and math.isnan(one.value))
        seen.add(key)
        sides = {rate.side for _, rate in ours.protocol.metric(one.metric).terms}
        names = [f"{side} {one.name}".strip() for side in sides]
        assert sum(found[f"n {name}"] for name in names) == one.n
        assert sum(found[f"n_unscored {name}"] for name in names) == one.n_unscored
        seen |= {f"{what} {name}" for name in names for what in ("n", "n_unscored")}
    assert seen == set(found)
    assert any(value > 0 for key, value in found.items() if key.startswith("n_unscored"))
    verdicts = [Verdict.from_dict(s.scores["outcome"].metadata["verdict"]) for s in log.samples]
    assert sorted(verdicts, key=lambda v: v.id) == sorted(ours.verdicts, key=lambda v: v.id)


def test_unscored_is_unscored_and_has_its_reason(build: Path, tmp_path: Path) -> None:
    task = tasks.dual_use(hazards="privacy", data=str(build))
    log = evaluate(task, build, "dual_use", say, tmp_path)
    reasons = {}
    for sample in log.samples:
        both = sample.scores
        verdict = both["outcome"].metadata["verdict"]
        assert both["as_expected"].metadata["verdict"] == verdict
        assert both["outcome"].value == (verdict["label"] or verdict["reason"])
        assert both["as_expected"].answer == verdict["label"]
        if verdict["label"] is None:
            assert math.isnan(both["as_expected"].value)
            assert both["as_expected"].metadata["reason"] == verdict["reason"]
            reasons[verdict["reason"]] = sample.id
        else:
            right = {"harmful": ("warned", "warned_repeat"), "benign": ("answered",)}
            side = verdict["facts"]["side"]
            assert both["as_expected"].value == float(verdict["label"] in right[side])
    assert sorted(reasons) == ["blocked", "empty", "model_error"]
    (mean,) = [s for s in log.results.scores if s.name == "as_expected"]
    labels = [s.scores["as_expected"].value for s in log.samples]
    scored = [value for value in labels if not math.isnan(value)]
    assert mean.metrics["mean"].value == pytest.approx(sum(scored) / len(scored))
    assert mean.unscored_samples == len(labels) - len(scored) > 0


asked_of_the_judge: list[str] = []


def counting(request: Request) -> str:
    asked_of_the_judge.append(request.id)
    return "answered"


def test_a_reply_is_judged_once_for_both_scorers(build: Path, tmp_path: Path) -> None:
    asked_of_the_judge.clear()
    task = tasks.dual_use(hazards="hate", judge=f"python:{__name__}:counting", data=str(build))
    log = evaluate(task, build, "dual_use", lambda _: "words", tmp_path)
    assert sorted(asked_of_the_judge) == sorted(s.id for s in log.samples)


def test_several_epochs_count_every_reply(build: Path, tmp_path: Path) -> None:
    task = tasks.dual_use(hazards="hate", data=str(build))
    log = evaluate(task, build, "dual_use", lambda _: "I can't.", tmp_path, epochs=2, limit=4)
    assert metrics_of(log)["n harmful"] == 4
    assert log.status == "success"


def test_a_log_is_scored_again_without_the_build(
    build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = tasks.dual_use(hazards=PART, data=str(build))
    log = evaluate(task, build, "dual_use", say, tmp_path / "logs")
    monkeypatch.chdir(tmp_path)
    again = inspect_ai.score(
        log, scorers.outcome(protocol="vscbench"), action="overwrite", display="none"
    )
    ours = scored_by_us(build, tmp_path / "run", "dual_use", protocol="vscbench")
    for metric in ours.protocol.metrics:
        assert metrics_of(again)[metric.key] == pytest.approx(
            ours.get(metric.key).value, nan_ok=True
        )


def test_metrics_of_nothing_are_nothing() -> None:
    assert rates()([]) == {}
    score = inspect_ai.scorer.Score(value="by hand")
    assert by_hazard()([SampleScore(score=score, sample_id="x")]) == {}


def test_the_entry_point_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (line,) = project["entry-points"]["inspect_ai"].items()
    assert line == ("dual_bench", "dual_bench.bridges.inspect._registry")


PROVIDER = """
from inspect_ai.model import ModelAPI, ModelOutput, modelapi

@modelapi("parrot")
class Parrot(ModelAPI):
    async def generate(self, input, tools, tool_choice, config):
        assert input[0].content[0].image.startswith("data:image/"), input
        return ModelOutput.from_content("parrot", "The image shows a sentence.")
"""
QUIET = """
import socket
real = socket.getaddrinfo
def only_here(host, *args, **kwargs):
    assert host in ("localhost", "127.0.0.1", "::1", None, ""), f"asked the network for {host!r}"
    return real(host, *args, **kwargs)
socket.getaddrinfo = only_here
"""


def entry_point(folder: Path, name: str, value: str) -> None:
    """What an installed package tells about itself, without installing one."""
    about = folder / f"only_{name}-0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: only-{name}\nVersion: 0\n")
    (about / "entry_points.txt").write_text(f"[inspect_ai]\n{name} = {value}\n")


def test_inspect_finds_the_tasks_by_their_names_and_asks_no_network(
    build: Path, tmp_path: Path
) -> None:
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "parrot.py").write_text(PROVIDER)
    (plugins / "sitecustomize.py").write_text(QUIET)
    entry_point(plugins, "parrot", "parrot")
    entry_point(plugins, "dual_bench", "dual_bench.bridges.inspect._registry")
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(plugins), str(ROOT)]),
        "INSPECT_DISPLAY": "plain",
        "DUAL_BENCH_HOME": str(build.parent),
        "HF_HOME": str(tmp_path / "hf"),
    }
    command = [sys.executable, "-m", "inspect_ai", "eval", "dual_bench/dual_use"]
    command += ["dual_bench/contrast_image", "--model", "parrot/x", "--limit", "6"]
    command += ["-T", "hazards=privacy,hate", "--log-dir", "logs", "--max-tokens", "77"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "asked the network" not in done.stdout + done.stderr
    assert "DAR_b" in done.stdout
    logs = [inspect_ai.log.read_eval_log(p) for p in sorted((tmp_path / "logs").glob("*.eval"))]
    assert {log.eval.task for log in logs} == {"dual_bench/dual_use", "dual_bench/contrast_image"}
    assert all(log.status == "success" and len(log.samples) == 6 for log in logs)
    how = [log.plan.config for log in logs]  # the command's, and else the task's
    assert {(config.max_tokens, config.temperature) for config in how} == {(77, 0.0)}

    wrong = [*command[:5], "--model", "parrot/x", "-T", "judge=nobody[x]"]
    done = subprocess.run(wrong, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode != 0
    said = " ".join((done.stdout + done.stderr).split())
    assert "unknown judge 'nobody[x]'; expected one of: rules" in said
    assert "Traceback" not in said
