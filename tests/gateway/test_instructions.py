"""What the carrier is told to do: when the callee answers, and when a relay session is over."""

from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from calls.facts import ConversationEnded
from calls.reasons import FinishReason
from calls.records import Progress, TransferEntry
from calls.words import CallStatus
from gateway.app import create_app
from tests.gateway.conftest import ORIGIN, Rig
from tests.gateway.fake_carrier import OTHER_SID, SID, FakeCarrier, action, verbs

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LOST = {"SessionStatus": "failed", "ErrorCode": "64105", "ErrorMessage": "Websocket ended", "SessionId": "VX1"}


@pytest.fixture
async def carrier(rig: Rig) -> FakeCarrier:
    """A carrier with one call of ours, not yet answered."""
    made = FakeCarrier(rig)
    await made.register()
    return made


async def _progress(rig: Rig, **what: object) -> None:
    progress = Progress.model_validate({"revision": 5, "status": CallStatus.ONGOING, **what})
    await rig.parts.calls.save_progress("call-1", progress)


async def test_the_answered_call_is_connected(carrier: FakeCarrier) -> None:
    """The first carrier call to ask gets the conversation, recording first, even with the engine away; twice too."""
    carrier.rig.control.fails = True
    for _ in range(2):
        answer = await carrier.answer()
        assert verbs(answer) == ["Start", "Connect"]
        assert 'url="wss://callbacks.example.com/twilio/relay/call-1/attempt-1"' in answer.text
    assert await carrier.rig.parts.calls.claimed_by("call-1") == SID


async def test_a_second_carrier_call_is_hung_up(carrier: FakeCarrier) -> None:
    """Another carrier call, or another attempt, for the same call is hung up and noted."""
    await carrier.answer()
    assert verbs(await carrier.answer(OTHER_SID)) == ["Hangup"]
    assert verbs(await FakeCarrier(carrier.rig, attempt_id="attempt-2").answer()) == ["Hangup"]
    assert await carrier.late() == ["claim_refused", "claim_refused"]
    assert await carrier.rig.parts.calls.claimed_by("call-1") == SID


async def test_a_call_that_is_over_or_unknown_is_hung_up(carrier: FakeCarrier) -> None:
    """A carrier call that turns up after the end, or for a call nobody knows, is hung up."""
    await _progress(carrier.rig, end_time=NOON)
    assert verbs(await carrier.answer()) == ["Hangup"]
    stranger = FakeCarrier(carrier.rig, call_id="nobody")
    assert verbs(await stranger.answer()) == ["Hangup"]
    assert await stranger.late() == ["claim_refused"]


async def test_a_broken_conversation_is_taken_up_again(carrier: FakeCarrier) -> None:
    """When the relay's socket died in mid-call the callee is connected again, without a second recording."""
    await carrier.answer()
    answer = await carrier.post("relay-ended", **LOST)
    assert verbs(answer) == ["Connect"]
    assert carrier.rig.control.told == []


async def test_resumes_are_bounded(carrier: FakeCarrier) -> None:
    """After five resumes the call is given up: the reason is told before the hangup."""
    path = action(await carrier.answer())
    for resumes in range(1, 6):
        answer = await carrier.post("relay-ended", query="?" + path.partition("?")[2] if "?" in path else "", **LOST)
        assert verbs(answer) == ["Connect"]
        path = action(answer)
        assert path.endswith(f"?resumes={resumes}")
    assert verbs(await carrier.post("relay-ended", query="?resumes=5", **LOST)) == ["Hangup"]
    [(_, fact)] = carrier.rig.control.told
    assert isinstance(fact, ConversationEnded)
    assert fact.reason is FinishReason.RETELL_SERVICE_ERROR
    assert fact.evidence["resumes"] == 5
    assert fact.evidence["relay_error_code"] == 64105
    assert fact.evidence["relay_session_status"] == "failed"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("64109", FinishReason.CONCURRENT_CALL_LIMIT_REACHED),
        ("64114", FinishReason.SPEECH_RECOGNITION_ERROR),
        ("64101", FinishReason.TWILIO_SERVICE_ERROR),
        ("64999", FinishReason.TWILIO_SERVICE_ERROR),
    ],
)
async def test_what_cannot_be_resumed_ends_the_call(carrier: FakeCarrier, code: str, reason: FinishReason) -> None:
    """A relay that failed for a cause of the carrier's ends the call with its reason."""
    await carrier.answer()
    answer = await carrier.post("relay-ended", SessionStatus="failed", ErrorCode=code)
    assert verbs(answer) == ["Hangup"]
    [(_, fact)] = carrier.rig.control.told
    assert isinstance(fact, ConversationEnded)
    assert fact.reason is reason


