"""The build: what is in the folder, that it is the same again, and that it survives a kill."""

import filecmp
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from builders import build as build_module
from builders.cli import main
from builders.dual_use import PHOTOS, pictures
from builders.encode import decode
from builders.place import STAGE, check_out
from builders.shard import Job
from builders.texts import all_pairs, read_pairs
from dual_bench.errors import NotABuildError, OutputError
from dual_bench.schema import CONFIGS, SIDES, features, pixel_sha256, read_manifest
from dual_bench.taxonomy import HAZARDS
from perturb import Perturber
from tests.conftest import SAMPLE_PAIRS

ROOT = Path(__file__).parents[1]


def same_files(a: Path, b: Path) -> bool:
    """Two folders hold the same files with the same bytes."""
    names = [sorted(str(p.relative_to(f)) for p in f.rglob("*") if p.is_file()) for f in (a, b)]
    return names[0] == names[1] and not filecmp.cmpfiles(a, b, names[0], shallow=False)[1]


def test_counts_follow_from_pairs_hazards_and_variants(build: Path) -> None:
    manifest = read_manifest(build)
    rows = {c: sum(f.rows for f in manifest.data_files(c)) for c in CONFIGS}
    plain = len(HAZARDS) * SAMPLE_PAIRS * len(SIDES)
    assert rows == {
        "dual_use": plain,
        "dual_use_perturbed": plain * 5,
        "contrast_image": plain * 3,
        "contrast_text": plain * 4,
        "prompts": 100,
    }
    assert len(manifest.rows) == plain * 13 + 100


def test_files_carry_features_page_index_and_small_row_groups(build: Path) -> None:
    manifest = read_manifest(build)
    for config in CONFIGS:
        expected = features(config).arrow_schema
        for entry in manifest.data_files(config):
            file = pq.ParquetFile(build / entry.path)
            assert file.schema_arrow.equals(expected)
            assert file.schema_arrow.metadata[b"huggingface"] == expected.metadata[b"huggingface"]
            column = file.metadata.row_group(0).column(0)
            assert column.has_offset_index
            assert column.has_column_index
            assert file.metadata.row_group(0).num_rows <= 100


def test_the_fingerprint_stands_in_the_path_and_in_the_card(build: Path) -> None:
    manifest = read_manifest(build)
    assert all(f"data/{manifest.fingerprint}/" in f.path for f in manifest.files if f.config)
    card = (build / "README.md").read_text(encoding="utf-8")
    for config in CONFIGS:
        assert f"path: data/{manifest.fingerprint}/{config}/*.parquet" in card
    assert "$" not in card.replace("$$", "")
    assert [p.name for p in (build / "data").iterdir()] == [manifest.fingerprint]
    assert not (build / STAGE).exists()


def test_what_is_stored_is_what_was_drawn(build: Path) -> None:
    """Lossless variants decode to the very pixels; the JPEG one to nearly them."""
    manifest = read_manifest(build)
    drawn = {p.id: p.pixels for p in pictures(read_pairs(HAZARDS[0])[0], Perturber(PHOTOS))}
    seen = 0
    for entry in manifest.files:
        if entry.config in ("dual_use", "dual_use_perturbed"):
            for row in pq.read_table(build / entry.path, columns=["id", "image"]).to_pylist():
                if row["id"] in drawn:
                    got, expected = decode(row["image"]["bytes"]), drawn[row["id"]]
                    assert pixel_sha256(got) == manifest.rows[row["id"]]
                    difference = np.abs(got.astype(int) - expected).mean()
                    assert difference < 2 if "real" in row["id"] else difference == 0
                    seen += 1
    assert seen == 12


