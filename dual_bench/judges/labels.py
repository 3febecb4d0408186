"""A judge that looks the label up in a file: people's labels, or another program's.

It reads `id` and `label` from JSON Lines, CSV, TSV or Parquet. A row that the file does not
have stays unscored (`judge_unlabelled`); a label that the protocol does not have is an error
before anything is judged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dual_bench.errors import LabelsError
from dual_bench.judges.base import Reply, Request
from dual_bench.outcomes import Reason
from dual_bench.protocols import Protocol
from dual_bench.responses import read_responses


class LabelsJudge:
    """Look labels up.

    Args:
        path: the file.
        protocol: whose labels are legal.
        mapping: the file's label -> the protocol's; None takes them as they are.
        label_column: what the column is called.
    """

    def __init__(
        self,
        path: Path,
        protocol: Protocol,
        mapping: Mapping[str, str] | None = None,
        label_column: str = "label",
    ) -> None:
        self.path, self.mapping = Path(path), dict(mapping or {})
        read = read_responses(self.path, response_column=label_column)
        self.labels: dict[str, str] = {}
        for i, row in enumerate(read):
            if row.response:
                self.labels[row.id] = self.mapping.get(row.response, row.response)
                check_label(self.labels[row.id], protocol, f"{read.where(i)} ({row.id!r})")
        self._hash = hashlib.sha256(repr(sorted(self.labels.items())).encode()).hexdigest()[:8]

    @property
    def name(self) -> str:
        """The file's name and a hash of its labels."""
        return f"labels:{self.path.name}#{self._hash}"

    @property
    def workers(self) -> int:
        """One: there is nothing to wait for."""
        return 1

    def describe(self) -> dict[str, Any]:
        """The file and the mapping."""
        return {"kind": "labels", "file": self.path.name, "mapping": self.mapping}

    def __call__(self, request: Request) -> Reply:
        """Look the row up."""
        label = self.labels.get(request.id)
        return Reply(label) if label else Reply(reason=Reason.JUDGE_UNLABELLED)


def check_label(label: str | None, protocol: Protocol, where: str) -> None:
    """Raise LabelsError unless the protocol has this label."""
    if label not in protocol.labels:
        raise LabelsError(
            f"{where}: {protocol.name} has no label {label!r}; expected one of: "
            f"{', '.join(protocol.labels)} (a mapping can translate them)"
        )
