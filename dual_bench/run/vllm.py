"""Answer batches with vLLM in this process, without a server ("offline inference").

    model = VLLMModel("Qwen/Qwen2.5-VL-7B-Instruct", engine={"max_model_len": 8192})
    for rows in recorder.batches(256):
        recorder.add_batch(rows, model.answer(rows))

vLLM makes its own batches, so give it many rows at a time. Written against vLLM 0.33 and tested
with a stand-in that takes the same arguments; it has not been run on a GPU by the project. With a
server (`vllm serve`) the loop for endpoints does the same. No trust_remote_code here, either.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dual_bench.errors import RunStoppedError
from dual_bench.run import hub, local

FAILED = {"abort", "error", None}  # of vLLM's finish reasons, those of no reply
TAKEN = ("top_p", "top_k", "min_p", "repetition_penalty")  # as the model's publisher set them


class VLLMModel:
    """A `BatchModel`.

    Args:
        model: name on the Hub, or a folder, which is recorded by its whole path.
        dtype: of the weights, such as "bfloat16".
        max_tokens: room for a reply.
        temperature: 0 takes the likeliest token each time; anything else draws.
        seed: of each row's own draws, whatever batch it is in.
        revision: branch, tag or commit on the Hub.
        system: a message that stands before each row's.
        engine: more arguments of `vllm.LLM`, such as tensor_parallel_size or max_model_len.

    Raises:
        DependencyError: a package is missing.
        RunStoppedError: the model cannot be loaded.
    """

    def __init__(
        self, model: str, *, dtype: str = "auto", max_tokens: int = local.MAX_TOKENS,
        temperature: float = local.TEMPERATURE, seed: int = 0, revision: str | None = None,
        system: str | None = None, engine: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.name = model = hub.find(model, revision)  # before the packages, which load slowly
        engine = {"limit_mm_per_prompt": {"image": 1}, **(engine or {})}
        if "trust_remote_code" in engine:
            raise RunStoppedError(f"{model}: trust_remote_code is not offered; write your own loop")
        try:
            from vllm import LLM, SamplingParams
            from vllm.v1.engine.exceptions import EngineDeadError

            self._llm = LLM(model, dtype=dtype, revision=revision, seed=seed, **engine)
            published = self._llm.get_default_sampling_params()
            sampling = {name: getattr(published, name) for name in TAKEN} if temperature else {
                "repetition_penalty": published.repetition_penalty
            }  # fmt: skip
            sampling |= {"temperature": temperature, "max_tokens": max_tokens, "seed": seed}
            self._sampling = SamplingParams(**sampling)
        except Exception as err:
            local.unusable(model, err, "vllm")
        config = self._llm.model_config
        self.generation: Mapping[str, Any] = {
            **sampling, "system": system, "dtype": str(config.dtype).removeprefix("torch."),
            "revision": getattr(config.hf_config, "_commit_hash", None) or revision,
            "engine": engine, "weights": hub.files_mark(model),
        }  # fmt: skip
        self._batches = local.Batches(self._ask, fatal=(EngineDeadError,))

    def answer(self, rows: Sequence[local.Row]) -> list[local.Answer]:
        """One answer a row, in their order; a row that fails alone has an error."""
        return self._batches.answer(rows)

    def preview(self, row: local.Row) -> str:
        """The messages that vLLM would get for a row."""
        chat = local.conversation(row, "image_pil", self.generation["system"])
        return json.dumps(
            chat, indent=1, ensure_ascii=False, default=lambda p: f"<{p.size} pixels>"
        )

    def _ask(self, rows: Sequence[local.Row]) -> list[local.Answer]:
        chats = [local.conversation(row, "image_pil", self.generation["system"]) for row in rows]
        found = self._llm.chat(chats, self._sampling, use_tqdm=False)
        if len(found) != len(rows):  # then nobody can say which reply is whose
            raise RunStoppedError(f"vLLM gave {len(found)} replies to {len(rows)} rows; none kept")
        return [self._read(output) for output in found]

    def _read(self, output: Any) -> local.Answer:
        reply = output.outputs[0]
        if reply.finish_reason in FAILED:
            return local.Answer(None, error=f"vLLM ended the row with {reply.finish_reason!r}")
        return local.Answer(reply.text, reply.finish_reason)
