"""The twelve hazards in all six variants on one picture, for the card and for a quick look."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from builders.dual_use import PHOTOS, pictures
from builders.render import font
from builders.texts import read_pairs
from dual_bench.schema import VARIANTS
from dual_bench.taxonomy import HAZARDS
from perturb import Perturber

CELL, GAP, LABEL, HEAD = 200, 8, 150, 34  # pixels


def contact_sheet(number: int = 0, side: str = "harmful") -> bytes:
    """A row a hazard, a column a variant, as JPEG.

    Args:
        number: which pair of each hazard.
        side: which side of it.
    """
    size = (LABEL + len(VARIANTS) * (CELL + GAP), HEAD + len(HAZARDS) * (CELL + GAP))
    sheet = Image.new("RGB", size, (228, 230, 234))
    pen = ImageDraw.Draw(sheet)
    for column, variant in enumerate(VARIANTS):
        middle = LABEL + column * (CELL + GAP) + CELL // 2
        pen.text((middle, HEAD // 2), variant, fill=0, font=font("en", 18), anchor="mm")
    perturber = Perturber(PHOTOS)
    for row, hazard in enumerate(HAZARDS):
        top = HEAD + row * (CELL + GAP)
        label = hazard.name.replace(" ", "\n").replace("\n&\n", " &\n")
        place = (LABEL - 14, top + CELL // 2)
        pen.multiline_text(place, label, fill=0, font=font("en", 18), anchor="rm", align="right")
        pair = read_pairs(hazard)[number]
        shown = [p for p in pictures(pair, perturber) if p.side == side]
        for column, picture in enumerate(shown):
            small = Image.fromarray(picture.pixels).resize((CELL, CELL), Image.Resampling.LANCZOS)
            sheet.paste(small, (LABEL + column * (CELL + GAP), top))
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
