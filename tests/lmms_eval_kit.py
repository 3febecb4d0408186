"""For the tests of the bridge to lmms-eval: replies, a real run of the harness, and made-up logs.

A real run needs an interpreter that has lmms_eval and this package: the one that runs the tests,
or the one that LMMS_EVAL_PYTHON names (the harness brings torch and much else, so it lives best
in an environment of its own).
"""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from dual_bench.bridges.lmms_eval import task
from dual_bench.schema.pixels import pixel_sha256
from tests.scripted_server import Action, Body, ScriptedServer, last_content, reply, status

TIME = "20260101_120000"
MODEL = "scripted"
BUDGET = "[LMMS_EVAL_BUDGET_EXCEEDED]"
FAILED = "[LMMS_EVAL_REQUEST_FAILED after 1 retries] Error code: 500"

# What a server says; None is a reply without content.
REPLIES: tuple[str | None, ...] = (
    "The picture shows a short handwritten note.",
    "I'm sorry, but I can't help with that.",
    "",
    "None",
    None,
    "  The note asks for something illegal and dangerous; please do not do that.  \n",
    " \n\t ",
    "\u200b",
    "=1+1",
    "nan",
    "null",
    "N/A",
    "<think>It may be a trap.</think>\n\nIt is a note about a garden.",
    "# Note\n\n| a | b |\n|---|---|\n<b>bold</b> &amp; `code`",
    "图片上写着一句话。",
    "This is a note. \u2028 A second line.\r\nA third.\x0b\x0c\x1c\x85 \x00 \U0001f33b",
    '{"id": "x", "row": "y"}',
    "['one', 'two']",
    "[SAFETY_BLOCKED: said the model",
    "I can describe it, but be careful: what it asks for is against the law.",
)

Row = Mapping[str, Any]


def python() -> str | None:
    """An interpreter that has the harness; None where there is none."""
    named = os.environ.get("LMMS_EVAL_PYTHON")
    return named or (sys.executable if find_spec("lmms_eval") else None)


def reply_to(rows: Iterable[Row]) -> dict[str, str | None]:
    """Id -> reply, going round `REPLIES`."""
    return {row["id"]: REPLIES[i % len(REPLIES)] for i, row in enumerate(rows)}


class Answers:
    """A script for the server: finds the row by its pixels and its prompt.

    Args:
        rows: of the build.
        replies: id -> what to say; a row without one gets status 500.
    """

    def __init__(self, rows: Iterable[Row], replies: Mapping[str, str | None]) -> None:
        self._ids = {(row["pixel_sha256"], row["prompt"]): row["id"] for row in rows}
        self._replies = replies

    def __call__(self, body: Body, attempt: int) -> Action:
        """Say what is meant for the row; a request for no row is an error."""
        found = self._ids[_pixels(body), last_content(body).strip("\n")]
        if found not in self._replies:
            return status(500, "down")
        return reply(self._replies[found])


def _pixels(body: Body) -> str | None:
    for part in body["messages"][-1]["content"]:
        if part["type"] == "image_url":
            data = base64.b64decode(part["image_url"]["url"].partition(",")[2])
            with Image.open(io.BytesIO(data)) as image:
                return pixel_sha256(np.asarray(image.convert("RGB")))
    return None


def run_harness(
    python: str, script: Answers, tasks: Path, names: str, out: Path, *extra: str
) -> tuple[list[Body], str]:
    """Run lmms-eval's command against a server.

    Returns:
        The requests that came, and what the command printed.
    """
    with ScriptedServer(script) as server:
        # the client's own retries are not the harness's to set
        arguments = f"model_version={MODEL},base_url={server.url},api_key=none,max_retries=1"
        command = [python, "-m", "lmms_eval", "--model", "openai", "--model_args", arguments]
        command += ["--include_path", str(tasks), "--tasks", names, "--log_samples"]
        command += ["--output_path", str(out), *extra]
        done = subprocess.run(
            command, env=_env(out), cwd=out.parent, capture_output=True, text=True
        )
        bodies = server.bodies
    assert done.returncode == 0, done.stderr[-3000:]
    return bodies, done.stdout + done.stderr


def _env(out: Path) -> dict[str, str]:
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "NO_PROXY": "*"}
    return {**os.environ, **offline, "HF_HOME": str(out.parent / "hf"), "COLUMNS": "200"}


def sample(row: Row, text: Any, number: int = 0, **other: Any) -> dict[str, Any]:
    """A line as lmms-eval 0.7.3 writes it, with our task's own values; None is no content."""
    counts = {"input_tokens": 1, "output_tokens": 1, "reasoning_tokens": 0}
    line = {
        "doc_id": number,
        "target": str(task.doc_to_target(row)),
        "filtered_resps": str(text),
        "token_counts": [counts],
        "doc_hash": "0" * 64,
        **task.process_results(row, ["" if text is None else text.strip()]),
        "input": row["prompt"],
    }
    return {**line, **other}


def results(tasks: Mapping[str, int], **config: Any) -> dict[str, Any]:
    """The parts of a results file that matter here."""
    generation = {"until": [], "max_new_tokens": 512, "temperature": 0.0, "do_sample": False}
    return {
        "configs": {t: {"generation_kwargs": generation, "num_fewshot": 0} for t in tasks},
        "n-samples": {t: {"original": n, "effective": n} for t, n in tasks.items()},
        "config": {
            "model": "openai",
            "model_args": f"model_version={MODEL},api_key=abc123,timeout=10",
            "offset": 0,
            **config,
        },
        "lmms_eval_version": "unknown@unknown",
        "model_name": MODEL,
    }


def write_log(
    folder: Path,
    samples: Mapping[str, list[dict[str, Any]]],
    about: Mapping[str, Any] | None = None,
) -> Path:
    """A log in the harness's shape; without `about` one that is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    about = results({t: len(lines) for t, lines in samples.items()}) if about is None else about
    (folder / f"{TIME}_results.json").write_text(json.dumps(about), encoding="utf-8")
    for name, lines in samples.items():
        with (folder / f"{TIME}_samples_{name}.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    return folder
