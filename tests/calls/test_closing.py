"""Which of several causes becomes the reason of an end of ours."""

import itertools

from calls import facts as f
from calls.closing import decide
from calls.facts import Fact, MachineAction, Timer
from calls.lifecycle import record
from calls.model import Call
from calls.reasons import FinishReason as R
from calls.words import Party, Phase
from tests.calls.stories import ASKED, DIALLED, TALKING, a_call, at, completed

REPORTED = f.ConversationEnded(at=at(30), reason=R.LLM_WEBSOCKET_RUNTIME_ERROR, by=Party.AGENT_SERVER)
MACHINE = f.MachineChecked(at=at(30), action=MachineAction.HANG_UP, answered_by="fax", why="policy")
REQUESTED = f.EndRequested(at=at(30), request_id="e1")
EXPIRED = f.TimerExpired(at=at(30), timer=Timer.MAXIMUM_DURATION)
WRONG = f.WentWrong(at=at(30), evidence={"error": "x"})


def told(*facts: Fact) -> Call:
    call = a_call()
    for fact in facts:
        call = record(call, fact)
    return call


def decided(*facts: Fact) -> R | None:
    closing = decide(told(*facts), at(31))
    return closing.reason if closing else None


def test_nothing_calls_for_an_end() -> None:
    """A talking call goes on."""
    assert decided(*TALKING) is None


def test_the_more_specific_cause_wins_in_either_order() -> None:
    """Conversation before machine before request before timer before failure."""
    by_rank: list[tuple[Fact, R]] = [
        (REPORTED, R.LLM_WEBSOCKET_RUNTIME_ERROR),
        (MACHINE, R.ANSWERING_MACHINE_DETECTED),
        (REQUESTED, R.AGENT_ENDED_CALL),
        (EXPIRED, R.MAXIMUM_DURATION_EXCEEDED),
        (WRONG, R.UNKNOWN_ERROR),
    ]
    for (stronger, reason), (weaker, _) in itertools.pairwise(by_rank):
        assert decided(*TALKING, stronger, weaker) is reason
        assert decided(*TALKING, weaker, stronger) is reason


def test_a_call_that_is_over_is_not_ended_again() -> None:
    """The callee was faster: the hangup is theirs."""
    assert decided(*TALKING, completed(29), REQUESTED) is None


def test_a_call_that_was_handed_over_is_not_ended_again() -> None:
    """After the bridge the record is settled."""
    bridge = f.TransferBridged(at=at(25), request_id="t1", carrier_call_id="CA" + "2" * 32)
    assert decided(*TALKING, ASKED, bridge, REQUESTED) is None


def test_an_end_before_the_answer_is_a_failed_call() -> None:
    """Who asked is kept."""
    closing = decide(told(*DIALLED, REQUESTED), at(31))
    assert closing is not None
    assert (closing.reason, closing.by, closing.phase) == (R.CALL_FAILED, Party.OPERATOR, Phase.RINGING)


def test_a_verdict_that_the_policy_ignores_is_no_cause() -> None:
    """PROCEED means what it says."""
    ignored = f.MachineChecked(at=at(9), action=MachineAction.PROCEED, answered_by="machine_start", why="ignore")
    assert decided(*TALKING, ignored) is None


def test_each_timer_has_its_reason() -> None:
    """No timer expires into nothing."""
    reasons = {timer: decided(*TALKING, f.TimerExpired(at=at(9), timer=timer)) for timer in Timer}
    assert None not in reasons.values()
    assert len(set(reasons.values())) == len(Timer)
