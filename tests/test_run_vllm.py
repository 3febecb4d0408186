"""The vLLM loop against a stand-in for the package: no GPU, no vLLM, no weights.

The stand-in takes the arguments that vLLM 0.33.0 takes and no others. Where vLLM is installed, its
source is compared with these lists (it is read, not imported).
"""

from __future__ import annotations

import ast
import runpy
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from PIL import Image

import dual_bench
import dual_bench.responses
from dual_bench.errors import DependencyError, RunStoppedError
from dual_bench.run import make_model
from dual_bench.run.vllm import VLLMModel

EXAMPLE = Path(__file__).parents[1] / "examples" / "vllm_offline.py"
# Those of the real ones that the loop may use; the last test compares them with the source.
LLM_ARGS = {"model", "dtype", "revision", "seed", "tensor_parallel_size", "gpu_memory_utilization"}
ENGINE_ARGS = {"max_model_len", "limit_mm_per_prompt"}  # go through **kwargs to EngineArgs
CHAT_ARGS = ["self", "messages", "sampling_params", "use_tqdm"]  # the first, in their order
SAMPLING = {
    "temperature": 1.0, "top_p": 1.0, "top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0,
    "seed": None, "max_tokens": 16,
}  # fmt: skip
FINISH_REASONS = ("stop", "length", "abort", "error", "repetition")


class SamplingParams(SimpleNamespace):
    """With the defaults of the real one."""

    def __init__(self, **given: Any) -> None:
        assert given.keys() <= SAMPLING.keys()
        super().__init__(**SAMPLING | given)


class EngineDeadError(Exception):
    """The engine's process is gone."""


class LLM:
    """Says what colour it was shown; `act` may do something else, before or after."""

    act: Callable[[LLM, list[Any]], list[Any] | None] = staticmethod(lambda llm, found: None)
    made: list[LLM]

    def __init__(self, model: str, **given: Any) -> None:
        assert given.keys() <= LLM_ARGS | ENGINE_ARGS
        if model == "absent":
            raise OSError("absent is not a local folder")
        self.given = given
        self.chats: list[list[Any]] = []
        self.sampling: SamplingParams | None = None
        self.model_config = SimpleNamespace(
            dtype="torch.bfloat16", hf_config=SimpleNamespace(_commit_hash="abc123")
        )
        LLM.made.append(self)

    def get_default_sampling_params(self) -> SamplingParams:
        return SamplingParams(top_p=0.8, top_k=20, repetition_penalty=1.05)

    def chat(
        self, messages: list[Any], sampling_params: SamplingParams, use_tqdm: bool = True
    ) -> list[Any]:
        assert isinstance(sampling_params, SamplingParams)
        assert isinstance(use_tqdm, bool)
        self.chats.append(messages)
        self.sampling = sampling_params
        found = [output(self.colour(chat)) for chat in messages]
        return type(self).act(self, found) or found

    def colour(self, chat: list[Any]) -> str:
        parts = chat[-1]["content"]
        assert [message["role"] for message in chat][-1] == "user"
        assert parts[-1].keys() == {"type", "text"}
        if len(parts) == 1:
            return "nothing"
        (picture,) = parts[:-1]
        assert picture.keys() == {"type", "image_pil"}
        assert picture["type"] == "image_pil"
        assert isinstance(picture["image_pil"], Image.Image)
        return str(picture["image_pil"].getpixel((0, 0)))


def output(text: str, reason: str | None = "stop") -> Any:
    assert reason is None or reason in FINISH_REASONS
    return SimpleNamespace(outputs=[SimpleNamespace(text=text, finish_reason=reason)])


@pytest.fixture(autouse=True)
def vllm(monkeypatch: pytest.MonkeyPatch) -> None:
    LLM.made = []
    names: Mapping[str, Mapping[str, Any]] = {
        "vllm": {"LLM": LLM, "SamplingParams": SamplingParams},
        "vllm.v1": {},
        "vllm.v1.engine": {},
        "vllm.v1.engine.exceptions": {"EngineDeadError": EngineDeadError},
    }
    for name, holds in names.items():
        module = ModuleType(name)
        module.__dict__.update(holds)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(LLM, "act", staticmethod(lambda llm, found: None))


