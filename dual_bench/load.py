"""Find a built dataset and read the rows that are wanted, and only those.

Looks in this order and takes the first that is there: `path`; `./dual-bench`; the folder that
`DUAL_BENCH_HOME` names (a build, or a folder that holds one called dual-bench); the Hub, if and
only if a `repo` is given. Nothing else ever touches the network.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dual_bench.errors import (
    BadValueError,
    BuildNotFoundError,
    DamagedBuildError,
    NoRowsError,
    UnknownNameError,
)
from dual_bench.schema import CONFIGS, SIDES, Manifest, read_manifest
from dual_bench.schema import config as config_named
from dual_bench.schema.columns import SPLIT, Config
from dual_bench.taxonomy import hazard

if TYPE_CHECKING:
    from datasets import Dataset, IterableDataset

HOME = "DUAL_BENCH_HOME"
NAME = "dual-bench"
_NO_ROWS = "corresponds to no data"  # what `datasets` says where the filters leave nothing


def find_build(path: str | os.PathLike[str] | None = None) -> Path:
    """The folder of a build on this machine.

    Args:
        path: where to look, instead of the usual places.

    Raises:
        BuildNotFoundError: there is none; the message says what to run.
        NotABuildError: `path`, `./dual-bench` or DUAL_BENCH_HOME is something else.
    """
    if path is not None:
        read_manifest(Path(path))
        return Path(path)
    here = Path(NAME)
    if here.exists():
        read_manifest(here)  # says so when it is a source checkout that has the same name
        return here
    if home := os.environ.get(HOME):
        nested = Path(home) / NAME
        found = nested if nested.is_dir() else Path(home)
        read_manifest(found)
        return found
    raise BuildNotFoundError(
        f"no dataset: ./{NAME} does not exist and {HOME} is not set. In a checkout of the project "
        f"run `make dataset` and stay in that folder, or name a build with path=... (--data), or a "
        f"repository on the Hub with repo=..."
    )


def check_files(folder: Path, manifest: Manifest, name: str) -> list[str]:
    """The data files of a config, made sure to be there in full size.

    Args:
        folder: of a build.
        manifest: of this build.
        name: of a config.

    Returns:
        Their absolute paths.

    Raises:
        DamagedBuildError: one is missing or has another size.
    """
    files = manifest.data_files(name)
    for f in files:
        path = folder / f.path
        size = path.stat().st_size if path.is_file() else None
        if size != f.bytes:
            what = "is missing" if size is None else f"has {size} bytes, expected {f.bytes}"
            raise DamagedBuildError(f"{path}: {what}; build it again (make dataset)")
    return [str((folder / f.path).resolve()) for f in files]


def _filters(
    spec: Config,
    hazards: Iterable[str] | None,
    sides: Iterable[str] | None,
    variants: Iterable[str] | None,
) -> list[tuple[str, str, list[str]]]:
    """What to keep, as pyarrow filters; every name is checked."""
    for column, given in (("hazard", hazards), ("side", sides), ("variant", variants)):
        if given is not None and not spec.variants:
            what = f"choice of rows of {spec.name} by {column}"
            raise BadValueError(what, given, "left out", "its rows have none")
    wanted: dict[str, list[str]] = {}
    if hazards is not None:
        wanted["hazard"] = [_hazard(h, spec) for h in as_names(hazards)]
    if sides is not None:
        wanted["side"] = [_one_of("side", s, SIDES) for s in as_names(sides)]
    if variants is not None:
        kind = f"variant of {spec.name}"
        wanted["variant"] = [_one_of(kind, v, spec.variants) for v in as_names(variants)]
    return [(column, "in", names) for column, names in wanted.items()]


def _hazard(name: str, spec: Config) -> str:
    """The value of the column `hazard`; a build of other data can have values of its own."""
    return _one_of("hazard", name, spec.hazards) if spec.hazards else hazard(name).slug


def _spec(name: str, path: str | os.PathLike[str] | None, repo: str | None) -> Config:
    """The config of that name: one of ours, or of the data that was imported into the folder."""
    if repo is not None or (path is None and name in CONFIGS):
        return config_named(name)
    try:
        return config_named(name, read_manifest(find_build(path)).configs)
    except BuildNotFoundError:
        return config_named(name)  # without a build there are none but ours


def as_names(given: Iterable[str]) -> list[str]:
    """A list of names; one string is one name."""
    return [given] if isinstance(given, str) else list(given)


def _one_of(kind: str, name: str, legal: Sequence[str]) -> str:
    if name not in legal:
        raise UnknownNameError(kind, name, legal)
    return name


def load(
    config: str = "dual_use",
    *,
    path: str | os.PathLike[str] | None = None,
    repo: str | None = None,
    hazards: Iterable[str] | None = None,
    sides: Iterable[str] | None = None,
    variants: Iterable[str] | None = None,
    columns: Sequence[str] | None = None,
    decode: bool = True,
    streaming: bool = False,
    revision: str | None = None,
) -> Dataset | IterableDataset:
    """Read a config of the dataset, or a part of it.

    Args:
        config: `dual_use`, `dual_use_perturbed`, `contrast_image`, `contrast_text` or `prompts`;
            of imported data the name that the import printed.
        path: folder of a build; None looks in the usual places (see the module).
        repo: dataset repository on the Hub, such as "someone/dual-bench"; asks the network.
        hazards: slugs, keys or codes (`hate`, `hte`, `S10`), or the categories of imported data;
            None is all.
        sides: `harmful`, `benign`; None is both.
        variants: names of perturbations or modes; None is all of the config.
        columns: which columns to read; None is all. Those left out are never read from disk.
        decode: True gives PIL images; False gives {"bytes", "path"}, much faster to pass on.
        streaming: True gives an IterableDataset that reads as it goes and keeps no cache.
        revision: of `repo`: a branch, tag or commit.

    Returns:
        A `datasets.Dataset`, or an `IterableDataset` when streaming.

    Raises:
        UnknownNameError: a name that does not exist; lists those that do.
        BadValueError: the data have two places, or rows are chosen by what the config lacks.
        BuildNotFoundError, NotABuildError, DataVersionError, DamagedBuildError: no usable build.
        NoRowsError: the choice leaves none, which imported data can make happen.

    Example::

        ds = load(hazards=["privacy"], sides=["benign"])
        ds[0]["text"], ds[0]["image"].size
    """
    if path is not None and repo is not None:
        raise BadValueError("place of the data", [path, repo], "a path or a repo, not both")
    spec = _spec(config, path, repo)
    filters = _filters(spec, hazards, sides, variants)
    for name in columns or ():
        _one_of(f"column of {spec.name}", name, spec.columns)
    options: dict[str, Any] = {"split": SPLIT, "streaming": streaming}
    if columns is not None:
        options["columns"] = list(columns)
    if filters:
        options["filters"] = filters
    data_files = None
    if repo is None:
        folder = find_build(path)
        data_files = check_files(folder, read_manifest(folder), spec.name)

    # half a second, so it comes after the arguments are checked
    from datasets import Image, load_dataset

    with _our_errors(str(path or repo or NAME), f"{spec.name}: {filters}"):
        if data_files is None:
            ds = load_dataset(cast(str, repo), spec.name, revision=revision, **options)
        else:
            with _uncounted():
                ds = load_dataset("parquet", data_files={SPLIT: data_files}, **options)
    if not decode and "image" in (columns or spec.columns):
        ds = ds.cast_column("image", Image(decode=False))
    return cast("Dataset | IterableDataset", ds)


@contextmanager
def _our_errors(where: str, chosen: str) -> Iterator[None]:
    """What `datasets` says of a file that it cannot read, and of filters that leave nothing."""
    from datasets.exceptions import DatasetGenerationError

    try:
        yield
    except DatasetGenerationError as err:
        cause = str(err.__cause__ or err).splitlines()[0]
        raise DamagedBuildError(f"{where}: cannot be read: {cause}") from err
    except ValueError as err:
        if _NO_ROWS not in str(err):
            raise
        raise NoRowsError(f"no row is left of {chosen}") from None


@contextmanager
def _uncounted() -> Iterator[None]:
    """Without the request by which `datasets` counts how often a format is read."""
    from datasets import config as settings

    before = settings.HF_UPDATE_DOWNLOAD_COUNTS
    settings.HF_UPDATE_DOWNLOAD_COUNTS = False
    try:
        yield
    finally:
        settings.HF_UPDATE_DOWNLOAD_COUNTS = before


def read_rows(folder: Path, config: str, columns: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of a config of a build as plain dicts, without `datasets` and its cache.

    Args:
        folder: of a build, as `find_build` gives it.
        config: with rows that have these columns.
        columns: without `image`: this is for what stands beside the pictures.

    Raises:
        DamagedBuildError: a file is missing or cannot be read.
    """
    import pyarrow.parquet as pq
    from pyarrow.lib import ArrowException

    rows: list[dict[str, Any]] = []
    for file in check_files(folder, read_manifest(folder), config):
        try:
            rows += pq.read_table(file, columns=list(columns)).to_pylist()
        except (ArrowException, OSError) as err:
            cause = str(err).splitlines()[0]
            raise DamagedBuildError(f"{file}: cannot be read: {cause}") from err
    return rows
