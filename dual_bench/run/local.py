"""What the loops on this machine share: conversations, pictures, and batches that fail.

A batch that fails says nothing about which of its rows is to blame, and one that needs too much
memory blames none of them. So it is halved until the others have their replies and the guilty row
has an error of its own. A failure never becomes a reply.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn
from zlib import crc32

from dual_bench.defaults import MAX_TOKENS, TEMPERATURE
from dual_bench.errors import DamagedBuildError, DependencyError, DualBenchError, RunStoppedError
from dual_bench.recording.answer import Answer
from dual_bench.run.kinds import Row

__all__ = ["MAX_TOKENS", "TEMPERATURE", "Answer", "Batches", "Row"]

LONGEST = 500  # characters of an error that are kept
PATIENCE = 20  # rows in a row that fail alone; then it is the model that is broken


class Batches:
    """Asks for a batch, and for smaller ones where it fails.

    Args:
        ask: gives one answer a row. What it raises is a failure, except for a `DualBenchError`,
            which stops the run.
        fatal: exceptions after which nothing can be asked any more.
        free: called after a failure, to give memory back.
        mixed: rows with a picture and rows without may share a batch; many processors forbid it.
    """

    def __init__(
        self,
        ask: Callable[[Sequence[Row]], list[Answer]],
        *,
        fatal: tuple[type[BaseException], ...] = (),
        free: Callable[[], object] = lambda: None,
        mixed: bool = True,
    ) -> None:
        self._ask, self._fatal, self._free, self._mixed = ask, fatal, free, mixed
        self._room: int | None = None  # rows that fit, once more did not
        self._failures: list[str] = []  # since the last reply

    def answer(self, rows: Sequence[Row]) -> list[Answer]:
        """One answer a row; a row that fails alone has an error.

        Raises:
            RunStoppedError: nothing can be asked any more, or nothing has worked for long.
        """
        if len(self._failures) >= PATIENCE:  # not earlier: a batch is recorded as a whole
            raise RunStoppedError(
                f"the last {len(self._failures)} rows failed, so the model seems to be broken: "
                f"{self._failures[-1]}"
            )
        answers: dict[int, Answer] = {}
        for numbers in self._parts(rows):
            while numbers:
                now, numbers = numbers[: self._room], numbers[self._room or len(rows) :]
                found = self._answer([rows[n] for n in now])
                answers |= dict(zip(now, found, strict=True))
        return [answers[n] for n in range(len(rows))]

    def _parts(self, rows: Sequence[Row]) -> list[list[int]]:
        """Which rows may be in one batch, by number."""
        numbers = list(range(len(rows)))
        if self._mixed:
            return [numbers]
        bare = [n for n in numbers if rows[n].get("image") is None]
        return [[n for n in numbers if n not in bare], bare]

    def _answer(self, rows: Sequence[Row]) -> list[Answer]:
        try:
            answers = self._ask(rows)
            self._failures.clear()
            return answers
        except DualBenchError:
            raise
        except self._fatal as err:
            raise RunStoppedError(
                f"the model cannot be used any more: {described(err)}. What was recorded stays; "
                f"the same command goes on from there"
            ) from err
        except Exception as err:  # whatever it is, it is this batch's
            why, full = described(err), _is_memory(err)
        # Outside of `except`, where the traceback no longer holds on to the batch's tensors.
        self._free()
        if len(rows) == 1:
            self._failures.append(why)
            return [Answer(None, error=why)]
        half = len(rows) // 2
        if full:
            self._room = min(half, self._room or half)
        return [*self._answer(rows[:half]), *self._answer(rows[half:])]


def fingerprint(tensors: Iterable[Any]) -> str:
    """16 digits over a little of every tensor: weights can change under the name of a folder."""
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(tensor.detach().flatten()[:8].float().cpu().numpy().tobytes())
    return digest.hexdigest()[:16]


def seed_for(seed: int, rows: Sequence[Row]) -> int:
    """A seed for a batch, so that no two batches draw alike and a repeated one draws the same."""
    return crc32(json.dumps([seed, [row["id"] for row in rows]]).encode())


def described(err: BaseException) -> str:
    """An exception in one line."""
    words = " ".join(str(err).split())
    return f"{type(err).__name__}: {words}"[:LONGEST] if words else type(err).__name__


def _is_memory(err: BaseException) -> bool:
    return isinstance(err, MemoryError) or type(err).__name__ == "OutOfMemoryError"


def conversation(row: Row, kind: str, system: str | None) -> list[dict[str, Any]]:
    """A row as chat messages: its picture, where it has one, and then the prompt.

    Args:
        row: with `prompt` and `image`.
        kind: what the library calls a picture: both the type of its part and the key in it.
        system: a message that stands before.
    """
    picture = decoded(row)
    parts = [] if picture is None else [{"type": kind, kind: picture}]
    user = {"role": "user", "content": [*parts, {"type": "text", "text": row["prompt"]}]}
    if system is None:
        return [user]
    return [{"role": "system", "content": [{"type": "text", "text": system}]}, user]


def decoded(row: Row) -> Any:
    """The picture of a row, decoded, as RGB; None for a row that has none.

    Raises:
        DamagedBuildError: the row should have one; stops the run, since others will lack it, too.
        ValueError: this one cannot be read.
    """
    from PIL import Image

    image = row.get("image")
    if image is None:
        if row.get("pixel_sha256"):  # it would be asked about a picture that it never got
            raise DamagedBuildError(f"{row['id']}: has pixel_sha256 and no image; load the column")
        return None
    try:
        if isinstance(image, Mapping):  # as dual_bench.load gives it with decode=False
            image = Image.open(BytesIO(image["bytes"]) if image.get("bytes") else image["path"])
        return image.convert("RGB")
    except (AttributeError, KeyError, OSError, SyntaxError, ValueError) as err:
        raise ValueError(f"its picture cannot be read: {err}") from err


def unusable(model: str, err: Exception, extra: str) -> NoReturn:
    """Say in one line why a model cannot be loaded.

    Raises:
        DependencyError: a package is missing.
        RunStoppedError: anything else.
    """
    if isinstance(err, ImportError):
        raise DependencyError(
            f"{model}: needs a package that is missing: {described(err)}; "
            f"`pip install 'dual-bench[{extra}]'` has what most models need"
        ) from err
    hint = "" if Path(model).exists() else " (no folder of this name exists here)"
    raise RunStoppedError(f"{model}: cannot be loaded{hint}: {described(err)}") from err
