"""What scoring gives: verdicts, the numbers that follow, and where both come from.

A result can be made from verdicts alone, prints itself as tables, and holds no clock time or
path, so that the same replies and the same judge give the same result.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dual_bench.errors import JournalError, UnknownNameError
from dual_bench.metrics import LEVEL, RESAMPLES, SEED, Estimate, Table, policies, summary, table
from dual_bench.outcomes import Reason, Verdict
from dual_bench.protocols import PROTOCOLS, Protocol
from dual_bench.protocols import protocol as protocol_named
from dual_bench.recording.answer import NOTHING
from dual_bench.runfile import RECORDED, RUN, read_parts, write_parts
from dual_bench.stats import cohen_kappa, fleiss_kappa
from dual_bench.verdicts import read_verdicts

if TYPE_CHECKING:
    import pandas as pd

METRICS = "metrics.json"
RESULT_FORMAT = 1


class Replies(NamedTuple):
    """What came back, counted against what was asked."""

    source: str = ""
    n: int = 0
    superseded: int = 0  # failed attempts of rows that have another line
    unknown: tuple[str, ...] = ()  # ids that are no row of the dataset
    missing: tuple[str, ...] = ()  # rows without a reply
    cut_off: int = 0  # replies that ended at a token limit; they are judged as they are
    models: tuple[str, ...] = ()
    other_data: int = 0  # recorded on another prompt or picture than the row has in this build
    generation: Mapping[str, Any] = NOTHING  # the settings that the run recorded


NO_REPLIES = Replies()


class JudgeAgreement(NamedTuple):
    """Do the judges of a majority agree?

    Attributes:
        fleiss: Fleiss' kappa over all rows with two votes or more.
        pairs: (judge, judge, rows with both votes, share that agree, Cohen's kappa).
    """

    fleiss: float
    pairs: tuple[tuple[str, str, int, float, float], ...]


@dataclass(frozen=True)
class Result:
    """The outcome of scoring one model's replies.

    Attributes:
        verdicts: one a row, in the order of the dataset.
        protocol: whose labels they have.
        judge: its name and settings.
        data: fingerprint of the build and number of rows.
        replies: what came back.
    """

    verdicts: tuple[Verdict, ...]
    protocol: Protocol
    judge: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    replies: Replies = NO_REPLIES
    resamples: int = RESAMPLES
    seed: int = SEED
    level: float = LEVEL

    @classmethod
    def from_verdicts(
        cls,
        verdicts: str | os.PathLike[str] | Iterable[Verdict | Mapping[str, Any]],
        protocol: str | Protocol | None = None,
    ) -> Result:
        """A result from verdicts alone.

        Args:
            verdicts: a run folder, a file of verdicts, or verdicts: `Verdict` or dicts with `id`
                and `label` or `reason`, and perhaps `facts`.
            protocol: whose labels they have; None takes the one that they name.

        Raises:
            JournalError: there are none, or they do not say of which protocol.
        """
        saved: dict[str, Any] = {}
        if isinstance(verdicts, str | os.PathLike):
            found = read_verdicts(verdicts)
            folder = Path(verdicts) if Path(verdicts).is_dir() else Path(verdicts).parent
            saved = read_parts(folder / RUN)
        else:
            found = [v if isinstance(v, Verdict) else Verdict.from_dict(v) for v in verdicts]
        how = protocol_named(protocol) if protocol else _protocol_of(found)
        judges = sorted({v.judge for v in found if v.judge})
        return cls(
            tuple(found),
            how,
            {**saved.get("judge", {}), "name": ", ".join(judges)},
            {"rows": len(found), **saved.get("data", {})},
        )

    @cached_property
    def table(self) -> Table:
        """The verdicts as arrays."""
        return table(self.verdicts, self.protocol)

    @cached_property
    def estimates(self) -> tuple[Estimate, ...]:
        """Every value with its interval, n and bounds."""
        return tuple(
            summary(
                self.table,
                self.protocol,
                resamples=self.resamples,
                seed=self.seed,
                level=self.level,
            )
        )

    @cached_property
    def policies(self) -> dict[str, dict[str, float]]:
        """What constant policies would have got on the same rows."""
        return policies(self.table, self.protocol)

    def get(self, metric: str, name: str = "", given: str = "") -> Estimate:
        """One value: overall, or of a hazard or variant.

        Raises:
            UnknownNameError: there is no such value here; lists the metrics or groups.
        """
        for e in self.estimates:
            if (e.metric, e.name, e.given) == (metric, name, given):
                return e
        metrics = dict.fromkeys(e.metric for e in self.estimates)
        if metric not in metrics:
            raise UnknownNameError("metric", metric, metrics)
        there = [f"{e.name} {e.given}".strip() for e in self.estimates if e.metric == metric]
        legal = [group or "(none: all rows)" for group in there]
        raise UnknownNameError(f"group of {metric}", f"{name} {given}".strip(), legal)

    @property
    def unscored(self) -> dict[str, int]:
        """Reason -> rows without a label, in the order of `Reason`."""
        found = Counter(v.reason for v in self.verdicts)
        return {r.value: found[r] for r in Reason if found[r]}

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Side -> label -> rows, labels without a row included."""
        t = self.table
        return {
            side: {label: int((t.side.is_(side) & t.has([label])).sum()) for label in t.labels}
            for side in t.side.values
        }

    @property
    def agreement(self) -> JudgeAgreement | None:
        """Between the judges of a majority; None where there was one judge."""
        voted = [{v.judge: v.label for v in verdict.votes} for verdict in self.verdicts]
        judges = sorted({judge for votes in voted for judge in votes})
        if len(judges) < 2:
            return None
        labels = list(self.protocol.labels)
        ratings = np.array(
            [[list(votes.values()).count(label) for label in labels] for votes in voted]
        )
        pairs = []
        for one, two in combinations(judges, 2):
            both = [(votes.get(one), votes.get(two)) for votes in voted]
            known = [(a, b) for a, b in both if a is not None and b is not None]
            same = sum(a == b for a, b in known) / len(known) if known else math.nan
            kappa = cohen_kappa([a for a, _ in known], [b for _, b in known])
            pairs.append((one, two, len(known), same, kappa))
        return JudgeAgreement(fleiss_kappa(ratings), tuple(pairs))

    def to_dict(self) -> dict[str, Any]:
        """Everything but the verdicts, as plain values; a value that does not exist is None."""
        agreement = self.agreement
        content: dict[str, Any] = _plain(
            {
                "format": RESULT_FORMAT,
                **self.settings(),
                "n": len(self.verdicts),
                "n_unscored": sum(self.unscored.values()),
                "unscored": self.unscored,
                "counts": self.counts,
                "estimates": [e._asdict() for e in self.estimates],
                "policies": self.policies,
                "agreement": agreement._asdict() if agreement else None,
            }
        )
        return content

    def settings(self) -> dict[str, Any]:
        """Who judged what, how, and with which versions."""
        from dual_bench import __version__

        return {
            "dual_bench": __version__,
            "protocol": self.protocol.id,
            "judge": dict(self.judge),
            "data": dict(self.data),
            "replies": {**self.replies._asdict(), "generation": dict(self.replies.generation)},
            "intervals": {"resamples": self.resamples, "seed": self.seed, "level": self.level},
        }

    def to_pandas(self) -> pd.DataFrame:
        """The estimates as a data frame, one a line."""
        import pandas as pd

        return pd.DataFrame(self.estimates, columns=list(Estimate._fields))

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write run.json and metrics.json into a folder that exists."""
        self.save_settings(folder)
        write_parts(Path(folder) / METRICS, self.to_dict())

    def save_settings(self, folder: str | os.PathLike[str]) -> None:
        """Write run.json alone: what is meant to be judged, before it is.

        What a recorder wrote there of the model stays.
        """
        file = Path(folder) / RUN
        recorded = {k: part for k, part in read_parts(file).items() if k == RECORDED}
        write_parts(file, {**recorded, **_plain(self.settings())})

    def __str__(self) -> str:
        from dual_bench.show import show

        return show(self)

    def __repr__(self) -> str:
        scored = len(self.verdicts) - sum(self.unscored.values())
        name = self.judge.get("name", "")
        return f"<Result {self.protocol.id} by {name}: {scored} of {len(self.verdicts)} scored>"


def _protocol_of(verdicts: Sequence[Verdict]) -> Protocol:
    named = {v.protocol.partition("/")[0] for v in verdicts if v.protocol}
    if len(named) != 1 or not named <= set(PROTOCOLS):
        raise JournalError(
            f"the verdicts name {', '.join(sorted(named)) or 'no'} protocol; say which one they "
            f"are of: {', '.join(PROTOCOLS)}"
        )
    return PROTOCOLS[named.pop()]


def _plain(value: Any) -> Any:
    """The same for JSON: nan and infinities become None, tuples lists."""
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
