"""Recalling a call from its record: what the record says stays said, and late word finds its place."""

from datetime import timedelta

import pytest

from calls import facts as f
from calls.agents import AgentSettings
from calls.closing import decide
from calls.lifecycle import bridged, ending, is_over, record
from calls.model import Call
from calls.reasons import FinishReason as R
from calls.recalling import LateWord, Traces, amends, recalled
from calls.records import Progress, StoredCall, progress
from tests.calls.stories import (
    DIALLED,
    INITIATED,
    RINGING,
    SID,
    STORIES,
    T0,
    TALKING,
    Story,
    a_call,
    about,
    at,
    completed,
)

AGENT = AgentSettings(ai_agent_name="Ann", llm_websocket_url="wss://agent.test/llm")
OTHER = "CA" + "2" * 32


def told(*facts: f.Fact) -> Call:
    """A call about which these facts are known."""
    call = a_call()
    for fact in facts:
        call = record(call, fact)
    return call


def stored(call: Call, *, complete: bool = False) -> StoredCall:
    """Its record."""
    assert call.plan
    return StoredCall(
        order=call.order,
        agent_id="a" * 24,
        agent=AGENT,
        plan=call.plan,
        registered_at=T0,
        progress=progress(call, complete=complete),
    )


def late(*facts: f.Fact) -> Traces:
    """Word that nobody took."""
    return Traces(late=tuple(LateWord(kind=one.kind, body=one.model_dump(mode="json"), at=at(100)) for one in facts))


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
@pytest.mark.parametrize("last", range(1, 9))
def test_a_recalled_call_says_what_its_record_says(story: Story, last: int) -> None:
    """However far the story came, its record is read back as it was: status, times, reason, whether it is over."""
    before = stored(told(*story.facts[:last]))
    call = recalled(before, Traces())
    taken_up = record(call, f.TakenUp(at=at(200), story="lost", evidence=before.progress.evidence))
    after = progress(taken_up)
    lost = {"revision", "attempt_id", "duration_seconds", "may_ring_late"}  # the last one is kept by who writes
    if before.progress.answer_time is None:
        lost.add("answer_time")
    assert after.model_dump(exclude=lost) == before.progress.model_dump(exclude=lost)
    if before.progress.answer_time:
        assert after.duration_seconds == before.progress.duration_seconds
    assert is_over(call) == before.progress.over


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_late_word_leaves_an_ending_what_it_is(story: Story) -> None:
    """What the carrier says afterwards of the call's own carrier call cannot rename how it ended."""
    before = stored(told(*story.facts))
    word = late(RINGING, f.CallAnswered(**about(150)), completed(160, "failed", 503, 0))
    found = ending(recalled(before, word))
    assert found is not None
    assert (found.reason, found.phase) == (story.reason, story.phase)


def test_late_word_ends_a_call_that_had_no_ending() -> None:
    """What was told while no story listened is the true reason, as if it had been told in time."""
    call = recalled(stored(told(*DIALLED)), late(completed(4, "busy", 486, 0)))
    found = ending(call)
    assert found is not None
    assert found.reason is R.LINE_BUSY


def test_a_carrier_call_that_shows_up_late_is_the_calls_own() -> None:
    """After a lost dial it is known, not over, and the reason stays."""
    story = next(one for one in STORIES if one.name == "the dial was lost")
    before = stored(told(*story.facts), complete=True)
    assert amends(before.progress, RINGING)
    call = recalled(before, late(RINGING))
    found = ending(call)
    assert (call.carrier_call_id, is_over(call)) == (SID, False)
    assert found is not None
    assert found.reason is R.TWILIO_SERVICE_ERROR


def test_the_claim_names_the_carrier_call_of_a_record_that_does_not() -> None:
    """A story that was lost right after the dial left no id; whoever was answered did."""
    call = recalled(stored(told(f.Registered(at=at(0)))), Traces(attempt_id="a1", carrier_call_id=SID))
    assert call.carrier_call_id == SID
    assert not is_over(record(call, INITIATED))


def test_a_transferred_call_is_recalled_as_one() -> None:
    """It is not over when its record has ended."""
    story = next(one for one in STORIES if one.name == "transferred")
    call = recalled(stored(told(*story.facts[:-2])), Traces())
    assert bridged(call) is not None
    assert not is_over(call)
    assert decide(call, at(300)) is None


def test_a_live_call_without_its_story_ends_by_our_fault() -> None:
    """Nobody else ended it; the evidence says what happened."""
    call = recalled(stored(told(*TALKING)), Traces())
    closing = decide(record(call, f.TakenUp(at=at(40), story="terminated")), at(40))
    assert closing is not None
    assert (closing.reason, closing.evidence) == (
        R.UNKNOWN_ERROR,
        {"detail": "workflow_gone", "workflow": "terminated"},
    )


def test_what_the_conversation_found_beats_our_fault() -> None:
    """An agent that ended the call while no story listened did end it."""
    ended = f.ConversationEnded(at=at(30), reason=R.AGENT_ENDED_CALL, by="agent")
    call = recalled(stored(told(*TALKING)), late(ended))
    closing = decide(record(call, f.TakenUp(at=at(40), story="terminated")), at(40))
    assert closing is not None
    assert closing.reason is R.AGENT_ENDED_CALL


def test_words_that_cannot_be_read_are_left_out() -> None:
    """Another release's late word, or one that is no fact, does not keep a call from being taken up."""
    odd = Traces(late=(LateWord(kind="claim_refused", at=T0), LateWord(kind="call_ringing", body={"at": 1}, at=T0)))
    assert recalled(stored(told(*DIALLED)), odd).facts == recalled(stored(told(*DIALLED)), Traces()).facts


def test_what_amends_a_record() -> None:
    """An unknown carrier call does, and a recording taken for absent; a repeated callback does not."""
    known = progress(told(*TALKING, completed(36)))
    ready = f.RecordingReady(**about(50), recording_id="RE1", recording_url="https://carrier.test/RE1")
    assert not amends(known, completed(36))
    assert not amends(known, ready.model_copy(update={"carrier_call_id": OTHER}))
    assert amends(known, ready)
    absent = progress(told(*TALKING, completed(36), f.RecordingAbsent(**about(40))))
    assert amends(absent, ready)
    archived = f.RecordingArchived(at=at(41), recording_id="RE1", archive_id="1", size_bytes=9, sha256="0")
    assert not amends(progress(told(*TALKING, completed(36), archived)), ready)
    assert not amends(progress(told(*TALKING)), ready)
    assert not amends(known, f.TransferEnded(at=at(50) + timedelta(1), request_id="t1"))
    assert isinstance(known, Progress)
