"""Whether a model is there: told in one request, and asked only where it must be."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import constants
from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError

from dual_bench.errors import RunStoppedError
from dual_bench.run import make_model
from dual_bench.run.hub import check, files_mark, whole


class ConnectError(Exception):
    """Named as httpx's."""


class Hub:
    """In place of the Hub: notes who is looked for, and raises what it is told."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fault: Exception | None = None
        self.cached = ""

    def model_info(self, name: str, timeout: float) -> None:
        self.asked.append(name)
        if self.fault is not None:
            raise self.fault

    def cache(self, name: str, file: str, revision: str | None) -> str | None:
        return "/cache/config.json" if name == self.cached else None


def missing() -> RepositoryNotFoundError:
    """Made past its constructor, which wants a response of the library of the day."""
    return RepositoryNotFoundError.__new__(RepositoryNotFoundError)


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Hub:
    found = Hub()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", "https://huggingface.co")
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda: found)
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", found.cache)
    return found


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("kind", ["transformers", "vllm"])
@pytest.mark.parametrize("fault", [ConnectError("no name"), ConnectionError(), missing()])
def test_a_slip_is_told_at_once_and_in_one_line(
    there: Hub, here: Path, kind: str, fault: Exception
) -> None:
    there.fault = fault
    with pytest.raises(RunStoppedError) as caught:
        make_model(f"{kind}:my-modle")
    told = str(caught.value)
    assert told.startswith("my-modle: no folder 'my-modle' here, and not found on the Hub")
    assert ("cannot be reached" in told) == (not isinstance(fault, RepositoryNotFoundError))
    assert "\n" not in told
    assert "Did you mean" not in told
    assert there.asked == ["my-modle"]
    (here / "my-model").mkdir()
    with pytest.raises(RunStoppedError, match="Did you mean the folder 'my-model'"):
        make_model(f"{kind}:my-modle")


def test_who_is_asked_and_who_is_not(there: Hub, here: Path, monkeypatch: Any) -> None:
    there.fault = missing()
    (here / "folder").mkdir()
    check("folder")
    check("s3://bucket/model")
    there.cached = "owner/cached"
    check("owner/cached")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    check("owner/any")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("VLLM_USE_MODELSCOPE", "1")
    check("owner/any")
    assert there.asked == []
    monkeypatch.delenv("VLLM_USE_MODELSCOPE")
    with pytest.raises(RunStoppedError):
        check("owner/any")


@pytest.mark.parametrize("fault", [None, HFValidationError("odd"), OSError("503"), TimeoutError()])
def test_what_one_request_cannot_tell_is_left_to_the_library(
    there: Hub, here: Path, fault: Exception | None
) -> None:
    there.fault = fault
    check("owner/model")


# --- names of folders --------------------------------------------------------------------


def test_every_spelling_of_a_folder_is_one_name(here: Path, monkeypatch: Any) -> None:
    (here / "m").mkdir()
    (here / "link").symlink_to("m")
    monkeypatch.setenv("HOME", str(here))
    spellings = ["m", "./m", "m/", "x/../m", "~/m", str(here / "m"), "link"]
    (here / "x").mkdir()
    want = os.path.realpath(here / "m")
    assert {whole(name) for name in spellings} == {want}
    monkeypatch.chdir("x")
    assert whole("../m") == want
    assert [whole(name) for name in ("owner/m", "m", "~nobody/m")] == ["owner/m", "m", "~nobody/m"]


def test_weights_of_a_folder_have_a_mark(here: Path) -> None:
    assert files_mark(str(here)) is None
    (here / "config.json").write_text("{}")
    assert files_mark(str(here)) is None
    file = here / "model.safetensors"
    file.write_bytes(bytes(100_000))
    mark = files_mark(str(here))
    assert mark is not None and len(mark) == 16  # noqa: PT018
    for at in (0, 50_000, 99_999):
        changed = bytearray(100_000)
        changed[at] = 1
        file.write_bytes(changed)
        assert files_mark(str(here)) != mark
    file.write_bytes(bytes(100_000))
    assert files_mark(str(here)) == mark
    (here / "a.bin").write_bytes(b"")
    assert files_mark(str(here)) != mark


def test_what_a_mirror_does_not_list_it_may_still_have(
    there: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    there.fault = missing()
    monkeypatch.setattr(constants, "ENDPOINT", "https://mirror.example/hub")
    check("owner/model")
    there.fault = ConnectError("no name")
    with pytest.raises(RunStoppedError, match="cannot be reached"):
        check("owner/model")
