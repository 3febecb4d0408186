"""Which configs of a build a harness can be given: those whose rows have a side to be judged by.

`prompts` is not one of them: it lists requests without pictures, for runs of people's own.
"""

from __future__ import annotations

from collections.abc import Mapping

from dual_bench.errors import NoRowsError
from dual_bench.schema import Config, Manifest, config

_WHY = "its rows have no side, so that no reply could be judged"


def askable(manifest: Manifest) -> tuple[list[str], dict[str, str]]:
    """Names of the configs that can be given to a harness, and of the others the reason."""
    found: list[str] = []
    left_out: dict[str, str] = {}
    for one in manifest.configs.values():
        if not one.variants:
            left_out[one.name] = _WHY
        elif not manifest.data_files(one.name):
            left_out[one.name] = "this build has no rows of it"
        else:
            found.append(one.name)
    return found, left_out


def check_askable(name: str, configs: Mapping[str, Config]) -> None:
    """Refuse a config that was asked for by name and cannot be given to a harness.

    Args:
        name: of the config.
        configs: what the build holds.

    Raises:
        UnknownNameError: there is no such config.
        NoRowsError: its rows have no side.
    """
    if not config(name, configs).variants:
        others = [one.name for one in configs.values() if one.variants]
        raise NoRowsError(
            f"{name}: cannot be given to a harness: {_WHY}; choose one of: {', '.join(others)}"
        )
