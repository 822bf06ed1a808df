"""Reads the form of a create or an update; refuses what the carrier refuses, with its codes."""

import re
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import FormData
from starlette.requests import Request

from simulator.account import Account
from simulator.errors import ApiError
from simulator.request import Callback, CallRequest, Detection, RecordingWish

E164 = re.compile(r"^\+[1-9]\d{6,14}$")
MAGIC_TO = {
    "+15005550001": 21217,
    "+15005550002": 21214,
    "+15005550003": 21215,
    "+15005550004": 21216,
}
CALL_EVENTS = ("initiated", "ringing", "answered", "completed")
RECORDING_EVENTS = ("in-progress", "completed", "absent")
TWIML_LIMIT = 4000
DETECTION_RANGES = {
    "MachineDetectionTimeout": (3, 59),
    "MachineDetectionSpeechThreshold": (1000, 6000),
    "MachineDetectionSpeechEndThreshold": (500, 5000),
    "MachineDetectionSilenceTimeout": (2000, 10000),
}


def call_request(form: FormData, account: Account) -> CallRequest:
    """Read a create.

    Raises:
        ApiError: with the carrier's code for the first thing that is wrong.
    """
    to, from_ = _numbers(form, account)
    url, twiml = _text(form, "Url"), _text(form, "Twiml")
    if not url and not twiml:
        raise ApiError(21205, "Url or Twiml is required" if not _text(form, "ApplicationSid") else "no application")
    if not url and len(twiml) > TWIML_LIMIT:
        raise ApiError(20001, f"Twiml is longer than {TWIML_LIMIT} characters")
    digits = _digits(form)
    detection = _detection(form)
    return CallRequest(
        to=to,
        from_=from_,
        url=checked_url(form, "Url"),
        method=_method(form, "Method"),
        fallback_url=checked_url(form, "FallbackUrl"),
        fallback_method=_method(form, "FallbackMethod"),
        twiml="" if url else twiml,
        status=status_callback(form),
        timeout_seconds=_number(form, "Timeout", 60, 1, 600),
        time_limit_seconds=_number(form, "TimeLimit", 14400, 1, 86400),
        detection=None if digits else detection,
        recording=_recording(form),
        send_digits=digits,
    )


async def read_form(request: Request) -> FormData:
    """Read a url-encoded body, empty values kept."""
    pairs = parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True)
    return FormData([(key, value) for key, value in pairs])


def status_callback(form: FormData) -> Callback:
    """Read where and of what to report."""
    url = checked_url(form, "StatusCallback")
    if "_" in (urlsplit(url).hostname or ""):
        raise ApiError(21205, url)
    return Callback(url, _method(form, "StatusCallbackMethod"), _events(form, "StatusCallbackEvent", CALL_EVENTS))


def time_limit(form: FormData) -> float | None:
    """Read a new TimeLimit, if one is given."""
    return _number(form, "TimeLimit", 14400, 1, 86400) if "TimeLimit" in form else None


def checked_url(form: FormData, name: str) -> str:
    """Read an absolute http(s) URL or nothing; raise 21205 for anything else."""
    url = _text(form, name)
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ApiError(21205, url)
    return url


def _numbers(form: FormData, account: Account) -> tuple[str, str]:
    to, from_ = _text(form, "To"), _text(form, "From")
    if not to:
        raise ApiError(21201)
    if not from_:
        raise ApiError(21213)
    if from_ == "+15005550001" or not E164.match(from_):
        raise ApiError(21212, from_)
    if not account.owns(from_):
        raise ApiError(21210, from_)
    if to in MAGIC_TO:
        raise ApiError(MAGIC_TO[to], to)
    if not E164.match(to):
        raise ApiError(21211, to)
    return to, from_


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _number(form: FormData, name: str, default: int, low: int, high: int) -> float:
    text = _text(form, name)
    if not text:
        return default
    if not text.isdigit() or not low <= int(text) <= high:
        raise ApiError(21208 if name == "Timeout" else 20001, name)
    return int(text)


def _method(form: FormData, name: str) -> str:
    method = _text(form, name).upper() or "POST"
    if method not in ("GET", "POST"):
        raise ApiError(20001, name)
    return method


def _flag(form: FormData, name: str) -> bool:
    return _text(form, name).lower() == "true"


def _events(form: FormData, name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    given = [word for value in form.getlist(name) if isinstance(value, str) for word in value.split()]
    if wrong := [word for word in given if word not in allowed]:
        raise ApiError(20001, f"{name} {wrong[0]}")
    return tuple(given) or ("completed",)


def _digits(form: FormData) -> str:
    digits = _text(form, "SendDigits")
    if digits and not re.fullmatch(r"[0-9A-D#*wW]{1,32}", digits):
        raise ApiError(20001, "SendDigits")
    return digits


def _detection(form: FormData) -> Detection | None:
    for name, (low, high) in DETECTION_RANGES.items():
        _number(form, name, low, low, high)
    mode = _text(form, "MachineDetection")
    if mode not in ("", "Enable", "DetectMessageEnd"):
        raise ApiError(20001, "MachineDetection")
    if not mode:
        return None
    return Detection(
        until_message_end=mode == "DetectMessageEnd",
        asynchronous=_flag(form, "AsyncAmd"),
        callback=Callback(checked_url(form, "AsyncAmdStatusCallback"), _method(form, "AsyncAmdStatusCallbackMethod")),
        timeout_seconds=_number(form, "MachineDetectionTimeout", 30, 3, 59),
    )


def _recording(form: FormData) -> RecordingWish | None:
    if not _flag(form, "Record"):
        return None
    callback = Callback(
        checked_url(form, "RecordingStatusCallback"),
        _method(form, "RecordingStatusCallbackMethod"),
        _events(form, "RecordingStatusCallbackEvent", RECORDING_EVENTS),
    )
    channels = 2 if _text(form, "RecordingChannels") == "dual" else 1
    return RecordingWish(channels, _text(form, "RecordingTrack") or "both", callback)
