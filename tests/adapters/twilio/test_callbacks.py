"""Callbacks as facts: every status, every omission, every nonsense."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from adapters.twilio import callbacks
from adapters.twilio.callbacks import BadCallbackError, RelayEnd
from calls.facts import (
    CallAnswered,
    CallCompleted,
    CallInitiated,
    CallRinging,
    CarrierEnd,
    Fact,
    MachineVerdict,
    RecordingAbsent,
    RecordingReady,
    TransferBridged,
    TransferEnded,
    TransferFailed,
)

CALL, LEG, RECORDING = "CA" + "1" * 32, "CA" + "2" * 32, "RE" + "3" * 32
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ABOUT = {"at": NOW, "carrier_call_id": CALL, "attempt_id": "a1"}
OF_TRANSFER = {"at": NOW, "request_id": "t1"}
NOT_REACHED = [
    (status, TransferFailed(**OF_TRANSFER, carrier_status=status))
    for status in ("busy", "no-answer", "failed", "canceled")
]


@pytest.mark.parametrize(
    ("status", "kind"),
    [("initiated", CallInitiated), ("ringing", CallRinging), ("in-progress", CallAnswered), ("answered", CallAnswered)],
)
def test_progress(status: str, kind: type[CallInitiated]) -> None:
    """Each step on the way is a fact about its carrier call and attempt."""
    assert callbacks.status_fact({"CallSid": CALL, "CallStatus": status}, "a1", NOW) == kind(**ABOUT)


@pytest.mark.parametrize(
    ("told", "dated"),
    [
        ("Mon, 23 Nov 2026 11:59:53 +0000", NOW - timedelta(seconds=6)),
        ("Mon, 23 Nov 2026 11:59:58 +0000", NOW),
        ("Mon, 23 Nov 2026 12:00:01 +0000", NOW),
        ("Mon, 23 Nov 2026 11:30:00 +0000", NOW),
        ("Mon, 23 Nov 2026 11:59:53", NOW),
        ("soon", NOW),
    ],
)
def test_a_late_callback_is_dated_by_its_own_account(told: str, dated: datetime) -> None:
    """Within a second; one that is not late, or whose clock cannot be right, is dated by its arrival."""
    fact = callbacks.status_fact({"CallSid": CALL, "CallStatus": "in-progress", "Timestamp": told}, "a1", NOW)
    assert fact == CallAnswered(**{**ABOUT, "at": dated})


@pytest.mark.parametrize("end", CarrierEnd)
def test_ends(end: CarrierEnd) -> None:
    """Every way a carrier call ends is one fact, with all that the carrier said."""
    form = {"CallSid": CALL, "CallStatus": end.value, "SipResponseCode": "486", "CallDuration": "7", "Duration": "1"}
    assert callbacks.status_fact({**form, "AnsweredBy": "human", "ErrorCode": "32014"}, "a1", NOW) == CallCompleted(
        **ABOUT,
        carrier_status=end,
        sip_code=486,
        duration_seconds=7.0,
        answered_by="human",
        carrier_error_code=32014,
    )


def test_an_end_that_says_little() -> None:
    """Numbers that are missing or are none do not cost the fact."""
    form = {"CallSid": CALL, "CallStatus": "completed", "CallDuration": "", "SipResponseCode": "٣", "ErrorCode": "-1e9"}
    assert callbacks.status_fact(form, "a1", NOW) == CallCompleted(**ABOUT, carrier_status=CarrierEnd.COMPLETED)


@pytest.mark.parametrize("status", ["queued", "a-status-of-tomorrow"])
def test_statuses_that_mean_nothing(status: str) -> None:
    """A status outside the tables is no fact and no error."""
    assert callbacks.status_fact({"CallSid": CALL, "CallStatus": status}, "a1", NOW) is None


def test_a_verdict() -> None:
    """The machine verdict is passed on in the carrier's words, ones unknown to us too."""
    form = {"CallSid": CALL, "AnsweredBy": "machine_end_beep", "MachineDetectionDuration": "6500"}
    expected = MachineVerdict(**ABOUT, answered_by="machine_end_beep", detection_ms=6500)
    assert callbacks.machine_fact(form, "a1", NOW) == expected
    assert callbacks.machine_fact({"CallSid": CALL, "AnsweredBy": "robot"}, "a1", NOW).answered_by == "robot"


def test_recordings() -> None:
    """A recording that is ready, one that will never be, and one that runs."""
    form = {"CallSid": CALL, "RecordingSid": RECORDING, "RecordingUrl": "https://api.twilio.com/x"}
    more = {"RecordingStatus": "completed", "RecordingDuration": "12", "RecordingChannels": "2"}
    assert callbacks.recording_fact(form | more, "a1", NOW) == RecordingReady(
        **ABOUT, recording_id=RECORDING, recording_url="https://api.twilio.com/x", duration_seconds=12.0, channels=2
    )
    absent = callbacks.recording_fact(form | {"RecordingStatus": "absent", "ErrorCode": "13233"}, "a1", NOW)
    assert absent == RecordingAbsent(**ABOUT, recording_id=RECORDING, carrier_error_code=13233)
    assert callbacks.recording_fact(form | {"RecordingStatus": "in-progress"}, "a1", NOW) is None


