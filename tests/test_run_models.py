"""Models by name: kinds, addresses, which options each takes; and what the bar says of costs."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from dual_bench.cli.run import _costs
from dual_bench.errors import DualBenchError, EndpointError, UnknownNameError
from dual_bench.run import Progress, make_model, models, transformers, vllm


@pytest.mark.parametrize("spec", ["", "gpt", "openai", "openai:", "gpt:openai", "Openai:m", ":m"])
def test_a_model_of_no_kind(spec: str) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown model .*openai:MODEL"):
        make_model(spec)


def test_a_model_and_its_address() -> None:
    for spec in ("openai:org/m@http://localhost:9/v1", "openai:a@b@https://x.example/v1"):
        name, _, url = spec.removeprefix("openai:").partition("@http")
        model = make_model(spec, timeout=3, max_tokens=None)
        assert model.name == name
        assert f"http{url}"[:12] in model.preview({"id": "a", "prompt": "?"})
        assert model.generation["max_tokens"] == 512


def test_two_addresses() -> None:
    with pytest.raises(EndpointError, match="base_url: a second address"):
        make_model("openai:m@http://localhost:1/v1", base_url="http://localhost:2/v1")


def test_an_option_of_another_kind() -> None:
    with pytest.raises(UnknownNameError, match="option of transformers: models"):
        make_model("transformers:m", base_url="http://localhost")
    with pytest.raises(UnknownNameError, match="option of vllm: models"):
        make_model("vllm:m", device="cpu")
    with pytest.raises(UnknownNameError, match="option of openai: models"):
        make_model("openai:m@http://localhost", dtype="float32")


def test_every_kind_takes_what_the_command_offers_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    took: dict[str, Any] = {}

    def note(self: object, model: str, **options: Any) -> None:
        took.update(options)

    both: dict[str, Any] = {"max_tokens": 9, "temperature": 0.5, "system": "s", "dtype": "bfloat16",
                            "revision": "r", "seed": 1}  # fmt: skip
    for module, name in ((transformers, "TransformersModel"), (vllm, "VLLMModel")):
        kind = module.__name__.rpartition(".")[2]
        assert models.KINDS[kind] == (module.__name__, name)
        real = getattr(module, name)
        legal = set(models._options(real))
        note.__signature__ = inspect.signature(real.__init__)  # type: ignore
        monkeypatch.setattr(real, "__init__", note)
        took.clear()
        make_model(f"{kind}:m", **both)
        assert set(took) <= legal
        assert sorted(map(str, took.values())) == sorted(map(str, both.values()))


# --- the bar -----------------------------------------------------------------------------


def test_what_the_bar_says_of_costs() -> None:
    assert _costs(Progress(0, 9, 0)) == "failed 0"
    assert _costs(Progress(3, 9, 1234)) == "failed 1,234"
    assert _costs(Progress(3, 9, 1, 12345)) == "failed 1  requests 12,345"
    want = "failed 0  requests 2  tokens 1,000 in, 20 out"
    assert _costs(Progress(2, 9, 0, 2, 1000, 20)) == want


@pytest.mark.parametrize("address", ["localhost:8000", "localhost:8000/v1", "host.example/v1"])
def test_an_address_without_its_scheme_goes_nowhere(address: str) -> None:
    """Else rows and key would go to the default address."""
    with pytest.raises(EndpointError, match="write the address with http:// or https://"):
        make_model(f"openai:m@{address}")


def test_a_version_in_a_models_name_is_no_address() -> None:
    model = make_model("openai:claude@20240229", base_url="http://127.0.0.1:1/v1")
    assert model.name == "claude@20240229"


@pytest.mark.parametrize("name", ["./nowhere", "/no/where", "a/b/c"])
def test_a_folder_that_is_not_there_is_told_before_the_hub_is_asked(name: str) -> None:
    with pytest.raises(DualBenchError, match=f"there is no folder {name}"):
        make_model(f"transformers:{name}")
