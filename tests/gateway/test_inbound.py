"""Calls that come in: who takes them, what the caller hears, and how they end."""

import asyncio
from datetime import UTC, datetime

import pytest

from activities.registering import Registering
from adapters.twilio.callbacks import ANONYMOUS, Incoming
from calls.arriving import turned_away_late
from calls.facts import CallCompleted
from calls.limits import Capacity
from calls.model import INBOUND_ATTEMPT
from calls.policy import Policy
from calls.reasons import FinishReason
from calls.records import Progress
from calls.words import CallStatus, Direction
from gateway.callbacks.inbound import order_of_arrival
from gateway.callbacks.inbound_webhook import InboundAnswer
from tests.gateway.conftest import CALLER, Rig
from tests.gateway.fake_caller import ALICE, CALL_ID, OURS, Caller, bind
from tests.gateway.fake_carrier import SID, verbs


@pytest.fixture
async def caller(rig: Rig) -> Caller:
    """Somebody who is about to call."""
    return Caller(rig, call_id=CALL_ID, attempt_id=INBOUND_ATTEMPT)


async def test_the_numbers_agent_takes_the_call(caller: Caller) -> None:
    """A call to a bound number is registered, claimed and connected; asked again, the answer is the same."""
    await bind(caller.rig)
    first, again = await caller.calls(), await caller.calls()
    assert verbs(first) == ["Start", "Connect"]
    assert again.text == first.text
    assert f'url="wss://callbacks.example.com/twilio/relay/{CALL_ID}/{INBOUND_ATTEMPT}"' in first.text
    assert await caller.rig.parts.calls.claimed_by(CALL_ID) == SID
    [order] = caller.rig.control.placed
    assert (order.call_id, order.request.direction) == (CALL_ID, Direction.INBOUND)
    assert order.arrival
    assert order.arrival.carrier_call_id == SID
    stored = await caller.stored()
    assert stored
    assert (stored.agent_id, stored.order.request.from_number) == (caller.rig.agent_id, ALICE)


async def test_a_record_of_a_call_that_came_in_reads_like_any_other(caller: Caller) -> None:
    """The API gives it with its direction."""
    await bind(caller.rig)
    await caller.calls()
    call = (await caller.rig.http.get(f"/v1/calls/{CALL_ID}")).json()
    assert (call["direction"], call["from_number"], call["to_number"]) == ("inbound", ALICE, OURS)
    assert call["ai_agent_id"] == caller.rig.agent_id


@pytest.mark.parametrize("withheld", ["", "anonymous", "sip:alice@example.com", "+266696687"])
async def test_a_caller_without_a_number_is_taken(caller: Caller, withheld: str) -> None:
    """Who withholds their number has the one that the carrier itself gives such callers."""
    await bind(caller.rig)
    assert verbs(await caller.calls(From=withheld)) == ["Start", "Connect"]
    stored = await caller.stored()
    assert stored
    assert stored.order.request.from_number == ANONYMOUS


async def test_an_unsigned_call_changes_nothing(caller: Caller) -> None:
    """Only the carrier can bring us a call."""
    await bind(caller.rig)
    fields = {"CallSid": SID, "From": ALICE, "To": OURS}
    for signature in ("", "nonsense", caller.sign("/twilio/inbound", {**fields, "To": CALLER})):
        assert (await caller.send("/twilio/inbound", fields, signature)).status_code == 403
    assert await caller.rig.nothing_happened()


@pytest.mark.parametrize("number", [OURS, CALLER, "sip:us@example.com"])
async def test_a_number_that_nobody_answers(caller: Caller, number: str) -> None:
    """An unknown number, and one without an inbound agent, answer with a sentence, and nothing is recorded."""
    answer = await caller.calls(To=number)
    assert verbs(answer) == ["Say", "Hangup"]
    assert "Sorry &amp; goodbye." in answer.text
    assert await caller.rig.nothing_happened()


async def test_without_a_worker_the_caller_hears_a_sentence_and_the_call_is_kept(caller: Caller) -> None:
    """A call that cannot be registered in time is handed to the engine as turned away, by no fault of the customer."""
    await bind(caller.rig)
    caller.rig.control.lacks_worker = True
    assert verbs(await caller.calls()) == ["Say", "Hangup"]
    assert await caller.stored() is None
    [(order, why)] = caller.rig.control.turned_away
    assert (order.call_id, order.arrival and order.arrival.always_recorded) == (CALL_ID, True)
    assert (why.reason, why.evidence["detail"]) == (FinishReason.UNKNOWN_ERROR, "not_registered_in_time")


