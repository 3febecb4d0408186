"""One key an item: where every random choice of a perturbation comes from.

A seed depends on the data version, the pair and the variant and on nothing else: not on the
side, so that both sides of a pair get the same font size, angle, crop and noise; not on
order, workers or time.
"""

from __future__ import annotations

import hashlib
import random

import numpy as np


def seed_of(data_version: str, pair_id: str, variant: str) -> int:
    """The first 64 bits of sha256("<data_version>|<pair_id>|<variant>").

    Example:
        >>> hex(seed_of("1.0.0", "vcr-017", "rotation"))
        '0xc4cf04ea6c62c744'
    """
    digest = hashlib.sha256(f"{data_version}|{pair_id}|{variant}".encode()).digest()
    return int.from_bytes(digest[:8], "big")


def choice(seed: int, what: str, n: int) -> int:
    """A whole number from 0 to n - 1 for a choice made outside a transform, such as a size."""
    digest = hashlib.sha256(f"{seed}|{what}".encode()).digest()
    return int.from_bytes(digest[:16], "big") % n


def random_states(seed: int) -> tuple[np.random.Generator, random.Random]:
    """The two generators that an albumentations transform draws from, made from a seed.

    Philox is counter-based, and NumPy promises the stability of its raw words (NEP 19).
    """
    return np.random.Generator(np.random.Philox(key=seed)), random.Random(seed)


def below(generator: np.random.Generator, n: int) -> int:
    """A whole number from 0 to n - 1 from one raw word.

    Unlike `Generator.integers`, whose stream NumPy may change, the same for ever.
    """
    word = int(generator.bit_generator.random_raw())  # type: ignore[no-untyped-call,unused-ignore]
    return word * n >> 64


def raw_bytes(generator: np.random.Generator, n: int) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """Draw n uniform bytes from raw words, little-endian whatever the machine."""
    words = generator.bit_generator.random_raw(-(-n // 8))  # type: ignore[no-untyped-call,unused-ignore]
    return np.asarray(words, dtype="<u8").view(np.uint8)[:n]
