"""The carrier's reports: told as facts, noted when nobody can take them, refused when they are not the carrier's."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from calls import facts as f
from calls.reasons import FinishReason
from calls.records import Progress
from calls.words import CallStatus
from tests.gateway.conftest import Rig
from tests.gateway.fake_carrier import CHILD_SID, OTHER_SID, RECORDING_SID, SID, FakeCarrier

REPORTS: list[tuple[str, dict[str, Any], type[f.Fact]]] = [
    ("status", {"CallStatus": "initiated"}, f.CallInitiated),
    ("status", {"CallStatus": "ringing"}, f.CallRinging),
    ("status", {"CallStatus": "in-progress"}, f.CallAnswered),
    ("status", {"CallStatus": "busy", "SipResponseCode": "486", "CallDuration": "0"}, f.CallCompleted),
    ("machine", {"AnsweredBy": "machine_start", "MachineDetectionDuration": "2300"}, f.MachineVerdict),
    ("recording", {"RecordingSid": RECORDING_SID, "RecordingStatus": "completed"}, f.RecordingReady),
    ("recording", {"RecordingSid": RECORDING_SID, "RecordingStatus": "absent"}, f.RecordingAbsent),
]


@pytest.fixture
async def carrier(rig: Rig) -> FakeCarrier:
    """A carrier with one call of ours."""
    made = FakeCarrier(rig)
    await made.register()
    return made


@pytest.mark.parametrize(("what", "form", "kind"), REPORTS)
async def test_a_report_becomes_a_fact(
    carrier: FakeCarrier, what: str, form: dict[str, Any], kind: type[f.Fact]
) -> None:
    """Each report is told to its call as the fact it is, and answered with an empty 204."""
    answer = await carrier.post(what, **form)
    assert (answer.status_code, answer.content) == (204, b"")
    [(call_id, fact)] = carrier.rig.control.told
    assert call_id == "call-1"
    assert isinstance(fact, kind)
    assert isinstance(fact, f.CarrierFact)
    assert (fact.carrier_call_id, fact.attempt_id) == (SID, "attempt-1")


async def test_a_report_that_is_repeated_is_told_once(carrier: FakeCarrier) -> None:
    """Five copies at once and one later cost one signal; a report that says something else is told too."""
    copies = (carrier.post("status", CallStatus="completed", CallDuration="7", SipResponseCode="200") for _ in range(5))
    answers = [*await asyncio.gather(*copies)]
    answers.append(await carrier.post("status", CallStatus="completed", CallDuration="7", SipResponseCode="200"))
    assert {answer.status_code for answer in answers} == {204}
    assert len(carrier.rig.control.told) == 1
    await carrier.post("status", CallStatus="completed", CallDuration="8", SipResponseCode="200")
    assert len(carrier.rig.control.told) == 2


async def test_a_report_that_was_not_taken_is_told_when_it_is_repeated(carrier: FakeCarrier) -> None:
    """An engine that was away makes the carrier ask again, and then the report counts."""
    carrier.rig.control.fails = True
    assert (await carrier.post("status", CallStatus="ringing")).status_code == 503
    carrier.rig.control.fails = False
    assert (await carrier.post("status", CallStatus="ringing")).status_code == 204
    assert len(carrier.rig.control.told) == 1


@pytest.mark.parametrize(
    ("what", "form"),
    [
        ("status", {"CallStatus": "a-new-word"}),
        ("recording", {"RecordingSid": RECORDING_SID, "RecordingStatus": "in-progress"}),
        ("status", {"CallStatus": ""}),
        ("status", {"CallSid": None}),
        ("status", {"CallSid": "CAnonsense"}),
        ("machine", {}),
    ],
)
async def test_what_means_nothing_changes_nothing(carrier: FakeCarrier, what: str, form: dict[str, Any]) -> None:
    """A signed report that says nothing we know, or lacks what it should have, is answered and forgotten."""
    assert (await carrier.post(what, **form)).status_code == 204
    assert carrier.rig.control.told == []


@pytest.mark.parametrize("signature", ["", "nonsense", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "ünsigned"])
@pytest.mark.parametrize("what", ["voice", "status", "machine", "recording", "relay-ended", "voicemail"])
async def test_the_unsigned_is_refused(carrier: FakeCarrier, what: str, signature: str) -> None:
    """Without the carrier's signature every callback is a 403 and nothing changes."""
    fields = {"CallSid": SID, "CallStatus": "completed", "SessionStatus": "failed"}
    path = f"/twilio/{what}/call-1/attempt-1"
    answer = await carrier.send(path, fields, signature)
    assert answer.status_code == 403
    assert carrier.rig.control.told == []
    assert await carrier.rig.parts.calls.claimed_by("call-1") is None
    assert await carrier.late() == []


