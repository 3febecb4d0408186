"""All rows of a config through vLLM without a server; needs a GPU.

    python vllm_offline.py Qwen/Qwen2.5-VL-7B-Instruct run

Run it in the folder that holds a build (`make dataset` writes ./dual-bench).
"""

import sys

from vllm import LLM, SamplingParams

import dual_bench

if __name__ == "__main__":  # vLLM starts processes that import this file
    name, folder = sys.argv[1:]
    settings = {"temperature": 0.0, "max_tokens": 512}
    llm = LLM(name, limit_mm_per_prompt={"image": 1})

    ds = dual_bench.load("dual_use")
    with dual_bench.Recorder(folder, ds, model=name, generation=settings) as recorder:
        for rows in recorder.batches(256):  # vLLM makes its own batches: give it many rows
            chats = [
                [{"role": "user", "content": [
                    {"type": "image_pil", "image_pil": row["image"]},
                    {"type": "text", "text": row["prompt"]},
                ]}] for row in rows
            ]  # fmt: skip
            replies = [found.outputs[0] for found in llm.chat(chats, SamplingParams(**settings))]
            recorder.add_batch(
                rows, [r.text for r in replies], finish_reasons=[r.finish_reason for r in replies]
            )

    print(dual_bench.score(folder, dataset=ds))
