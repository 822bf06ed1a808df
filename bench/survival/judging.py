"""What became of each call: did it go on, and does its transcript say what the carrier's ledger heard.

What may be lacking after a crash, and only near it: the agent's utterance under way (whole or its end) and words of
the callee that were on the wire. Such an utterance of the agent is said again from its start, because nobody alive
knows how much of it was heard; the ledger then has its beginning once more than the transcript.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.chaos.judge.alignment import align

Row = Mapping[str, Any]

AROUND_SECONDS = 2.0
"""How long before a break words may have begun that nobody had stored yet."""
_PART, _EXCUSED, _LACKING, _EXTRA = 1, 2, 20, 30
"""What it weighs that a message is only the beginning of its utterance, that an utterance near a break or another one
is lacking, and that a message was never heard."""


@dataclass(slots=True)
class Verdict:
    """One call. Counts are utterances; `silences` are seconds from a broken relay to the next one."""

    call_id: str
    goes_on: bool
    why_not: str = ""
    sessions: int = 0
    heard: int = 0
    stored: int = 0
    missing: int = 0
    partial: int = 0
    said_again: int = 0
    doubled: int = 0
    invented: int = 0
    lost_elsewhere: list[str] = field(default_factory=list)
    """Words that are missing although nothing broke near them."""
    may_lose: bool = True
    """Whether words under way may be lost: after a crash, not after a stop."""
    silences: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """What was heard and what is stored, where they differ without excuse."""

    @property
    def is_right(self) -> bool:
        """Whether the call went on and its transcript is complete, without doubles, but for what a crash may cost."""
        is_lost = self.missing or self.partial or self.said_again
        return self.goes_on and not (
            self.doubled or self.invented or self.lost_elsewhere or (is_lost and not self.may_lose)
        )

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "is_right": self.is_right}


def judged(call_id: str, record: Row, leg: Row, lines: int, *, may_lose: bool) -> Verdict:
    """The verdict over one call; `lines` is how much its callee had to say."""
    heard, stored = leg["spoken"], record["messages"]
    verdict = Verdict(call_id, goes_on=True, may_lose=may_lose, heard=len(heard), stored=len(stored))
    verdict.sessions = len(leg["relay_sessions"])
    said = sum(one["role"] == "user" for one in heard)
    if record["call_finish_reason"] != "agent_ended_call" or said < lines:
        verdict.goes_on = False
        verdict.why_not = f"{record['call_finish_reason']} after {said} of {lines} lines, by {leg['hung_up_by']}"
    _compare(verdict, heard, stored, list(_breaks(leg)))
    verdict.silences = list(_silences(leg["relay_sessions"]))
    said = [_plain(one["text"]) for one in heard if one["role"] == "agent"]
    # A whole utterance, or the beginning of one, that is said once more later.
    verdict.said_again = sum(any(later.startswith(text) for later in said[at + 1 :]) for at, text in enumerate(said))
    if not verdict.is_right:
        verdict.said = [f"{one['role']}: {one['text']}{' …' if one['interrupted'] else ''}" for one in heard]
        verdict.kept = [f"{one['role']}: {one['content']}" for one in stored]
    return verdict


def _compare(verdict: Verdict, heard: Sequence[Row], stored: Sequence[Row], breaks: Sequence[float]) -> None:
    excused = frozenset(at for at in range(len(heard)) if _is_near_a_break(heard, at, breaks))
    pairs = align(
        len(heard),
        len(stored),
        lambda at, to: _as(stored[to], heard[at]),
        lambda at: _EXCUSED if at in excused else _LACKING,
        stray=_EXTRA,
    ).pairs
    found, kept = {at for at, _ in pairs}, {number for _, number in pairs}
    for number, message in enumerate(stored):
        if number not in kept:
            is_double = any(_as(message, heard[at]) is not None for at in found)
            verdict.doubled += is_double
            verdict.invented += not is_double
    verdict.partial = sum(_plain(stored[number]["content"]) != _plain(heard[at]["text"]) for at, number in pairs)
    verdict.missing = len(heard) - len(found)
    lost = [heard[at] for at in range(len(heard)) if at not in found | excused]
    verdict.lost_elsewhere = [f"{one['role']}: {one['text']}" for one in lost]


def _as(message: Row, said: Row) -> int | None:
    """What it costs to take a message for an utterance; None where it is neither that nor its beginning."""
    kept, whole = _plain(message["content"]), _plain(said["text"])
    if message["role"] != said["role"] or not kept or not whole.startswith(kept):
        return None
    return 0 if kept == whole else _PART


def _plain(text: str) -> str:
    """Words without regard to the space between them."""
    return " ".join(text.split())


def _is_near_a_break(heard: Sequence[Row], at: int, breaks: Sequence[float]) -> bool:
    """Whether an utterance was the last of its side before a relay broke, or began just before that."""
    role, begun = heard[at]["role"], heard[at]["at"]
    later = [one["at"] for one in heard[at + 1 :] if one["role"] == role]
    for moment in breaks:
        is_last = begun <= moment and not any(other <= moment for other in later)
        if is_last or moment - AROUND_SECONDS <= begun <= moment:
            return True
    return False


def _breaks(leg: Row) -> Iterator[float]:
    for session in leg["relay_sessions"]:
        if session["ended_as"] == "failed" and session["closed_at"] is not None:
            yield session["closed_at"]


def _silences(sessions: Sequence[Row]) -> Iterator[float]:
    closed: float | None = None
    for session in sessions:
        if session["opened_at"] is not None:
            if closed is not None:
                yield round(session["opened_at"] - closed, 3)
            closed = session["closed_at"]
