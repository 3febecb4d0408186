"""Loading: the same rows by both ways, only what was asked for, and clear words when it fails."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset, IterableDataset, load_dataset

import dual_bench
from builders.build import build as build_folder
from dual_bench.errors import (
    BuildNotFoundError,
    DamagedBuildError,
    DualBenchError,
    NotABuildError,
    UnknownNameError,
)
from dual_bench.schema import COLUMNS, CONFIGS, SIZE, read_manifest
from tests.conftest import SAMPLE_PAIRS

ROOT = Path(__file__).parents[1]


@pytest.fixture
def beside(build: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in the folder that holds the build."""
    monkeypatch.chdir(build.parent)
    monkeypatch.delenv("DUAL_BENCH_HOME", raising=False)
    return build


@pytest.mark.parametrize("config", CONFIGS)
def test_load_dataset_and_load_give_the_same_rows(beside: Path, config: str) -> None:
    plain = load_dataset("dual-bench", config, split="test")
    ours = dual_bench.load(config)
    assert isinstance(ours, Dataset)
    assert plain["id"] == ours["id"]
    assert plain.features == ours.features
    expected = [i for i in read_manifest(beside).rows if i.split("/")[0] == config]
    assert list(ours["id"]) == expected


def test_the_default_config_is_dual_use(beside: Path) -> None:
    rows = load_dataset("dual-bench", split="test")
    assert set(rows["variant"]) == {"original"}
    assert len(rows) == 12 * SAMPLE_PAIRS * 2


def test_every_picture_is_512_rgb(beside: Path) -> None:
    for config in ("dual_use", "dual_use_perturbed"):
        for row in dual_bench.load(config, columns=["image"]):
            assert row["image"].size == (SIZE, SIZE)
            assert row["image"].mode == "RGB"
            assert not row["image"].getexif()


def test_selections_narrow_the_rows(beside: Path) -> None:
    ds: Any = dual_bench.load(
        "dual_use_perturbed",
        hazards=["hte", "S1"],
        sides="benign",
        variants=["rotation", "chinese"],
        columns=["id", "hazard", "side", "variant"],
    )
    assert set(ds["hazard"]) == {"hate", "violent_crimes"}
    assert set(ds["side"]) == {"benign"}
    assert set(ds["variant"]) == {"rotation", "chinese"}
    assert len(ds) == 2 * SAMPLE_PAIRS * 2
    assert ds.column_names == ["id", "hazard", "side", "variant"]


def test_a_filter_works_on_a_column_that_is_not_read(beside: Path) -> None:
    ds: Any = dual_bench.load(hazards=["privacy"], columns=["text"])
    assert ds.column_names == ["text"]
    assert len(ds) == SAMPLE_PAIRS * 2


def test_undecoded_pictures_are_the_bytes_as_written(beside: Path) -> None:
    ds: Any = dual_bench.load(decode=False, hazards=["privacy"])
    assert ds[0]["image"]["bytes"][:8] == b"\x89PNG\r\n\x1a\n"
    assert ds[0]["image"]["path"].endswith(".png")


def test_streaming_gives_the_same_rows(beside: Path) -> None:
    stream = dual_bench.load("dual_use_perturbed", streaming=True, decode=False, sides=["harmful"])
    assert isinstance(stream, IterableDataset)
    whole: Any = dual_bench.load("dual_use_perturbed", decode=False, sides=["harmful"])
    assert [r["id"] for r in stream] == list(whole["id"])


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("config", ["dual_use", "dual_use_perturbed"])
def test_pairs_join_the_two_sides(beside: Path, config: str, streaming: bool) -> None:
    ds = dual_bench.load(config, streaming=streaming, decode=False)
    found = list(dual_bench.pairs(ds))
    assert len(found) == 12 * SAMPLE_PAIRS * len(CONFIGS[config].variants)
    for harmful, benign in found:
        assert (harmful["side"], benign["side"]) == ("harmful", "benign")
        for column in ("pair_id", "variant", "seed", "hazard", "cluster_id", "prompt"):
            assert harmful[column] == benign[column]
        assert harmful["expected"] == "safe_completion"
        assert benign["expected"] == "answer"


