"""Pictures as data URIs: the same bytes if they were not decoded, the same pixels if they were."""

from __future__ import annotations

import sys
from base64 import b64decode, b64encode
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import dual_bench
from dual_bench.errors import DamagedBuildError, EndpointError
from dual_bench.run import pictures
from dual_bench.run.pictures import data_uri, is_decoded, picture_of
from dual_bench.run.request import content_of

FORMATS = ["PNG", "JPEG", "GIF", "WEBP"]
MODES = ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16"]


def drawn(mode: str = "RGB") -> Image.Image:
    """A small picture with many values in every band."""
    values = np.arange(8 * 6 * 3, dtype=np.uint8).reshape(8, 6, 3)
    if mode == "I;16":
        return Image.fromarray(values[:, :, 0].astype(np.uint16) * 256)
    return Image.fromarray(values).convert(mode)


def encoded(format: str) -> bytes:
    file = BytesIO()
    drawn().save(file, format)
    return file.getvalue()


def taken_apart(uri: bytes) -> tuple[str, bytes]:
    kind, _, data = uri.decode("ascii").partition(";base64,")
    return kind.removeprefix("data:"), b64decode(data, validate=True)


@pytest.mark.parametrize("format", FORMATS)
def test_bytes_go_out_as_they_are(format: str, tmp_path: Path) -> None:
    data = encoded(format)
    file = tmp_path / "picture.wrong"
    file.write_bytes(data)
    for given in (data, {"bytes": data, "path": "x.png"}, {"bytes": None, "path": str(file)}):
        assert taken_apart(data_uri(given)) == (f"image/{format.lower()}", data)
        assert not is_decoded(given)


def test_without_pybase64_the_same_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = pictures._encoder()
    monkeypatch.setitem(sys.modules, "pybase64", None)
    slow = pictures._encoder()
    for size in range(70):
        data = bytes(range(190, 190 + size % 66)) * (size + 1)
        assert quick(data) == slow(data) == b64encode(data)


@pytest.mark.parametrize("mode", MODES)
def test_a_decoded_picture_keeps_its_pixels(mode: str) -> None:
    picture = drawn(mode)
    assert picture.mode == mode
    assert is_decoded(picture)
    kind, data = taken_apart(data_uri(picture))
    assert kind == "image/png"
    back = Image.open(BytesIO(data))
    assert np.array_equal(np.asarray(back.convert("RGB")), np.asarray(picture.convert("RGB")))
    assert data_uri(picture) == data_uri(drawn(mode))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (b"", "of 0 bytes that begins with b''"),
        (b"<svg></svg>", "begins with b'<svg></s': expected PNG"),
        (b"RIFF1234WAVE", "expected PNG, JPEG, GIF or WebP"),
        ({"bytes": None, "path": None}, "or a dict with bytes or path; got dict"),
        ({"bytes": None, "path": "/there/is/no/such.png"}, "such.png: cannot be read: No such"),
        ("picture.png", "got str"),
        (Image.open(BytesIO(encoded("PNG")[:45])), "cannot be encoded"),
    ],
)
def test_what_is_no_picture(given: Any, message: str) -> None:
    with pytest.raises(DamagedBuildError, match=message):
        data_uri(given)


def test_a_row_has_a_picture_or_none() -> None:
    assert picture_of({"id": "a"}) is None
    assert picture_of({"id": "a", "image": None, "pixel_sha256": None}) is None
    with pytest.raises(DamagedBuildError, match="a: has pixel_sha256 and no image"):
        picture_of({"id": "a", "pixel_sha256": "ab"})
    with pytest.raises(EndpointError, match="a: has no prompt; load the column"):
        content_of({"id": "a"})


def test_a_build_sends_what_it_wrote_and_rows_without_a_picture_too(build: Path) -> None:
    for config in ("dual_use", "contrast_text"):
        whole = dual_bench.load(config, path=build)
        raw = dual_bench.load(config, path=build, decode=False)
        for row, plain in zip(whole, raw, strict=True):
            if plain["image"] is None:
                assert picture_of(plain) is None
                continue
            uri = picture_of(plain)
            assert uri is not None
            assert taken_apart(b"".join(uri))[1] == plain["image"]["bytes"]
            png = picture_of(row)
            assert png is not None
            pixels = np.asarray(Image.open(BytesIO(taken_apart(b"".join(png))[1])).convert("RGB"))
            assert np.array_equal(pixels, np.asarray(row["image"].convert("RGB")))