def test_the_number_of_workers_changes_nothing(build: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    build_module.build(other, workers=1, pairs_per_hazard=SAMPLE_PAIRS, quiet=True)
    assert same_files(build, other)


def _start(out: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "builders", "build", "--out", str(out), "--workers", "2"]
    return subprocess.Popen([*command, "--pairs", str(SAMPLE_PAIRS)], cwd=ROOT)


def test_killed_at_ten_moments_and_resumed_it_ends_with_the_same_bytes(
    build: Path, tmp_path: Path
) -> None:
    out, moments = tmp_path / "killed", random.Random(20)
    for _ in range(10):
        process = _start(out)
        time.sleep(moments.uniform(0.5, 4.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
        manifest = out / "manifest.json"
        assert not manifest.exists() or read_manifest(out)  # never half a manifest
    assert _start(out).wait() == 0
    assert same_files(build, out)


def test_a_finished_shard_is_not_built_again(build: Path, tmp_path: Path) -> None:
    """Take a build back to the moment before its end, lose one shard, and watch what is made."""
    out = tmp_path / "resumed"
    build_module.build(out, workers=2, pairs_per_hazard=1, quiet=True)
    fingerprint = read_manifest(out).fingerprint
    jobs: list[int] = []
    stage = out / STAGE
    stage.mkdir()
    (stage / "inputs").write_text(build_module.inputs_hash(1))
    data = out / "data" / fingerprint
    for number in range(12):
        files, rows = [], {}
        for config in (name for name in CONFIGS if name != "prompts"):
            entry = next(
                e for e in read_manifest(out).data_files(config) if f"{number:05d}-of" in e.path
            )
            name = Path(entry.path).name
            files.append(
                {
                    "path": f"{config}/{name}",
                    "bytes": entry.bytes,
                    "sha256": entry.sha256,
                    "config": config,
                    "rows": entry.rows,
                }
            )
            ids = pq.read_table(out / entry.path, columns=["id", "pixel_sha256"]).to_pylist()
            rows[config] = {r["id"]: r["pixel_sha256"] for r in ids}
        note = json.dumps({"files": files, "rows": rows})
        (stage / f"shard-{number:05d}.json").write_text(note)
    data.rename(stage / "files")
    (stage / "files" / "dual_use" / "test-00007-of-00012.parquet").write_bytes(b"cut off")
    (out / "manifest.json").unlink()
    real = build_module._run

    def spy(todo: list[Job], workers: int, quiet: bool) -> None:
        jobs.extend(job.number for job in todo)
        real(todo, workers, quiet)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build_module, "_run", spy)
        build_module.build(out, workers=1, pairs_per_hazard=1, quiet=True)
    assert jobs == [7]
    assert read_manifest(out).fingerprint == fingerprint


def test_building_twice_does_nothing_the_second_time(build: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in build.rglob("*") if p.is_file()}
    build_module.build(build, workers=1, pairs_per_hazard=SAMPLE_PAIRS, quiet=True)
    assert {p: p.stat().st_mtime_ns for p in build.rglob("*") if p.is_file()} == before


def test_a_damaged_build_is_mended(build: Path, tmp_path: Path) -> None:
    out = tmp_path / "damaged"
    shutil.copytree(build, out)
    victim = next((out / "data").rglob("test-00003-of-00012.parquet"))
    victim.write_bytes(victim.read_bytes()[:-9])
    build_module.build(out, workers=2, pairs_per_hazard=SAMPLE_PAIRS, quiet=True)
    assert same_files(build, out)


def test_a_sample_replaces_another_and_leaves_nothing_behind(build: Path, tmp_path: Path) -> None:
    out = tmp_path / "resized"
    shutil.copytree(build, out)
    first = read_manifest(out).fingerprint
    manifest = build_module.build(out, workers=2, pairs_per_hazard=1, quiet=True)
    assert manifest.fingerprint != first
    assert [p.name for p in (out / "data").iterdir()] == [manifest.fingerprint]


def test_a_folder_of_somebody_else_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(NotABuildError, match="holds other files"):
        check_out(tmp_path)
    with pytest.raises(OutputError, match="is a file"):
        check_out(tmp_path / "thesis.txt")
    with pytest.raises(OutputError, match="cannot be used"):
        check_out(tmp_path / ("x" * 300))
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_manifest_of_another_program_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"name": "a web app"}')
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine.txt").write_text("mine")
    with pytest.raises(NotABuildError, match="holds other files"):
        build_module.build(tmp_path, workers=1, pairs_per_hazard=1, quiet=True)
    assert (tmp_path / "data" / "mine.txt").read_text() == "mine"


def test_a_killed_worker_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_module, "run_job", _die)
    with pytest.raises(OutputError, match="a worker process was killed"):
        build_module.build(tmp_path / "out", workers=1, pairs_per_hazard=1, quiet=True)


