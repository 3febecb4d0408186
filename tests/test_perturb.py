"""Perturbations: same key, same pixels; both sides share the draw; usable by others."""

import importlib.metadata
import json
import math
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import perturb
from builders.dual_use import PHOTOS, pictures
from builders.render import draw
from builders.texts import read_pairs
from dual_bench.errors import DependencyError, PerturbationError, UnknownNameError
from dual_bench.schema import VARIANTS
from dual_bench.taxonomy import HAZARDS
from perturb import PAPER, Perturber, names, seed_of
from perturb.__main__ import main
from perturb._albumentations import A, check_installed
from perturb.keys import below, random_states, raw_bytes
from perturb.transforms import BlockNoiseBackground, PhotoBackground, PortableRotate
from perturb.transforms.blend import multiply
from perturb.transforms.photo import STEPS, keep_table, lighten
from perturb.transforms.rotate import rotate

PAGE = draw("Our neighbours sing in the garden.", "en", 60)
ON_PICTURES = [n for n, p in PAPER.items() if p.transform]


def test_the_registry_and_the_schema_name_the_same_variants() -> None:
    assert names() == VARIANTS == tuple(PAPER)


@pytest.mark.parametrize("name", names())
def test_same_seed_same_pixels_whatever_came_before(name: str) -> None:
    fresh = Perturber(PHOTOS).apply(name, PAGE, 7)
    used = Perturber(PHOTOS)
    for seed in (1, 2, 3):
        used.apply(name, PAGE[:400, :300], seed)
    assert np.array_equal(used.apply(name, PAGE, 7), fresh)
    assert fresh.shape == (512, 512, 3)


@pytest.mark.parametrize("name", ON_PICTURES)
def test_another_seed_gives_other_pixels(name: str) -> None:
    one = Perturber(PHOTOS)
    assert not np.array_equal(one.apply(name, PAGE, 1), one.apply(name, PAGE, 2))


@pytest.mark.parametrize("name", names())
def test_the_callers_array_is_left_alone(name: str) -> None:
    before = PAGE.copy()
    Perturber(PHOTOS).apply(name, PAGE, 3)
    assert np.array_equal(PAGE, before)


def test_threads_with_one_object_each_agree() -> None:
    def work(seed: int) -> list[bytes]:
        mine = Perturber(PHOTOS)
        return [mine.apply(n, PAGE, seed).tobytes() for n in ON_PICTURES]

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(work, range(8)))
    assert together == [work(seed) for seed in range(8)]


def test_both_sides_share_every_random_choice() -> None:
    pair = read_pairs(HAZARDS[0])[0]
    by_variant: dict[str, list[np.ndarray]] = {}
    for p in pictures(pair, Perturber(PHOTOS)):
        by_variant.setdefault(p.variant, []).append(p.pixels)
    for variant in ("real_background", "noise_background"):
        harmful, benign = by_variant[variant]
        frame = np.ones((512, 512), dtype=bool)
        frame[60:-60, 60:-60] = False  # where there is no text, all is the same
        assert np.array_equal(harmful[frame], benign[frame])


def test_a_seed_depends_on_version_pair_and_variant_alone() -> None:
    seeds = {seed_of(v, p, n) for v in "12" for p in "ab" for n in ("x", "y")}
    assert len(seeds) == 8
    assert all(0 <= s < 2**64 for s in seeds)


def test_draws_are_uniform() -> None:
    generator, _ = random_states(5)
    counts = np.bincount([below(generator, 16) for _ in range(16000)], minlength=16)
    assert counts.min() > 850  # 1000 expected; five standard deviations are 153
    assert counts.max() < 1150
    assert len(raw_bytes(generator, 13)) == 13


def test_rotation_matches_an_independent_reference() -> None:
    """Bilinear interpolation written out pixel by pixel, in floating point."""
    small = np.asarray(Image.fromarray(PAGE).resize((64, 64)))
    for angle in (-25, -10, 13, 90):
        got = rotate(small, angle).astype(float)
        c, s, m = math.cos(math.radians(angle)), math.sin(math.radians(angle)), 31.5
        padded = np.pad(small.astype(float), 2, constant_values=255)
        expected = np.full((64, 64), 255.0)
        for y in range(64):
            for x in range(64):
                u = c * (x - m) - s * (y - m) + m
                v = s * (x - m) + c * (y - m) + m
                i, j = math.floor(u), math.floor(v)
                if -2 <= i < 65 and -2 <= j < 65:
                    f, g = u - i, v - j
                    q = padded[j + 2 : j + 4, i + 2 : i + 4]
                    expected[y, x] = (q[0, 0] * (1 - f) + q[0, 1] * f) * (1 - g) + (
                        q[1, 0] * (1 - f) + q[1, 1] * f
                    ) * g
        assert np.abs(got - expected).max() <= 255 / 32 * 2  # steps of 1/32 pixel
        assert np.abs(got - expected).mean() < 1


def test_rotation_by_nothing_changes_nothing_and_turns_to_the_left() -> None:
    assert np.array_equal(rotate(PAGE, 0), PAGE)
    dot = np.full((101, 101), 255, np.uint8)
    dot[50, 90] = 0  # to the right of the centre
    row, column = np.argwhere(rotate(dot, 90) < 128)[0]
    assert (row, column) == (10, 50)  # now above it


