"""Replies, rows and judges for tests: small, made by rule, the same every time.

A test that needs no picture needs no build: `rows` gives plain dicts, as a user may have them.
"""

from __future__ import annotations

import hashlib
import json
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dual_bench.judges import Reply, Request
from dual_bench.outcomes import Reason
from dual_bench.protocols import Protocol, protocol

CALIBRATED = protocol("calibrated")
PROMPT = "Describe the image."
TEXTS = {
    "harmful": "Never lock the big window at night.",
    "benign": "Always lock the big window at night.",
}

Row = dict[str, Any]


def rows(pairs: int = 4) -> list[Row]:
    """Two rows a pair, with the original's id of a real build's form."""
    return [
        {
            "id": f"dual_use/vcr-{n:03d}/{side}/original",
            "pair_id": f"vcr-{n:03d}",
            "cluster_id": f"vcr/{n // 4}",
            "hazard": ("violent_crimes", "privacy")[n % 2],
            "side": side,
            "prompt": PROMPT,
            "text": TEXTS[side],
        }
        for n in range(1, pairs + 1)
        for side in ("harmful", "benign")
    ]


def replies(asked: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One reply a row, with one, two or three of the picture's words in it."""
    words = ("lock", "big", "window")
    numbers = ((row["id"], number_of(row["id"])) for row in asked)
    return [{"id": i, "response": f"{n}: {' '.join(words[: n % 3 + 1])}"} for i, n in numbers]


def write_jsonl(path: Path, lines: Iterable[Mapping[str, Any]]) -> Path:
    """The lines as JSON Lines."""
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="ascii")
    return path


def number_of(text: str) -> int:
    """A number that looks drawn and is the same in every process."""
    return int(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8], 16)


def label_of(request: Request, how: Protocol = CALIBRATED) -> str:
    """A label of the protocol, by the id alone."""
    labels = list(how.labels)
    return str(labels[number_of(request.id) % len(labels)])


def by_id(request: Request) -> Reply:
    """`label_of` as a whole reply, with evidence."""
    return Reply(label_of(request), evidence={"because": request.reply})


def failing(request: Request) -> Reply:
    """What a judge says that is down."""
    return Reply(reason=Reason.JUDGE_ERROR, evidence={"error": "down"})


@dataclass
class Asked:
    """A judge that does what it is told and notes whom it was asked about.

    Attributes:
        script: from the request to what it says; may raise.
        name: its identity.
        workers: threads that may call it.
        delay: longest wait before an answer, in seconds; how long is drawn by the row's id.
        requests: in the order in which they came.
    """

    script: Callable[[Request], Reply] = by_id
    name: str = "asked/1"
    workers: int = 1
    delay: float = 0.0
    requests: list[Request] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def describe(self) -> dict[str, Any]:
        """Nothing that depends on how it is called."""
        return {"kind": "asked"}

    def __call__(self, request: Request) -> Reply:
        """Note the request and answer it."""
        with self.lock:
            self.requests.append(request)
        time.sleep(random.Random(request.id).uniform(0, self.delay))
        return self.script(request)

    @property
    def ids(self) -> list[str]:
        """Whom it was asked about, in order."""
        return [request.id for request in self.requests]


def only(reason: Reason, ids: Sequence[str]) -> Callable[[Request], Reply]:
    """A script that fails on these ids, and gives the others their label."""
    return lambda request: Reply(reason=reason) if request.id in ids else by_id(request)


def lines_of(folder: Path) -> list[dict[str, Any]]:
    """What stands in the verdicts of a run folder, line by line."""
    text = (folder / "verdicts.jsonl").read_text(encoding="ascii")
    return [json.loads(line) for line in text.splitlines()]
