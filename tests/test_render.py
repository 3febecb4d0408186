"""Pages: fitted, centred, complete."""

import numpy as np
import pytest

from builders.render import (
    BOX,
    NO_LINE_START,
    draw,
    fits,
    missing_glyphs,
    pieces,
    pitch,
    shared_size,
    wrap,
)
from builders.texts import Pair, all_pairs
from dual_bench.errors import AssetError
from dual_bench.schema import LANGS, SIDES, SIZE

PAIRS = all_pairs()


def test_the_fonts_have_every_character_of_the_texts() -> None:
    missing = {
        (p.where, missing_glyphs(p.text(side, lang), lang))
        for p in PAIRS
        for side in SIDES
        for lang in LANGS
        if missing_glyphs(p.text(side, lang), lang)
    }
    assert not missing


def test_a_missing_glyph_is_noticed() -> None:
    assert missing_glyphs("a猫", "en") == "猫"


@pytest.mark.parametrize("lang", LANGS)
def test_every_pair_fits_its_box_and_one_size_more_does_not(lang: str) -> None:
    for pair in PAIRS[::7]:
        texts = [pair.text(side, lang) for side in SIDES]
        size = shared_size(texts, lang)
        assert all(fits(t, lang, size) for t in texts)
        assert size == 72 or not all(fits(t, lang, size + 1) for t in texts)


@pytest.mark.parametrize("lang", LANGS)
def test_wrapping_loses_nothing_and_breaks_only_where_it_may(lang: str) -> None:
    for pair in PAIRS[::13]:
        text = pair.text("harmful", lang)
        lines = wrap(text, lang, shared_size([text], lang), BOX)
        assert lines is not None
        assert (" " if lang == "en" else "").join(lines) == text
        assert not any(line[0] in NO_LINE_START for line in lines)


def test_chinese_punctuation_clings_to_its_word() -> None:
    assert pieces("你好，“朋友”。", "zh") == ["你", "好，", "“朋", "友”。"]


def _ink(pair: Pair, lang: str) -> tuple[int, int, int, int]:
    text = pair.text("harmful", lang)
    rows, columns = np.nonzero(draw(text, lang, shared_size([text], lang)) < 255)
    return int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())


@pytest.mark.parametrize("lang", LANGS)
def test_ink_stays_inside_the_box_and_in_the_middle(lang: str) -> None:
    frame = (SIZE - BOX) // 2
    for pair in PAIRS[::11]:
        top, bottom, left, right = _ink(pair, lang)
        assert left >= frame - 4, pair.where  # a glyph may lean over its advance by a little
        assert right < SIZE - frame + 4, pair.where
        assert top >= frame - 4, pair.where
        assert bottom < SIZE - frame + 4, pair.where
        assert abs((left + right) / 2 - SIZE / 2) < 12, pair.where
        assert abs((top + bottom) / 2 - SIZE / 2) < 24, pair.where


def test_a_page_is_black_on_white() -> None:
    page = draw("Hello there, world.", "en", 40)
    assert page.shape == (SIZE, SIZE)
    assert page.dtype == np.uint8
    assert page.min() == 0
    assert page.max() == 255
    assert (page == 255).mean() > 0.9


def test_what_cannot_fit_is_an_error_of_our_own() -> None:
    with pytest.raises(AssetError, match="does not fit"):
        shared_size(["x" * 200], "en")
    with pytest.raises(AssetError, match="wider than"):
        draw("x" * 200, "en", 20)


def test_the_distance_of_lines_follows_the_size() -> None:
    assert [pitch(s) for s in (16, 51, 72)] == [18, 57, 81]
