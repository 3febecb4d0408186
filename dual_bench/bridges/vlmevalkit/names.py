"""How an exported dataset, its columns and its prediction files are called.

VLMEvalKit joins predictions to rows by dataset name and index, and takes over those of an earlier
run with `--reuse`. The name of an export therefore ends in a digest of its rows: another build or
another part of it has another name, and their predictions are never joined.

`openended` in the name makes VLMEvalKit treat the dataset as free questions; without it many of
its models add a line that asks for the letter of an option. Some models (Qwen2-VL) add a line to
free questions too ("short words or phrases"); build those with `use_custom_prompt=False`. What was
sent is in no file of VLMEvalKit, so nobody can check it afterwards.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from dual_bench.bridges.converted import few
from dual_bench.errors import ResponsesError

PREFIX = "DualBench_openended"
ID, ROW, PREDICTION, THINKING = "dual_bench_id", "dual_bench_row", "prediction", "thinking"
COLUMNS = ("index", "image", "image_path", "question", "answer", "category", ID, ROW)
# A digest of sixteen digits would be read as a number, and one like 12e45678... as infinity.
ROW_PREFIX = "row-"
DIGITS = 8  # of the data's digest

_STEM = re.compile(rf"(?P<model>.+)_(?P<dataset>{PREFIX}_.+_(?P<digest>[0-9a-f]{{{DIGITS}}}))")
_RUN = re.compile(r"T\d{8}_G(?P<commit>[0-9a-fA-F]+)")  # the folder of a run, in older versions

READ = (".xlsx", ".tsv", ".csv", ".json", ".jsonl")
_HOW_ELSE = (
    "run VLMEvalKit again with PRED_FORMAT=tsv (or json) in the environment, which reuses what is "
    "there, or load the file yourself where you trust it and save it as .json"
)
_REFUSED = {
    ".pkl": (
        f"a pickle can run any code when it is opened, so it is not. VLMEvalKit writes one while "
        f"it is running, and when a reply fits into no other format; {_HOW_ELSE}"
    ),
    ".xls": "this is the format before .xlsx; VLMEvalKit writes .xlsx, .tsv or .json",
    "": "expected a prediction file of VLMEvalKit",
}


class Named(NamedTuple):
    """What the name of a prediction file says.

    Attributes:
        model: empty if the name is not one that VLMEvalKit gives.
        digest: of the rows of the export, its first digits; empty likewise.
    """

    model: str = ""
    digest: str = ""


def dataset_name(config: str, digest: str) -> str:
    """The name by which VLMEvalKit knows an export; its file is this and `.tsv`."""
    return f"{PREFIX}_{config}_{digest[:DIGITS]}"


def read_name(path: Path) -> Named:
    """Model and digest from the name of a prediction file, if VLMEvalKit gave it.

    >>> read_name(Path("Qwen3-VL_DualBench_openended_dual_use_0123abcd.xlsx"))
    Named(model='Qwen3-VL', digest='0123abcd')
    """
    match = _STEM.fullmatch(path.stem)
    return Named(match["model"], match["digest"]) if match else Named()


def commit_of(folder: Path) -> str:
    """The commit of VLMEvalKit that made a run, where the name of its folder says."""
    match = _RUN.fullmatch(folder.name)
    return match["commit"] if match else ""


def prediction_files(log: Path) -> list[Path]:
    """The file itself, or the prediction files in a folder of a run.

    Raises:
        ResponsesError: there is none, or only one that is not opened.
    """
    if not log.is_dir():
        check_ending(log)
        return [log]
    named = sorted(p for p in log.iterdir() if p.is_file() and _STEM.fullmatch(p.stem))
    found = [p for p in named if p.suffix.lower() in READ]
    if not found:
        for path in named:
            check_ending(path)
        raise ResponsesError(
            f"{log}: holds no prediction file on an export of ours; expected one such as "
            f"<model>_{PREFIX}_dual_use_0123abcd.xlsx, got {few([p.name for p in named]) or 'none'}"
        )
    return found


def check_ending(path: Path) -> None:
    """Refuse what is not read, and say why.

    Raises:
        ResponsesError: the file has another ending, or does not exist.
    """
    ending = path.suffix.lower()
    if ending not in READ:
        why = _REFUSED.get(ending, _REFUSED[""])
        raise ResponsesError(f"{path}: not read; {why}. Endings that are read: {', '.join(READ)}")
    if not path.is_file():
        raise ResponsesError(f"{path}: there is no such file")
