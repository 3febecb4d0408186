"""Text on a photograph: the page is printed on a crop that is as light as black text needs.

The crop and the flip are albumentations' own (RandomCrop, HorizontalFlip: both only move
pixels, so they are portable). The lightening is a table of whole numbers.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from perturb._albumentations import A
from perturb.keys import below
from perturb.transforms.blend import Pixels, multiply

# What is kept of a photograph's distance to white, in 1/256; the first that is light enough.
STEPS = (256, 224, 192, 160, 128, 96, 64)


@lru_cache(maxsize=64)
def photograph(path: str) -> Pixels:
    """A photograph as (H, W, 3) of uint8, read-only because it is shared."""
    with Image.open(path) as file:
        image = np.asarray(file.convert("RGB"))
    image.flags.writeable = False
    return image


def keep_table(keep: int) -> Pixels:
    """The 256 values of 255 - (255 - v) * keep / 256, rounded down in the distance."""
    distance = 255 - np.arange(256)
    return (255 - (distance * keep >> 8)).astype(np.uint8)


def lighten(background: Pixels, margin: int, floor: int) -> Pixels:
    """Lighten a background by the least step that makes 95% of the text area bright enough.

    Args:
        background: (H, W, 3) of uint8.
        margin: width of the frame, in pixels, that holds no text and is not looked at.
        floor: grey value that 95% of the pixels inside the frame must reach.
    """
    height, width = background.shape[:2]
    inside = background[margin : height - margin, margin : width - margin]
    counts = np.bincount(cv2.cvtColor(inside, cv2.COLOR_RGB2GRAY).ravel(), minlength=256)
    dark = int(np.searchsorted(counts.cumsum(), inside.shape[0] * inside.shape[1] // 20))
    keep = next((k for k in STEPS if keep_table(k)[dark] >= floor), STEPS[-1])
    return np.asarray(cv2.LUT(background, keep_table(keep)), dtype=np.uint8)


class PhotoBackground(A.ImageOnlyTransform):
    """Put the picture, as ink on paper, on a random crop of a random photograph.

    Args:
        folder: where the photographs are.
        files: their names, in the order that the choice is made from. None is every *.jpg and
            *.png in the folder by name.
        margin, floor: see `lighten`.
        p: probability of applying the transform.
    """

    class InitSchema(A.BasicTransform.InitSchema):  # noqa: D106
        folder: str
        files: tuple[str, ...] | None
        margin: int
        floor: int

    def __init__(
        self,
        folder: str,
        files: tuple[str, ...] | None = None,
        margin: int = 64,
        floor: int = 128,
        p: float = 1.0,
    ) -> None:
        super().__init__(p=p)
        self.folder = folder
        found = sorted(f.name for f in Path(folder).glob("*") if f.suffix in (".jpg", ".png"))
        self.files = tuple(files if files is not None else found)
        self.margin = margin
        self.floor = floor

    def get_params_dependent_on_data(
        self, params: dict[str, Any], data: dict[str, Any]
    ) -> dict[str, Any]:
        """Draw the photograph, then the crop and the flip."""
        height, width = params["shape"][:2]
        file = self.files[below(self.random_generator, len(self.files))]
        cut = A.Compose([A.RandomCrop(height, width), A.HorizontalFlip(p=0.5)], strict=True)
        cut.set_random_state(self.random_generator, self.py_random)
        crop = cut(image=photograph(str(Path(self.folder) / file)))["image"]
        background = lighten(np.ascontiguousarray(crop), self.margin, self.floor)
        return {"file": file, "background": background}

    def apply(self, img: Pixels, background: Pixels, **params: Any) -> Pixels:
        """(H, W[, 3]) -> (H, W, 3)."""
        return multiply(img, background)
