"""Which rows a run asks: whole pairs, in a fixed order, and a trial that a later run continues."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PIL.Image import Image

from builders.importers.base import Changes, Imported
from builders.importers.package import write
from builders.row import make_row
from dual_bench.errors import DualBenchError, NoRowsError, UnknownNameError
from dual_bench.load import load
from dual_bench.run import rows_to_ask
from dual_bench.schema import CONFIGS, Config


def ids(build: Path, *configs: str, **which: Any) -> list[str]:
    return list(rows_to_ask(configs or "dual_use", data=build, **which)["id"])


def loaded(build: Path, config: str, **which: Any) -> list[str]:
    return list(load(config, path=build, columns=["id"], **which)["id"])


def test_all_rows_of_each_config_one_after_the_other(build: Path) -> None:
    names = ["contrast_text", "dual_use", "prompts"]
    want = [id for name in names for id in loaded(build, name)]
    assert ids(build, *names) == want
    assert ids(build) == loaded(build, "dual_use")
    assert list(rows_to_ask(data=build)["id"]) == loaded(build, "dual_use")


def test_all_configs_together_keep_every_picture_and_every_missing_one(build: Path) -> None:
    rows = rows_to_ask(CONFIGS, data=build, decode=False)
    one_by_one = [row for name in CONFIGS for row in load(name, path=build, decode=False)]
    assert len(rows) == len(one_by_one)
    for row, want in zip(rows, one_by_one, strict=True):
        assert (row["id"], row["prompt"]) == (want["id"], want["prompt"])
        assert row["pixel_sha256"] == want["pixel_sha256"]
        assert row["image"] == want["image"]
    without = [row["id"] for row in rows if row["image"] is None]
    assert {id.split("/")[0] for id in without} == {"contrast_text", "prompts"}
    assert len(without) == 72 + 100


def test_decoded_for_a_model_on_this_machine(build: Path) -> None:
    rows = rows_to_ask("contrast_text", data=build, hazards=["privacy"])
    kinds = Counter((row["variant"], type(row["image"]).__name__) for row in rows)
    assert all(row["image"] is None or isinstance(row["image"], Image) for row in rows)
    assert {variant for variant, kind in kinds if kind == "NoneType"} == {"text"}


def test_hazards_sides_and_variants(build: Path) -> None:
    got = rows_to_ask(
        ["dual_use", "dual_use_perturbed"], data=build, hazards=["hate", "privacy"],
        sides=["harmful"], decode=False,
    )  # fmt: skip
    assert Counter(got["hazard"]) == {"hate": 3 * 6, "privacy": 3 * 6}
    assert set(got["side"]) == {"harmful"}
    got = rows_to_ask("dual_use_perturbed", data=build, variants=["rotation", "chinese"])
    assert Counter(got["variant"]) == {"rotation": 72, "chinese": 72}


@pytest.mark.parametrize("config", ["dual_use", "dual_use_perturbed", "contrast_image"])
def test_a_trial_is_whole_pairs_and_a_larger_one_holds_it(build: Path, config: str) -> None:
    trials = [ids(build, config, pairs_per_hazard=n) for n in (1, 2, 3, 99)]
    whole = loaded(build, config)
    assert trials[-1] == whole
    for small, large in pairwise(trials):
        assert set(small) <= set(large)
        assert small == [id for id in whole if id in set(small)]  # in the order of the data
    rows = rows_to_ask(config, data=build, pairs_per_hazard=2, decode=False)
    of = load(config, path=build, decode=False)
    pairs = {hazard: set() for hazard in rows["hazard"]}  # type: dict[str, set[str]]
    for hazard, pair in zip(rows["hazard"], rows["pair_id"], strict=True):
        pairs[hazard].add(pair)
    assert len(pairs) == 12
    assert {len(found) for found in pairs.values()} == {2}
    all_pairs = Counter(of["pair_id"])
    for pair, n in Counter(rows["pair_id"]).items():  # both sides and all variants
        assert n == all_pairs[pair]


def test_a_trial_takes_so_many_pairs_of_each_config(build: Path) -> None:
    names = ("dual_use", "dual_use_perturbed")
    got = ids(build, *names, pairs_per_hazard=1)
    assert got == [id for name in names for id in ids(build, name, pairs_per_hazard=1)]
    assert len(got) == 12 * 2 * 6
    one = ids(build, *names, pairs_per_hazard=1, hazards=["hate"], sides=["benign"])
    assert one == [id for id in got if id.split("/")[1].startswith("hte") and "/benign/" in id]


def test_prompts_have_no_pairs_and_one_counts_as_one(build: Path) -> None:
    assert len(ids(build, "prompts")) == 100
    trial = ids(build, "prompts", pairs_per_hazard=2)
    assert 0 < len(trial) <= 100


@pytest.mark.parametrize(
    ("which", "words"),
    [
        ({"configs": ["dual_us"]}, "dual_use"),
        ({"configs": ["dual_use", "nothing"]}, "nothing"),
        ({"hazards": ["privcy"]}, "Did you mean 'privacy'"),
        ({"sides": ["harmless"]}, "harmful, benign"),
        ({"variants": ["rotation"]}, "variant of dual_use"),
        ({"configs": ["dual_use", "prompts"], "sides": ["harmful"]}, "prompts"),
        ({"pairs_per_hazard": 0}, "1 or more"),
    ],
)
def test_a_name_that_does_not_exist(build: Path, which: dict[str, Any], words: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        rows_to_ask(**{"data": build, **which})
    assert words in str(caught.value)


def test_nothing_to_ask(build: Path, tmp_path: Path) -> None:
    with pytest.raises(DualBenchError, match="no config: no row is left"):
        rows_to_ask([], data=build)
    row = make_row(
        config="mine", pair_id="p", cluster_id="p", hazard="unknown", side="benign",
        variant="text", prompt="May I?", picture=None, text=None, expected="answer",
    )  # fmt: skip
    config = Config("mine", ("text",), "mine", hazards=("unknown",))
    plan = Imported("t", "mine", {"mine": config}, lambda: iter([row]), Changes(), (), "h", "none")
    write(tmp_path / "own", plan)
    with pytest.raises(DualBenchError, match="mine: no row is left"):
        rows_to_ask("mine", data=tmp_path / "own", sides=["harmful"])
    with pytest.raises(NoRowsError, match=r"no row is left of mine: .*'harmful'"):
        load("mine", path=tmp_path / "own", sides=["harmful"])
    assert len(rows_to_ask("mine", data=tmp_path / "own", pairs_per_hazard=1)) == 1
