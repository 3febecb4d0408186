"""Answer batches with a model of the Hub or of a folder, through Hugging Face transformers.

    model = TransformersModel("HuggingFaceTB/SmolVLM2-2.2B-Instruct")
    for rows in recorder.batches(8):
        recorder.add_batch(rows, model.answer(rows))

Greedy by default. `generation` does not hold the size of a batch, the device and versions, which
change sums in their last digits, and now and then a word. There is no trust_remote_code: a
benchmark should not run what it downloads. For a model that needs it, or several devices, write a
loop (examples/batch_transformers.py) or serve it. HF_HUB_OFFLINE=1 is respected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dual_bench.run import hub, local

IDLE = ("_", "output", "return", "transformers_version", "use_cache")  # these change no word


class TransformersModel:
    """A `BatchModel`.

    Args:
        model: name on the Hub, or a folder, which is recorded by its whole path.
        device: such as "cuda:1"; None or "auto" is the accelerator, or else the CPU.
        dtype: of the weights, such as "float32"; "auto" is what they were saved in.
        max_new_tokens: room for a reply.
        temperature: 0 takes the likeliest token each time; anything else draws.
        seed: of what is drawn, together with the ids of the rows in a batch.
        revision: branch, tag or commit on the Hub; system: a message before each row's.

    Raises:
        DependencyError, RunStoppedError: it cannot be loaded, or is not one for chats.
    """

    def __init__(
        self, model: str, *, device: str | None = None, dtype: str = "auto",
        max_new_tokens: int = local.MAX_TOKENS, temperature: float = local.TEMPERATURE,
        seed: int = 0, revision: str | None = None, system: str | None = None,
    ) -> None:  # fmt: skip
        self.name = model = hub.find(model, revision)  # before the packages, which load slowly
        try:
            import torch
            from transformers import AutoModelForImageTextToText, AutoProcessor

            if device in (None, "auto"):
                device = str(torch.accelerator.current_accelerator(check_available=True) or "cpu")
            self._processor = AutoProcessor.from_pretrained(model, revision=revision)
            load = AutoModelForImageTextToText.from_pretrained
            self._model = load(model, revision=revision, dtype=dtype).to(device).eval()
            words = self._words = self._processor.tokenizer
            if not self._processor.chat_template or self._model.config.is_encoder_decoder:
                raise ValueError("is no model for chats; write a loop of your own")
        except Exception as err:
            local.unusable(model, err, "transformers")
        words.padding_side = "left"  # so that replies begin where prompts end
        words.pad_token = words.pad_token or words.eos_token
        greedy = {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
        drawn = {"do_sample": True, "temperature": temperature}
        self._how = {"max_new_tokens": max_new_tokens, **(drawn if temperature else greedy)}
        own = self._model.generation_config  # the publisher's: end marks, penalties, top_p
        self._ends = {own.eos_token_id} if isinstance(own.eos_token_id, int) else own.eos_token_id
        self.generation: Mapping[str, Any] = {
            "max_new_tokens": max_new_tokens, "temperature": temperature, "seed": seed,
            "system": system, "dtype": str(self._model.dtype).removeprefix("torch."),
            "revision": getattr(self._model.config, "_commit_hash", None) or revision,
            "weights": local.fingerprint(self._model.parameters()),
            "defaults": {k: v for k, v in own.to_diff_dict().items() if not k.startswith(IDLE)},
        }  # fmt: skip
        how = {"fatal": (torch.AcceleratorError,), "free": torch.cuda.empty_cache, "mixed": False}
        self._batches, self._torch = local.Batches(self._ask, **how), torch

    def answer(self, rows: Sequence[local.Row]) -> list[local.Answer]:
        """One answer a row, in their order; a row that fails alone has an error."""
        return self._batches.answer(rows)

    def preview(self, row: local.Row) -> str:
        """What the model would read for a row, with a mark where the picture is."""
        chat = local.conversation(row, "image", self.generation["system"])
        return str(self._processor.apply_chat_template(chat, add_generation_prompt=True))

    def _ask(self, rows: Sequence[local.Row]) -> list[local.Answer]:
        inputs = self._processor.apply_chat_template(
            [local.conversation(row, "image", self.generation["system"]) for row in rows],
            add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt",
            processor_kwargs={"padding": True},
        ).to(self._model.device, dtype=self._model.dtype)  # fmt: skip
        self._torch.manual_seed(local.seed_for(self.generation["seed"], rows))
        out = self._model.generate(**inputs, **self._how)  # without gradients, by itself
        return [self._read(tokens) for tokens in out[:, inputs["input_ids"].shape[1] :].tolist()]

    def _read(self, tokens: list[int]) -> local.Answer:
        """The words up to the first end mark, and whether there was one."""
        end = next((n for n, token in enumerate(tokens) if token in (self._ends or ())), None)
        said = self._words.decode(tokens[:end], skip_special_tokens=True)
        return local.Answer(said, "length" if end is None else "stop")
