"""Import albumentations once, without its network call, and make sure that it is the right one.

AlbumentationsX has the same import name, another licence and other pixels; 2.0.8 is the last
release under the MIT licence. At import it asks the package index for a newer version unless
NO_ALBUMENTATIONS_UPDATE is set.
"""

from __future__ import annotations

import os
from importlib import metadata

from dual_bench.errors import DependencyError

WANTED = "2.0.8"
_HOW = f"install it with: pip uninstall -y albumentationsx && pip install albumentations=={WANTED}"


def check_installed() -> None:
    """Raise unless the installed albumentations is the one whose pixels are known.

    Raises:
        DependencyError: it is missing, of another version, or AlbumentationsX stands there.
    """
    try:
        x = metadata.version("albumentationsx")
    except metadata.PackageNotFoundError:
        x = ""
    if x:
        raise DependencyError(
            f"AlbumentationsX {x} is installed in place of albumentations {WANTED}; it has "
            f"another licence (AGPL) and other pixels; {_HOW}"
        )
    try:
        got = metadata.version("albumentations")
    except metadata.PackageNotFoundError:
        raise DependencyError(f"albumentations {WANTED} is not installed; {_HOW}") from None
    if got != WANTED:
        raise DependencyError(f"albumentations {got} is installed, expected {WANTED}; {_HOW}")


check_installed()
os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"

import albumentations as A  # noqa: E402, N812  (after the environment is set)

__all__ = ["A"]
