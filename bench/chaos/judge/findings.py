"""What a check brings: how much it looked at, and what it found wrong."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from bench.chaos.evidence import Evidence

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Finding:
    """One violation. `subject` is a call id, a carrier call id or a marker."""

    subject: str
    what: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one check."""

    invariant: int
    check: str
    looked_at: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Check(Generic[S]):
    """One question about a run. `subjects` gives what is looked at; `judge` finds what is wrong with one of them."""

    invariant: int
    question: str
    subjects: Callable[[Evidence], Iterable[S]]
    judge: Callable[[Evidence, S], Iterable[Finding]]

    def ask(self, evidence: Evidence) -> Outcome:
        """Look at every subject of a run."""
        looked_at, findings = 0, list[Finding]()
        for subject in self.subjects(evidence):
            looked_at += 1
            findings += self.judge(evidence, subject)
        return Outcome(self.invariant, self.question, looked_at, tuple(findings))