async def test_an_agent_that_is_gone_is_recorded_too(caller: Caller) -> None:
    """A number whose agent was deleted turns the caller away, and the record will say why."""
    await bind(caller.rig)
    await caller.rig.database.agents.delete_many({})
    assert verbs(await caller.calls()) == ["Say", "Hangup"]
    [(_, why)] = caller.rig.control.turned_away
    assert "not bound to an inbound agent" in str(why.evidence["error"])


async def test_without_an_engine_the_carrier_is_to_ask_again(caller: Caller) -> None:
    """Nothing durable can be started, so the answer is none that the carrier could take for one."""
    await bind(caller.rig)
    caller.rig.control.fails = True
    assert (await caller.calls()).status_code == 503
    assert await caller.stored() is None
    caller.rig.control.fails = False
    assert (await caller.calls()).status_code == 200


async def test_asked_again_after_the_time_was_up_the_answer_is_the_same(caller: Caller) -> None:
    """What one gateway turned away no other connects, although the engine is well again."""
    await bind(caller.rig)
    caller.rig.control.lacks_worker = True
    first = await caller.calls()
    caller.rig.control.lacks_worker = False
    assert (await caller.calls()).text == first.text
    assert await caller.stored() is None


async def test_a_call_that_was_turned_away_late_is_answered_with_the_message(caller: Caller) -> None:
    """Once the record is there, the answer is read off it and stays the same."""
    await bind(caller.rig)
    caller.rig.control.lacks_worker = True
    first = await caller.calls()
    [(order, why)] = caller.rig.control.turned_away
    parts = caller.rig.parts
    registering = Registering(parts.calls, parts.agents, Policy(), Capacity())
    await registering.register_call(turned_away_late(order, why))
    assert (await caller.calls()).text == first.text
    stored = await caller.stored()
    assert stored
    assert stored.plan.turned_away is FinishReason.UNKNOWN_ERROR


async def test_two_questions_at_once_get_the_same_answer(caller: Caller) -> None:
    """Two gateways that are asked about one carrier call make one record and give one answer."""
    await bind(caller.rig)
    one, other = await asyncio.gather(caller.calls(), caller.calls())
    assert verbs(one) == ["Start", "Connect"]
    assert other.text == one.text
    assert await caller.rig.database.calls.count_documents({}) == 1


async def test_a_gateway_that_died_before_it_answered(caller: Caller) -> None:
    """The carrier asks the next one, which finds the call registered and connects it."""
    await bind(caller.rig)
    ringing = Incoming(carrier_call_id=SID, from_number=ALICE, to_number=OURS)
    await caller.rig.control.place(order_of_arrival(ringing, InboundAnswer(), datetime.now(UTC)))
    assert await caller.rig.parts.calls.claimed_by(CALL_ID) is None
    assert verbs(await caller.calls()) == ["Start", "Connect"]
    assert await caller.rig.database.calls.count_documents({}) == 1


async def test_a_registration_whose_answer_got_lost_is_found(caller: Caller) -> None:
    """A call that was registered all the same is connected."""
    await bind(caller.rig)
    caller.rig.control.fails = caller.rig.control.registers_before_failing = True
    assert verbs(await caller.calls()) == ["Start", "Connect"]


async def test_the_callers_hangup_is_told(caller: Caller) -> None:
    """The relay's end tells that the carrier call is over, because nobody else may."""
    await bind(caller.rig)
    await caller.calls()
    over = {"SessionStatus": "completed", "CallStatus": "completed"}
    assert verbs(await caller.post("relay-ended", From=ALICE, To=OURS, **over)) == []
    [(call_id, fact)] = caller.rig.control.told
    assert call_id == CALL_ID
    assert isinstance(fact, CallCompleted)
    assert (fact.carrier_call_id, fact.attempt_id) == (SID, INBOUND_ATTEMPT)


async def test_a_broken_conversation_with_a_caller_is_taken_up_again(caller: Caller) -> None:
    """When the relay's socket died in mid-call, a caller is connected again like a callee."""
    await bind(caller.rig)
    await caller.calls()
    lost = {"SessionStatus": "failed", "ErrorCode": "64105"}
    assert verbs(await caller.post("relay-ended", **lost)) == ["Connect"]
    assert caller.rig.control.told == []


async def test_a_call_that_is_over_is_not_connected_again(caller: Caller) -> None:
    """A question about a call whose record ended gets a hangup."""
    await bind(caller.rig)
    await caller.calls()
    ended = Progress(revision=9, status=CallStatus.ENDED, end_time=datetime.now(UTC))
    await caller.rig.parts.calls.save_progress(CALL_ID, ended)
    assert verbs(await caller.calls()) == ["Hangup"]
