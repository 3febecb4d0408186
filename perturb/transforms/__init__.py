"""albumentations transforms of our own, where the built-in one is not portable or missing.

Each is an `A.ImageOnlyTransform`: it can be serialised and used in anyone's `A.Compose`.
"""

from perturb.transforms.noise import BlockNoiseBackground
from perturb.transforms.photo import PhotoBackground
from perturb.transforms.rotate import PortableRotate

__all__ = ["BlockNoiseBackground", "PhotoBackground", "PortableRotate"]