def _die(job: Job) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_two_builds_of_one_folder_do_not_meet(tmp_path: Path) -> None:
    from filelock import FileLock

    (tmp_path / STAGE).mkdir()
    with FileLock(tmp_path / STAGE / "lock"), pytest.raises(OutputError, match="another build"):
        build_module.build(tmp_path, workers=1, pairs_per_hazard=1, quiet=True)


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = CliRunner().invoke(main, ["build", "--out", str(tmp_path / "file" / "x")])
    assert result.exit_code == 2
    assert result.output.startswith("error: ")
    assert len(result.output.splitlines()) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_no_space_left_is_one_line_and_leaves_no_final_file(
    tmp_path: Path,
) -> None:
    from dual_bench.files import whole_file

    def run_out_of_space() -> None:
        with whole_file(tmp_path / "a.parquet", tmp_path / "parts") as part:
            part.write_bytes(b"half")
            with open("/dev/full", "wb") as full:
                full.write(b"x" * 10_000)

    with pytest.raises(OutputError, match=r"a\.parquet.*No space left on device"):
        run_out_of_space()
    assert not (tmp_path / "a.parquet").exists()
    assert not list((tmp_path / "parts").iterdir())


@pytest.mark.parametrize(
    "row",
    [
        "dual_use_perturbed/vcr-001/benign/real_background",
        "contrast_image/vcr-i02-3/harmful/original",
        "contrast_text/hte-t03/benign/concat",
    ],
)
def test_show_writes_the_picture_of_a_row(build: Path, tmp_path: Path, row: str) -> None:
    out = tmp_path / "x.jpg"
    result = CliRunner().invoke(main, ["show", row, "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert pixel_sha256(decode(out.read_bytes())) == read_manifest(build).rows[row]
    for bad in (
        "nonsense",
        "dual_use/vcr-999/benign/original",
        "dual_use/vcr-001/benign/rotation",
        "contrast_image/vcr-i99-1/benign/original",
        "contrast_text/hte-t03/benign/text",  # it has no picture
    ):
        result = CliRunner().invoke(main, ["show", bad])
        assert result.exit_code == 2
        said = "id must be" if bad == "nonsense" else "unknown"
        assert f"error: {said}" in result.output


def test_hazards_share_no_pair_and_ids_are_stable() -> None:
    pairs = all_pairs()
    assert len({p.pair_id for p in pairs}) == len(pairs) == 1200
    assert {p.pair_id for p in pairs} == {
        f"{h.key}-{n:03d}" for h in HAZARDS for n in range(1, 101)
    }


def test_a_worker_dies_with_its_parent(tmp_path: Path) -> None:
    process = _start(tmp_path / "out")
    deadline = time.monotonic() + 30
    children: list[int] = []
    listing = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not listing.exists():
        process.kill()
        pytest.skip("this system does not list child processes under /proc")
    while len(children) < 2 and time.monotonic() < deadline and process.poll() is None:
        children = [int(c) for c in listing.read_text().split()]
        time.sleep(0.05)
    process.kill()
    process.wait()
    while time.monotonic() < deadline and any(_is_running(c) for c in children):
        time.sleep(0.1)
    assert not any(_is_running(c) for c in children)


def _is_running(pid: int) -> bool:
    """Whether a process lives and is no zombie."""
    try:
        return b") Z " not in Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