async def test_a_signature_holds_for_its_path_query_and_form_alone(carrier: FakeCarrier) -> None:
    """A form that was signed for another call, another query or other fields is refused."""
    for path, signed_as in (
        ("/twilio/status/call-1/attempt-1", "/twilio/status/call-2/attempt-1"),
        ("/twilio/status/call-1/attempt-1?a=1", "/twilio/status/call-1/attempt-1"),
        ("/twilio/status/call-1/attempt-1", "/twilio/status/call-1/attempt-1?a=1"),
    ):
        fields = {"CallSid": SID, "CallStatus": "ringing"}
        signature = carrier.sign(signed_as, fields)
        assert (await carrier.send(path, fields, signature)).status_code == 403
    path = "/twilio/status/call-1/attempt-1"
    signature = carrier.sign(path, {"CallSid": SID, "CallStatus": "ringing"})
    assert (await carrier.send(path, {"CallSid": SID, "CallStatus": "busy"}, signature)).status_code == 403
    assert carrier.rig.control.told == []


async def test_a_form_that_is_too_large_is_refused(carrier: FakeCarrier) -> None:
    """More than 64 kB is a 413, signed or not."""
    assert (await carrier.post("status", CallStatus="ringing", Extra="x" * 70_000)).status_code == 413
    assert carrier.rig.control.told == []


async def test_another_carrier_calls_report_is_noted(carrier: FakeCarrier) -> None:
    """Once a carrier call has claimed the call, reports that name another one change nothing and are noted."""
    await carrier.answer()
    for what, form, _ in REPORTS:
        assert (await carrier.post(what, sid=OTHER_SID, **form)).status_code == 204
    assert carrier.rig.control.told == []
    assert len(await carrier.late()) == len(REPORTS)


async def test_a_report_for_a_closed_or_unknown_call_is_noted(carrier: FakeCarrier) -> None:
    """When no workflow can take a report it is noted, and answered as if it had been taken."""
    carrier.rig.control.closed = {"call-1", "nobody"}
    assert (await carrier.post("status", CallStatus="completed", CallDuration="7")).status_code == 204
    assert await carrier.late() == ["call_completed"]
    stranger = FakeCarrier(carrier.rig, call_id="nobody")
    assert (await stranger.post("status", CallStatus="ringing")).status_code == 204
    assert await stranger.late() == ["call_ringing"]
    assert await carrier.rig.database.calls.count_documents({}) == 1


async def test_a_carrier_call_that_shows_up_after_its_dial_was_lost_is_taken_up(carrier: FakeCarrier) -> None:
    """Its first callback, while it still rings, has the ended call told on; a call that has a carrier call is not."""
    carrier.rig.control.closed = {"call-1"}
    lost = Progress(
        revision=3,
        status=CallStatus.ERROR,
        over=True,
        end_time=datetime.now(UTC),
        finish_reason=FinishReason.TWILIO_SERVICE_ERROR,
        complete=True,
    )
    await carrier.rig.parts.calls.save_progress("call-1", lost)
    assert (await carrier.post("status", CallStatus="ringing")).status_code == 204
    [(call_id, fact)] = carrier.rig.control.taken_up
    assert (call_id, fact.kind) == ("call-1", "call_ringing")
    assert await carrier.late() == ["call_ringing"]
    known = lost.model_copy(update={"revision": 4, "carrier_call_id": SID})
    await carrier.rig.parts.calls.save_progress("call-1", known)
    assert (await carrier.post("status", CallStatus="completed", CallDuration="0")).status_code == 204
    assert len(carrier.rig.control.taken_up) == 1


async def test_an_engine_that_is_away_makes_the_carrier_repeat(carrier: FakeCarrier) -> None:
    """While the engine does not answer a report is a 503, which the carrier repeats; nothing is noted as late."""
    carrier.rig.control.fails = True
    assert (await carrier.post("status", CallStatus="ringing")).status_code == 503
    assert await carrier.late() == []
    carrier.rig.control.fails = False
    assert (await carrier.post("status", CallStatus="ringing")).status_code == 204
    assert len(carrier.rig.control.told) == 1


async def test_the_transfer_legs_reports(carrier: FakeCarrier) -> None:
    """The leg to a transfer's target tells of the bridge, or of why there is none; a leg of another call nothing."""
    await carrier.answer()
    leg: dict[str, Any] = {"sid": CHILD_SID, "request_id": "t1", "ParentCallSid": SID}
    await carrier.post("transfer-leg", CallStatus="ringing", **leg)
    await carrier.post("transfer-leg", CallStatus="in-progress", **leg)
    await carrier.post("transfer-leg", CallStatus="busy", **{**leg, "request_id": "with%2Fslash"})
    await carrier.post("transfer-leg", CallStatus="in-progress", **{**leg, "ParentCallSid": OTHER_SID})
    facts = [fact for _, fact in carrier.rig.control.told]
    assert [(fact.kind, fact.request_id) for fact in facts if isinstance(fact, f.TransferFact)] == [
        ("transfer_bridged", "t1"),
        ("transfer_failed", "with/slash"),
    ]
    assert await carrier.late() == ["transfer_bridged"]