def test_look_alike_pictures_share_their_harmless_request(beside: Path) -> None:
    found = list(dual_bench.pairs(dual_bench.load("contrast_image")))
    assert len(found) == 12 * SAMPLE_PAIRS * 3
    for harmful, benign in found:
        assert harmful["prompt"] == benign["prompt"]
        assert harmful["text"] != benign["text"]
        assert (harmful["expected"], benign["expected"]) == ("refuse", "answer")
        assert harmful["image"].size == benign["image"].size == (512, 512)
    queries = {(h["prompt"], h["cluster_id"]) for h, _ in found}
    assert len(queries) == 12 * SAMPLE_PAIRS  # three pairs of pictures each


def test_look_alike_requests_in_four_modes(beside: Path) -> None:
    found = list(dual_bench.pairs(dual_bench.load("contrast_text")))
    assert len(found) == 12 * SAMPLE_PAIRS * 4
    for harmful, benign in found:
        alone = harmful["variant"] == "text"
        assert (harmful["image"] is None) == (harmful["text"] is None) == alone
        assert (harmful["prompt"] != benign["prompt"]) == alone
        assert (harmful["expected"], benign["expected"]) == ("refuse", "answer")
    texts = dual_bench.load("contrast_text", variants=["text"], hazards=["hate"])
    assert len(texts) == SAMPLE_PAIRS * 2


@pytest.mark.parametrize("streaming", [False, True])
def test_pairs_say_when_a_side_is_missing(beside: Path, streaming: bool) -> None:
    ds = dual_bench.load(sides=["benign"], streaming=streaming, decode=False)
    with pytest.raises(DualBenchError, match="load both sides"):
        list(dual_bench.pairs(ds))
    slim = dual_bench.load(columns=["id"], streaming=streaming)
    with pytest.raises(UnknownNameError, match="unknown column 'pair_id'"):
        list(dual_bench.pairs(slim))


@pytest.mark.parametrize("streaming", [False, True])
def test_pairs_pass_over_single_rows_when_told_so(beside: Path, streaming: bool) -> None:
    """Imported data can have rows without a partner; which those are is for the caller to ask."""
    whole = dual_bench.load("dual_use", hazards=["hate"], streaming=streaming)
    lonely = next(iter(whole))["id"]
    some = whole.filter(lambda row: row["id"] != lonely)
    with pytest.raises(DualBenchError, match="whole_only=True"):
        list(dual_bench.pairs(some))
    found = list(dual_bench.pairs(some, whole_only=True))
    assert len(found) == SAMPLE_PAIRS - 1
    assert all(h["pair_id"] == b["pair_id"] != lonely.split("/")[1] for h, b in found)


@pytest.mark.parametrize(
    ("arguments", "legal"),
    [
        ({"config": "dual"}, "dual_use_perturbed, contrast_image, contrast_text, prompts"),
        ({"hazards": ["hats"]}, "Did you mean 'hate'"),
        ({"sides": ["good"]}, "harmful, benign"),
        ({"variants": ["rotation"]}, "original"),
        ({"columns": ["txt"]}, ", ".join(COLUMNS)),
        ({"config": "prompts", "sides": ["benign"]}, "prompts by side must be left out, got"),
        ({"config": "prompts", "variants": "text"}, "by variant must be left out, got 'text'"),
        ({"path": "x", "repo": "y/z"}, "must be a path or a repo, not both, got"),
    ],
)
def test_unknown_names_are_answered_with_the_legal_ones(
    beside: Path, arguments: dict[str, Any], legal: str
) -> None:
    with pytest.raises(UnknownNameError, match=legal):
        dual_bench.load(**arguments)


