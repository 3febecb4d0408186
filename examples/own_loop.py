"""Your own loop, from the dataset to the table: the recorder is all that it takes.

    python own_loop.py llava-hf/llava-interleave-qwen-0.5b-hf run

Run it in the folder that holds a build; start it again, and it goes on where it was stopped.
"""

import sys

from transformers import AutoModelForImageTextToText, AutoProcessor

import dual_bench

name, folder = sys.argv[1:]
processor = AutoProcessor.from_pretrained(name)
model = AutoModelForImageTextToText.from_pretrained(name)  # .to("cuda")
ds = dual_bench.load("dual_use", hazards=["privacy", "hate"])

with dual_bench.Recorder(folder, ds, model=name, generation={"max_new_tokens": 64}) as rec:
    for row in rec.todo():
        asked = [{"type": "image", "image": row["image"]}, {"type": "text", "text": row["prompt"]}]
        inputs = processor.apply_chat_template(
            [{"role": "user", "content": asked}], add_generation_prompt=True,
            tokenize=True, return_dict=True, return_tensors="pt",
        )  # fmt: skip
        tokens = model.generate(**inputs, max_new_tokens=64, do_sample=False)
        new = tokens[0, inputs["input_ids"].shape[1] :]
        rec.add(row["id"], processor.decode(new, skip_special_tokens=True))

print(dual_bench.score(folder, ds))
