"""Make a tiny vision-language model with its processor, for tests; nothing is downloaded.

    make_vlm(folder)                                       # random weights: it babbles
    make_vlm(folder, [(picture, prompt, "I see a note.")])  # it says just that to them

The class is a real one (LLaVA: a CLIP tower, a projector and a Qwen2 decoder), small enough to
answer 48 rows in a second or two on two cores; the folder loads with `AutoModelForImageTextToText`
and `AutoProcessor`, and in `transformers serve`. Lessons are learnt by heart, which is checked
before the model is saved: what it says to any other picture or prompt means nothing. By lessons
that differ for two pictures a test can see whether the picture reached the model at all.

LLaVA because its processor needs no torchvision: Qwen2-VL and SmolVLM take one for video. This
module imports nothing of the project, and torch and transformers only where they are used.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

# A picture or None, the prompt beside it, and what the model is to say.
Lesson = tuple[Any, str, str]
SIDE, PATCH = 48, 16  # pixels that the model sees of any picture, and of a patch
PATCHES = (SIDE // PATCH) ** 2
ROUNDS = 40
STEPS = 20  # of a round
IMAGE, START, END, PAD = "<image>", "<|im_start|>", "<|im_end|>", "<|endoftext|>"
# ChatML, because servers take an answer apart by these marks; content as text or as parts.
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.content is string %}{{ m.content }}{% else %}{% for part in m.content %}"
    "{% if part.type == 'text' %}{{ part.text }}{% else %}<image>{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_vlm(folder: Path, lessons: Sequence[Lesson] = (), *, seed: int = 1) -> Path:
    """Make a model, teach it, and save it with its processor.

    Args:
        folder: where to; made if it is missing.
        lessons: what it has to say; without any it is left as drawn.
        seed: of the weights.

    Raises:
        SystemExit: it does not learn its lessons.
    """
    import torch

    processor = make_processor()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = make_model(processor)
        if lessons:
            teach(model, processor, lessons)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def make_processor() -> Any:
    """One token a byte, pictures of one size, and the chat template."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlavaProcessor, PreTrainedTokenizerFast
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: i for i, letter in enumerate(letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([PAD, END, START, IMAGE])
    return LlavaProcessor(
        image_processor=CLIPImageProcessorPil(
            size={"height": SIDE, "width": SIDE}, do_center_crop=False
        ),
        tokenizer=PreTrainedTokenizerFast(
            tokenizer_object=tokenizer,
            pad_token=PAD,
            eos_token=END,
            clean_up_tokenization_spaces=False,
        ),
        patch_size=PATCH,
        num_additional_image_tokens=1,  # the tower's first, which "default" leaves out
        vision_feature_select_strategy="default",
        chat_template=TEMPLATE,
    )


def make_model(processor: Any) -> Any:
    """Some 200,000 weights, drawn at random."""
    from transformers import (
        CLIPVisionConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        Qwen2Config,
    )

    tokenizer = processor.tokenizer
    ends = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    size = {"hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 4}
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(
            **size, num_hidden_layers=1, image_size=SIDE, patch_size=PATCH, projection_dim=64
        ),
        text_config=Qwen2Config(
            **size,
            **ends,
            vocab_size=len(tokenizer),
            num_hidden_layers=2,
            num_key_value_heads=4,
            bos_token_id=None,
        ),
        image_token_id=processor.image_token_id,
        image_seq_length=PATCHES,
        vision_feature_layer=-1,
        vision_feature_select_strategy="default",
    )
    model = LlavaForConditionalGeneration(config)
    model.generation_config.update(do_sample=False, **ends)
    return model.eval()


def asked(processor: Any, lessons: Sequence[Lesson], says: Sequence[str]) -> Any:
    """The questions as tensors, each followed by what is said; padded on the right."""
    texts, images = [], []
    for (image, prompt, _), words in zip(lessons, says, strict=True):
        parts = [{"type": "image"}] if image is not None else []
        chat = [{"role": "user", "content": [*parts, {"type": "text", "text": prompt}]}]
        texts.append(processor.apply_chat_template(chat, add_generation_prompt=True) + words)
        images += [image] if image is not None else []
    processor.tokenizer.padding_side = "right"
    return processor(text=texts, images=images or None, padding=True, return_tensors="pt")


def teach(model: Any, processor: Any, lessons: Sequence[Lesson]) -> None:
    """Train until every lesson is said word for word."""
    import torch

    lengths = [int(n) for n in asked(processor, lessons, [""] * len(lessons)).attention_mask.sum(1)]
    batch = asked(processor, lessons, [says + END for _, _, says in lessons])
    targets = batch.input_ids.masked_fill(batch.attention_mask == 0, -100)
    for target, length in zip(targets, lengths, strict=True):
        target[:length] = -100
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.0)
    for _ in range(ROUNDS):
        model.train()
        for _ in range(STEPS):
            optimizer.zero_grad()
            out = model(**batch, labels=targets)
            out.loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        model.eval()
        if _learnt(model, batch, targets):
            return
    raise SystemExit(
        f"not learnt after {ROUNDS * STEPS} steps (loss {out.loss.item():.3f}): give it fewer "
        f"lessons, shorter words, or pictures that differ more"
    )


def _learnt(model: Any, batch: Any, targets: Any) -> bool:
    """Whether the likeliest token is the right one everywhere: then greedy says the lessons."""
    import torch

    with torch.no_grad():
        likeliest = model(**batch).logits[:, :-1].argmax(-1)
    wanted = targets[:, 1:]
    return bool(((likeliest == wanted) | (wanted == -100)).all())
