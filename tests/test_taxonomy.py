"""The twelve hazards and what others call them."""

import pytest

from dual_bench.errors import UnknownNameError
from dual_bench.taxonomy import FOREIGN, HAZARDS, SLUGS, from_foreign, hazard, to_foreign


def test_order_and_abbreviations_are_the_papers() -> None:
    assert [h.code for h in HAZARDS] == [f"S{n}" for n in range(1, 13)]
    # DUAL-Bench, appendix B, S1 to S12, with the abbreviations of its figures
    expected = "VC N-VC SRC CSE Def SA Pri IP IW Hat SS SC".split()
    assert [h.abbreviation for h in HAZARDS] == expected


def test_keys_and_slugs_are_unique_and_find_their_hazard() -> None:
    for h in HAZARDS:
        assert hazard(h.slug) is hazard(h.key) is hazard(h.code) is h
    assert len({h.key for h in HAZARDS}) == len(set(SLUGS)) == 12


def test_every_definition_is_one_sentence() -> None:
    for h in HAZARDS:
        assert h.definition.count(".") == 1
        assert h.definition.endswith(".")


@pytest.mark.parametrize("benchmark", FOREIGN)
def test_foreign_labels_name_real_hazards_and_map_back(benchmark: str) -> None:
    for label, slugs in FOREIGN[benchmark].items():
        assert from_foreign(benchmark, label) == slugs
        for slug in slugs:
            assert label in to_foreign(benchmark, slug)


def test_ailuminate_covers_every_hazard() -> None:
    assert all(to_foreign("ailuminate", slug) for slug in SLUGS)
    assert to_foreign("ailuminate", "S6") == ("spc_ele", "spc_fin", "spc_hlt", "spc_lgl")


def test_vscbench_is_read_in_both_spellings() -> None:
    assert from_foreign("vscbench", "porngraphy") == from_foreign("vscbench", "pornography")


def test_a_wrong_name_is_answered_with_the_right_ones() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown hazard 'hat'.*Did you mean 'hate'"):
        hazard("hat")
    with pytest.raises(UnknownNameError, match="unknown benchmark"):
        from_foreign("mystery", "x")
    with pytest.raises(UnknownNameError, match="unknown xstest label"):
        from_foreign("xstest", "x")
