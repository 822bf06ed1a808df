"""The truth table: total over the 26 reasons, and no reason is borne out by a ledger that tells of another end."""

from typing import Any

import pytest

from bench.chaos.deeds import FaultDone, OrderGiven
from bench.chaos.evidence import Evidence
from bench.chaos.judge.truth import TRUTH, Case
from calls.reasons import REASONS
from tests.bench.a_run import TALK, a_sound_run

ANSWERED = {"spoken": [{"role": "user", "text": "Yes.", "at": 105.0, "interrupted": False}]}
UNANSWERED: dict[str, Any] = {"answered_at": None, "relay_sessions": [], "spoken": []}
SAID_GOODBYE = {"spoken": [{"role": "agent", "text": "Goodbye.", "at": 107.0, "interrupted": False}]}
BROKEN = {"session_id": "VX1", "opened_at": 104.2, "closed_at": 106.0, "ended_as": "failed"}

ENDS: dict[str, dict[str, Any]] = {
    "user_ended_call": ANSWERED | {"hung_up_by": "callee"},
    "agent_ended_call": SAID_GOODBYE,
    "call_transferred": ANSWERED | {"transfers": [{"status": "completed", "bridged": True}]},
    "answering_machine_detected": ANSWERED | {"answered_by": "machine_start"},
    "line_busy": UNANSWERED | {"status": "busy", "sip_code": 486, "hung_up_by": "carrier"},
    "no_answer": UNANSWERED | {"status": "no-answer", "sip_code": 487, "hung_up_by": "timeout"},
    "call_failed": UNANSWERED | {"status": "failed", "sip_code": 603, "hung_up_by": "carrier"},
    "twilio_service_error": UNANSWERED | {"status": "failed", "sip_code": 503, "hung_up_by": "carrier"},
    "retell_service_error": ANSWERED | {"relay_sessions": [BROKEN] * 6, "hung_up_by": "twiml"},
    "user_connection_failure": {"relay_sessions": [], "spoken": []},
    "no_audio_input": {"spoken": []},
}


def case_of(end: dict[str, Any], **progress: Any) -> Case:
    """The talking call of a sound run, with another end in the ledger."""
    run = a_sound_run()
    run.legs[0] |= end
    run.calls[0]["progress"] |= progress
    return Case(run, run.calls[0], run.legs[0])


def allowed(case: Case) -> set[str]:
    return {reason for reason, (_, is_true) in TRUTH.items() if is_true(case)}


def test_the_table_is_total() -> None:
    """Every reason of the contract has its row, with the status that the contract gives it."""
    assert {reason.value: row.status.value for reason, row in REASONS.items()} == {
        reason: status for reason, (status, _) in TRUTH.items()
    }


@pytest.mark.parametrize("reason", ENDS)
def test_an_end_bears_out_its_own_reason(reason: str) -> None:
    """What the ledger tells of is allowed, and a callee's hangup only where a callee hung up."""
    reasons = allowed(case_of(ENDS[reason]))
    assert reason in reasons
    if reason != "user_ended_call":
        assert "user_ended_call" not in reasons


@pytest.mark.parametrize("end", ["line_busy", "no_answer", "call_failed", "twilio_service_error"])
def test_an_unanswered_call_has_one_true_reason(end: str) -> None:
    """The carrier's last word about a call that nobody answered leaves no choice."""
    assert allowed(case_of(ENDS[end])) == {end}


def test_a_request_to_end_must_have_been_made() -> None:
    """Without a goodbye and without a request the agent did not end the call."""
    assert "agent_ended_call" not in allowed(case_of(ANSWERED))
    case = case_of(ANSWERED)
    case.evidence.deeds.orders.append(OrderGiven(TALK, "end", 108.0, 202, 108.1))
    assert "agent_ended_call" in allowed(case)


def test_a_carrier_error_without_a_carrier_call_needs_a_fault() -> None:
    """A dial is not lost by itself."""
    run = a_sound_run()
    run.calls[0]["progress"]["carrier_call_id"] = None
    case = Case(run, run.calls[0], None)
    assert "twilio_service_error" not in allowed(case)
    run.deeds.faults.append(FaultDone("create-hangs", "carrier", 99.0, 103.0))
    assert "twilio_service_error" not in allowed(case), "its own dial came out well"
    run.workflows[0]["dials"] = ["ambiguous"]
    assert allowed(case) == {"twilio_service_error"}


