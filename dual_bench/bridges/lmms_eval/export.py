"""Write a folder of tasks that lmms-eval reads: `--include_path FOLDER --tasks dual_bench`.

One task a config that can be judged, all of them in the group `dual_bench`. The tasks read the
Parquet files of a build by their absolute paths, without asking the network, so a folder is of use
on the machine where it was written. Nothing of the harness is imported.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dual_bench.bridges.askable import askable
from dual_bench.bridges.converted import few
from dual_bench.bridges.lmms_eval.task import PROTOCOL, TALLIES
from dual_bench.defaults import MAX_TOKENS, TEMPERATURE
from dual_bench.errors import DamagedBuildError, OutputError
from dual_bench.files import make_folder, whole_file
from dual_bench.load import check_files, find_build
from dual_bench.schema import Manifest, read_manifest
from dual_bench.schema.columns import SPLIT

GROUP = "dual_bench"
# Greedy, and no stop words: without `until` the harness would have models stop at an empty line.
GENERATION: dict[str, Any] = {
    "until": [],
    "max_new_tokens": MAX_TOKENS,
    "temperature": TEMPERATURE,
    "do_sample": False,
}
_FUNCTIONS = ("doc_to_visual", "doc_to_text", "doc_to_target", "process_results")
_BETTER = {"higher": True, "lower": False, "": None}
_HEAD = "# Written by dual-bench for this machine; do not edit, export again.\n"


class Exported(NamedTuple):
    """What was written.

    Attributes:
        folder: for `--include_path`.
        tasks: their names for `--tasks`, without the group's.
        rows: rows of all tasks.
        left_out: config that has no task -> why.
    """

    folder: Path
    tasks: tuple[str, ...]
    rows: int
    left_out: Mapping[str, str]


def export(out: str | os.PathLike[str], data: str | os.PathLike[str] | None = None) -> Exported:
    """Write the tasks of a build.

    Args:
        out: the folder; made if it is missing. One that was exported before is replaced.
        data: folder of a build or an import; None is the one that `dual_bench.load` would find.

    Raises:
        BuildNotFoundError, NotABuildError, DamagedBuildError: there is no usable build.
        OutputError: the folder holds other tasks or modules, or cannot be written.
    """
    build = find_build(data)
    manifest = read_manifest(build)
    configs, left_out = askable(manifest)
    if not configs:
        raise DamagedBuildError(f"{build}: holds no rows that a model could be asked about")
    texts = {"utils.py": _utils()}
    for config in configs:
        texts[f"{_task(config)}.yaml"] = _yaml(build, manifest, config)
    texts[f"{GROUP}.yaml"] = _group(map(_task, configs))
    folder = Path(out).resolve()
    _write(folder, texts)
    rows = sum(f.rows for config in configs for f in manifest.data_files(config))
    return Exported(folder, tuple(map(_task, configs)), rows, left_out)


def _task(config: str) -> str:
    return f"{GROUP}_{config}"


def _yaml(build: Path, manifest: Manifest, config: str) -> str:
    """One task; strings are written as JSON, which is YAML too."""
    about = {
        "version": manifest.data_version,
        "fingerprint": manifest.fingerprint,
        "protocol": PROTOCOL.id,
    }
    plain: dict[str, Any] = {
        "task": _task(config),
        "dataset_path": "parquet",
        "dataset_kwargs": {"data_files": {SPLIT: check_files(build, manifest, config)}},
        "test_split": SPLIT,
        "output_type": "generate_until",
        "num_fewshot": 0,
        "generation_kwargs": GENERATION,
        "reasoning_tags": "none",  # a reply is judged and logged as it was given
        "metadata": about,
    }
    lines = [f"{key}: {_json(value)}" for key, value in plain.items()]
    lines += [f"{name}: !function utils.{name}" for name in _FUNCTIONS]
    lines.append("metric_list:")
    for key, tally in TALLIES.items():
        lines.append(f"  - metric: {key}")
        lines.append(f"    aggregation: !function utils.{key}")
        lines.append(f"    higher_is_better: {_json(_BETTER[tally.better])}")
    return _HEAD + "\n".join(lines) + "\n"


def _group(tasks: Iterable[str]) -> str:
    return _HEAD + f"group: {GROUP}\ntask: {_json(list(tasks))}\n"


def _utils() -> str:
    """The module beside the tasks: names that they refer to, and no code of its own."""
    names = "".join(f"    {name},\n" for name in ("aggregation", *sorted(_FUNCTIONS)))
    metrics = "".join(f'{key} = aggregation("{key}")\n' for key in TALLIES)
    own = ", ".join(f'"{name}"' for name in _FUNCTIONS)
    return (
        f'{_HEAD}"""What the tasks in this folder call; all of it is dual_bench\'s."""\n\n'
        f"from dual_bench.bridges.lmms_eval.task import (\n{names})\n\n"
        f"__all__ = [{own}]\n\n{metrics}"
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _write(folder: Path, texts: dict[str, str]) -> None:
    """All files, the group last; the harness would read any other task that lay there too."""
    make_folder(folder)
    there = {path.name for path in folder.iterdir() if path.suffix in (".yaml", ".yml", ".py")}
    if strange := sorted(there - set(texts)):
        raise OutputError(
            f"{folder}: holds {few(strange)}, which are not of this export, and "
            f"lmms-eval would read them too; choose an empty folder"
        )
    for name, text in texts.items():
        with whole_file(folder / name) as part:
            part.write_text(text, encoding="utf-8")
