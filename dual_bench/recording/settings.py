"""The part `run` of run.json: which model made the replies of a folder, and how.

Everything in it that could change a reply is identity: a folder holds replies of one model under
one set of settings. Scoring writes other parts into the same file and leaves this one alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dual_bench.errors import JournalError
from dual_bench.recording.plain import plain_settings
from dual_bench.runfile import RECORDED, RUN, read_parts, write_parts

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Where replies come from.

    Attributes:
        model: its name, as you want to see it in tables.
        generation: everything else that could change a reply, as plain JSON values.
        rows: how many rows the data of the last start had.
        data: `identity.data_digest` of them.
        by: which program made the replies, and its version.
    """

    model: str
    generation: Mapping[str, Any] = field(default_factory=dict)
    rows: int = 0
    data: str = ""
    by: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.model, str) or not self.model.strip():
            raise JournalError(f"model: expected the model's name, got {self.model!r}")
        try:
            plain = _through_json(plain_settings("generation", self.generation))
        except (TypeError, ValueError, RecursionError) as err:
            raise JournalError(
                f"generation: must be plain JSON values, to be compared with those of a later "
                f"start: {err}"
            ) from err
        object.__setattr__(self, "generation", plain)


def _through_json(settings: Mapping[Any, Any]) -> Any:
    """As a later start will read it."""
    return json.loads(json.dumps(settings, allow_nan=False))


def read_settings(folder: str | os.PathLike[str]) -> RunSettings | None:
    """What run.json says of the replies; None where there is no such part.

    Raises:
        JournalError: the file is damaged.
    """
    file = Path(folder) / RUN
    part = read_parts(file).get(RECORDED)
    if part is None:
        return None
    try:
        data = part.get("data") or {}
        return RunSettings(
            part["model"],
            part.get("generation") or {},
            int(data.get("rows") or 0),
            str(data.get("sha256") or ""),
            str(part.get("by") or ""),
        )
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as err:
        raise JournalError(f"{file}: its part {RECORDED!r} is misshapen: {err!r}") from err
    except JournalError as err:
        raise JournalError(f"{file}: its part {RECORDED!r} is misshapen: {err}") from err


def write_settings(folder: str | os.PathLike[str], settings: RunSettings) -> None:
    """Write the part, and keep the others.

    Raises:
        OutputError: the file cannot be written.
    """
    file = Path(folder) / RUN
    part = {
        "model": settings.model,
        "generation": dict(settings.generation),
        "data": {"rows": settings.rows, "sha256": settings.data},
        "by": settings.by,
    }
    write_parts(file, {**read_parts(file), RECORDED: part})


def differences(old: RunSettings, new: RunSettings) -> list[str]:
    """What differs between two runs that would change a reply, one line each.

    >>> differences(RunSettings("a", {"seed": 1}), RunSettings("a", {"seed": 2, "top_p": 1}))
    ['generation.seed: was 1, is 2', 'generation.top_p: was absent, is 1']
    """
    found = [] if old.model == new.model else [f"model: was {old.model!r}, is {new.model!r}"]
    return [*found, *_differences("generation", old.generation, new.generation)]


def _differences(name: str, old: Any, new: Any) -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            yield from _differences(f"{name}.{key}", old.get(key, _ABSENT), new.get(key, _ABSENT))
    elif (old != new) if _is_number(old, new) else (_shown(old) != _shown(new)):
        yield f"{name}: was {_shown(old)}, is {_shown(new)}"


def _is_number(*values: Any) -> bool:
    """Whether all are numbers, of which 0 and 0.0 are the same setting; true is none."""
    return all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)


def _shown(value: Any) -> str:
    """As JSON, in which 1 and true differ and the order of keys makes no difference."""
    return "absent" if value is _ABSENT else json.dumps(value, sort_keys=True)
