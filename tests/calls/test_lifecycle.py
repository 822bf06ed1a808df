"""A call is the sum of its facts, whatever order they come in and however often."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls import facts as f
from calls.closing import decide
from calls.facts import Fact
from calls.lifecycle import State, ending, is_over, record, state, was_answered
from calls.model import Call
from calls.reasons import REASONS
from calls.reasons import FinishReason as R
from calls.records import progress
from calls.words import CallStatus, Party, Phase
from tests.calls.stories import ANSWERED, ASKED, DIALLED, RINGING, STORIES, TALKING, Story, a_call, about, at, completed


def told(facts: tuple[Fact, ...] | list[Fact]) -> Call:
    call = a_call()
    for fact in facts:
        call = record(call, fact)
    return call


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_story_comes_to_its_ending(story: Story) -> None:
    """Each story ends with its reason, in its phase, with or without an answer."""
    call = told(story.facts)
    final = ending(call)
    assert final is not None
    assert (final.reason, final.phase) == (story.reason, story.phase)
    assert final.phase in REASONS[final.reason].phases
    assert was_answered(call) is story.answered
    assert is_over(call)
    assert state(call) is State.OVER


@given(st.sampled_from(STORIES).flatmap(lambda s: st.tuples(st.just(s), st.permutations(s.facts))), st.data())
def test_order_and_repetition_do_not_matter(told_story: tuple[Story, list[Fact]], data: st.DataObject) -> None:
    """Any order of a story's facts, with any of them repeated, gives the same call and the same record."""
    story, shuffled = told_story
    repeated = data.draw(st.lists(st.sampled_from(story.facts), max_size=8))
    places = data.draw(st.lists(st.integers(0, len(shuffled)), min_size=len(repeated), max_size=len(repeated)))
    for fact, place in zip(repeated, places, strict=True):
        shuffled.insert(place, fact)
    call, straight = told(shuffled), told(story.facts)
    assert call == straight
    assert ending(call) == ending(straight)
    assert progress(call) == progress(straight)


@given(st.permutations(TALKING))
def test_state_only_goes_forward(facts: list[Fact]) -> None:
    """Knowing more never takes a call back."""
    call, reached = a_call(), State.NEW
    for fact in facts:
        call = record(call, fact)
        assert state(call) >= reached
        reached = state(call)


def test_the_first_of_a_kind_wins() -> None:
    """A second verdict, different from the first, changes nothing."""
    human = f.MachineVerdict(**about(8), answered_by="human")
    machine = f.MachineVerdict(**about(9), answered_by="machine_start")
    assert told([human, machine]) == told([human])


def test_word_of_another_carrier_call_changes_nothing() -> None:
    """A callback that carries another call's id is no fact about this one."""
    call = told([ANSWERED])
    foreign = completed(9).model_copy(update={"carrier_call_id": "CA" + "9" * 32})
    assert record(call, foreign) is call


def test_an_unanswered_call_has_no_duration() -> None:
    """The record of a call that was never picked up says null, not zero."""
    entry = progress(told([RINGING, completed(4, "busy", 486, 0)]))
    assert entry.duration_seconds is None
    assert entry.status is CallStatus.ERROR


def test_the_duration_is_from_the_answer_to_our_own_end() -> None:
    """What the carrier needs to hang up after our decision is not the call's time."""
    story = next(story for story in STORIES if story.name == "the agent ends the call")
    assert progress(told(story.facts)).duration_seconds == pytest.approx(24)


def test_an_answer_that_beat_the_hangup_is_not_after_the_end() -> None:
    """Picked up at 7 s, with our decision of 5 s on its way: it ended with the carrier's call at 9 s, after two."""
    closing = f.Closing(at=at(5), reason=R.NO_ANSWER, by=Party.CALLEE, phase=Phase.RINGING)
    facts = [*DIALLED, RINGING, closing, f.CallAnswered(**about(7))]
    undecided, entry = progress(told(facts)), progress(told([*facts, completed(9, "completed", 200, 2)]))
    assert (undecided.answer_time, undecided.end_time) == (at(7), at(7))
    assert (entry.answer_time, entry.end_time, entry.duration_seconds) == (at(7), at(9), 2.0)


def test_a_registered_call_is_registered_until_the_answer() -> None:
    """Ringing is not yet ongoing."""
    call = told([*TALKING[:5]])
    assert progress(call).status is CallStatus.REGISTERED
    assert progress(record(call, ANSWERED)).status is CallStatus.ONGOING