def row(id: str, colour: str | None = "red") -> dict[str, Any]:
    image = Image.new("RGB", (4, 4), colour) if colour else None
    return {"id": id, "prompt": "Describe the image.", "image": image}


ROWS = [row("a"), row("b", None), row("c", "blue")]
SEEN = ["(255, 0, 0)", "nothing", "(0, 0, 255)"]


def test_a_batch_with_and_without_pictures_is_one_call() -> None:
    model = VLLMModel("tiny", system="Be kind.")
    answers = model.answer(ROWS)
    assert [a.response for a in answers] == SEEN
    assert {a.finish_reason for a in answers} == {"stop"}
    (messages,) = LLM.made[0].chats
    assert messages[1] == [
        {"role": "system", "content": [{"type": "text", "text": "Be kind."}]},
        {"role": "user", "content": [{"type": "text", "text": "Describe the image."}]},
    ]


def test_a_preview_sends_nothing() -> None:
    shown = VLLMModel("tiny", system="Be kind.").preview(ROWS[0])
    assert all(words in shown for words in ("Be kind.", "(4, 4) pixels", "Describe the image."))
    assert LLM.made[0].chats == []


def test_settings_reach_vllm_and_the_run_folder() -> None:
    model = VLLMModel("tiny", max_tokens=9, seed=7, engine={"tensor_parallel_size": 2})
    model.answer(ROWS)
    engine = {"limit_mm_per_prompt": {"image": 1}, "tensor_parallel_size": 2}
    assert LLM.made[0].given == {"dtype": "auto", "revision": None, "seed": 7, **engine}
    sampling = {"repetition_penalty": 1.05, "temperature": 0.0, "max_tokens": 9, "seed": 7}
    assert vars(LLM.made[0].sampling) == SAMPLING | sampling
    assert model.generation == {
        **sampling, "system": None, "dtype": "bfloat16", "revision": "abc123", "engine": engine,
        "weights": None,
    }  # fmt: skip


def test_drawing_takes_what_the_publisher_set() -> None:
    model = VLLMModel("tiny", temperature=0.7)
    assert model.generation.items() >= {"top_p": 0.8, "top_k": 20, "temperature": 0.7}.items()


@pytest.mark.parametrize("reason", ["length", "repetition"])
def test_a_reply_keeps_its_finish_reason(monkeypatch: pytest.MonkeyPatch, reason: str) -> None:
    monkeypatch.setattr(LLM, "act", staticmethod(lambda llm, found: [output("", reason)]))
    assert VLLMModel("tiny").answer(ROWS[:1]) == [("", reason, None, {})]


@pytest.mark.parametrize("reason", ["abort", "error", None])
def test_what_vllm_gave_up_is_no_reply(monkeypatch: pytest.MonkeyPatch, reason: str | None) -> None:
    monkeypatch.setattr(LLM, "act", staticmethod(lambda llm, found: [output("The pi", reason)]))
    (answer,) = VLLMModel("tiny").answer(ROWS[:1])
    assert answer.response is None
    assert answer.error == f"vLLM ended the row with {reason!r}"


def test_a_row_that_vllm_refuses_does_not_cost_the_others_their_replies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def act(llm: LLM, found: list[Any]) -> None:
        if any(output.outputs[0].text == "nothing" for output in found):
            raise ValueError("the prompt is too long")

    monkeypatch.setattr(LLM, "act", staticmethod(act))
    answers = VLLMModel("tiny").answer(ROWS)
    assert [a.response for a in answers] == [SEEN[0], None, SEEN[2]]
    assert answers[1].error == "ValueError: the prompt is too long"


@pytest.mark.parametrize("fault", [EngineDeadError("dead"), None])
def test_a_dead_engine_or_replies_of_unknown_rows_stop_the_run(
    monkeypatch: pytest.MonkeyPatch, fault: Exception | None
) -> None:
    def act(llm: LLM, found: list[Any]) -> list[Any]:
        if fault:
            raise fault
        return found[1:]

    monkeypatch.setattr(LLM, "act", staticmethod(act))
    with pytest.raises(RunStoppedError, match=r"cannot be used any more|2 replies to 3 rows"):
        VLLMModel("tiny").answer(ROWS)
    assert len(LLM.made[0].chats) == 1


