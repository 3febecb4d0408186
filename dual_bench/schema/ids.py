"""How a row is named: `<config>/<pair>/<side>/<variant>`, such as
`dual_use/vcr-017/harmful/original`; a row of `prompts` is `prompts/<prompt>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from dual_bench.errors import BadValueError, UnknownNameError
from dual_bench.schema.columns import CONFIGS, SIDES, Config, config

FORM = "<config>/<pair>/<side>/<variant>, such as dual_use/vcr-017/harmful/original"


class RowId(NamedTuple):
    """The parts of a row's id."""

    config: str
    pair_id: str
    side: str
    variant: str

    def __str__(self) -> str:
        """The id as it stands in the column `id`."""
        return "/".join(self)


def config_of(text: str) -> str:
    """The config that an id names; empty for an id of another form.

    >>> config_of("dual_use/vcr-017/harmful/original")
    'dual_use'
    """
    return text.split("/")[0] if text.count("/") == 3 else ""


def row_id(config: str, pair_id: str, side: str, variant: str) -> str:
    """The id of a row with a picture."""
    return str(RowId(config, pair_id, side, variant))


def parse_id(text: str, configs: Mapping[str, Config] = CONFIGS) -> RowId:
    """Take the id of a row with a side and a variant apart.

    Args:
        text: the id.
        configs: which there are; a build of other data has its own (`Manifest.configs`).

    Raises:
        BadValueError: it has another form.
        UnknownNameError: it names a config, side or variant that does not exist. Whether the pair
            exists is not looked at.
    """
    parts = text.split("/")
    if len(parts) != 4:
        raise BadValueError("id", text, FORM)
    found = RowId(*parts)
    legal = config(found.config, configs).variants
    if not legal:
        pictured = [c.name for c in configs.values() if c.variants]
        raise UnknownNameError("config with pictures", found.config, pictured)
    if found.side not in SIDES:
        raise UnknownNameError("side", found.side, SIDES)
    if found.variant not in legal:
        raise UnknownNameError(f"variant of {found.config}", found.variant, legal)
    return found
