"""Deterministic perturbations of pictures with text in them.

    from perturb import Perturber, seed_of
    out = Perturber(photos).apply("rotation", image, seed_of("1.0.0", "vcr-017", "rotation"))

The same picture, name and seed give the same pixels on every machine, in any order and any
number of threads (one `Perturber` a thread). The parameters stand in README.md.
"""

from perturb.keys import seed_of
from perturb.paper import PAPER, Page, Perturbation
from perturb.registry import Perturber, names, perturbation

__all__ = ["PAPER", "Page", "Perturbation", "Perturber", "names", "perturbation", "seed_of"]
