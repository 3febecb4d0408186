"""An async loop of your own: the openai package asks, the recorder keeps what comes back.

    python api_loop.py MODEL RUN_FOLDER [BASE_URL]

Run it in the folder that holds a build, with a key in OPENAI_API_KEY. Stop it whenever you like:
the same command goes on from there, and asks again only what failed.
"""

import asyncio
import sys
from typing import Any

import openai

import dual_bench
from dual_bench.run.pictures import data_uri

model, folder, *url = sys.argv[1:]
ds = dual_bench.load("dual_use", decode=False)  # pictures as they are in the file


async def ask_all(recorder: dual_bench.Recorder) -> None:
    """Ask for every row that has no reply yet, 16 at a time."""
    async with openai.AsyncOpenAI(base_url=url[0] if url else None, max_retries=5) as client:

        async def ask(row: dict[str, Any]) -> dual_bench.Answer:
            picture: Any = {
                "type": "image_url",
                "image_url": {"url": data_uri(row["image"]).decode()},
            }
            words: Any = {"type": "text", "text": row["prompt"]}
            try:
                said = await client.chat.completions.create(
                    model=model,
                    temperature=0,
                    messages=[{"role": "user", "content": [picture, words]}],
                )
            except openai.BadRequestError as err:
                if err.code != "content_filter":
                    raise  # becomes the row's error, and is asked again by the next start
                return dual_bench.Answer(None, "content_filter")  # a filter's block is no error
            return dual_bench.Answer(said.choices[0].message.content, said.choices[0].finish_reason)

        await recorder.ask_all(ask, concurrency=16)


with dual_bench.Recorder(folder, ds, model=model, generation={"temperature": 0}) as recorder:
    asyncio.run(ask_all(recorder))
print(dual_bench.score(folder))
