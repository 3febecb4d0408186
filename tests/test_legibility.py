"""Every picture has a current legibility figure, and the figures are good enough."""

import os
from pathlib import Path

import numpy as np
import pytest

from builders.distance import edits
from builders.legibility import (
    MAX_GAP,
    MIN_LEGIBLE,
    Figure,
    Key,
    read_figures,
    stale,
    summary,
    write_figures,
)
from builders.ocr import Box, character_error_rate, in_reading_order, letters
from builders.texts import all_pairs
from dual_bench.errors import TextError
from dual_bench.schema import SIDES, VARIANTS


def test_every_picture_has_a_current_figure() -> None:
    missing = stale(all_pairs(), workers=os.cpu_count() or 1)
    assert not missing, (
        f"{len(missing)} pictures have no current figure, such as {'/'.join(missing[0])}; "
        f"run `make legibility`"
    )


def test_there_is_no_figure_of_a_picture_that_does_not_exist() -> None:
    expected = {Key(v, p.pair_id, s) for p in all_pairs() for v in VARIANTS for s in SIDES}
    assert set(read_figures()) == expected


def test_the_text_of_every_variant_can_be_read_on_both_sides_alike() -> None:
    shares = summary(read_figures())
    assert set(shares) == set(VARIANTS)
    for variant, share in shares.items():
        assert share.all >= MIN_LEGIBLE, variant
        assert abs(share.harmful - share.benign) <= MAX_GAP, variant


def test_a_changed_picture_is_stale(tmp_path: Path) -> None:
    pair = all_pairs()[0]
    figures = {k: f for k, f in read_figures().items() if k.pair_id == pair.pair_id}
    key = Key("rotation", pair.pair_id, "benign")
    figures[key] = Figure(key, "0" * 16, 0.0)
    write_figures(figures.values(), "test", tmp_path)
    assert read_figures(tmp_path) == figures
    assert stale([pair], workers=1, folder=tmp_path) == [key]


def test_a_broken_table_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "rotation.tsv").write_text("# x\nvcr-001\tharmful\tabc\n")
    with pytest.raises(TextError, match=r"rotation\.tsv:2: expected"):
        read_figures(tmp_path)


@pytest.mark.parametrize(
    ("a", "b", "distance"),
    [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "abc", 0), ("flaw", "lawn", 2)],
)
def test_edits_are_levenshteins(a: str, b: str, distance: int) -> None:
    assert edits(list(a), list(b)) == edits(list(b), list(a)) == distance


def test_the_error_rate_counts_letters_alone() -> None:
    assert letters("It's １ o'clock， OK?") == list("its1oclockok")
    assert character_error_rate("the-CAT  sat!", "The cat sat.") == 0
    assert character_error_rate("", "abcd") == 1
    assert character_error_rate("abxd", "abcd") == 0.25


def _boxes(lines: list[list[str]], degrees: float) -> list[Box]:
    """Words on lines, 30 px apart, the whole turned about the origin."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    boxes = []
    for row, words in enumerate(lines):
        for column, word in enumerate(words):
            x, y = 90.0 * column, 30.0 * row
            corners = np.array([[x, y], [x + 80, y], [x + 80, y + 24], [x, y + 24]])
            boxes.append(Box(corners @ turn.T, word))
    return boxes


@pytest.mark.parametrize("degrees", [-25, -10, 0, 10, 25])
def test_reading_order_survives_rotation_and_shuffling(degrees: float) -> None:
    boxes = _boxes([["a", "b", "c"], ["d", "e"], ["f", "g", "h"]], degrees)
    shuffled = [boxes[i] for i in (5, 2, 7, 0, 4, 1, 6, 3)]
    assert in_reading_order(shuffled) == "a b c d e f g h"
    assert in_reading_order([]) == ""
