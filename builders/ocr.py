"""Read a picture with an OCR and say how much of its text came back.

RapidOCR with the models of its own wheel (PP-OCRv6 small, English and Chinese), at the
picture's own resolution, without a network. It is a stand-in for "a careful eye": what it
reads, a model that can read at all can read too. Not part of `make dataset`.
"""

from __future__ import annotations

import unicodedata
from importlib import metadata
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from builders.distance import edits
from dual_bench.errors import DependencyError

_SETTINGS = {
    "Global.log_level": "error",
    "Global.use_cls": False,  # no line is upside down
    "Det.limit_side_len": 512,  # look at the pixels as they are
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}


class Box(NamedTuple):
    """A piece of text that the OCR found."""

    corners: NDArray[np.float64]  # (4, 2): top left, top right, bottom right, bottom left
    text: str


def letters(text: str) -> list[str]:
    """What counts: letters and digits, in one case; not spaces, line breaks or punctuation."""
    return [c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum()]


def character_error_rate(read: str, text: str) -> float:
    """Edits from `read` to `text` over the length of `text`, both as `letters`; 0 is perfect."""
    expected = letters(text)
    return edits(letters(read), expected) / max(len(expected), 1)


def in_reading_order(boxes: list[Box]) -> str:
    """Join boxes line by line, also when the whole text is turned.

    The boxes are turned back by their median slope; those whose centres are less than half a
    line apart then stand on one line, and are read from the left.
    """
    if not boxes:
        return ""
    corners = np.array([b.corners for b in boxes], dtype=np.float64)  # (n, 4, 2)
    along = corners[:, 1] - corners[:, 0]  # (n, 2)
    slope = float(np.median(np.arctan2(along[:, 1], along[:, 0])))
    height = float(np.median(np.linalg.norm(corners[:, 3] - corners[:, 0], axis=1)))
    centres = corners.mean(axis=1)  # (n, 2)
    x = centres[:, 0] * np.cos(slope) + centres[:, 1] * np.sin(slope)
    y = centres[:, 1] * np.cos(slope) - centres[:, 0] * np.sin(slope)
    lines: list[list[int]] = []
    for i in np.argsort(y, kind="stable"):
        if lines and abs(y[i] - y[lines[-1][0]]) < height / 2:
            lines[-1].append(int(i))
        else:
            lines.append([int(i)])
    return " ".join(boxes[i].text for line in lines for i in sorted(line, key=lambda i: x[i]))


class Reader:
    """The OCR; one object a process.

    Raises:
        DependencyError: RapidOCR is not installed.
    """

    def __init__(self) -> None:
        try:
            from rapidocr import RapidOCR
        except ImportError as err:
            raise DependencyError(
                f"the OCR is not installed ({err}); `make legibility` installs and runs it"
            ) from err
        self._engine: Any = RapidOCR(params=_SETTINGS)
        self.name = f"rapidocr {metadata.version('rapidocr')} (PP-OCRv6 small)"

    def read(self, pixels: NDArray[np.uint8]) -> str:
        """The text of a picture, (H, W, 3) of uint8, RGB."""
        found = self._engine(np.ascontiguousarray(pixels[:, :, ::-1]))  # it wants BGR
        if not found.txts:
            return ""
        return in_reading_order([Box(*b) for b in zip(found.boxes, found.txts, strict=True)])