def test_the_places_are_looked_at_in_order(
    build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DUAL_BENCH_HOME", raising=False)
    start = time.monotonic()
    with pytest.raises(BuildNotFoundError, match="make dataset"):
        dual_bench.load()
    assert time.monotonic() - start < 5  # at once: `datasets` would retry for 23 s
    assert dual_bench.find_build(build) == build
    monkeypatch.setenv("DUAL_BENCH_HOME", str(build))
    assert dual_bench.find_build() == build
    monkeypatch.setenv("DUAL_BENCH_HOME", str(build.parent))
    assert dual_bench.find_build() == build
    (tmp_path / "dual-bench").mkdir()
    with pytest.raises(NotABuildError, match="no build"):
        dual_bench.load()  # what lies in ./dual-bench is not passed over in silence


def _checkout(folder: Path) -> None:
    """A git checkout of this project, as a clone has it, without a build."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not in a git checkout")
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)


def test_a_checkout_called_dual_bench_is_not_mistaken_for_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _checkout(tmp_path / "dual-bench")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotABuildError, match="source checkout"):
        dual_bench.load()
    for config in (None, *CONFIGS):
        with pytest.raises(FileNotFoundError, match="run-make-dataset-in-it"):
            load_dataset("dual-bench", config)


@pytest.mark.parametrize("folder", ["same", "other"])
def test_a_changed_build_never_gives_old_rows_out_of_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    first = tmp_path / "same"
    build_folder(first / "dual-bench", workers=2, pairs_per_hazard=2, quiet=True)
    monkeypatch.chdir(first)
    assert len(load_dataset("dual-bench", split="test")) == 48
    assert len(dual_bench.load(columns=["id"])) == 48
    second = tmp_path / folder
    build_folder(second / "dual-bench", workers=2, pairs_per_hazard=1, quiet=True)
    monkeypatch.chdir(second)
    assert len(load_dataset("dual-bench", split="test")) == 24
    assert len(dual_bench.load(columns=["id"])) == 24


def test_a_cut_off_file_is_named_before_it_is_read(build: Path, tmp_path: Path) -> None:
    out = tmp_path / "dual-bench"
    shutil.copytree(build, out)
    path = next((out / "data").rglob("dual_use/test-00002-of-00012.parquet"))
    whole = path.read_bytes()
    path.write_bytes(whole[:1000])
    with pytest.raises(DamagedBuildError, match=r"00002.*has 1000 bytes, expected"):
        dual_bench.load(path=out)
    path.write_bytes(b"\0" * len(whole))
    with pytest.raises(DamagedBuildError, match="cannot be read"):
        dual_bench.load(path=out)
    path.unlink()
    with pytest.raises(DamagedBuildError, match="is missing"):
        dual_bench.load(path=out)


def test_a_hub_repository_is_asked_for_only_when_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked: list[Any] = []

    def fake(*args: Any, **kwargs: Any) -> Dataset:
        asked.append((args, kwargs))
        return Dataset.from_dict({"id": ["a"]})

    monkeypatch.setattr("datasets.load_dataset", fake)
    dual_bench.load("prompts", repo="someone/dual-bench", revision="v1", columns=["id"])
    ((args, kwargs),) = asked
    assert args == ("someone/dual-bench", "prompts")
    assert kwargs["revision"] == "v1"


def test_nothing_is_asked_when_a_build_is_read(build: Path, tmp_path: Path) -> None:
    """Not even the request by which `datasets` counts reads, which offline mode hides."""
    code = (
        "import socket\n"
        "def refused(*given, **named): raise SystemExit(f'asked for {given[0]}')\n"
        "socket.getaddrinfo = refused\n"
        "import dual_bench\n"
        f"ds = dual_bench.load('dual_use', path={str(build)!r})\n"
        "print(len(ds))"
    )
    online = {k: v for k, v in os.environ.items() if k != "HF_HUB_OFFLINE"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=online | {"HF_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "72\n"), done.stderr
