"""Every error that dual-bench raises on purpose, one class per kind of fault.

All derive from `DualBenchError`, so that a command line catches one class and prints one
line. A message says what was expected, what was got, where, and what to do. This module
imports nothing: both the producers' side and the consumers' side may use it.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 120  # characters of a value that a message shows


class DualBenchError(Exception):
    """Base of every error that a user of dual-bench can cause or mend."""

    exit_status = 2


def _shown(got: object) -> str:
    """The beginning of a value: a row can have a picture in it."""
    text = repr(got)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


class UnknownNameError(DualBenchError, ValueError):
    """A name (config, hazard, side, variant, column, id) that does not exist.

    Args:
        kind: what the name should have been, such as "hazard".
        got: the name as it was given.
        legal: every name that would have been right.
    """

    def __init__(self, kind: str, got: object, legal: Iterable[str]) -> None:
        self.kind, self.got, self.legal = kind, got, tuple(map(str, legal))
        close = get_close_matches(str(got), self.legal, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        names = ", ".join(self.legal)
        super().__init__(f"unknown {kind} {_shown(got)}; expected one of: {names}.{hint}")

    def __reduce__(self) -> tuple[type[UnknownNameError], tuple[object, ...]]:
        """Survive the way back from a worker process."""
        return type(self), (self.kind, self.got, self.legal)


class BadValueError(UnknownNameError):
    """A value out of its range, or not of the form that it must have: there is no list of names.

    It is an `UnknownNameError` too, so that one `except` catches whatever an argument may not be.

    Args:
        kind: what the value is, such as "number of shards".
        got: the value as it was given.
        must: what it must be, such as "1 or more"; follows "must be".
        hint: what to do, where the slip is plain.
    """

    def __init__(self, kind: str, got: object, must: str, hint: str = "") -> None:
        self.kind, self.got, self.legal, self.hint = kind, got, (must,), hint
        then = f"; {hint}" if hint else ""
        super(UnknownNameError, self).__init__(f"{kind} must be {must}, got {_shown(got)}{then}")

    def __reduce__(self) -> tuple[type[BadValueError], tuple[object, ...]]:
        """Survive the way back from a worker process."""
        return type(self), (self.kind, self.got, *self.legal, self.hint)


class BuildNotFoundError(DualBenchError, FileNotFoundError):
    """There is no built dataset in any of the places that were looked at."""


class NotABuildError(DualBenchError):
    """A folder was named that does not hold a built dataset."""


class DataVersionError(DualBenchError):
    """A build was made for another version of the data than this library reads."""


class DamagedBuildError(DualBenchError):
    """A built file is missing, truncated or changed."""


class NoRowsError(DualBenchError):
    """A choice of rows leaves none."""


class TextError(DualBenchError):
    """A source text (pair or prompt) breaks a rule; the message names file and line."""


class AssetError(DualBenchError):
    """A font or a photograph is missing, changed, or lacks a glyph."""


class PerturbationError(DualBenchError):
    """A perturbation was asked for something that it cannot do."""


class DependencyError(DualBenchError, ImportError):
    """A package that is needed is missing or is not the one that is needed."""


class OutputError(DualBenchError, OSError):
    """A file could not be written: no space, no permission, or in the way."""


class ResponsesError(DualBenchError):
    """A file of replies cannot be read, or says two things about one row."""


class JournalError(DualBenchError):
    """A run folder is in use, damaged, or belongs to another run."""


class RunStoppedError(DualBenchError):
    """A run of a model was stopped before its end; what was recorded stays, and it can go on."""


class EndpointError(DualBenchError):
    """An endpoint cannot be used at all: no key, no such model, a wrong address, or it is down."""


class SpendingLimit(DualBenchError):  # noqa: N818  (it is no error: somebody asked for it)
    """The number of requests that a run may send is used up; rows not asked stay missing."""


class JudgeError(DualBenchError):
    """A judge cannot be used at all: no key, no such model, a prompt file that does not fit."""


class LabelsError(DualBenchError):
    """A file of labels cannot be read, or has a label that the protocol does not have."""


class ImportFileError(DualBenchError):
    """A table, workbook, archive or picture of somebody else's cannot be read, or not safely."""
