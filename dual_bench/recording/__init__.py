"""What a model says on its way to disk: from any loop into a run folder.

identity      what a row was when it was asked
settings      which model, and how: the part `run` of run.json
plain         its values as JSON
sources       rows by number, from a Dataset or dicts
todo          what is left to be asked
recorder      `Recorder`: the one writer of a run folder
concurrently  many rows at once, with asyncio
earlier       what an earlier start left
written       a whole folder at once, for converters
merge         the folders of several processes in one
"""

from dual_bench.recording.answer import Answer
from dual_bench.recording.identity import data_digest, row_digest
from dual_bench.recording.merge import Merged, merge
from dual_bench.recording.recorder import FAILED, Recorder
from dual_bench.recording.settings import RunSettings, read_settings
from dual_bench.recording.written import write_run

__all__ = [
    "FAILED",
    "Answer",
    "Merged",
    "Recorder",
    "RunSettings",
    "data_digest",
    "merge",
    "read_settings",
    "row_digest",
    "write_run",
]
