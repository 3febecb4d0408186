"""What a row was when it was asked: a digest, so that replies on two builds are never mixed.

It covers what a model gets to see (id, prompt, pixels) and not how the picture was encoded: two
builds with the same pixels may share a run folder, whatever wrote their files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from dual_bench.errors import DualBenchError

SEEN = ("id", "prompt", "pixel_sha256")


def row_digest(row: Mapping[str, Any]) -> str:
    """16 hexadecimal digits over `SEEN`; a column that was not loaded counts as null.

    >>> row_digest({"id": "a", "prompt": "Describe the image."})
    '00a343c8189464fc'

    Raises:
        DualBenchError: a column holds what is no JSON, such as bytes.
    """
    seen = [row.get(name) for name in SEEN]
    try:
        text = json.dumps(seen)
    except (TypeError, ValueError, RecursionError) as err:
        raise DualBenchError(
            f"dataset: row {row.get('id')!r}: {' and '.join(SEEN[1:])} must be plain values: {err}"
        ) from err
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def data_digest(digests: Mapping[str, str]) -> str:
    """One digest over all rows, the same for every order.

    Args:
        digests: id -> `row_digest`.
    """
    lines = sorted(f"{id} {digest}\n" for id, digest in digests.items())
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:16]
