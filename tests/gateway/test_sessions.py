"""What relay sessions read of a call, and how their reports become facts."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.numbering.plan import NumberingPlan
from calls import facts as f
from calls.ports.do_not_call import DoNotCall
from calls.reasons import FinishReason
from calls.records import Message, Progress
from calls.screening import Screening
from calls.words import CallStatus, Party, Role
from conversation.effects import Ended
from gateway.once_told import OnceTold
from gateway.relay.ports import NotDeliveredError
from gateway.session_records import SessionRecords
from gateway.session_reports import SessionReports
from gateway.telling import Telling
from tests.gateway.conftest import CALLEE, CALLER, Rig

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SID = "CA" + "1" * 32


def _now() -> datetime:
    return NOON


@pytest.fixture
def records(rig: Rig) -> SessionRecords:
    """The records at noon."""
    return SessionRecords(rig.parts.calls, _now)


@pytest.fixture
def reports(rig: Rig) -> SessionReports:
    """The reports at noon."""
    telling = Telling(rig.parts.calls, rig.control, _now, OnceTold())
    return SessionReports(telling, Screening(NumberingPlan(), rig.parts.do_not_call))


async def _claimed(rig: Rig) -> None:
    await rig.register("talk")
    await rig.parts.calls.claim("talk", "a1", SID)


async def test_a_session_learns_its_plan(rig: Rig, records: SessionRecords) -> None:
    """The plan is that of the agent and the request, with what was said so far."""
    await _claimed(rig)
    await records.append_message("talk", Message(0, Role.AGENT, "Hi", NOON, NOON, {}))
    plan = await records.load("talk", "a1")
    assert plan
    assert (plan.carrier_call_id, plan.agent_url) == (SID, "wss://agent.example.com/llm")
    assert [message.content for message in plan.messages] == ["Hi"]
    talk = plan.conversation
    assert (talk.call_id, talk.from_number, talk.to_number, talk.agent_id) == ("talk", CALLER, CALLEE, rig.agent_id)
    assert (talk.silence_seconds, talk.no_input_seconds, talk.transfer_allowed) == (600, 60, None)
    assert plan.wrap_up_at == NOON + timedelta(seconds=3600 - 15)


async def test_the_wrap_up_counts_from_the_answer(rig: Rig, records: SessionRecords) -> None:
    """A session that resumes a call has no more time than the first one had."""
    await _claimed(rig)
    answered = NOON - timedelta(minutes=50)
    progress = Progress(revision=3, status=CallStatus.ONGOING, answer_time=answered, attempt_id="a1")
    await rig.parts.calls.save_progress("talk", progress)
    plan = await records.load("talk", "a1")
    assert plan
    assert plan.wrap_up_at == answered + timedelta(seconds=3600 - 15)


async def test_who_may_not_talk(rig: Rig, records: SessionRecords) -> None:
    """Nobody talks for a call that is unknown, unclaimed, another attempt's, or over."""
    assert await records.load("nobody", "a1") is None
    await rig.register("talk")
    assert await records.load("talk", "a1") is None
    await rig.parts.calls.claim("talk", "a1", SID)
    await rig.parts.calls.save_progress("talk", Progress(revision=2, status=CallStatus.ONGOING, attempt_id="a1"))
    assert await records.load("talk", "a2") is None
    assert await records.load("talk", "a1") is not None
    await rig.parts.calls.save_progress("talk", Progress(revision=3, status=CallStatus.ENDED, end_time=NOON))
    assert await records.load("talk", "a1") is None


async def test_a_pulse_is_kept(rig: Rig, records: SessionRecords) -> None:
    """A sign of life can be read by whoever watches."""
    await records.pulse({"talk": "VX1"}, NOON)
    pulse = await rig.parts.calls.pulse("talk")
    assert pulse
    assert (pulse.relay_session_id, pulse.at) == ("VX1", NOON)


async def test_reports_become_facts(rig: Rig, reports: SessionReports) -> None:
    """What a session reports is told to its call, in the order of its telling; an end bears the time it came."""
    await reports.conversation_started("talk", "a1", "VX1", SID)
    assert await reports.transfer_asked("talk", "agent-a1-3", "+14155550110", NOON)
    await reports.voicemail_reported("talk", "a1")
    ended = Ended(FinishReason.AGENT_ENDED_CALL, Party.AGENT, {"close_code": 1000})
    await reports.conversation_ended("talk", "a1", ended, NOON - timedelta(minutes=1))
    assert [fact for _, fact in rig.control.told] == [
        f.ConversationStarted(at=NOON, carrier_call_id=SID, attempt_id="a1", relay_session_id="VX1"),
        f.TransferRequested(at=NOON, request_id="agent-a1-3", to_number="+14155550110", by=Party.AGENT),
        f.ConversationEnded(
            at=NOON - timedelta(minutes=1),
            attempt_id="a1",
            reason=FinishReason.AGENT_ENDED_CALL,
            by=Party.AGENT,
            evidence={"close_code": 1000},
        ),
    ]


@pytest.mark.parametrize("target", ["+14155550110", "+19005551234", "911"])
async def test_a_transfer_to_whom_nobody_may_ring(rig: Rig, reports: SessionReports, target: str) -> None:
    """A transfer to a listed, dear or impossible number is refused, and its call hears nothing of it."""
    await rig.parts.do_not_call.add(DoNotCall(phone_number="+14155550110"), NOON)
    assert not await reports.transfer_asked("talk", "agent-a1-3", target, datetime.now(UTC))
    assert not rig.control.told


async def test_a_report_that_nobody_took(rig: Rig, reports: SessionReports) -> None:
    """While the engine is away a report is to be repeated; once the call is closed it is noted instead."""
    rig.control.fails = True
    with pytest.raises(NotDeliveredError):
        await reports.conversation_started("talk", "a1", "VX1", SID)
    rig.control.fails = False
    rig.control.closed.add("talk")
    await reports.conversation_started("talk", "a1", "VX1", SID)
    assert await rig.database.late_facts.count_documents({"kind": "conversation_started"}) == 1
