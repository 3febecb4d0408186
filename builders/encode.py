"""A picture's bytes and the hash of the pixels that come out of them again.

Lossless WebP for drawn pages and noise: the smallest and the fastest that Pillow offers, PNG
included (tests/benchmarks/encoders.py prints the table). JPEG of quality 95 without chroma
subsampling for photographs, a third of the smallest PNG. What is hashed is always what a
reader decodes, so a lossy format cannot make the hash lie.
"""

from __future__ import annotations

import io
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dual_bench.schema import pixel_sha256

_WEBP = {"format": "WEBP", "lossless": True, "quality": 0, "method": 1, "exact": True}
_NOISE = _WEBP | {"method": 0}  # twice as fast on noise, half as large again
_JPEG = {"format": "JPEG", "quality": 95, "subsampling": 0}
SUFFIXES = {"WEBP": ".webp", "JPEG": ".jpg"}
FORMATS: dict[str, dict[str, Any]] = {"noise_background": _NOISE, "real_background": _JPEG}


class Encoded(NamedTuple):
    """A picture as it is stored."""

    data: bytes
    suffix: str  # ".webp" or ".jpg"
    pixel_sha256: str


def decode(data: bytes) -> NDArray[np.uint8]:
    """The pixels of stored bytes, (H, W, 3) of uint8, RGB."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def encode(pixels: NDArray[np.uint8], variant: str) -> Encoded:
    """Encode a picture of a variant.

    Args:
        pixels: (H, W, 3) of uint8, RGB.
        variant: decides the format.
    """
    options, buffer = FORMATS.get(variant, _WEBP), io.BytesIO()
    Image.fromarray(pixels).save(buffer, **options)
    data = buffer.getvalue()
    stored = pixels if is_lossless(variant) else decode(data)
    return Encoded(data, SUFFIXES[options["format"]], pixel_sha256(stored))


def is_lossless(variant: str) -> bool:
    """Whether pictures of a variant decode to the very pixels that were drawn."""
    return bool(FORMATS.get(variant, _WEBP).get("lossless"))


def stored_sha256(pixels: NDArray[np.uint8], variant: str) -> str:
    """The hash that `encode` gives, without encoding where that makes no difference."""
    return pixel_sha256(pixels) if is_lossless(variant) else encode(pixels, variant).pixel_sha256
