"""The rows that replies belong to: what was shown, and where it stands in the data.

From a build, a `datasets.Dataset` or a list of dicts. Pictures are never read.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from dual_bench.errors import BadValueError, DualBenchError, UnknownNameError
from dual_bench.load import as_names, find_build, read_rows
from dual_bench.metrics.table import EXPECTED_OF_SIDE
from dual_bench.recording.identity import SEEN, row_digest
from dual_bench.schema import CONFIGS, EXPECTED, SIDES, Config, config_of, parse_id, read_manifest
from dual_bench.taxonomy import hazard

NEEDED = ("id", "side")
COLUMNS = (
    "id",
    "pair_id",
    "cluster_id",
    "hazard",
    "side",
    "variant",
    "prompt",
    "text",
    "expected",
    "pixel_sha256",
)


class Row(NamedTuple):
    """A row of the dataset without its picture."""

    id: str
    pair_id: str
    cluster_id: str
    hazard: str
    side: str
    variant: str
    prompt: str
    text: str | None
    expected: str
    task: str = "describe"  # or "answer", where the reply is not about the picture's words

    @property
    def facts(self) -> dict[str, str]:
        """What metrics need to know of it."""
        names = ("pair_id", "cluster_id", "hazard", "side", "variant", "expected", "task")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows to be scored.

    Attributes:
        rows: in the order of the dataset.
        wordings: (pair, side) -> every wording of what the pictures say: the original, and its
            translation where a variant translates. None where the task is not to read it.
        fingerprint: of the build; empty where the rows came from elsewhere.
        digests: id -> what the row is, as a recorder notes it; only of rows that say it.
    """

    rows: tuple[Row, ...]
    wordings: Mapping[tuple[str, str], frozenset[str]]
    fingerprint: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)

    def among(self, ids: Container[str]) -> Rows:
        """The rows that have one of these ids."""
        return replace(self, rows=tuple(row for row in self.rows if row.id in ids))

    def only(
        self,
        hazards: Iterable[str] = (),
        variants: Iterable[str] = (),
        configs: Iterable[str] = (),
    ) -> Rows:
        """The rows of these hazards, variants and configs; an empty list is all of them.

        Raises:
            UnknownNameError: a name that no row has.
        """
        parts = as_names(configs)
        held = list(dict.fromkeys(config_of(row.id) for row in self.rows))
        for name in parts:
            if name not in held:
                raise UnknownNameError("config among the rows", name, held)
        had = {row.hazard for row in self.rows}
        slugs = [_hazard(name, had) for name in as_names(hazards)]
        names = as_names(variants)
        there = list(dict.fromkeys(row.variant for row in self.rows))
        for name in names:
            if name not in there:
                raise UnknownNameError("variant among the rows", name, there)
        kept = (r for r in self.rows if not slugs or r.hazard in slugs)
        kept = (r for r in kept if not parts or config_of(r.id) in parts)
        return replace(self, rows=tuple(r for r in kept if not names or r.variant in names))


def _hazard(name: str, there: set[str]) -> str:
    """A hazard that the rows have, by its slug, key or code; a foreign one by its own name."""
    slug = name if name in there else hazard(name).slug
    if slug not in there:
        raise UnknownNameError("hazard among the rows", name, sorted(there))
    return slug


Source = str | os.PathLike[str] | Iterable[Mapping[str, Any]] | None


def rows_for(dataset: Source, ids: Iterable[str]) -> Rows:
    """The rows that `dataset` names.

    Args:
        dataset: a `datasets.Dataset` or dicts; a folder of a build; None for the build that
            `dual_bench.load` would find. From a build come the configs that the ids name, whole.
        ids: of the replies.

    Raises:
        BadValueError: a column is missing.
        UnknownNameError: a side is none, or no id is one of the dataset's.
        BuildNotFoundError: there is no build.
        DualBenchError: two rows have one id, or it is no dataset at all.
    """
    if dataset is None or isinstance(dataset, str | os.PathLike):
        return _from_build(None if dataset is None else Path(dataset), ids)
    given: Any = dataset
    names = getattr(given, "column_names", None)
    if names is not None:
        given = given.select_columns([c for c in COLUMNS if c in names])
    return _rows([_mapping(row) for row in given])


def _from_build(path: Path | None, ids: Iterable[str]) -> Rows:
    folder = find_build(path)
    manifest = read_manifest(folder)
    names = configs_named(ids, manifest.configs)
    rows = [row for name in names for row in read_rows(folder, name, COLUMNS)]
    return replace(_rows(rows, manifest.configs), fingerprint=manifest.fingerprint)


def configs_named(ids: Iterable[str], configs: Mapping[str, Config]) -> list[str]:
    """The configs that ids name, in the order of the build; ids that name none are passed over.

    Raises:
        UnknownNameError: none of them names one.
    """
    named, strange = set(), ""
    for text in ids:
        try:
            named.add(parse_id(text, configs).config)
        except UnknownNameError:
            strange = text
    if not named:
        raise UnknownNameError(
            "ids: no reply has the id of a row; the last was", strange, list(configs)
        )
    return [name for name in configs if name in named]


def _rows(dicts: Sequence[Mapping[str, Any]], configs: Mapping[str, Config] = CONFIGS) -> Rows:
    wordings: dict[tuple[str, str], set[str]] = {}
    rows = []
    seen: set[str] = set()
    digests: dict[str, str] = {}
    for given in dicts:
        for name in NEEDED:
            if given.get(name) is None:
                must, lacks = f"at least {' and '.join(NEEDED)}", f"it lacks {name!r}"
                raise BadValueError("columns of a row", list(given), must, lacks)
        row = _row(given, configs)
        if row.id in seen:
            raise DualBenchError(f"dataset: two rows have the id {row.id!r}; each needs its own")
        seen.add(row.id)
        rows.append(row)
        if all(name in given for name in SEEN):
            digests[row.id] = row_digest(given)
        if row.text and row.task == "describe":
            wordings.setdefault((row.pair_id, row.side), set()).add(row.text)
    frozen = {key: frozenset(texts) for key, texts in wordings.items()}
    return Rows(tuple(rows), frozen, digests=digests)


def _mapping(row: Any) -> Mapping[str, Any]:
    if not isinstance(row, Mapping):
        raise DualBenchError(
            f"dataset: expected the folder of a build, a datasets.Dataset or dicts with "
            f"{', '.join(NEEDED)}; got a {type(row).__name__} for a row"
        )
    return row


def _row(given: Mapping[str, Any], configs: Mapping[str, Config]) -> Row:
    """A row; what a foreign dataset lacks has a plain default."""
    spec = configs.get(str(given["id"]).split("/")[0])
    side = _one_of("side", given["side"], SIDES)
    pair = str(given.get("pair_id") or given["id"])
    return Row(
        id=str(given["id"]),
        pair_id=pair,
        cluster_id=str(given.get("cluster_id") or pair),
        hazard=str(given.get("hazard") or "unknown"),
        side=side,
        variant=str(given.get("variant") or "original"),
        prompt=str(given.get("prompt") or ""),
        text=None if given.get("text") is None else str(given["text"]),
        expected=_one_of("expected", given.get("expected") or EXPECTED_OF_SIDE[side], EXPECTED),
        task="describe" if spec is None or spec.reads else "answer",
    )


def _one_of(kind: str, name: Any, legal: Sequence[str]) -> str:
    # A name that no metric counts would make every rate empty, and nobody would be told.
    if str(name) not in legal:
        raise UnknownNameError(f"{kind} of a row", name, legal)
    return str(name)
