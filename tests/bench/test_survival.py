"""The judge of survival fails on what it should fail on."""

from typing import Any

import pytest

from bench.survival.judging import judged

BREAK = 100.0
SESSIONS = [
    {"opened_at": 50.0, "closed_at": BREAK, "ended_as": "failed"},
    {"opened_at": 101.5, "closed_at": 150.0, "ended_as": "completed"},
]
HEARD = [
    ("agent", "Hello.", 51.0),
    ("user", "One?", 60.0),
    ("agent", "Answer one.", 99.0),
    ("agent", "Answer one.", 103.0),
    ("user", "Goodbye.", 120.0),
    ("agent", "Goodbye.", 125.0),
]
STORED = [("agent", "Hello."), ("user", "One?"), ("agent", "Answer one."), ("user", "Goodbye."), ("agent", "Goodbye.")]


def verdict_of(
    stored: list[tuple[str, str]],
    reason: str = "agent_ended_call",
    *,
    heard_words: list[tuple[str, str, float]] = HEARD,
    may_lose: bool = True,
) -> Any:
    """The judge's word on a call that was cut in its first answer."""
    heard = [{"role": role, "text": text, "at": at, "interrupted": False} for role, text, at in heard_words]
    record = {"messages": [{"role": role, "content": text} for role, text in stored], "call_finish_reason": reason}
    return judged("c", record, {"spoken": heard, "relay_sessions": SESSIONS, "hung_up_by": "api"}, 2, may_lose=may_lose)


def test_what_a_crash_may_cost() -> None:
    """The utterance under way at the break is lacking, was said again, and the silence is told."""
    verdict = verdict_of(STORED)
    assert verdict.is_right
    assert (verdict.missing, verdict.said_again, verdict.silences) == (1, 1, [1.5])


def test_a_stop_costs_nothing() -> None:
    """What a crash is allowed is wrong where a gateway was asked to stop: words lacking, or begun and said again."""
    assert not verdict_of(STORED, may_lose=False).is_right
    once = [*HEARD[:3], *HEARD[4:]]
    assert verdict_of(STORED, heard_words=once, may_lose=False).is_right
    begun = [*HEARD[:2], ("agent", "Answer", 99.0), *HEARD[3:]]
    verdict = verdict_of(STORED, heard_words=begun, may_lose=False)
    assert (verdict.said_again, verdict.is_right) == (1, False)


@pytest.mark.parametrize(
    ("stored", "count"),
    [
        ([*STORED[:3], STORED[4]], "lost_elsewhere"),
        ([*STORED, ("agent", "Goodbye.")], "doubled"),
        ([*STORED, ("agent", "Never said.")], "invented"),
        (STORED[:-1], "lost_elsewhere"),
    ],
)
def test_what_nothing_excuses(stored: list[tuple[str, str]], count: str) -> None:
    """Words lost far from a break, stored twice, or never spoken."""
    verdict = verdict_of(stored)
    assert getattr(verdict, count)
    assert not verdict.is_right


def test_a_call_that_did_not_go_on() -> None:
    """It ended otherwise than by the agent's goodbye."""
    verdict = verdict_of(STORED, "user_ended_call")
    assert not verdict.is_right
    assert "user_ended_call" in verdict.why_not
