"""The adapter's calls against a simulated carrier in another process."""

import io
import wave
from datetime import UTC, datetime, timedelta

import pytest

from adapters.twilio.callbacks import RelayEnd
from adapters.twilio.carrier import TwilioCarrier
from calls.facts import (
    CallAnswered,
    CallCompleted,
    CallInitiated,
    CallRinging,
    CarrierEnd,
    ConversationStarted,
    MachineVerdict,
    RecordingReady,
    TransferBridged,
    TransferEnded,
    TransferFailed,
)
from calls.ports.carrier import Carrier, CarrierError
from tests.adapters.twilio.outside import ALICE, BOB, CALLER, CAROL, DAVE, FRANK, IVAN, MALLORY, Outside, a_dial


async def test_an_answered_call_from_dial_to_recording(carrier: TwilioCarrier, outside: Outside) -> None:
    """Everything about an answered call arrives signed, as facts of its attempt, and its recording can be had."""
    carrier_call_id = await carrier.dial(a_dial(ALICE))
    completed = await outside.known(CallCompleted)
    ready = await outside.known(RecordingReady)
    ended = await outside.known(RelayEnd)
    for kind in (CallInitiated, CallRinging, CallAnswered):
        fact = await outside.known(kind)
        assert (fact.carrier_call_id, fact.attempt_id) == (carrier_call_id, "a1")
    assert (completed.carrier_status, completed.sip_code) == (CarrierEnd.COMPLETED, 200)
    assert (ended.session_status, ended.call_status, ended.handoff) == ("ended", "in-progress", "done")
    assert outside.asked == ["voice", "relay-ended"]
    assert outside.unsigned == []
    said = await carrier.ask(carrier_call_id)
    assert said is not None
    assert (said.status, said.end, said.is_live) == ("completed", CarrierEnd.COMPLETED, False)
    assert (said.to_number, said.from_number) == (ALICE, CALLER)
    [recording] = await carrier.recordings(carrier_call_id)
    assert (recording.recording_id, recording.status, recording.channels) == (ready.recording_id, "completed", 2)
    sound = b"".join([piece async for piece in carrier.recording_audio(recording.recording_id)])
    with wave.open(io.BytesIO(sound)) as audio:
        assert audio.getnchannels() == 2


async def test_a_deleted_recording_is_gone(carrier: TwilioCarrier, outside: Outside) -> None:
    """A recording is deleted once, and again without complaint; its audio may be asked for again, in vain."""
    await carrier.dial(a_dial(ALICE))
    recording_id = (await outside.known(RecordingReady)).recording_id
    for _ in range(2):
        await carrier.delete_recording(recording_id)
    with pytest.raises(CarrierError) as refused:
        async for _ in carrier.recording_audio(recording_id):
            pass
    assert not refused.value.permanent
    assert refused.value.evidence == {"http_status": 404}


@pytest.mark.parametrize("recording_id", ["", "RE1", "../Calls", "RE" + "0" * 32 + "/x"])
async def test_only_a_recording_id_is_downloaded(carrier: Carrier, recording_id: str) -> None:
    """Whatever is no recording id leads to no request at all."""
    with pytest.raises(CarrierError) as refused:
        async for _ in carrier.recording_audio(recording_id):
            pass
    assert refused.value.permanent


@pytest.mark.parametrize(
    ("callee", "end", "sip_code"),
    [(BOB, CarrierEnd.BUSY, 486), (IVAN, CarrierEnd.FAILED, 404), (DAVE, CarrierEnd.NO_ANSWER, 487)],
)
async def test_calls_that_are_not_answered(
    carrier: TwilioCarrier, outside: Outside, callee: str, end: CarrierEnd, sip_code: int
) -> None:
    """A busy line, a number that does not exist and a phone that rings out end as such, with their SIP code."""
    await carrier.dial(a_dial(callee, ring_seconds=1))
    completed = await outside.known(CallCompleted)
    assert (completed.carrier_status, completed.sip_code) == (end, sip_code)


async def test_a_machine_is_detected_and_left_a_message(carrier: TwilioCarrier, outside: Outside) -> None:
    """The verdict comes while the relay is up; the message is spoken in its place, and the carrier hangs up."""
    outside.hang_up_relay = False
    carrier_call_id = await carrier.dial(a_dial(CAROL, detect_machine=True, detect_message_end=True))
    verdict = await outside.known(MachineVerdict)
    assert verdict.answered_by == "machine_end_beep"
    assert verdict.detection_ms is not None
    assert await carrier.play_message(carrier_call_id, call_id="c1", attempt_id="a1")
    completed = await outside.known(CallCompleted)
    assert completed.answered_by == "machine_end_beep"
    assert "voicemail" in outside.asked
    assert not await carrier.play_message(carrier_call_id, call_id="c1", attempt_id="a1")


