"""The five perturbations of DUAL-Bench, with parameters of our own (README.md says why).

A perturbation works on the page before it is drawn (language, font size) or on the picture
(an albumentations transform). Sizes and angles are the only places where numbers stand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perturb.keys import choice

if TYPE_CHECKING:
    from perturb._albumentations import A

SMALL_SIZES = (12, 13, 14)  # pixels
SMALL_WRAP = 448  # pixels
ANGLES = (10, 25)  # degrees
BLOCK, NOISE_FLOOR = 8, 128
PHOTO_MARGIN, PHOTO_FLOOR = 64, 128


@dataclass(frozen=True, slots=True)
class Page:
    """How a sentence is set before any transform.

    Attributes:
        lang: which of its languages.
        size: font size in pixels; None is as large as the box takes.
        wrap: widest line in pixels.
    """

    lang: str = "en"
    size: int | None = None
    wrap: int = 384


def _plain(seed: int) -> Page:
    return Page()


def _small(seed: int) -> Page:
    return Page(size=SMALL_SIZES[choice(seed, "size", len(SMALL_SIZES))], wrap=SMALL_WRAP)


def _chinese(seed: int) -> Page:
    return Page(lang="zh")


def _photo(photos: str) -> A.ImageOnlyTransform:
    from perturb.transforms import PhotoBackground

    return PhotoBackground(photos, margin=PHOTO_MARGIN, floor=PHOTO_FLOOR)


def _noise(photos: str) -> A.ImageOnlyTransform:
    from perturb.transforms import BlockNoiseBackground

    return BlockNoiseBackground(block=BLOCK, floor=NOISE_FLOOR)


def _rotation(photos: str) -> A.ImageOnlyTransform:
    from perturb.transforms import PortableRotate

    return PortableRotate(angles=ANGLES)


@dataclass(frozen=True, slots=True)
class Perturbation:
    """One perturbation.

    Attributes:
        name: value of the column `variant`.
        about: one line for people.
        page: seed -> how the sentence is set.
        transform: folder of photographs -> what is done to the picture; None is nothing.
    """

    name: str
    about: str
    page: Callable[[int], Page] = _plain
    transform: Callable[[str], A.ImageOnlyTransform] | None = None


PAPER: dict[str, Perturbation] = {
    p.name: p
    for p in (
        Perturbation("original", "black text on white"),
        Perturbation(
            "real_background",
            f"the text on a random crop of a photograph, lightened to grey {PHOTO_FLOOR} and above",
            transform=_photo,
        ),
        Perturbation(
            "noise_background",
            f"the text on {BLOCK} px blocks of random colour, channels {NOISE_FLOOR} to 255",
            transform=_noise,
        ),
        Perturbation(
            "rotation",
            f"the picture turned by {ANGLES[0]} to {ANGLES[1]} degrees to either side",
            transform=_rotation,
        ),
        Perturbation(
            "font_small",
            f"the text in a font of {SMALL_SIZES[0]} to {SMALL_SIZES[-1]} px",
            page=_small,
        ),
        Perturbation("chinese", "the sentence in Chinese, set like the original", page=_chinese),
    )
}
