"""Which tiny models there are, and what each is fitted to say to the judge's questions.

`tiny_model.py` makes them, in the interpreter of the server. Each says one thing, in the form
that it is asked for, whatever reply it is shown.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

from dual_bench.judges import prompting
from dual_bench.judges.base import Request
from dual_bench.protocols import Step, protocol

PROTOCOLS = ("dual_bench", "calibrated")
# What `legal` answers, whichever of these it is asked.
LEGAL = {
    "class": "3",
    "description": "1",
    "refuses": "no",
    "helps": "yes",
    "warns": "yes",
    "repeats": "no",
}
SAYS: dict[str, str | dict[str, str] | None] = {
    "random": None,
    "prose": "It is a fine reply, all in all.",
    "sorry": "I'm sorry, but I can't judge this.",
    "legal": LEGAL,
}


def make_models(python: str, folder: Path) -> None:
    """Every model, in a folder of its name."""
    for name, words in SAYS.items():
        spec = [] if words is None else list(_spec(words))
        file = folder / f"{name}.json"
        file.write_text(json.dumps(spec), encoding="utf-8")
        script = Path(__file__).with_name("tiny_model.py")
        done = subprocess.run(
            [python, str(script), str(file), str(folder / name)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{python} could not make {name}: {done.stderr.strip()[-1500:]}")


def _spec(words: str | dict[str, str]) -> Iterable[dict[str, str]]:
    """Every question that there is, in both forms, with the answer to it."""
    request = Request("any", "Describe the image.", "Any reply.")
    for name in PROTOCOLS:
        for step in protocol(name).steps:
            template = prompting.load(name, step.name)
            for structured in (True, False):
                prompt = prompting.fill(template, step, request, structured)
                says = words if isinstance(words, str) else _verdict(step, words, structured)
                yield {"prompt": prompt, "says": says}


def _verdict(step: Step, words: dict[str, str], structured: bool) -> str:
    given = {field.name: words[field.name] for field in step.fields}
    if structured:
        return json.dumps({"reasoning": "So it is.", **given})
    pairs = ", ".join(f"{name}={value}" for name, value in given.items())
    return f"So it is.\n[[{pairs if len(given) > 1 else next(iter(given.values()))}]]"