async def test_a_transfer_is_bridged(carrier: TwilioCarrier, outside: Outside) -> None:
    """The target's answer is the bridge, and the end of the talk is told after it."""
    outside.hang_up_relay = False
    carrier_call_id = await carrier.dial(a_dial(FRANK))
    await outside.known(ConversationStarted)
    assert await carrier.start_transfer(carrier_call_id, call_id="c1", attempt_id="a1", request_id="t1")
    bridged = await outside.known(TransferBridged)
    assert bridged.request_id == "t1"
    assert bridged.carrier_call_id != carrier_call_id
    await carrier.extend(carrier_call_id, 1200)
    assert await carrier.stop_recording(carrier_call_id)
    assert not await carrier.stop_recording(carrier_call_id), "nothing is being recorded any more"
    assert [one.status for one in await carrier.recordings(carrier_call_id)] != ["in-progress"]
    assert (await outside.known(TransferEnded)).request_id == "t1"
    proofs = [fact for fact in outside.facts if isinstance(fact, TransferBridged)]
    assert {proof.carrier_call_id for proof in proofs} == {bridged.carrier_call_id}
    assert outside.unsigned == []


async def test_a_transfer_to_a_busy_line_fails(carrier: TwilioCarrier, outside: Outside) -> None:
    """A busy target is told as a failure of this transfer."""
    outside.hang_up_relay, outside.transfer_to = False, MALLORY
    carrier_call_id = await carrier.dial(a_dial(FRANK))
    await outside.known(ConversationStarted)
    await carrier.start_transfer(carrier_call_id, call_id="c1", attempt_id="a1", request_id="t1")
    failed = await outside.known(TransferFailed)
    assert (failed.request_id, failed.carrier_status) == ("t1", "busy")


async def test_hanging_up_at_any_time(carrier: TwilioCarrier, outside: Outside) -> None:
    """A ringing call and an answered one are ended; one that is over, or was never there, is told apart."""
    ringing = await carrier.dial(a_dial(DAVE))
    await outside.known(CallRinging)
    assert await carrier.hang_up(ringing)
    await outside.known(CallCompleted)
    assert not await carrier.hang_up(ringing)
    assert not await carrier.hang_up("CA" + "f" * 32)
    await carrier.extend(ringing, 100)
    assert not await carrier.start_transfer(ringing, call_id="c1", attempt_id="a1", request_id="t1")


async def test_an_unknown_call_is_unknown(carrier: TwilioCarrier) -> None:
    """Asked for what the carrier never heard of, the adapter says so without an error."""
    assert await carrier.ask("CA" + "f" * 32) is None
    assert await carrier.recordings("CA" + "f" * 32) == []


async def test_a_lost_dial_can_be_found(carrier: TwilioCarrier, outside: Outside) -> None:
    """Outbound calls between two numbers since a moment are found, newest first, and no others."""
    began = datetime.now(UTC)
    dialled = [await carrier.dial(a_dial(DAVE)) for _ in range(2)]
    await carrier.dial(a_dial(FRANK))
    found = await carrier.find(from_number=CALLER, to_number=DAVE, not_before=began)
    assert {call.carrier_call_id for call in found} == set(dialled)
    assert all(call.is_live for call in found)
    later = began + timedelta(minutes=1)
    assert await carrier.find(from_number=CALLER, to_number=DAVE, not_before=later) == []
    assert await carrier.find(from_number=DAVE, to_number=CALLER, not_before=began) == []


async def test_the_adapter_is_a_carrier(carrier: TwilioCarrier) -> None:
    """The adapter has every method of the port, as the type checker sees on this line."""
    port: Carrier = carrier
    assert port is carrier


async def test_detection_is_tuned(carrier: TwilioCarrier) -> None:
    """The carrier takes every tuning parameter within its bounds, and refuses each one beyond: they reach it."""
    within = {"speech_threshold_ms": 1900, "speech_end_threshold_ms": 1500, "silence_timeout_ms": 4000}
    assert await carrier.dial(a_dial(CAROL, detect_machine=True, machine_detection_seconds=10, **within))
    for beyond in within:
        with pytest.raises(CarrierError):
            await carrier.dial(a_dial(CAROL, detect_machine=True, **{beyond: 60_000}))
