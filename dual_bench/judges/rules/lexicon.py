"""The patterns: read from `patterns/*.tsv`, compiled once, and matched against clauses.

A line has four columns: kind, pattern, an example that it must match, and a counter-example
that it must not match. A kind that begins with `=` defines a name, for use as
`{NAME}` in later patterns. A line that begins with `#` is a comment.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from dual_bench.judges.rules.text import CJK

# A language and the letters without which none of its patterns matches.
LETTERS = {"en": re.compile("[a-z]"), "zh": CJK}
NAME = re.compile(r"\{([A-Z_]+)\}")
VARIANTS = "variants"


class Pattern(NamedTuple):
    """One line of a file."""

    kind: str
    regex: re.Pattern[str]
    example: str
    counter: str


def _read(name: str) -> str:
    path = files("dual_bench.judges.rules") / "patterns" / f"{name}.tsv"
    return path.read_text(encoding="utf-8").replace("\r\n", "\n")


def digest() -> str:
    """Eight hex digits that change when any pattern does, or any line of this package's code."""
    folder = files("dual_bench.judges.rules")
    code = sorted((f.name, f.read_bytes()) for f in folder.iterdir() if f.name.endswith(".py"))
    parts = [_read(name).encode() for name in (*LETTERS, VARIANTS)]
    parts += [text.replace(b"\r\n", b"\n") for _, text in code]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:8]


@cache
def patterns(language: str) -> tuple[Pattern, ...]:
    """All patterns of a language, in the order of its file."""
    out: list[Pattern] = []
    names: dict[str, str] = {}
    for line in _read(language).split("\n"):
        if not line.strip() or line.startswith("#"):
            continue
        kind, pattern, example, counter = [*line.split("\t"), "", "", ""][:4]
        pattern = NAME.sub(lambda m: names[m[1]], pattern)
        if kind.startswith("="):
            names[kind[1:]] = f"(?:{pattern})"
        else:
            out.append(Pattern(kind, re.compile(pattern), example, counter))
    return tuple(out)


@cache
def _simplified() -> dict[int, str]:
    lines = [line for line in _read(VARIANTS).split("\n") if line and not line.startswith("#")]
    return {ord(old): new for old, new in (line.split("\t") for line in lines)}


def simplify(text: str) -> str:
    """Traditional characters that the patterns use, as simplified ones."""
    return text.translate(_simplified())


@lru_cache(maxsize=4096)
def kinds(clause: str) -> frozenset[str]:
    """Every kind of which a pattern matches, with the vetoes carried out.

    `veto_<kind>` takes away that kind: it is for phrases that only look like it. `veto`
    takes away all: the clause is somebody else's.
    """
    return _matching(clause, asked=False)


@lru_cache(maxsize=256)
def asked(prompt: str) -> frozenset[str]:
    """What a prompt asks for: the kinds that begin with `asks_`."""
    return _matching(prompt, asked=True)


def _matching(clause: str, asked: bool) -> frozenset[str]:
    found: set[str] = set()
    text = simplify(clause)
    for language, letters in LETTERS.items():
        if letters.search(text):
            for kind, regex, _, _ in patterns(language):
                wanted = kind.startswith("asks_") == asked and kind not in found
                if wanted and regex.search(text):
                    found.add(kind)
    if "veto" in found:
        return frozenset()
    vetoed = {kind.removeprefix("veto_") for kind in found if kind.startswith("veto_")}
    return frozenset(kind for kind in found if kind not in vetoed and not kind.startswith("veto_"))
