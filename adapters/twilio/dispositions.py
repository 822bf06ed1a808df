"""What Twilio's error codes mean for a call.

Twilio adds codes without notice and warns against relying on them: every table here has a default.
"""

from enum import StrEnum, unique
from typing import NamedTuple

from calls.reasons import FinishReason


@unique
class Verdict(StrEnum):
    """What an error answer to a dial means."""

    REFUSED = "refused"
    NOT_PROCESSED = "not processed"
    AMBIGUOUS = "ambiguous"


class Disposition(NamedTuple):
    """What an error answer means, and what the record should say of it."""

    verdict: Verdict
    reason: FinishReason
    detail: str


def _refused(reason: FinishReason, detail: str) -> Disposition:
    return Disposition(Verdict.REFUSED, reason, detail)


_INACTIVE = _refused(FinishReason.INVALID_PAYMENT, "account_inactive")
_TRIAL = _refused(FinishReason.CALL_FAILED, "trial_restriction")
_FRAUD = _refused(FinishReason.POTENTIAL_SCAM_DETECTED, "blocked_by_carrier")
_BLOCKED = _refused(FinishReason.POTENTIAL_SCAM_DETECTED, "account_blocked")
_NOT_PERMITTED = _refused(FinishReason.CALL_FAILED, "permission_denied")
_BAD_TO = _refused(FinishReason.CALL_FAILED, "invalid_destination")
_BAD_FROM = _refused(FinishReason.CALL_FAILED, "invalid_caller_id")
_BAD_REQUEST = _refused(FinishReason.CALL_FAILED, "bad_request")
_AUTH = _refused(FinishReason.TWILIO_SERVICE_ERROR, "auth")
_LIMIT = Disposition(Verdict.NOT_PROCESSED, FinishReason.CONCURRENT_CALL_LIMIT_REACHED, "carrier_call_limit")
_RATE = Disposition(Verdict.NOT_PROCESSED, FinishReason.TWILIO_SERVICE_ERROR, "rate_limited")
_UNKNOWN = Disposition(Verdict.AMBIGUOUS, FinishReason.TWILIO_SERVICE_ERROR, "carrier_failure")
_UNLISTED = _refused(FinishReason.CALL_FAILED, "refused_by_carrier")

BY_CODE: dict[int, Disposition] = {
    10001: _INACTIVE,
    20005: _INACTIVE,
    90010: _INACTIVE,
    10002: _TRIAL,
    21219: _TRIAL,
    21608: _TRIAL,
    10004: _LIMIT,
    10005: _BLOCKED,
    20010: _BLOCKED,
    21216: _FRAUD,
    13225: _FRAUD,
    32224: _FRAUD,
    21215: _NOT_PERMITTED,
    13227: _NOT_PERMITTED,
    21203: _NOT_PERMITTED,
    32205: _NOT_PERMITTED,
    21201: _BAD_TO,
    21211: _BAD_TO,
    21214: _BAD_TO,
    21217: _BAD_TO,
    13223: _BAD_TO,
    13224: _BAD_TO,
    13226: _BAD_TO,
    21210: _BAD_FROM,
    21212: _BAD_FROM,
    21213: _BAD_FROM,
    20001: _BAD_REQUEST,
    21205: _BAD_REQUEST,
    21206: _BAD_REQUEST,
    21208: _BAD_REQUEST,
    21209: _BAD_REQUEST,
    21218: _BAD_REQUEST,
    21234: _BAD_REQUEST,
    20003: _AUTH,
    20006: _AUTH,
    70051: _AUTH,
    20429: _RATE,
    20500: _UNKNOWN,
    20503: _UNKNOWN,
}

_BY_STATUS: dict[int, Disposition] = {401: _AUTH, 403: _AUTH, 408: _UNKNOWN, 429: _RATE}

_CALL_OVER = 21220
_NOT_FOUND = 20404


def disposition(http_status: int, code: int | None, message: str = "") -> Disposition:
    """What an error answer to a dial means. A server's failure is never taken for a refusal, whatever its code."""
    listed = BY_CODE.get(code or 0)
    if http_status >= 500:  # noqa: PLR2004 - HTTP's class of server errors
        return _UNKNOWN
    if listed is _AUTH and ("suspended" in message or "closed" in message):
        return _INACTIVE
    if listed is not None:
        return listed
    if http_status in _BY_STATUS:
        return _BY_STATUS[http_status]
    # Anything that is neither success nor a clear refusal may have rung a phone.
    return _UNLISTED if 400 <= http_status < 500 else _UNKNOWN  # noqa: PLR2004 - HTTP's class of refusals


def says_over(http_status: int, code: int | None) -> bool:
    """Whether an error answer to an update means that the call is over, or was never there."""
    return code in (_CALL_OVER, _NOT_FOUND) or http_status == 404  # noqa: PLR2004 - HTTP's Not Found


def may_be_asked_again(http_status: int) -> bool:
    """Whether asking the same again can help: the carrier failed, was busy, or does not have it yet."""
    return http_status in (404, 408, 425, 429) or http_status >= 500  # noqa: PLR2004 - HTTP's server errors


RELAY_FAILURES: dict[int, tuple[FinishReason, str]] = {
    64101: (FinishReason.TWILIO_SERVICE_ERROR, "relay_refused_parameter"),
    64102: (FinishReason.RETELL_SERVICE_ERROR, "relay_could_not_connect"),
    39001: (FinishReason.RETELL_SERVICE_ERROR, "relay_could_not_connect"),
    64104: (FinishReason.MAXIMUM_DURATION_EXCEEDED, "relay_duration_limit"),
    64105: (FinishReason.RETELL_SERVICE_ERROR, "relay_socket_lost"),
    64106: (FinishReason.TWILIO_SERVICE_ERROR, "relay_refused_parameter"),
    64107: (FinishReason.RETELL_SERVICE_ERROR, "relay_refused_message"),
    64109: (FinishReason.CONCURRENT_CALL_LIMIT_REACHED, "relay_limit"),
    86008: (FinishReason.CONCURRENT_CALL_LIMIT_REACHED, "relay_limit"),
    64114: (FinishReason.SPEECH_RECOGNITION_ERROR, "speech_recognition_unreachable"),
}


def relay_failure(code: int | None) -> tuple[FinishReason, str]:
    """The reason, and a detail for the evidence, of a relay session that failed for good."""
    return RELAY_FAILURES.get(code or 0, (FinishReason.TWILIO_SERVICE_ERROR, "relay_failure"))