def test_one_broken_relay_is_no_end() -> None:
    """A conversation is taken up again; only one that breaks again and again is given up."""
    case = case_of(ANSWERED | {"relay_sessions": [BROKEN], "hung_up_by": "twiml"})
    assert "retell_service_error" not in allowed(case)


def test_a_message_that_was_never_begun_was_not_left() -> None:
    """The machine alone does not make it voicemail_detected."""
    case = case_of(ANSWERED | {"answered_by": "machine_end_beep"})
    case.call["plan"]["voicemail"] = {"action": "leave_message", "message": "Please call us back."}
    assert "voicemail_detected" not in allowed(case)
    case.leg["spoken"] = [{"role": "agent", "text": "Please call us back.", "at": 107.0, "interrupted": False}]  # type: ignore[index]
    assert "voicemail_detected" in allowed(case)


def test_the_carriers_limit_is_for_when_nobody_is_there() -> None:
    """With nothing broken our own timer ends a call."""
    case = case_of(ANSWERED | {"hung_up_by": "time_limit"})
    assert "maximum_duration_exceeded" not in allowed(case)
    case.evidence.deeds.faults.append(FaultDone("kill-all-workers", "worker", 105.0, 109.0))
    assert "maximum_duration_exceeded" in allowed(case)


def test_a_call_waits_for_nobody_but_its_callee() -> None:
    """A limit is the cause only where another call to the same callee was up for as long as it waited."""
    run = a_sound_run()
    waited = run.calls[1]
    waited["progress"] |= {"end_time": 115.2, "carrier_call_id": None}
    assert "concurrent_call_limit_reached" not in allowed(Case(run, waited, None))
    run.calls[0]["to_number"] = waited["to_number"]
    assert "concurrent_call_limit_reached" in allowed(Case(run, waited, None))
    waited["progress"]["end_time"] = 104.0
    assert "concurrent_call_limit_reached" not in allowed(Case(run, waited, None))


def test_a_call_whose_record_came_late_waited_since_its_workflow_began() -> None:
    """The worker stood still between the two: the deadline was not moved by that."""
    queued = UNANSWERED | {"initiated_at": None, "ringing_at": None, "status": "canceled", "ended_at": 110.6}
    case = case_of(queued, end_time=110.5)
    assert "registered_call_timed_out" not in allowed(case)
    case.evidence.workflows[0]["began_at"] = 95.2
    assert "registered_call_timed_out" in allowed(case)


def test_an_agent_server_fails_only_when_it_was_killed() -> None:
    """Its reasons are an excuse for nothing else."""
    case = case_of(ANSWERED)
    assert not {reason for reason in allowed(case) if reason.startswith("llm_")}
    case.evidence.deeds.faults.append(FaultDone("kill-agent", "agent", 105.0, 107.0))
    assert {reason for reason in allowed(case) if reason.startswith("llm_")}


def test_what_came_after_the_end_did_not_end_the_call() -> None:
    """The carrier call is judged as it was when the record ended."""
    late_answer = case_of(ANSWERED | {"answered_at": 120.0, "ended_at": 121.0, "initiated_at": None}, end_time=118.0)
    assert "registered_call_timed_out" in allowed(late_answer)
    assert not {"user_ended_call", "agent_ended_call"} & allowed(late_answer)


def test_a_run_excuses_only_its_own_time() -> None:
    """A fault that was over long before the call began explains nothing."""
    run: Evidence = a_sound_run()
    assert not run.faults_during(("kill-",), 100.0, 110.0)
    assert run.faults_during(("kill-",), 55.0, 110.0)


@pytest.mark.parametrize(
    ("hung_up_by", "is_asked", "is_true"), [("api", True, True), ("api", False, False), ("callee", True, False)]
)
def test_a_phone_that_is_picked_up_before_its_hangup(hung_up_by: str, is_asked: bool, is_true: bool) -> None:
    """An end asked for while it rang is that of an answered call then, and never of one that failed."""
    late = {"answered_at": 107.0, "ended_at": 108.0, "status": "completed", "hung_up_by": hung_up_by, "spoken": []}
    case = case_of(late, end_time=105.0)
    if is_asked:
        case.evidence.deeds.orders.append(OrderGiven(call_id=TALK, kind="end", at=104.9, status=202))
    assert ("agent_ended_call" in allowed(case)) is is_true
    assert "call_failed" not in allowed(case)
