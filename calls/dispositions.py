"""What a carrier's last word means: from status and SIP code to a finish reason.

SIP response codes are those of RFC 3261 §21 and RFC 8197 (607), RFC 8688 (608). Carriers disagree on 603, 607 and
608 (declined, unwanted, rejected): what these mean is the deployment's to say, in its calls' plans.
"""

from calls.facts import CarrierEnd
from calls.reasons import FinishReason

_BY_STATUS: dict[CarrierEnd, tuple[FinishReason, str]] = {
    CarrierEnd.BUSY: (FinishReason.LINE_BUSY, ""),
    CarrierEnd.NO_ANSWER: (FinishReason.NO_ANSWER, ""),
    CarrierEnd.CANCELED: (FinishReason.CALL_FAILED, "canceled"),
}

FAILED_BY_SIP: dict[int, tuple[FinishReason, str]] = {
    403: (FinishReason.CALL_FAILED, "forbidden"),
    404: (FinishReason.CALL_FAILED, "invalid_destination"),
    410: (FinishReason.CALL_FAILED, "invalid_destination"),
    484: (FinishReason.CALL_FAILED, "invalid_destination"),
    604: (FinishReason.CALL_FAILED, "invalid_destination"),
    408: (FinishReason.NO_ANSWER, ""),
    480: (FinishReason.NO_ANSWER, ""),
    487: (FinishReason.NO_ANSWER, ""),
    486: (FinishReason.LINE_BUSY, ""),
    600: (FinishReason.LINE_BUSY, ""),
    603: (FinishReason.CALL_FAILED, "declined_or_spam_blocked"),
    607: (FinishReason.CALL_FAILED, "declined_or_spam_blocked"),
    608: (FinishReason.CALL_FAILED, "declined_or_spam_blocked"),
}


DECLINED = frozenset({603, 607, 608})
"""Declined, unwanted, rejected: some carriers say so of a busy callee, some of a refusal, some of a spam filter."""


def disposition(
    status: CarrierEnd,
    sip_code: int | None,
    *,
    answered: bool,
    declined_means: FinishReason = FinishReason.CALL_FAILED,
) -> tuple[FinishReason, str]:
    """The reason, and a detail for the evidence, of a call that the carrier ended without our asking.

    `declined_means` is the reason of the codes in `DECLINED`, where the carrier says `failed`.
    """
    if answered:
        return FinishReason.USER_ENDED_CALL, ""
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status is CarrierEnd.COMPLETED:
        return FinishReason.UNKNOWN_ERROR, "completed_never_answered"
    reason, detail = _failed(sip_code)
    return (declined_means if sip_code in DECLINED else reason), detail


def _failed(sip_code: int | None) -> tuple[FinishReason, str]:
    if sip_code in FAILED_BY_SIP:
        return FAILED_BY_SIP[sip_code]
    if sip_code is None or sip_code >= 500:  # noqa: PLR2004 - the SIP class of server failures
        return FinishReason.TWILIO_SERVICE_ERROR, "carrier_failure"
    return FinishReason.CALL_FAILED, "unlisted_sip_code"