@pytest.mark.parametrize("code", ["64102", "39001"])
async def test_a_relay_that_cannot_connect_is_tried_again(carrier: FakeCarrier, code: str) -> None:
    """At once, then once a second: the next gateway may still be coming up. At last it is our failure."""
    await carrier.answer()
    assert verbs(await carrier.post("relay-ended", SessionStatus="failed", ErrorCode=code)) == ["Connect"]
    for resumes in (1, 4):
        answer = await carrier.post("relay-ended", query=f"?resumes={resumes}", SessionStatus="failed", ErrorCode=code)
        assert verbs(answer) == ["Pause", "Redirect"]
        assert f"/twilio/resume/call-1/attempt-1?resumes={resumes + 1}#" in answer.text
    answer = await carrier.post("relay-ended", query="?resumes=5", SessionStatus="failed", ErrorCode=code)
    assert verbs(answer) == ["Hangup"]
    [(_, fact)] = carrier.rig.control.told
    assert isinstance(fact, ConversationEnded)
    assert fact.reason is FinishReason.RETELL_SERVICE_ERROR


async def test_a_conversation_that_is_handed_over_goes_on(carrier: FakeCarrier) -> None:
    """When a stopping gateway ended the relay for another, the callee is connected again, and failures count anew."""
    await carrier.answer()
    for query in ("", "?resumes=5"):
        answer = await carrier.post(
            "relay-ended", query=query, SessionStatus="ended", HandoffData='{"hand_over":true}', SessionId="VX1"
        )
        assert verbs(answer) == ["Connect"]
        assert action(answer).endswith("?resumes=0")
    assert carrier.rig.control.told == []
    await _progress(carrier.rig, end_time=NOON)
    answer = await carrier.post("relay-ended", SessionStatus="ended", HandoffData='{"hand_over":true}')
    assert verbs(answer) == ["Hangup"]


async def test_a_stopping_gateway_sends_calls_elsewhere(carrier: FakeCarrier) -> None:
    """It answers that the carrier should ask again in a second, at the same address, and is not ready."""
    leaving = FakeCarrier(leaving_rig(carrier.rig))
    answer = await leaving.answer()
    assert verbs(answer) == ["Pause", "Redirect"]
    assert "https://callbacks.example.com/twilio/voice/call-1/attempt-1#" in answer.text
    answer = await leaving.post("relay-ended", query="?resumes=2", **LOST)
    assert verbs(answer) == ["Pause", "Redirect"]
    assert "https://callbacks.example.com/twilio/resume/call-1/attempt-1?resumes=3#" in answer.text
    assert action(await carrier.post("resume", query="?resumes=3")).endswith("?resumes=3")
    ready = await leaving.rig.stranger.get("/readyz")
    assert (ready.status_code, ready.json()) == (503, {"status": "stopping"})


async def test_only_a_live_call_resumes(carrier: FakeCarrier) -> None:
    """Whoever does not hold the claim, and a call that has ended, are hung up."""
    await carrier.answer()
    assert verbs(await carrier.post("resume", sid=OTHER_SID)) == ["Hangup"]
    await _progress(carrier.rig, end_time=NOON)
    assert verbs(await carrier.post("resume")) == ["Hangup"]


def leaving_rig(rig: Rig) -> Rig:
    """The same gateway, about to stop."""
    parts = replace(rig.parts, is_leaving=lambda: True)
    app = create_app(parts)
    stranger = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN)
    return replace(rig, app=app, parts=parts, stranger=stranger)


async def test_giving_up_is_told_before_the_hangup(carrier: FakeCarrier) -> None:
    """While the reason cannot be told the carrier has to ask again, or the hangup would look like the callee's."""
    await carrier.answer()
    carrier.rig.control.fails = True
    answer = await carrier.post("relay-ended", SessionStatus="failed", ErrorCode="64101")
    assert answer.status_code == 503


async def test_the_ends_that_need_nothing(carrier: FakeCarrier) -> None:
    """Our own end hangs up; a call that is over, or moved on to a transfer, gets no instructions."""
    await carrier.answer()
    assert verbs(await carrier.post("relay-ended", SessionStatus="ended", HandoffData="{}")) == ["Hangup"]
    assert verbs(await carrier.post("relay-ended", SessionStatus="completed", CallStatus="completed")) == []
    await _progress(carrier.rig, transfer=TransferEntry(request_id="t", to_number="+14155550110", status="requested"))
    assert verbs(await carrier.post("relay-ended", SessionStatus="completed")) == []
    assert carrier.rig.control.told == []


