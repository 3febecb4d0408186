"""Find a perturbation by name and apply it with a seed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dual_bench.errors import PerturbationError, UnknownNameError
from perturb.keys import random_states
from perturb.paper import PAPER, Perturbation
from perturb.transforms.blend import Pixels, as_rgb

if TYPE_CHECKING:
    from perturb._albumentations import A


def names() -> tuple[str, ...]:
    """Every perturbation, the untouched original first."""
    return tuple(PAPER)


def perturbation(name: str) -> Perturbation:
    """The perturbation of that name.

    Raises:
        UnknownNameError: lists those that there are.
    """
    if name not in PAPER:
        raise UnknownNameError("variant", name, PAPER)
    return PAPER[name]


class Perturber:
    """Applies perturbations to pictures; one object a thread, because transforms keep state.

    Args:
        photos: folder of the photographs for `real_background`.
    """

    def __init__(self, photos: str | Path) -> None:
        self._photos = Path(photos)
        self._transforms: dict[str, A.ImageOnlyTransform | None] = {}

    def _transform(self, name: str) -> A.ImageOnlyTransform | None:
        if name not in self._transforms:
            make = perturbation(name).transform
            self._transforms[name] = make(str(self._photos)) if make else None
        return self._transforms[name]

    def apply(self, name: str, image: Pixels, seed: int) -> Pixels:
        """The picture under a perturbation; the caller's array is not written to.

        Args:
            name: one of `names()`. Those that act on the page alone leave the picture as it is.
            image: (H, W) or (H, W, 3) of uint8.
            seed: see `perturb.keys.seed_of`.

        Returns:
            (H, W, 3) of uint8, RGB.
        """
        if image.dtype != np.uint8 or image.ndim not in (2, 3):
            raise PerturbationError(
                f"expected (H, W) or (H, W, 3) of uint8, got {image.shape} of {image.dtype}"
            )
        transform = self._transform(name)
        if transform is None:
            return as_rgb(image.copy())
        transform.set_random_state(*random_states(seed))
        return as_rgb(transform(image=image.copy())["image"])
