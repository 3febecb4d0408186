"""Make the two subset fonts of this folder again, byte for byte.

The sources are the files of two Debian packages (versions in FONTS.md):

    python make_subsets.py LiberationSans-Regular.ttf \
        NotoSansCJK-Regular.ttc [--out FOLDER]

The result depends on the fontTools version; FONTS.md names the one used.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

ASCII = "".join(map(chr, range(0x20, 0x7F)))
LATIN_1 = "".join(map(chr, range(0xA0, 0x100)))
QUOTES_AND_DASHES = "‐‒–—―‘’‚“”„…"
CHINESE_PUNCTUATION = "，、：；“”‘’《》。？！（）…—"

# "Liberation" is a Reserved Font Name under the OFL, so the subset has another.
LATIN_FAMILY = "DualBench Sans"
LATIN_POSTSCRIPT_NAME = "DualBenchSans-Regular"


def gb2312() -> str:
    """Return the 6,763 characters of GB2312, levels 1 and 2, in code order."""
    rows = range(0xB0, 0xF8)
    codes = [(row << 8) + cell for row in rows for cell in range(0xA1, 0xFF)]
    codes = [code for code in codes if not 0xD7F9 < code < 0xD8A1]  # five places are empty
    characters = b"".join(code.to_bytes(2, "big") for code in codes).decode("gb2312")
    if len(characters) != 6763:
        raise ValueError(f"GB2312 has 6763 characters, not {len(characters)}")
    return characters


def face(collection: Path, family: str) -> TTFont:
    """Return the face of a font collection that has this family name."""
    for font in TTCollection(str(collection), lazy=True).fonts:
        if font["name"].getDebugName(1) == family:
            font.recalcTimestamp = False
            return font
    raise ValueError(f"{collection} holds no face of the family {family!r}")


def cut(font: TTFont, characters: str, features: list[str] | None) -> None:
    """Reduce a font to these characters.

    Hinting and the name table stay as they are.  `features` lists the layout
    features to keep; None keeps those that fontTools keeps by default.
    """
    missing = sorted(set(characters) - {chr(code) for code in font.getBestCmap()})
    if missing:
        raise ValueError(f"the font lacks {missing}")
    options = subset.Options()
    options.recalc_timestamp = False
    options.hinting = True
    options.name_IDs = ["*"]
    options.name_languages = ["*"]
    options.drop_tables += ["FFTM"]  # FontForge's own time stamp
    if features is not None:
        options.layout_features = features
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=characters)
    subsetter.subset(font)


def rename(font: TTFont, family: str, postscript_name: str) -> None:
    """Give a font another family name in every record of its name table."""
    names = font["name"]
    version = names.getDebugName(5)
    new = {
        1: family,
        3: f"{version}; subset; {postscript_name}",
        4: family,
        6: postscript_name,
    }
    for record in names.names:
        if record.nameID in new:
            record.string = new[record.nameID]


def main() -> None:
    """Read the two source fonts and write the two subsets."""
    parser = argparse.ArgumentParser(description="Make the subset fonts again.")
    parser.add_argument("liberation_sans", type=Path, help="LiberationSans-Regular.ttf")
    parser.add_argument("noto_sans_cjk", type=Path, help="NotoSansCJK-Regular.ttc")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()

    latin = TTFont(str(arguments.liberation_sans), recalcTimestamp=False)
    cut(latin, ASCII + LATIN_1 + QUOTES_AND_DASHES, features=None)
    rename(latin, LATIN_FAMILY, LATIN_POSTSCRIPT_NAME)

    chinese = ASCII + CHINESE_PUNCTUATION + gb2312()
    sans = face(arguments.noto_sans_cjk, "Noto Sans CJK SC")
    cut(sans, chinese, features=["kern"])

    fonts = {
        f"{LATIN_POSTSCRIPT_NAME}.ttf": latin,
        "NotoSansSC-Regular.subset.otf": sans,
    }
    for name, font in fonts.items():
        path = arguments.out / name
        font.save(str(path))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        print(f"{digest}  {name}  {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
