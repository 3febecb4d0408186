"""Text on coloured noise: blocks of uniform random RGB behind the page.

albumentations' nearest operation, GridDropout(fill="random_uniform"), cannot fill whole cells
(it always leaves a line between them) and takes about 40 times as long.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from perturb._albumentations import A
from perturb.keys import raw_bytes
from perturb.transforms.blend import Pixels, multiply


class BlockNoiseBackground(A.ImageOnlyTransform):
    """Put the picture, as ink on paper, on square blocks of random colours.

    Args:
        block: side of a block in pixels.
        floor: darkest value of a channel, 0 to 254; channels are uniform over floor..255.
        p: probability of applying the transform.
    """

    class InitSchema(A.BasicTransform.InitSchema):  # noqa: D106
        block: int
        floor: int

    def __init__(self, block: int = 8, floor: int = 0, p: float = 1.0) -> None:
        super().__init__(p=p)
        self.block = block
        self.floor = floor

    def get_params_dependent_on_data(
        self, params: dict[str, Any], data: dict[str, Any]
    ) -> dict[str, Any]:
        """Draw one colour a block."""
        height, width = params["shape"][:2]
        rows, columns = -(-height // self.block), -(-width // self.block)
        raw = raw_bytes(self.random_generator, rows * columns * 3)
        span = 256 - self.floor
        table = np.array([self.floor + (v * span >> 8) for v in range(256)], dtype=np.uint8)
        return {"colours": table[raw].reshape(rows, columns, 3)}

    def apply(self, img: Pixels, colours: Pixels, **params: Any) -> Pixels:
        """(H, W[, 3]) -> (H, W, 3)."""
        height, width = img.shape[:2]
        size = (colours.shape[1] * self.block, colours.shape[0] * self.block)
        blocks = cv2.resize(colours, size, interpolation=cv2.INTER_NEAREST)
        return multiply(img, np.ascontiguousarray(blocks[:height, :width]))
