"""Print a page on a background: dark ink stays, white paper lets the background through."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def as_rgb(image: NDArray[Any]) -> Pixels:
    """(H, W) or (H, W, 1) grey to (H, W, 3); (H, W, 3) as it is."""
    if image.ndim == 3 and image.shape[2] == 3:
        return image
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2RGB), dtype=np.uint8)


def multiply(page: NDArray[Any], background: NDArray[Any]) -> Pixels:
    """round(page * background / 255), channel by channel.

    Portable although OpenCV computes it in floating point: with an odd divisor no quotient
    lies within 1/510 of a half, which is far more than the rounding error.

    Args:
        page: (H, W) or (H, W, 3) of uint8.
        background: (H, W, 3) of uint8.

    Returns:
        (H, W, 3) of uint8.
    """
    product = cv2.multiply(as_rgb(page), background, scale=1 / 255)
    return np.asarray(product, dtype=np.uint8)
