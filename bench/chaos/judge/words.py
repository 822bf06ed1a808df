"""Invariant 4, the messages: the record holds what was really spoken, each utterance once, in order.

What may be lacking, and why
1. The words that the end of a relay session cuts off (a hangup, a transfer, a voicemail message): the carrier reports
   nothing of them. A prefix, or nothing, of the utterance under way.
2. What was under way when a relay's socket broke (its gateway died or stood still, or the carrier lost it): the
   utterances of either side around the break, of which nobody was told, or only the dead.
3. What a gateway had in hand while MongoDB was away, if that gateway died before MongoDB was back.
4. What a callee said after the agent's goodbye, after the time for a first word was up, or while we were hanging up
   already: the conversation was over.
5. An agent's voicemail message: it is spoken after the conversation, and is no message of it.

What may be out of order: an utterance of the agent and the callee's answer to it, when a gateway stood still between
the two (SIGSTOP). It then has both sockets to read, and the agent server's says when an utterance is complete. And what
the two said at the same time, as the record's own times tell: the ledger has it by when it began, the record by when it
ended.

Notes in parentheses, which our side puts among the callee's words (a transfer that failed, keys), were never spoken.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from bench.chaos.evidence import Document, Evidence
from bench.chaos.judge.alignment import align
from bench.chaos.judge.endings import leg_of
from bench.chaos.judge.findings import Finding

_AROUND_SECONDS = 1.5
"""How long before a break an utterance may have been finished and not stored yet."""

_HANGING_UP_SECONDS = 0.5
"""What began to be said so late was not heard to its end before the hangup."""


class Talk(NamedTuple):
    """One call's words: as they were heard, and as they are stored."""

    call_id: str
    heard: Sequence[Document]
    stored: Sequence[Document]
    may_lack: frozenset[int]
    """Which of the heard utterances may be lacking, or be stored in part."""
    may_swap: frozenset[int] = frozenset()
    """Which of them may be stored after what followed them."""


def talks(evidence: Evidence) -> Iterable[Talk]:
    """Every answered call."""
    for call in evidence.calls:
        leg = leg_of(evidence, call)
        if leg is None or leg["answered_at"] is None or call["progress"]["carrier_call_id"] != leg["sid"]:
            continue
        stored = [one for one in evidence.messages.get(call["call_id"], []) if not _is_note(one)]
        lacking, swapped = frozenset(_may_lack(evidence, call, leg)), frozenset(_stalled(evidence, leg["spoken"]))
        yield Talk(call["call_id"], leg["spoken"], stored, lacking, swapped)


def says_what_was_said(_: Evidence, talk: Talk) -> Iterator[Finding]:
    """Lay both lists side by side: nothing stored that was not said, nothing said that is not stored."""
    laid = align(
        len(talk.heard),
        len(talk.stored),
        lambda at, to: 0 if _matches(talk, at, talk.stored[to]) else None,
        lambda at: int(at not in talk.may_lack),
        stray=2,
    )
    left_over = list(laid.heard_only)
    for to in laid.stored_only:
        message = talk.stored[to]
        both_spoke = _overlaps(talk.stored, to)
        late = next(
            (at for at in left_over if (both_spoke or at in talk.may_swap) and _matches(talk, at, message)), None
        )
        if late is None:
            yield Finding(talk.call_id, f"{message['role']} never said {message['content']!r} there; {_both(talk)}")
        else:
            left_over.remove(late)
    for at in left_over:
        if at not in talk.may_lack:
            said = talk.heard[at]
            yield Finding(talk.call_id, f"{said['role']} said {said['text']!r}, which is not stored; {_both(talk)}")


def numbered_calls(evidence: Evidence) -> Iterable[tuple[str, Sequence[int]]]:
    """Every call with messages, and how they are numbered."""
    return ((call_id, [one["seq"] for one in stored]) for call_id, stored in evidence.messages.items())


def is_without_gaps(_: Evidence, subject: tuple[str, Sequence[int]]) -> Iterator[Finding]:
    """From 0, one by one."""
    call_id, numbers = subject
    if list(numbers) != list(range(len(numbers))):
        yield Finding(call_id, f"its messages are numbered {list(numbers)}")


def transcribed_calls(evidence: Evidence) -> Iterable[Document]:
    """Every call that is complete and has messages."""
    return (one for one in evidence.calls if one["progress"]["complete"] and evidence.messages.get(one["call_id"]))