@pytest.mark.parametrize(
    ("status", "fact"),
    [
        ("initiated", None),
        ("ringing", None),
        ("in-progress", TransferBridged(**OF_TRANSFER, carrier_call_id=LEG)),
        ("completed", None),
        ("tomorrow", None),
        *(
            (end, TransferFailed(**OF_TRANSFER, carrier_status=end))
            for end in ("busy", "no-answer", "failed", "canceled")
        ),
    ],
)
def test_the_leg_of_a_transfer(status: str, fact: Fact | None) -> None:
    """The target's answer is the bridge; its refusals are failures; the rest says nothing about the transfer."""
    assert callbacks.transfer_leg_fact({"CallSid": LEG, "CallStatus": status}, "t1", NOW) == fact


@pytest.mark.parametrize(
    ("status", "fact"),
    [
        ("completed", TransferEnded(**OF_TRANSFER)),
        ("answered", TransferEnded(**OF_TRANSFER)),
        ("tomorrow", None),
        *(
            (end, TransferFailed(**OF_TRANSFER, carrier_status=end))
            for end in ("busy", "no-answer", "failed", "canceled")
        ),
    ],
)
def test_the_end_of_a_transfer(status: str, fact: Fact | None) -> None:
    """A talk that is over ends the transfer; a target that was not reached fails it."""
    form = {"CallSid": CALL, "DialCallStatus": status}
    assert callbacks.transfer_end_fact(form, "t1", NOW) == fact
    proof = callbacks.missed_bridge_fact(form, "t1", NOW)
    assert (proof is not None) == isinstance(fact, TransferEnded)


def test_a_bridge_that_was_never_reported() -> None:
    """The end of a talk proves its beginning, which is dated back by its length."""
    form = {"DialCallStatus": "completed", "DialCallSid": LEG, "DialCallDuration": "90", "DialBridged": "true"}
    proof = callbacks.missed_bridge_fact(form, "t1", NOW)
    assert proof == TransferBridged(at=NOW - timedelta(seconds=90), request_id="t1", carrier_call_id=LEG)
    assert callbacks.missed_bridge_fact({**form, "DialBridged": "false"}, "t1", NOW) is None


def test_relay_ends() -> None:
    """How a relay session ended, with what our side handed over or what went wrong."""
    form = {"SessionId": "VX1", "SessionStatus": "ended", "CallStatus": "in-progress", "HandoffData": '{"a": 1}'}
    assert callbacks.relay_end(form) == RelayEnd("VX1", "ended", "in-progress", '{"a": 1}')
    lost = {
        "SessionStatus": "failed",
        "CallStatus": "in-progress",
        "ErrorCode": "64105",
        "ErrorMessage": "Websocket ended",
    }
    assert callbacks.relay_end(lost) == RelayEnd("", "failed", "in-progress", None, 64105, "Websocket ended")


GOOD: dict[str, str] = {
    "CallSid": CALL,
    "CallStatus": "ringing",
    "AnsweredBy": "human",
    "RecordingSid": RECORDING,
    "RecordingStatus": "completed",
    "DialCallStatus": "busy",
    "SessionStatus": "ended",
}


@pytest.mark.parametrize(
    ("parse", "needed"),
    [
        (lambda form: callbacks.status_fact(form, "a1", NOW), ("CallSid", "CallStatus")),
        (lambda form: callbacks.machine_fact(form, "a1", NOW), ("CallSid", "AnsweredBy")),
        (lambda form: callbacks.recording_fact(form, "a1", NOW), ("CallSid", "RecordingSid", "RecordingStatus")),
        (lambda form: callbacks.transfer_leg_fact(form, "t1", NOW), ("CallSid", "CallStatus")),
        (lambda form: callbacks.transfer_end_fact(form, "t1", NOW), ("DialCallStatus",)),
        (callbacks.relay_end, ("SessionStatus", "CallStatus")),
        (callbacks.carrier_call_id, ("CallSid",)),
    ],
)
def test_malformed_forms(parse: Callable[[dict[str, str]], object], needed: tuple[str, ...]) -> None:
    """A form that lacks what its kind always has, or has a malformed id, is told apart and named."""
    parse(GOOD)
    for name in needed:
        bad_values = ["", "CA1", CALL.upper() + "\n"] if name.endswith("Sid") else [""]
        for value in bad_values:
            with pytest.raises(BadCallbackError, match=name):
                parse({**GOOD, name: value})
        with pytest.raises(BadCallbackError, match=name):
            parse({key: value for key, value in GOOD.items() if key != name})
