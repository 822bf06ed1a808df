"""Calls that nobody answered: refused, not reached, given up."""

from bench.reasons.story import API, CARRIER, NOBODY, TIMEOUT, Story, number
from calls.reasons import FinishReason as R

REFUSAL = ("carrier_error_code", "carrier_message", "http_status", "detail")

NEVER_ANSWERED = (
    Story(
        name="the account's calls are all taken",
        reason=R.CONCURRENT_CALL_LIMIT_REACHED,
        to_number=number(172),
        ended_by=(NOBODY,),
        evidence=REFUSAL,
        script={"create_error": 10004},
    ),
    Story(
        name="the account is suspended",
        reason=R.INVALID_PAYMENT,
        to_number=number(173),
        ended_by=(NOBODY,),
        evidence=REFUSAL,
        script={"create_error": 10001},
    ),
    Story(
        name="the carrier blocks the number",
        reason=R.POTENTIAL_SCAM_DETECTED,
        to_number=number(174),
        ended_by=(NOBODY,),
        evidence=REFUSAL,
        script={"create_error": 21216},
    ),
    Story(
        name="Bob's line is busy",
        reason=R.LINE_BUSY,
        to_number=number(102),
        ended_by=(CARRIER,),
        evidence=("carrier_status", "sip_code"),
    ),
    Story(
        name="Ivan's number does not exist",
        reason=R.CALL_FAILED,
        to_number=number(109),
        ended_by=(CARRIER,),
        evidence=("carrier_status", "sip_code", "detail"),
    ),
    Story(
        name="Dave never answers",
        reason=R.NO_ANSWER,
        to_number=number(104),
        ended_by=(TIMEOUT,),
        evidence=("carrier_status", "sip_code"),
        agent={"ring_timeout_seconds": 5},
    ),
    Story(
        name="the network has no route",
        reason=R.TWILIO_SERVICE_ERROR,
        to_number=number(124),
        ended_by=(CARRIER,),
        evidence=("carrier_status", "sip_code", "detail"),
    ),
    Story(
        name="the carrier answers the dial with its own failure",
        reason=R.TWILIO_SERVICE_ERROR,
        to_number=number(175),
        ended_by=(NOBODY,),
        evidence=REFUSAL,
        script={"create_error": 20500},
    ),
    Story(
        name="the carrier calls it completed, and nobody answered",
        reason=R.UNKNOWN_ERROR,
        to_number=number(176),
        ended_by=(CARRIER,),
        evidence=("carrier_status", "detail"),
        script={"outcome": "vanish"},
    ),
    Story(
        name="the carrier never leaves its queue",
        reason=R.REGISTERED_CALL_TIMED_OUT,
        to_number=number(122),
        ended_by=(API,),
        evidence=("timer", "carrier_status"),
    ),
)
