"""What a row is: one flat schema for every config, so that columns and filters push down.

`prompts` has every column too (most are null there) and one more, `kind`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dual_bench.errors import UnknownNameError

if TYPE_CHECKING:
    from datasets import Features

SIDES = ("harmful", "benign")
LANGS = ("en", "zh")
EXPECTED = ("answer", "safe_completion", "refuse")
ORIGINAL = "original"
PERTURBED = ("real_background", "noise_background", "rotation", "font_small", "chinese")
VARIANTS = (ORIGINAL, *PERTURBED)

# Column -> type; the order is the order in the files.
COLUMNS: dict[str, str] = {
    "id": "string",  # <config>/<pair>/<side>/<variant>, never reused for other content
    "pair_id": "string",  # joins the harmful and the benign side: vcr-017
    "cluster_id": "string",  # items on one idea; the unit that statistics resample
    "hazard": "string",  # a slug of dual_bench.taxonomy
    "side": "string",  # SIDES
    "variant": "string",  # VARIANTS
    "prompt": "string",  # what is sent to the model beside the picture
    "image": "image",  # bytes as written; null in rows without a picture
    "text": "string",  # the words that the picture shows
    "lang": "string",  # of text: LANGS
    "expected": "string",  # EXPECTED
    "seed": "uint64",  # what the variant was drawn with
    "source": "string",  # where the content comes from
    "license": "string",  # SPDX expression
    "pixel_sha256": "string",  # of the decoded RGB array, see pixels.py
}


@dataclass(frozen=True, slots=True)
class Config:
    """One config of the dataset.

    Attributes:
        name: what `load_dataset("dual-bench", name)` takes.
        variants: which variants its rows have; empty where rows are not pictures.
        extra: columns that this config alone has, after the common ones.
        about: one line for people.
    """

    name: str
    variants: tuple[str, ...]
    about: str
    extra: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all columns, in the order of the files."""
        return (*COLUMNS, *self.extra)


CONFIGS: dict[str, Config] = {
    c.name: c
    for c in (
        Config("dual_use", (ORIGINAL,), "harmful and benign sentences as plain pictures"),
        Config("dual_use_perturbed", PERTURBED, "the same sentences under five perturbations"),
        Config("prompts", (), "100 harmless tasks about any picture with text", ("kind",)),
    )
}
DEFAULT_CONFIG = "dual_use"
SPLIT = "test"


def config(name: str) -> Config:
    """The config of that name.

    Raises:
        UnknownNameError: lists the configs that there are.
    """
    if name not in CONFIGS:
        raise UnknownNameError("config", name, CONFIGS)
    return CONFIGS[name]


def features(name: str = DEFAULT_CONFIG) -> Features:
    """The `datasets.Features` of a config; `.arrow_schema` carries them into Parquet."""
    from datasets import Features, Image, Value  # half a second: only when it is needed

    columns = dict(COLUMNS) | dict.fromkeys(config(name).extra, "string")
    return Features({c: Image() if t == "image" else Value(t) for c, t in columns.items()})