async def test_a_call_that_is_ending_is_not_resumed(carrier: FakeCarrier) -> None:
    """Once the call's record has ended, a broken relay is hung up."""
    await carrier.answer()
    await _progress(carrier.rig, end_time=NOON)
    assert verbs(await carrier.post("relay-ended", **LOST)) == ["Hangup"]
    assert carrier.rig.control.told == []


@pytest.mark.parametrize("what", ["relay-ended", "voicemail"])
async def test_another_carrier_call_gets_no_instructions(carrier: FakeCarrier, what: str) -> None:
    """A carrier call that does not hold the claim is hung up, and noted; so is any before the claim."""
    assert verbs(await carrier.post(what, **LOST)) == ["Hangup"]
    await carrier.answer()
    assert verbs(await carrier.post(what, sid=OTHER_SID, **LOST)) == ["Hangup"]
    assert await carrier.late() == ["foreign_question"] * 2
    assert carrier.rig.control.told == []


AGENT = {"ai_agent_name": "A", "llm_websocket_url": "wss://agent.example.com/x"}
VOICEMAIL = {"action": "leave_message", "message": "Please <call> back & soon"}


@pytest.mark.parametrize(
    "end",
    [
        LOST,
        {"SessionStatus": "failed", "ErrorCode": "64102"},
        {"SessionStatus": "ended", "HandoffData": '{"hand_over":true}'},
    ],
)
async def test_a_machine_waits_for_its_message(rig: Rig, end: dict[str, str]) -> None:
    """A relay that breaks between the decision to leave a message and the message must not hang up on the machine."""
    await rig.http.put(f"/v2/ai-agents/{rig.agent_id}", json={**AGENT, "voicemail": VOICEMAIL})
    carrier = FakeCarrier(rig)
    await carrier.register()
    await carrier.answer()
    await _progress(rig, end_time=NOON, finish_reason=FinishReason.VOICEMAIL_DETECTED)
    for answer in (await carrier.post("relay-ended", **end), await carrier.post("resume")):
        assert verbs(answer) == ["Pause", "Redirect"]
        assert "/twilio/voicemail/call-1/attempt-1" in answer.text
    assert verbs(await carrier.post("relay-ended", SessionStatus="ended", HandoffData="{}")) == ["Hangup"]
    await _progress(rig, end_time=NOON, finish_reason=FinishReason.MAXIMUM_DURATION_EXCEEDED, revision=6)
    assert verbs(await carrier.post("relay-ended", **end)) == ["Hangup"]


async def test_the_voicemail_message_is_spoken(rig: Rig) -> None:
    """The message is the one the agent had when the call was registered."""
    agent = AGENT
    await rig.http.put(f"/v2/ai-agents/{rig.agent_id}", json={**agent, "voicemail": VOICEMAIL})
    carrier = FakeCarrier(rig)
    await carrier.register()
    await rig.http.put(f"/v2/ai-agents/{rig.agent_id}", json=agent)
    await carrier.answer()
    answer = await carrier.post("voicemail")
    assert verbs(answer) == ["Say", "Hangup"]
    assert "Please &lt;call&gt; back &amp; soon" in answer.text


@pytest.mark.parametrize(("others", "spoken"), [([{"language": "es-US"}], 'language="es-US"'), ([], "<Say>")])
async def test_a_message_is_spoken_in_one_language(rig: Rig, others: list[dict[str, str]], spoken: str) -> None:
    """An agent of many languages leaves its message in the first of them: <Say> has no "multi"."""
    agent = {**AGENT, "voicemail": VOICEMAIL, "language": "multi", "other_languages": others}
    await rig.http.put(f"/v2/ai-agents/{rig.agent_id}", json=agent)
    carrier = FakeCarrier(rig)
    await carrier.register()
    await carrier.answer()
    answer = await carrier.post("voicemail")
    assert spoken in answer.text
    assert "multi" not in answer.text


async def test_without_a_message_the_machine_is_hung_up_on(carrier: FakeCarrier) -> None:
    """An agent without a message has nothing to say to a machine."""
    await carrier.answer()
    assert verbs(await carrier.post("voicemail")) == ["Hangup"]
