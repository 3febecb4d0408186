"""How a row is named: `<config>/<pair>/<side>/<variant>`, such as
`dual_use/vcr-017/harmful/original`; a row of `prompts` is `prompts/<prompt>`.
"""

from __future__ import annotations

from typing import NamedTuple

from dual_bench.errors import UnknownNameError
from dual_bench.schema.columns import CONFIGS, SIDES, config

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


def row_id(config: str, pair_id: str, side: str, variant: str) -> str:
    """The id of a row with a picture."""
    return str(RowId(config, pair_id, side, variant))


def parse_id(text: str) -> RowId:
    """Take the id of a row with a picture apart.

    Raises:
        UnknownNameError: it has another form, or names a config, side or variant that
            does not exist. Whether the pair exists is not looked at.
    """
    parts = text.split("/")
    if len(parts) != 4:
        raise UnknownNameError("id", text, [FORM])
    found = RowId(*parts)
    legal = config(found.config).variants
    if not legal:
        pictured = [c.name for c in CONFIGS.values() if c.variants]
        raise UnknownNameError("config with pictures", found.config, pictured)
    if found.side not in SIDES:
        raise UnknownNameError("side", found.side, SIDES)
    if found.variant not in legal:
        raise UnknownNameError(f"variant of {found.config}", found.variant, legal)
    return found