def is_transcribed(evidence: Evidence, call: Document) -> Iterator[Finding]:
    """The transcript that is kept with the record is what is stored one by one, word for word."""
    kept = [(one["role"], one["content"]) for one in call.get("transcript") or ()]
    stored = [(one["role"], one["content"]) for one in evidence.messages[call["call_id"]]]
    if kept != stored:
        yield Finding(call["call_id"], f"its transcript is {kept}, its messages are {stored}")


def _is_note(message: Document) -> bool:
    content = str(message["content"])
    return message["role"] == "user" and content.startswith("(") and content.endswith(")")


def _matches(talk: Talk, at: int, message: Document) -> bool:
    heard = talk.heard[at]
    if heard["role"] != message["role"]:
        return False
    said, kept = _plain(heard["text"]), _plain(message["content"])
    return said == kept or (at in talk.may_lack and bool(kept) and said.startswith(kept))


def _overlaps(stored: Sequence[Document], to: int) -> bool:
    """Whether the other one was speaking while this was spoken."""
    this = stored[to]
    return any(
        other["role"] != this["role"]
        and other["started_at"] <= this["ended_at"]
        and this["started_at"] <= other["ended_at"]
        for other in stored[max(0, to - 1) : to + 2]
    )


def _plain(text: str) -> str:
    return " ".join(text.split())


def _both(talk: Talk) -> str:
    heard = " | ".join(f"{one['role'][0]}: {one['text']}" for one in talk.heard)
    stored = " | ".join(f"{one['role'][0]}: {one['content']}" for one in talk.stored)
    return f"heard: {heard}; stored: {stored}"


def _may_lack(evidence: Evidence, call: Document, leg: Document) -> Iterator[int]:
    heard = leg["spoken"]
    message = call["agent"]["voicemail"]["message"]
    for at, one in enumerate(heard):
        if message and one["role"] == "agent" and message.startswith(one["text"]):
            yield at
    if leg["hung_up_by"] != "callee":
        yield from _after_the_end(call, leg)
    for moment in _breaks(leg):
        yield from _around(heard, moment)
    for since, until in _storeless(evidence):
        yield from (at for at, one in enumerate(heard) if since - _AROUND_SECONDS <= one["at"] <= until)
    for session in leg["relay_sessions"]:
        closed_at = session["closed_at"] or leg["ended_at"]
        before = [at for at, one in enumerate(heard) if one["role"] == "agent" and one["at"] <= closed_at]
        yield from (at for at in before[-1:] if heard[at]["interrupted"])


def _stalled(evidence: Evidence, heard: Sequence[Document]) -> Iterator[int]:
    """What was said while a gateway stood still: it reads relay and agent server afterwards in any order."""
    for fault in evidence.deeds.faults:
        if fault.kind == "freeze-gateway":
            since, until = fault.began - _AROUND_SECONDS, fault.ended + _AROUND_SECONDS
            yield from (at for at, one in enumerate(heard) if since <= one["at"] <= until)


def _after_the_end(call: Document, leg: Document) -> Iterator[int]:
    """What the callee said when the conversation was over and the call was not yet."""
    known, goodbye = call["progress"], False
    over = (known["end_time"] or leg["ended_at"]) - _HANGING_UP_SECONDS
    if known["finish_reason"] == "no_audio_input":
        over = min(over, leg["answered_at"] + call["plan"]["policy"]["no_input_seconds"] - _HANGING_UP_SECONDS)
    for at, one in enumerate(leg["spoken"]):
        if one["role"] == "agent":
            goodbye = "goodbye" in one["text"].lower()
        elif goodbye or one["at"] >= over:
            yield at


def _breaks(leg: Document) -> Iterator[float]:
    """When a relay socket of this call broke; one that is not closed broke with the call."""
    for session in leg["relay_sessions"]:
        if session["ended_as"] not in ("ended", "completed"):
            yield session["closed_at"] or leg["ended_at"] or 0.0


def _around(heard: Sequence[Document], moment: float) -> Iterator[int]:
    """The last utterance of each side before a break, and whatever began just before it."""
    for role in ("agent", "user"):
        before = [at for at, one in enumerate(heard) if one["role"] == role and one["at"] <= moment]
        yield from before[-1:]
        yield from (at for at in before if heard[at]["at"] > moment - _AROUND_SECONDS)


def _storeless(evidence: Evidence) -> Iterator[tuple[float, float]]:
    """The times in which MongoDB was away and a gateway died with what it could not store."""
    away = [fault for fault in evidence.deeds.faults if fault.kind == "kill-mongod"]
    deaths = [fault for fault in evidence.deeds.faults if fault.kind == "kill-gateway"]
    for outage in away:
        for death in deaths:
            if outage.began <= death.began <= outage.ended + _AROUND_SECONDS:
                yield outage.began, death.began
