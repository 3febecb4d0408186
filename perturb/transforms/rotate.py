"""Rotation about the centre with whole-number arithmetic, so that pixels are portable.

albumentations' Rotate, SafeRotate and Affine use cv2.warpAffine, whose pixels change with the
processor's features and with OpenCV's version. `cv2.remap` with fixed-point maps does not.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perturb._albumentations import A
from perturb.keys import below
from perturb.transforms.blend import Pixels

_ONE = 1 << 20  # fixed-point 1 of sine and cosine


@lru_cache(maxsize=64)
def _maps(height: int, width: int, angle: int) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
    """Where each pixel comes from: whole part (H, W, 2) and 1/32 pixel fractions (H, W)."""
    cos = round(math.cos(math.radians(angle)) * _ONE)
    sin = round(math.sin(math.radians(angle)) * _ONE)
    x = 2 * np.arange(width, dtype=np.int64) - (width - 1)  # half pixels from the centre
    y = (2 * np.arange(height, dtype=np.int64) - (height - 1))[:, None]
    half = 1 << 15  # (x * cos) is in 1/2 px * 2^-20; >> 16 makes it 1/32 px
    from_x = (x * cos - y * sin + half >> 16) + 16 * (width - 1)  # (H, W)
    from_y = (x * sin + y * cos + half >> 16) + 16 * (height - 1)  # (H, W)
    whole = np.stack((from_x >> 5, from_y >> 5), axis=-1).astype(np.int16)
    fraction = ((from_y & 31) * 32 + (from_x & 31)).astype(np.uint16)
    return whole, fraction


def rotate(image: Pixels, angle: int, fill: int = 255) -> Pixels:
    """Turn a picture counter-clockwise about its centre; what comes from outside is `fill`.

    Args:
        image: (H, W) or (H, W, 3) of uint8, H and W at most 32,767.
        angle: whole degrees.
        fill: value of every channel outside.

    Returns:
        The same shape; bilinear, in steps of 1/32 pixel.
    """
    whole, fraction = _maps(image.shape[0], image.shape[1], angle)
    border = (fill,) * 3
    turned = cv2.remap(
        image, whole, fraction, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=border
    )
    return np.asarray(turned, dtype=np.uint8)


class PortableRotate(A.ImageOnlyTransform):
    """Rotate by a random whole angle, to either side.

    Args:
        angles: smallest and largest angle in degrees, both included; the side is random.
        fill: value of every channel outside the picture.
        p: probability of applying the transform.
    """

    class InitSchema(A.BasicTransform.InitSchema):  # noqa: D106
        angles: tuple[int, int]
        fill: int

    def __init__(self, angles: tuple[int, int] = (10, 25), fill: int = 255, p: float = 1.0) -> None:
        super().__init__(p=p)
        self.angles = angles
        self.fill = fill

    def get_params(self) -> dict[str, Any]:
        """Draw the angle, then the side."""
        low, high = self.angles
        angle = low + below(self.random_generator, high - low + 1)
        return {"angle": -angle if below(self.random_generator, 2) else angle}

    def apply(self, img: Pixels, angle: int, **params: Any) -> Pixels:
        """(H, W[, 3]) -> the same shape."""
        return rotate(img, angle, self.fill)
