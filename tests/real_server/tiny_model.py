"""Make a tiny language model with a tokenizer, for a server to load; nothing is downloaded.

    PYTHON tests/real_server/tiny_model.py SPEC.json FOLDER

SPEC is a list of {"prompt": ..., "says": ...}. An empty list leaves the model as it is drawn at
random, and it babbles. Otherwise the model is fitted until it says just that after each prompt,
which is checked before it is saved. It sees only about the last hundred bytes of a prompt, so
whatever stands further ahead changes nothing of what it says: it judges nothing.

It is run by an interpreter that has torch and transformers, which the project does not need; so
it imports nothing of the project, and these two only where they are used.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

SEED = 1
WINDOW = 64  # bytes that a layer looks back; two layers see almost twice as many
SEEN = 4 * WINDOW  # bytes of a prompt that it is fitted on, more than it can see
ROUNDS = 40
STEPS = 25  # of a round
# ChatML, because servers take a Qwen's answer apart by these marks, whatever its own template says.
END, PAD = "<|im_end|>", "<|endoftext|>"
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_tokenizer() -> Any:
    """One token a byte, and the marks of the chat template."""
    from tokenizers import (
        Tokenizer,
        decoders,
        models,
        pre_tokenizers,
    )
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: i for i, letter in enumerate(letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([PAD, END, "<|im_start|>"])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        chat_template=TEMPLATE,
        clean_up_tokenization_spaces=False,
    )


def make_model(tokenizer: Any) -> Any:
    """Two layers that look back over a window, with weights drawn at random."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(SEED)
    ends = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        use_sliding_window=True,
        sliding_window=WINDOW,
        max_window_layers=0,
        bos_token_id=None,
        **ends,
    )
    model = Qwen2ForCausalLM(config)
    model.generation_config.update(do_sample=False, **ends)
    return model


def asked(tokenizer: Any, prompt: str) -> list[int]:
    """The tokens of a prompt, as a server would hand them to the model."""
    messages = [{"role": "user", "content": prompt}]
    text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def says(model: Any, tokenizer: Any, prompt: str, room: int) -> str:
    """What it answers, `room` tokens at most."""
    import torch

    tokens = torch.tensor([asked(tokenizer, prompt)])
    with torch.no_grad():
        out = model.generate(tokens, attention_mask=torch.ones_like(tokens), max_new_tokens=room)
    return str(tokenizer.decode(out[0, tokens.shape[1] :], skip_special_tokens=True))


def fit(model: Any, tokenizer: Any, spec: list[dict[str, str]]) -> None:
    """Train until each prompt gets its answer, word for word.

    Raises:
        SystemExit: it does not learn them.
    """
    import torch

    torch.manual_seed(SEED)
    tokens, targets = _batch(tokenizer, spec)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.0)
    for _ in range(ROUNDS):
        model.train()
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = model(input_ids=tokens, labels=targets).loss
            loss.backward()
            optimizer.step()
        model.eval()
        # The loss only saves the dear check; the check decides.
        if loss.item() < 0.02 and not _wrong(model, tokenizer, spec):
            return
    wrong = _wrong(model, tokenizer, spec)
    raise SystemExit(
        f"after {ROUNDS * STEPS} steps {len(wrong)} of {len(spec)} answers are wrong, such as "
        f"{wrong[:1]!r} (loss {loss.item():.3f}); raise ROUNDS, or give it shorter words to say"
    )


def _batch(tokenizer: Any, spec: list[dict[str, str]]) -> tuple[Any, Any]:
    """Ends of prompts with their answers, padded on the right; only the answers are targets."""
    import torch

    rows, targets = [], []
    for entry in spec:
        prompt = asked(tokenizer, entry["prompt"])[-SEEN:]
        answer = [*tokenizer(entry["says"])["input_ids"], tokenizer.eos_token_id]
        rows.append(prompt + answer)
        targets.append([-100] * len(prompt) + answer)
    longest = max(map(len, rows))
    for row, target in zip(rows, targets, strict=True):
        target += [-100] * (longest - len(row))
        row += [tokenizer.pad_token_id] * (longest - len(row))
    return torch.tensor(rows), torch.tensor(targets)


def _wrong(model: Any, tokenizer: Any, spec: list[dict[str, str]]) -> list[str]:
    """What it says instead, where it says something else."""
    heard = [says(model, tokenizer, e["prompt"], room=len(e["says"]) + 9) for e in spec]
    return [words for words, entry in zip(heard, spec, strict=True) if words != entry["says"]]


def main(spec_file: str, folder: str) -> None:
    """Make, fit and save."""
    import torch

    torch.set_num_threads(1)
    spec = json.loads(Path(spec_file).read_text(encoding="utf-8"))
    tokenizer = make_tokenizer()
    model = make_model(tokenizer)
    if spec:
        fit(model, tokenizer, spec)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    main(*sys.argv[1:3])
