"""The same pixels on every machine: with and without OpenCV's fast paths.

`make portability` does the same for all 14,400 pictures, and under the oldest OpenCV, NumPy and
Pillow that are supported.
"""

import os
import subprocess
import sys

import pytest

from builders.legibility import read_figures

SIMD = "SSE4.1,SSE4.2,AVX,FP16,AVX2,FMA3,AVX512-SKX,AVX512-CNX,AVX512-ICL"
PROGRAM = """
import cv2, sys
from builders.dual_use import PHOTOS, pictures
from builders.encode import stored_sha256
from builders.texts import all_pairs
from perturb import Perturber
print("AVX2", cv2.checkHardwareSupport(11), file=sys.stderr)  # 11: CV_CPU_AVX2
for pair in all_pairs()[::150]:
    for p in pictures(pair, Perturber(PHOTOS)):
        print(p.variant, pair.pair_id, p.side, stored_sha256(p.pixels, p.variant)[:16])
"""


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"OPENCV_IPP": "disabled"},
        {"OPENCV_IPP": "disabled", "OPENCV_CPU_DISABLE": SIMD},
        {"PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "3"},
    ],
    ids=["plain", "no IPP", "no SIMD", "hash seed and threads"],
)
def test_pixels_do_not_depend_on_the_processor(switches: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | switches,
        capture_output=True,
        text=True,
        check=True,
    )
    if "OPENCV_CPU_DISABLE" in switches:
        assert "AVX2 False" in done.stderr  # the switch did something
    figures = read_figures()
    lines = [line.split() for line in done.stdout.splitlines()]
    assert len(lines) == 8 * 12
    wrong = [w[:3] for w in lines if figures[w[0], w[1], w[2]].pixels != w[3]]  # type: ignore[index]
    assert not wrong