def test_what_a_relay_says_of_its_end_proves_the_answer() -> None:
    """A relay that fails at once is told of before the answer is; the call was answered all the same."""
    ended = f.ConversationEnded(at=at(7), reason=R.RETELL_SERVICE_ERROR, by=Party.VOICE_PLATFORM)
    decided = decide(told([*DIALLED, ended]), at(7))
    assert decided is not None
    assert decided.phase is Phase.ANSWERED


def test_the_evidence_names_who_asked() -> None:
    """Who asked for the end or for the transfer, and how, is kept; so is a machine told of with the last word alone."""
    asked = f.EndRequested(at=at(30), request_id="e1", by=Party.OPERATOR, via="update")
    by_request = ending(told([*TALKING, asked, completed(31)]))
    assert by_request is not None
    assert by_request.evidence["end_requested_by"] == "operator"
    moved = ending(told([*TALKING, ASKED, f.TransferBridged(at=at(25), request_id="t1")]))
    assert moved is not None
    assert moved.evidence["transfer_asked_by"] == "agent"
    last = completed(31).model_copy(update={"answered_by": "machine_start"})
    judged = ending(told([*TALKING, last]))
    assert judged is not None
    assert judged.evidence["answered_by"] == "machine_start"


CUT_OFF = f.Closing(
    at=at(10), reason=R.CALL_FAILED, by=Party.OPERATOR, phase=Phase.RINGING, evidence={"detail": "ended_by_request"}
)


@pytest.mark.parametrize(
    ("learnt", "reason"),
    [
        ((f.CallAnswered(**about(9)), completed(11, talked=2)), R.AGENT_ENDED_CALL),
        ((f.CallAnswered(**about(10.5)), completed(11, talked=1)), R.AGENT_ENDED_CALL),
        ((completed(11, talked=5),), R.AGENT_ENDED_CALL),
        ((completed(11, talked=1),), R.AGENT_ENDED_CALL),
        ((completed(11, "canceled", 487, talked=0),), R.CALL_FAILED),
    ],
)
def test_an_end_by_request_before_the_answer(learnt: tuple[Fact, ...], reason: R) -> None:
    """Who picks up before the hangup gets through was answered, however late that is told."""
    for facts in ((*DIALLED, CUT_OFF, *learnt), (*DIALLED, *reversed(learnt), CUT_OFF)):
        told_of = ending(told(facts))
        assert told_of is not None
        assert (told_of.reason, told_of.by) == (reason, Party.OPERATOR)


@pytest.mark.parametrize(
    ("last", "reason", "by"),
    [
        (completed(9, "busy", 486, talked=0), R.LINE_BUSY, Party.CALLEE_SIDE),
        (completed(9, "failed", 404, talked=0), R.CALL_FAILED, Party.CARRIER),
        (completed(9, "failed", 503, talked=0), R.TWILIO_SERVICE_ERROR, Party.CARRIER),
        (completed(11, "failed", 487, talked=0), R.CALL_FAILED, Party.OPERATOR),
        (completed(11, "no-answer", 487, talked=0), R.CALL_FAILED, Party.OPERATOR),
    ],
)
def test_an_end_by_request_after_the_end(last: Fact, reason: R, by: Party) -> None:
    """A line that was busy before anybody asked, and was told later, was busy; what a hangup makes of it is its end."""
    for facts in ((*DIALLED, CUT_OFF, last), (*DIALLED, last, CUT_OFF)):
        told_of = ending(told(facts))
        assert told_of is not None
        assert (told_of.reason, told_of.by) == (reason, by)


END_ASKED = f.EndRequested(at=at(20), request_id="e1", by=Party.OPERATOR, via="update", note="")
ASKED_FOR = f.Closing(
    at=at(20),
    reason=R.AGENT_ENDED_CALL,
    by=Party.OPERATOR,
    phase=Phase.CONVERSATION,
    evidence={"detail": "ended_by_request"},
)


@pytest.mark.parametrize(("over", "reason"), [(19.9, R.USER_ENDED_CALL), (20.1, R.AGENT_ENDED_CALL)])
def test_an_end_by_request_of_a_talk_that_was_over(over: float, reason: R) -> None:
    """The callee had hung up, and we had been told so, before anybody asked."""
    told_of = ending(told((*TALKING, END_ASKED, ASKED_FOR, completed(over))))
    assert told_of is not None
    assert told_of.reason is reason


@pytest.mark.parametrize(("talked", "reason"), [(3629, R.USER_ENDED_CALL), (3630, R.MAXIMUM_DURATION_EXCEEDED)])
def test_the_carriers_own_limit_is_the_maximum_duration(talked: float, reason: R) -> None:
    """A call that lived as long as the carrier lets it live was not hung up by the callee."""
    told_of = ending(told((*TALKING, completed(3700, talked=talked))))
    assert told_of is not None
    assert told_of.reason is reason
