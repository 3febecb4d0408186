"""The judge by rules: offline, free, the same every time; coarser than a good model.

It reads English and Chinese. It knows nothing of what is true or harmful: it looks for how
people decline, describe and warn. Use it for smoke tests, for a first look, and as a check on a
model that judges; a paper's figures want a model or people.
"""

from __future__ import annotations

from typing import Any

from dual_bench.errors import UnknownNameError
from dual_bench.judges.base import Reply, Request
from dual_bench.judges.rules import lexicon
from dual_bench.judges.rules.features import read
from dual_bench.judges.rules.tables import TABLES
from dual_bench.outcomes import Reason
from dual_bench.protocols import Protocol

VERSION = "1"


class RulesJudge:
    """A `Judge` that needs no model.

    Args:
        protocol: one of those that `tables.TABLES` has answers for.

    Raises:
        UnknownNameError: it is another; lists those that there are.
    """

    def __init__(self, protocol: Protocol) -> None:
        if protocol.name not in TABLES:
            raise UnknownNameError("protocol for the rules judge", protocol.name, TABLES)
        self._protocol = protocol
        self._table = TABLES[protocol.name]
        self._name = f"rules/{VERSION}:{lexicon.digest()}"

    @property
    def name(self) -> str:
        """Changes with the version, with any pattern and with the code that reads them."""
        return self._name

    @property
    def workers(self) -> int:
        """One: it is plain computing, so that threads gain nothing."""
        return 1

    def describe(self) -> dict[str, Any]:
        """Settings for run.json."""
        return {
            "judge": self.name,
            "protocol": self._protocol.id,
            "patterns": sum(len(lexicon.patterns(language)) for language in lexicon.LETTERS),
        }

    def __call__(self, request: Request) -> Reply:
        """A label, or `judge_unable` where the reply is in a language that no pattern knows."""
        features = read(request)
        if not features.known:
            return Reply(reason=Reason.JUDGE_UNABLE, evidence={"error": "language not known"})
        answers: dict[str, str] = {}
        for step in self._protocol.steps:
            if step.when(answers, request.side):
                for field in step.fields:
                    answers[field.name] = self._table[field.name](features)
        evidence = {**answers, "sentences": " | ".join(features.evidence)}
        return Reply(label=self._protocol.label(answers), evidence=evidence)
