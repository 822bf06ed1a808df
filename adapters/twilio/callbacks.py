"""What Twilio's callbacks say, as facts.

A form that is not Twilio's raises BadCallbackError; a status that means nothing to a call gives None, and so do
those that Twilio may add one day. Numbers beside the point are read where they can be.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from calls import facts as f
from calls.facts import CarrierEnd

Form = Mapping[str, str]
StatusFact = f.CallInitiated | f.CallRinging | f.CallAnswered | f.CallCompleted

ANONYMOUS = "+266696687"
"""The number of a caller who withholds theirs or has none, as Twilio itself writes it: "anonymous" on a dial."""

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_CALL_SID = re.compile(r"CA[0-9a-f]{32}")
_RECORDING_SID = re.compile(r"RE[0-9a-f]{32}")
_ENDS = {end.value: end for end in CarrierEnd}
_PROGRESS: dict[str, type[f.CallInitiated] | type[f.CallRinging] | type[f.CallAnswered]] = {
    "initiated": f.CallInitiated,
    "ringing": f.CallRinging,
    "in-progress": f.CallAnswered,
    "answered": f.CallAnswered,
}
_WHOLE_SECOND, _LATE, _TOO_LATE = timedelta(seconds=1), timedelta(seconds=2.5), timedelta(minutes=15)
"""Timestamps differ from the arrival by up to 1.3 s (seen on real calls); by much more only a wrong clock does."""
_TALKED = ("completed", "answered")
_NOT_REACHED = ("busy", "no-answer", "failed", "canceled")


class BadCallbackError(ValueError):
    """A callback that lacks what every callback of its kind has."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A call that comes in: who calls which of our numbers, in E.164."""

    carrier_call_id: str
    from_number: str
    to_number: str


@dataclass(frozen=True, slots=True)
class RelayEnd:
    """How a relay session ended. `call_status` tells whether the carrier call goes on (in-progress)."""

    session_id: str
    session_status: str
    """ended (we ended it), completed (the call ended) or failed."""
    call_status: str
    handoff: str | None = None
    error_code: int | None = None
    error_message: str = ""


def carrier_call_id(form: Form) -> str:
    """The carrier call that a callback is about. Raises BadCallbackError."""
    return _needed(form, "CallSid", _CALL_SID)


def incoming(form: Form) -> Incoming:
    """The call that comes in. Raises BadCallbackError."""
    caller = form.get("From", "")
    return Incoming(
        carrier_call_id=carrier_call_id(form),
        from_number=caller if _E164.fullmatch(caller) else ANONYMOUS,
        to_number=_needed(form, "To"),
    )


def status_fact(form: Form, attempt_id: str, at: datetime) -> StatusFact | None:
    """What a status callback says. Raises BadCallbackError."""
    about, status, at = carrier_call_id(form), _needed(form, "CallStatus"), _dated(form, at)
    if kind := _PROGRESS.get(status):
        return kind(at=at, carrier_call_id=about, attempt_id=attempt_id)
    if status not in _ENDS:
        return None
    return f.CallCompleted(
        at=at,
        carrier_call_id=about,
        attempt_id=attempt_id,
        carrier_status=_ENDS[status],
        sip_code=_whole(form, "SipResponseCode"),
        duration_seconds=_number(form, "CallDuration"),
        carrier_error_code=_whole(form, "ErrorCode"),
        answered_by=form.get("AnsweredBy") or None,
    )


def _dated(form: Form, at: datetime) -> datetime:
    """When it happened: now, unless the callback is late by its own account, which is told in whole seconds."""
    try:
        told = parsedate_to_datetime(form.get("Timestamp", ""))
    except ValueError:
        return at
    if told.tzinfo is None or not _LATE < at - told < _TOO_LATE:
        return at
    return told + _WHOLE_SECOND