def test_models_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RunStoppedError, match=r"^absent: cannot be loaded .* not a local folder"):
        VLLMModel("absent")
    with pytest.raises(RunStoppedError, match="trust_remote_code is not offered"):
        VLLMModel("tiny", engine={"trust_remote_code": True})
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(DependencyError, match=r"dual-bench\[vllm\]"):
        VLLMModel("tiny")


def test_a_run_folder_through_the_recorder(tmp_path: Path) -> None:
    model = VLLMModel("tiny")
    for _ in range(2):
        with dual_bench.Recorder(
            tmp_path, ROWS, model=model.name, generation=model.generation
        ) as rec:
            for rows in rec.batches(2):
                rec.add_batch(rows, model.answer(rows))
            assert rec.counts == {"answered": 3, "missing": 0}
    assert [len(chat) for chat in LLM.made[0].chats] == [2, 1]


def test_a_folder_has_one_name_and_its_weights_a_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "model.safetensors").write_bytes(b"1234")
    one, two = (make_model(f"vllm:{name}") for name in ("./m", tmp_path / "m/"))
    assert one.name == two.name == str((tmp_path / "m").resolve())
    named = make_model("vllm:m", name="Mine")
    assert (named.name, named.generation) == ("Mine", one.generation)  # and no path
    (tmp_path / "m" / "model.safetensors").write_bytes(b"5678")
    assert make_model("vllm:m", name="Mine").generation != one.generation
    hub = make_model("vllm:owner/model", name="Mine")
    assert hub.generation["model"] == "owner/model"


def test_the_example(build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dual-bench").symlink_to(build)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["vllm_offline.py", "tiny", "run"])
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    replies = list(dual_bench.responses.read_responses("run/responses.jsonl"))
    assert len(replies) == 72
    assert {(r.finish_reason, r.error, r.model) for r in replies} == {("stop", None, "tiny")}
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    assert [len(llm.chats) for llm in LLM.made] == [1, 0]


def test_the_stand_in_takes_what_the_real_one_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(sys.modules):
        if name.split(".")[0] == "vllm":
            monkeypatch.delitem(sys.modules, name)
    spec = find_spec("vllm")
    if spec is None or spec.origin is None:
        pytest.skip("vllm is not installed")
    source = Path(spec.origin).parent
    made, chat = (
        _args(source / "entrypoints/llm.py", "LLM", name) for name in ("__init__", "chat")
    )
    assert set(made) >= LLM_ARGS
    assert chat[: len(CHAT_ARGS)] == CHAT_ARGS
    assert _fields(source / "sampling_params.py", "SamplingParams") >= SAMPLING.keys()
    assert _fields(source / "engine/arg_utils.py", "EngineArgs") >= ENGINE_ARGS
    assert _fields(source / "outputs.py", "CompletionOutput") >= {"text", "finish_reason"}
    assert _class(source / "v1/engine/exceptions.py", "EngineDeadError")
    reasons = f"FINISH_REASON_STRINGS = {FINISH_REASONS}".replace("'", '"')
    assert reasons in (source / "v1/engine/__init__.py").read_text(encoding="utf-8")


def _class(file: Path, name: str) -> ast.ClassDef:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return next(n for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and n.name == name)


def _args(file: Path, name: str, method: str) -> list[str]:
    for node in _class(file, name).body:
        if isinstance(node, ast.FunctionDef) and node.name == method:
            return [arg.arg for arg in [*node.args.args, *node.args.kwonlyargs]]
    raise AssertionError(f"{name} has no {method}")


def _fields(file: Path, name: str) -> set[str]:
    body = _class(file, name).body
    found = [node.target for node in body if isinstance(node, ast.AnnAssign)]
    return {target.id for target in found if isinstance(target, ast.Name)}