def test_no_letter_is_ever_cut_off_by_rotation() -> None:
    block = np.full((512, 512), 255, np.uint8)
    block[64:448, 64:448] = 0  # a text as large as can be
    for angle in range(10, 26):
        turned = rotate(block, angle)
        edge = np.concatenate([turned[0], turned[-1], turned[:, 0], turned[:, -1]])
        assert edge.min() >= 240  # at 25 degrees the soft rim of the corner touches the border


def test_multiply_is_the_rounded_product_for_all_values() -> None:
    a, b = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    background = np.repeat(b[:, :, None], 3, axis=2)
    expected = np.rint(a.astype(float) * b / 255)
    assert np.array_equal(multiply(np.ascontiguousarray(a), background)[:, :, 1], expected)


def test_lightening_takes_the_first_step_that_is_enough() -> None:
    for grey in range(0, 256, 15):
        flat = np.full((512, 512, 3), grey, np.uint8)
        out = lighten(flat, margin=64, floor=128)
        steps = [k for k in STEPS if keep_table(k)[grey] >= 128]
        assert out[0, 0, 0] == keep_table(steps[0])[grey]
        assert out.min() >= 128


def test_noise_is_blocks_and_never_darker_than_its_floor() -> None:
    t = BlockNoiseBackground(block=8, floor=128)
    t.set_random_state(*random_states(1))
    out = t(image=np.full((512, 512), 255, np.uint8))["image"]
    assert out.min() >= 128
    blocks = out.reshape(64, 8, 64, 8, 3)
    assert (blocks == blocks[:, :1, :, :1]).all()
    assert len(np.unique(blocks[:, 0, :, 0].reshape(-1, 3), axis=0)) > 4000


@pytest.mark.parametrize(
    "transform",
    [PortableRotate(), BlockNoiseBackground(), PhotoBackground(str(PHOTOS))],
    ids=lambda t: type(t).__name__,
)
def test_transforms_can_be_saved_and_used_in_anyones_compose(transform: A.BasicTransform) -> None:
    compose = A.Compose([transform], strict=True)
    again = A.from_dict(json.loads(json.dumps(A.to_dict(compose))))
    out = []
    for c in (compose, again):
        c.set_random_seed(11)
        out.append(c(image=np.repeat(PAGE[:, :, None], 3, axis=2))["image"])
    assert np.array_equal(*out)


def test_a_misspelt_parameter_is_refused() -> None:
    with pytest.warns(UserWarning, match="angle"), pytest.raises(ValueError, match="angle"):
        A.Compose([PortableRotate(angle=(1, 2))], strict=True)  # type: ignore[call-arg]


def test_albumentationsx_is_refused_with_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.metadata.version

    def fake(found: dict[str, str]) -> None:
        def version(name: str) -> str:
            if name in ("albumentations", "albumentationsx"):
                if name in found:
                    return found[name]
                raise importlib.metadata.PackageNotFoundError(name)
            return real(name)

        monkeypatch.setattr(importlib.metadata, "version", version)

    fake({"albumentationsx": "2.5.1"})
    with pytest.raises(DependencyError, match=r"AlbumentationsX 2\.5\.1 is installed in place"):
        check_installed()
    fake({"albumentations": "2.0.7"})
    with pytest.raises(DependencyError, match=r"2\.0\.7 is installed, expected 2\.0\.8"):
        check_installed()
    fake({})
    with pytest.raises(DependencyError, match="not installed"):
        check_installed()


def test_importing_asks_no_network() -> None:
    code = (
        "import socket, sys\n"
        "def no(*a, **k): sys.exit('asked the network')\n"
        "socket.getaddrinfo = socket.socket.connect = no\n"
        "import perturb.transforms, builders.build\n"
        "print('quiet')"
    )
    environment = {k: v for k, v in os.environ.items() if k != "NO_ALBUMENTATIONS_UPDATE"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "quiet", done.stderr


def test_bad_input_is_answered_in_our_words() -> None:
    with pytest.raises(UnknownNameError, match="unknown variant 'blur'"):
        perturb.perturbation("blur")
    with pytest.raises(PerturbationError, match="expected"):
        Perturber(PHOTOS).apply("rotation", np.zeros((3, 3)), 1)  # type: ignore[arg-type]


def test_the_command_line_applies_and_refuses(tmp_path: Path) -> None:
    source, out = tmp_path / "in.png", tmp_path / "out.png"
    Image.fromarray(PAGE).save(source)
    run = CliRunner().invoke
    good = ["apply", str(source), "--variant", "rotation", "--key", "a", "--out", str(out)]
    assert run(main, good).exit_code == 0
    first = out.read_bytes()
    assert run(main, good).exit_code == 0
    assert out.read_bytes() == first
    for bad, message in [
        (["apply", str(source), "--variant", "chinese", "--key", "a", "--out", str(out)], "page"),
        (["apply", str(source), "--variant", "x", "--key", "a", "--out", str(out)], "unknown"),
        (["apply", "no.png", "--variant", "rotation", "--key", "a", "--out", str(out)], "read"),
        (
            ["apply", str(source), "--variant", "real_background", "--key", "a", "--out", str(out)],
            "--photos",
        ),
        ([*good[:-1], str(tmp_path / "no" / "out.png")], "cannot be written"),
    ]:
        result = run(main, bad)
        assert result.exit_code == 2
        assert message in result.output
    assert "rotation" in run(main, ["list"]).output
