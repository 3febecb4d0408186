"""A batch loop of your own with transformers; cut off, the same command goes on where it was.

    python batch_transformers.py HuggingFaceTB/SmolVLM2-2.2B-Instruct run

Run it in the folder that holds a build (`make dataset` writes ./dual-bench).
"""

import sys

import torch
from transformers import AutoModelForImageTextToText, AutoProcessor

import dual_bench

name, folder = sys.argv[1:]
device = "cuda" if torch.cuda.is_available() else "cpu"
processor = AutoProcessor.from_pretrained(name)
processor.tokenizer.padding_side = "left"  # replies begin where the prompts end
model = AutoModelForImageTextToText.from_pretrained(name, dtype="auto").to(device)
settings = {"max_new_tokens": 256, "do_sample": False}

ds = dual_bench.load("dual_use", hazards=["privacy", "hate"])  # every row has a picture
with dual_bench.Recorder(folder, ds, model=name, generation=settings) as recorder:
    for rows in recorder.batches(8):
        chats = [
            [{"role": "user", "content": [
                {"type": "image", "image": row["image"]}, {"type": "text", "text": row["prompt"]},
            ]}] for row in rows
        ]  # fmt: skip
        inputs = processor.apply_chat_template(
            chats, add_generation_prompt=True, tokenize=True, return_dict=True,
            return_tensors="pt", processor_kwargs={"padding": True},
        ).to(device, dtype=model.dtype)  # fmt: skip
        out = model.generate(**inputs, **settings)[:, inputs["input_ids"].shape[1] :]
        recorder.add_batch(rows, processor.batch_decode(out, skip_special_tokens=True))

print(dual_bench.score(folder, dataset=ds))
