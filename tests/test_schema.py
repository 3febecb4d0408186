"""The data contract: ids, pixels, manifest."""

import hashlib
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dual_bench.errors import (
    DamagedBuildError,
    DataVersionError,
    DualBenchError,
    NotABuildError,
    UnknownNameError,
)
from dual_bench.schema import (
    COLUMNS,
    CONFIGS,
    SIDES,
    Manifest,
    features,
    parse_id,
    pixel_sha256,
    read_manifest,
    row_id,
)


def test_an_id_names_its_row_and_is_read_back() -> None:
    for config in CONFIGS.values():
        for variant in config.variants:
            for side in SIDES:
                text = row_id(config.name, "vcr-017", side, variant)
                assert str(parse_id(text)) == text


@given(st.text())
def test_any_other_text_is_refused_with_an_error_of_our_own(text: str) -> None:
    with pytest.raises(DualBenchError):
        parse_id(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dual_use/vcr-017/harmful", "id must be <config>/<pair>/.*, got 'dual_use/vcr-017"),
        ("nope/vcr-017/harmful/original", "unknown config"),
        ("prompts/vcr-017/harmful/original", "config with pictures"),
        ("dual_use/vcr-017/bad/original", "unknown side"),
        ("dual_use/vcr-017/harmful/rotation", "unknown variant of dual_use"),
    ],
)
def test_what_is_wrong_with_an_id_is_said(text: str, message: str) -> None:
    with pytest.raises(UnknownNameError, match=message):
        parse_id(text)


def test_errors_survive_the_way_back_from_a_worker() -> None:
    error = UnknownNameError("side", "good", SIDES)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  (our own bytes)
    assert type(again) is UnknownNameError
    assert str(again) == str(error)


def test_pixel_hash_is_what_its_docstring_says() -> None:
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    expected = hashlib.sha256(b"2x4x3|uint8|" + image.tobytes()).hexdigest()
    assert pixel_sha256(image) == expected
    assert pixel_sha256(image[:, ::-1][:, ::-1]) == expected  # order in memory does not matter
    assert pixel_sha256(image.reshape(4, 2, 3)) != expected  # shape does


def test_every_config_has_every_column() -> None:
    for config in CONFIGS.values():
        assert config.columns[: len(COLUMNS)] == tuple(COLUMNS)
        assert list(features(config.name)) == list(config.columns)


MANIFEST = Manifest("1.0.0", "f" * 16, "0" * 16, 3, {"numpy": "2"}, (), {"a": "b", "p": None})


def test_a_manifest_is_read_back(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(MANIFEST.to_json())
    assert read_manifest(tmp_path) == MANIFEST


def _broken(tmp_path: Path, **change: object) -> Path:
    data = json.loads(MANIFEST.to_json()) | change
    (tmp_path / "manifest.json").write_text(json.dumps(data))
    return tmp_path


def test_what_is_no_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotABuildError, match="no such folder"):
        read_manifest(tmp_path / "x")
    with pytest.raises(NotABuildError, match="it has no manifest"):
        read_manifest(tmp_path)
    with pytest.raises(NotABuildError, match="not a manifest"):
        read_manifest(_broken(tmp_path, format="other"))
    with pytest.raises(DataVersionError, match=r"built as data version 0\.9"):
        read_manifest(_broken(tmp_path, data_version="0.9"))
    with pytest.raises(DamagedBuildError, match="missing or misshapen"):
        read_manifest(_broken(tmp_path, files=[{"path": 1}]))
    (tmp_path / "manifest.json").write_text(MANIFEST.to_json()[:-20])
    with pytest.raises(DamagedBuildError, match="cannot be read as JSON"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "data/../../x"])
def test_a_manifest_may_not_point_out_of_its_folder(tmp_path: Path, path: str) -> None:
    entry = {"path": path, "bytes": 1, "sha256": "", "config": "dual_use", "rows": 1}
    with pytest.raises(DamagedBuildError, match="outside the folder"):
        read_manifest(_broken(tmp_path, files=[entry]))


def test_a_checkout_and_an_unfinished_build_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    with pytest.raises(NotABuildError, match="source checkout"):
        read_manifest(tmp_path)
    (tmp_path / ".building").mkdir()
    with pytest.raises(NotABuildError, match="unfinished build"):
        read_manifest(tmp_path)
