"""Settings that are no plain JSON: named by their key, with what to give; never guessed."""

from __future__ import annotations

import enum
from collections import UserDict
from decimal import Decimal
from pathlib import Path, PurePosixPath
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dual_bench.errors import JournalError
from dual_bench.recording import RunSettings
from tests.recorder_kit import IDS, due, recorder


class DType:
    """As torch.bfloat16: its type has a name, and its repr is its own."""

    def __repr__(self) -> str:
        return "lib.bfloat16"


class Bare:
    """Its repr is its address, which differs at the next start."""


class Config:
    """As the settings of transformers; None of its fields can be listed with dict()."""

    def to_dict(self) -> dict[str, Any]:
        return {"temperature": 0}


class Mode(enum.Enum):
    """As a settings object may hold."""

    GREEDY = 1


def of(value: Any) -> Any:
    return RunSettings("m", {"a": value}).generation["a"]


def endless() -> dict[str, Any]:
    found: dict[str, Any] = {}
    found["again"] = [found]
    return found


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.float32(0.5), r"got a numpy\.float32: .*0\.5\)?; give float\(\.\.\.\)"),
        (np.float16(0.1), r"got a numpy\.float16: .*; give float\(\.\.\.\)"),
        (Decimal("0.1"), r"got a decimal\.Decimal: .*; give float\(\.\.\.\)"),
        (np.True_, r"got a numpy\.bool_?: .*True_?; give bool\(\.\.\.\)"),
        (float("nan"), "got a float: nan; give a finite number, a string or None"),
        (np.float64("-inf"), r"got a numpy\.float64: .*; give a finite number, a string or None"),
        (DType(), r"got a .*DType: lib\.bfloat16; give str\(\.\.\.\)"),
        (PurePosixPath("x"), r"got a pathlib.*PurePosixPath.*; give str\(\.\.\.\)"),
        (Mode.GREEDY, r"got a .*Mode: <Mode.GREEDY: 1>; give str\(\.\.\.\)"),
        (np.zeros((40, 40)), r"got a numpy\.ndarray: array\(\[\[0\., .{,80}; give its tolist\(\)"),
        (b"x", r"got a bytes: b'x'; give its decode\(\)"),
        ({2, 1}, r"got a set: .*; give sorted\(\.\.\.\)"),
        (range(3), r"got a range: range\(0, 3\); give list\(\.\.\.\)"),
        (MappingProxyType({}), r"got a mappingproxy: .*; give dict\(\.\.\.\)"),
        (UserDict(), r"got a collections\.UserDict: .*; give dict\(\.\.\.\)"),
        (Config(), r"got a .*Config: .*; give its to_dict\(\)"),
        (Bare(), "got a .*Bare: .*; give a string that names it"),
        (print, "got a builtin_function.*; give a string that names it"),
        (np.float32, r"got a type: <class 'numpy\.float32'>; give a string that names it"),
    ],
)
def test_a_value_that_is_no_json_is_named_with_what_to_give(value: Any, message: str) -> None:
    with pytest.raises(JournalError, match=rf"^generation\.a: expected a plain.*{message}$"):
        of(value)
    with pytest.raises(JournalError, match=rf"^generation\.a\.b\[1\]\.c: expected.*{message}$"):
        of({"b": (0, {"c": value})})


def test_what_a_message_says_to_give_is_taken() -> None:
    assert of(float(np.float32(0.5))) == 0.5
    assert of(bool(np.True_)) is True
    assert of(str(DType())) == "lib.bfloat16"
    assert of(sorted({2, 1})) == [1, 2]
    assert of(np.zeros((2, 1)).tolist()) == [[0.0], [0.0]]
    assert of(Config().to_dict()) == {"temperature": 0}


def test_whole_numbers_of_numpy_are_numbers_and_exact(tmp_path: Path) -> None:
    big = np.uint64(2**64 - 1)
    for given, is_ in ((np.int64(-3), -3), (big, 2**64 - 1), (np.float64(0.1), 0.1), (True, True)):
        found = of({"x": [given]})["x"][0]
        assert found == is_
        assert type(found) is type(is_)
    with recorder(tmp_path, generation={"seed": np.int32(7), "t": np.float64(0.1)}) as rec:
        rec.add(IDS[0], "x")
    with recorder(tmp_path, generation={"seed": 7, "t": 0.1}) as rec:  # the same run
        assert due(rec) == IDS[1:]
    with pytest.raises(JournalError, match=r"generation\.seed: was 7, is 8"):
        recorder(tmp_path, generation={"seed": np.int32(8), "t": 0.1})


@pytest.mark.parametrize(
    ("generation", "message"),
    [
        ("greedy", r"generation: expected a dict, got a str: 'greedy'; give one, such as \{"),
        (7, "generation: expected a dict, got a int: 7; give one"),
        (Config(), r"generation: expected a dict, got a .*Config: .*; give its to_dict\(\)"),
        (SimpleNamespace(t=0), "generation: expected a dict, got a types.SimpleNamespace: "),
        ({(1, 2): 0}, r"generation: expected strings as keys, got a tuple: \(1, 2\)"),
        ({"a": {np.int64(1): 0}}, r"generation\.a: expected strings as keys, got a numpy\.int64"),
        ({float("nan"): 0}, "generation: must be plain JSON values"),
        (endless(), "generation: must be plain JSON values"),
    ],
)
def test_what_is_no_dict_of_settings_is_refused(generation: Any, message: str) -> None:
    with pytest.raises(JournalError, match=f"^{message}"):
        RunSettings("m", generation)
