"""Fixtures: a small real build, made once, and a network that answers nothing."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

# Before `datasets` is imported anywhere: no Hub, and a cache of our own.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"
os.environ.pop("COLUMNS", None)  # else tables are as wide as it says
# A shell that starts the suite in the background makes it ignore Ctrl-C, which tests send.
signal.signal(signal.SIGINT, signal.default_int_handler)

SAMPLE_PAIRS = 3  # pairs a hazard in the sample build


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look-up of any host but this one is an error: nothing may ask the network."""
    real = socket.getaddrinfo

    def only_here(host: object, *args: object, **kwargs: object) -> object:
        if host in ("localhost", "127.0.0.1", "::1", None, ""):
            return real(host, *args, **kwargs)  # type: ignore[arg-type]
        raise AssertionError(f"asked the network for {host!r}")

    monkeypatch.setattr(socket, "getaddrinfo", only_here)


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """No judge's key, address or proxy of whoever runs the tests is used by them."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture(scope="session", autouse=True)
def hf_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The cache of `datasets` in a folder that is thrown away."""
    import datasets

    home = tmp_path_factory.mktemp("hf")
    before = datasets.config.HF_DATASETS_CACHE
    datasets.config.HF_DATASETS_CACHE = home
    yield home
    datasets.config.HF_DATASETS_CACHE = before


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real build of three pairs a hazard, in a folder called dual-bench; do not write to it."""
    from builders.build import build as build_folder

    out = tmp_path_factory.mktemp("built") / "dual-bench"
    build_folder(out, workers=2, pairs_per_hazard=SAMPLE_PAIRS, quiet=True)
    return out
