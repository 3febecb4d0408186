"""Time and size of every encoder that was considered, per variant, in one run.

    python -m tests.benchmarks.encoders

Why `builders.encode` stores what it stores. Times are the best of three on one thread.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from builders.dual_use import PHOTOS, pictures
from builders.png import UP, png
from builders.texts import all_pairs
from dual_bench.schema import VARIANTS
from perturb import Perturber


def pillow(**options: Any) -> Callable[[NDArray[np.uint8]], bytes]:
    """An encoder of Pillow with these options."""

    def encode(pixels: NDArray[np.uint8]) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, **options)
        return buffer.getvalue()

    return encode


ENCODERS: dict[str, Callable[[NDArray[np.uint8]], bytes]] = {
    "PNG zlib-ng none": png,
    "PNG zlib-ng up": lambda pixels: png(pixels, UP),
    "PNG default": pillow(format="PNG"),
    "PNG level 1": pillow(format="PNG", compress_level=1),
    "PNG level 3": pillow(format="PNG", compress_level=3),
    "WebP lossless m0": pillow(format="WEBP", lossless=True, quality=0, method=0, exact=True),
    "WebP lossless m1": pillow(format="WEBP", lossless=True, quality=0, method=1, exact=True),
    "WebP lossless m4": pillow(format="WEBP", lossless=True, quality=50, method=4, exact=True),
    "JPEG 90 4:4:4": pillow(format="JPEG", quality=90, subsampling=0),
    "JPEG 95 4:4:4": pillow(format="JPEG", quality=95, subsampling=0),
}


def best(encode: Callable[[NDArray[np.uint8]], bytes], pixels: NDArray[np.uint8]) -> float:
    """Milliseconds of the fastest of three calls."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        encode(pixels)
        times.append(time.perf_counter() - start)
    return min(times) * 1e3


def main() -> None:
    """Print the table: milliseconds and kilobytes a picture."""
    perturber = Perturber(PHOTOS)
    shown = [p for pair in all_pairs()[::120] for p in pictures(pair, perturber)]
    print(f"{'ms / kB a picture':18}" + "".join(f"{v[:14]:>16}" for v in VARIANTS))
    for name, encode in ENCODERS.items():
        cells = []
        for variant in VARIANTS:
            mine = [p.pixels for p in shown if p.variant == variant]
            times = [best(encode, pixels) for pixels in mine]
            size = sum(len(encode(p)) for p in mine) / len(mine) / 1e3
            cells.append(f"{sum(times) / len(times):7.2f} /{size:6.1f}")
        print(f"{name:18}" + "".join(f"{c:>16}" for c in cells), flush=True)


if __name__ == "__main__":
    main()