def machine_fact(form: Form, attempt_id: str, at: datetime) -> f.MachineVerdict:
    """The verdict of answering-machine detection. Raises BadCallbackError."""
    return f.MachineVerdict(
        at=at,
        carrier_call_id=carrier_call_id(form),
        attempt_id=attempt_id,
        answered_by=_needed(form, "AnsweredBy"),
        detection_ms=_whole(form, "MachineDetectionDuration"),
    )


def recording_fact(form: Form, attempt_id: str, at: datetime) -> f.RecordingReady | f.RecordingAbsent | None:
    """What became of the recording; None while it runs. Raises BadCallbackError."""
    about, status = carrier_call_id(form), _needed(form, "RecordingStatus")
    recording_id = _needed(form, "RecordingSid", _RECORDING_SID)
    if status == "completed":
        return f.RecordingReady(
            at=at,
            carrier_call_id=about,
            attempt_id=attempt_id,
            recording_id=recording_id,
            recording_url=form.get("RecordingUrl", ""),
            duration_seconds=_number(form, "RecordingDuration"),
            channels=_whole(form, "RecordingChannels"),
        )
    if status == "absent":
        return f.RecordingAbsent(
            at=at,
            carrier_call_id=about,
            attempt_id=attempt_id,
            recording_id=recording_id,
            carrier_error_code=_whole(form, "ErrorCode"),
        )
    return None


def transfer_leg_fact(form: Form, request_id: str, at: datetime) -> f.TransferBridged | f.TransferFailed | None:
    """What the leg to a transfer's target says; None while it rings and after a talk. Raises BadCallbackError."""
    about, status = carrier_call_id(form), _needed(form, "CallStatus")
    if _PROGRESS.get(status) is f.CallAnswered:
        return f.TransferBridged(at=at, request_id=request_id, carrier_call_id=about)
    if status in _NOT_REACHED:
        return _not_reached(form, request_id, at, status)
    return None


def transfer_end_fact(form: Form, request_id: str, at: datetime) -> f.TransferEnded | f.TransferFailed | None:
    """How the dialling of a transfer's target came out, at its end. Raises BadCallbackError."""
    status = _needed(form, "DialCallStatus")
    if status in _TALKED:
        return f.TransferEnded(at=at, request_id=request_id)
    return _not_reached(form, request_id, at, status) if status in _NOT_REACHED else None


def missed_bridge_fact(form: Form, request_id: str, at: datetime) -> f.TransferBridged | None:
    """The bridge that the end of a transfer proves, for the case that the leg's own callback was lost."""
    if form.get("DialCallStatus") not in _TALKED or form.get("DialBridged") == "false":
        return None
    talked = timedelta(seconds=_number(form, "DialCallDuration") or 0)
    return f.TransferBridged(at=at - talked, request_id=request_id, carrier_call_id=form.get("DialCallSid", ""))


def _not_reached(form: Form, request_id: str, at: datetime, status: str) -> f.TransferFailed:
    sip_code = _whole(form, "SipResponseCode")
    return f.TransferFailed(at=at, request_id=request_id, carrier_status=status, sip_code=sip_code)


def relay_end(form: Form) -> RelayEnd:
    """How a relay session ended. Raises BadCallbackError."""
    return RelayEnd(
        session_id=form.get("SessionId", ""),
        session_status=_needed(form, "SessionStatus"),
        call_status=_needed(form, "CallStatus"),
        handoff=form.get("HandoffData"),
        error_code=_whole(form, "ErrorCode"),
        error_message=form.get("ErrorMessage", ""),
    )


def _needed(form: Form, name: str, shape: re.Pattern[str] | None = None) -> str:
    value = form.get(name, "")
    if not value or (shape and not shape.fullmatch(value)):
        raise BadCallbackError(f"{name} is missing or malformed")
    return value


def _number(form: Form, name: str) -> float | None:
    text = form.get(name, "")
    return float(text) if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text, re.ASCII) else None


def _whole(form: Form, name: str) -> int | None:
    number = _number(form, name)
    return None if number is None else int(number)
