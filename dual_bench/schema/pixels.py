"""When two pictures are the same: the bytes of the decoded array, its shape and its type.

File bytes are not compared, because encoders differ between systems; pixels must not.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

SIZE = 512  # pixels, width and height of every picture


def pixel_sha256(image: NDArray[np.uint8]) -> str:
    """sha256 of "<shape>|<dtype>|" in ASCII and the array's bytes in C order.

    Args:
        image: (height, width, 3) of uint8, RGB.

    Returns:
        64 hexadecimal digits.

    Example:
        >>> pixel_sha256(np.zeros((1, 2, 3), np.uint8))[:12]
        '920fd459e8df'
    """
    shape = "x".join(str(n) for n in image.shape)
    digest = hashlib.sha256(f"{shape}|{image.dtype}|".encode())
    digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()
