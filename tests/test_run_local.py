"""Batches that fail: the guilty row has an error, the others their replies, and nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from dual_bench.errors import DamagedBuildError, DependencyError, RunStoppedError
from dual_bench.run import local


class OutOfMemoryError(RuntimeError):
    """Named as torch's."""


class DeadError(RuntimeError):
    """After it nothing works."""


class Loop:
    """A model that fails as it is told, and notes the sizes that it was asked for."""

    def __init__(self, *, bad: Sequence[str] = (), room: int = 99, **how: Any) -> None:
        self.bad, self.room = bad, room
        self.sizes: list[int] = []
        self.freed = 0
        self.batches = local.Batches(self.ask, free=self.free, **how)

    def free(self) -> None:
        self.freed += 1

    def ask(self, rows: Sequence[local.Row]) -> list[local.Answer]:
        self.sizes.append(len(rows))
        if len(rows) > self.room:
            raise OutOfMemoryError("tried to allocate 9 GiB")
        if guilty := [row["id"] for row in rows if row["id"] in self.bad]:
            raise ValueError(f"cannot\nread {guilty[0]}")
        return [local.Answer(f"I see {row['id']}.", "stop") for row in rows]


def rows(count: int) -> list[dict[str, Any]]:
    return [
        {"id": str(n), "prompt": "?", "image": None if n % 3 else object()} for n in range(count)
    ]


def test_a_row_that_fails_alone_has_an_error_and_the_others_their_replies() -> None:
    loop = Loop(bad=["5"])
    answers = loop.batches.answer(rows(8))
    assert [a.response for a in answers] == [
        None if n == 5 else f"I see {n}." for n in range(8)
    ]  # fmt: skip
    assert answers[5] == local.Answer(None, error="ValueError: cannot read 5")
    assert loop.sizes == [8, 4, 4, 2, 1, 1, 2]
    assert loop.freed == 4


def test_where_every_row_fails_there_is_no_reply() -> None:
    answers = Loop(bad=[str(n) for n in range(5)]).batches.answer(rows(5))
    assert [(a.response, a.error) for a in answers] == [
        (None, f"ValueError: cannot read {n}") for n in range(5)
    ]


def test_batches_that_need_too_much_memory_get_smaller_and_stay_so() -> None:
    loop = Loop(room=3)
    for _ in range(2):
        assert [a.response for a in loop.batches.answer(rows(8))] == [
            f"I see {n}." for n in range(8)
        ]
    assert loop.sizes == [8, 4, 2, 2, 4, 2, 2, 2, 2, 2, 2]


def test_a_row_that_is_too_large_alone_is_an_error() -> None:
    (answer,) = Loop(room=0).batches.answer(rows(1))
    assert answer == local.Answer(None, error="OutOfMemoryError: tried to allocate 9 GiB")


def test_a_batch_of_none() -> None:
    loop = Loop()
    assert loop.batches.answer([]) == []


def test_pictures_and_bare_rows_are_asked_apart_and_come_back_in_order() -> None:
    loop = Loop(mixed=False)
    assert [a.response for a in loop.batches.answer(rows(7))] == [f"I see {n}." for n in range(7)]
    assert loop.sizes == [3, 4]


@pytest.mark.parametrize(
    ("raised", "seen"),
    [
        (DeadError("gone"), RunStoppedError),
        (RunStoppedError("asked to"), RunStoppedError),
        (DamagedBuildError("no picture"), DamagedBuildError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_what_stops_the_run_is_charged_to_no_row(
    raised: BaseException, seen: type[BaseException]
) -> None:
    asked = []

    def ask(rows: Sequence[local.Row]) -> list[local.Answer]:
        asked.append(len(rows))
        raise raised

    with pytest.raises(seen):
        local.Batches(ask, fatal=(DeadError,)).answer(rows(8))
    assert asked == [8]


def test_an_error_is_one_line_and_not_endless() -> None:
    assert local.described(ValueError("a\n  b\tc")) == "ValueError: a b c"
    assert local.described(ValueError()) == "ValueError"
    assert len(local.described(ValueError("x" * 9000))) == local.LONGEST


def test_a_picture_may_be_decoded_or_not() -> None:
    picture = Image.new("RGBA", (3, 2), "red")
    file = BytesIO()
    picture.save(file, "PNG")
    given = [picture, {"bytes": file.getvalue(), "path": None}]
    for image in given:
        found = local.decoded({"id": "a", "image": image})
        assert (found.mode, found.size, found.getpixel((0, 0))) == ("RGB", (3, 2), (255, 0, 0))
    assert local.decoded({"id": "a", "image": None, "pixel_sha256": None}) is None


@pytest.mark.parametrize("image", [{"bytes": b"no picture"}, {"path": "/none"}, 7, {}])
def test_a_picture_that_cannot_be_read_is_its_rows_error(image: object) -> None:
    with pytest.raises(ValueError, match="its picture cannot be read"):
        local.decoded({"id": "a", "image": image})


def test_a_row_whose_picture_was_not_loaded_is_not_asked_without_it() -> None:
    with pytest.raises(DamagedBuildError, match="a: has pixel_sha256 and no image"):
        local.decoded({"id": "a", "pixel_sha256": "00"})


def test_a_conversation_shows_the_picture_first() -> None:
    row = {"id": "a", "prompt": "What?", "image": None}
    words = {"type": "text", "text": "What?"}
    assert local.conversation(row, "image", None) == [{"role": "user", "content": [words]}]
    shown = local.conversation(row | {"image": Image.new("RGB", (2, 2))}, "image_pil", "Be kind.")
    assert shown[0] == {"role": "system", "content": [{"type": "text", "text": "Be kind."}]}
    picture, last = shown[1]["content"]
    assert (picture["type"], picture["image_pil"].size, last) == ("image_pil", (2, 2), words)


def test_a_model_that_only_fails_stops_the_run_between_two_batches() -> None:
    loop = Loop(bad=[str(n) for n in range(30)])
    assert len(loop.batches.answer(rows(12))) == len(loop.batches.answer(rows(12))) == 12
    with pytest.raises(RunStoppedError, match=r"the last 24 rows failed, .*: cannot read 11"):
        loop.batches.answer(rows(12))
    again = Loop(bad=["0", "2"])
    for _ in range(30):
        again.batches.answer(rows(3))  # one of three is answered each time


def test_batches_do_not_draw_alike() -> None:
    a, b = rows(2)
    assert len({local.seed_for(0, [a]), local.seed_for(0, [b]), local.seed_for(1, [a])}) == 3
    assert local.seed_for(0, [a, b]) == local.seed_for(0, [dict(a), dict(b)])


def test_why_a_model_cannot_be_loaded() -> None:
    with pytest.raises(DependencyError, match=r"needs a package .* torchvision .*\[transformers\]"):
        local.unusable("m", ImportError("torchvision is missing"), "transformers")
    with pytest.raises(
        RunStoppedError, match=r"^m: cannot be loaded \(no folder .*\): OSError: x$"
    ):
        local.unusable("m", OSError("x"), "vllm")
