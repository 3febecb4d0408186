"""A row's picture as a data URI, as APIs take pictures.

A picture that was not decoded goes out byte for byte as the build wrote it. One that was decoded
is written as PNG, which loses nothing. The type comes from the first bytes and never from a name.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from dual_bench.errors import DamagedBuildError


def _encoder() -> Callable[[bytes], bytes]:
    """Base64: forty times as fast with pybase64, which may be missing, as without it."""
    try:
        from pybase64 import b64encode  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return lambda data: b2a_base64(data, newline=False)
    fast: Callable[[bytes], bytes] = b64encode
    return fast


_base64 = _encoder()
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", b"image/png"),
    (b"\xff\xd8\xff", b"image/jpeg"),
    (b"GIF87a", b"image/gif"),
    (b"GIF89a", b"image/gif"),
)
_PNG_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "I;16"})


def data_uri(image: object) -> bytes:
    """The picture as `data:image/...;base64,...`, in ASCII.

    Args:
        image: bytes of a file; a mapping with `bytes` or `path`, as `dual_bench.load` gives it
            with decode=False; or a PIL image.

    Raises:
        DamagedBuildError: it is none of these, or no PNG, JPEG, GIF or WebP.

    >>> data_uri(b"GIF89a...")
    b'data:image/gif;base64,R0lGODlhLi4u'
    """
    return b"".join(_pieces(image))


def picture_of(row: Mapping[str, Any]) -> tuple[bytes, bytes] | None:
    """The data URI of a row's `image` in two pieces; None for a row that has no picture.

    In pieces, so that whoever joins them with more copies the picture only once.

    Raises:
        DamagedBuildError: the picture cannot be read, or the row should have one.
    """
    image = row.get("image")
    if image is not None:
        return _pieces(image)
    if row.get("pixel_sha256"):  # it would be asked about a picture that it never got
        raise DamagedBuildError(f"{row.get('id')}: has pixel_sha256 and no image; load the column")
    return None


def is_decoded(image: object) -> bool:
    """True for a PIL image, which takes a while to be encoded."""
    return hasattr(image, "save") and hasattr(image, "mode")


def picture_bytes(image: object) -> bytes:
    """The bytes of a picture's file; see `data_uri`."""
    if isinstance(image, bytes):
        return image
    if isinstance(image, Mapping):
        if isinstance(data := image.get("bytes"), bytes):
            return data
        if path := image.get("path"):
            return _read(Path(path))
    if is_decoded(image):
        return _png(image)
    raise DamagedBuildError(
        f"a picture must be a PIL image, bytes, or a dict with bytes or path; got "
        f"{type(image).__name__}"
    )


def mime_type(data: bytes) -> bytes:
    """What a file is by its first bytes."""
    for start, name in _MAGIC:
        if data.startswith(start):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return b"image/webp"
    raise DamagedBuildError(
        f"a picture of {len(data)} bytes that begins with {data[:8]!r}: expected PNG, JPEG, GIF "
        f"or WebP, which endpoints take"
    )


def _pieces(image: object) -> tuple[bytes, bytes]:
    data = picture_bytes(image)
    return b"data:%b;base64," % mime_type(data), _base64(data)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as err:
        raise DamagedBuildError(f"{path}: cannot be read: {err.strerror or err}") from err


def _png(image: Any) -> bytes:
    file = BytesIO()
    try:
        plain = image if image.mode in _PNG_MODES else image.convert("RGB")
        # level 1: the bytes go over a wire once, and nobody keeps them
        plain.save(file, "PNG", compress_level=1)
    except Exception as err:  # a picture that is read late can fail in many ways
        raise DamagedBuildError(f"a picture cannot be encoded: {err}") from err
    return file.getvalue()
