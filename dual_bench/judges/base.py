"""What a judge is: a callable from a `Request` to a `Reply`, with a name.

A judge gives a label of its protocol, or a reason why it has none. It never raises because of
what a model wrote; it raises only for a user's mistake (a wrong key, an unknown model), which
ends the run before any row is charged with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from dual_bench.outcomes import Reason, Vote


@dataclass(frozen=True, slots=True)
class Request:
    """One reply to be judged.

    Attributes:
        id: of the row.
        prompt: what the model was asked.
        reply: what it said, unchanged; not blank.
        text: the words that its picture shows; None where there is no picture or they are unknown.
        side: `harmful`, `benign`, or None where that is unknown.
        votes: valid votes of an earlier start; a judge of several does not ask for them again.
    """

    id: str
    prompt: str
    reply: str
    text: str | None = None
    side: str | None = None
    votes: tuple[Vote, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What a judge said: a label, or a reason.

    Attributes:
        label: one of the protocol's, or None.
        reason: None if and only if there is a label.
        evidence: answers by question, and the words that they rest on.
        votes: of the single judges, where several were asked.
    """

    label: str | None = None
    reason: Reason | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)
    votes: tuple[Vote, ...] = ()


class Judge(Protocol):
    """Anything that can judge.

    Attributes:
        name: identity; it must change whenever the verdicts could (version, model, prompts).
        workers: how many requests may be in flight at once; 1 for what is not thread-safe.
    """

    @property
    def name(self) -> str:
        """Who judged, such as `rules/1:0f3c2a91`."""

    @property
    def workers(self) -> int:
        """How many threads may call it."""

    def describe(self) -> dict[str, Any]:
        """Settings for run.json; never a key or a password."""

    def __call__(self, request: Request) -> Reply:
        """Judge one reply."""
