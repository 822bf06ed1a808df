"""The tables of error codes: what they say, and that they have an answer to everything."""

import pytest

from adapters.twilio.dispositions import (
    BY_CODE,
    RELAY_FAILURES,
    Verdict,
    disposition,
    may_be_asked_again,
    relay_failure,
    says_over,
)
from calls.reasons import REASONS, FinishReason

UNKNOWN_CODES = (None, 0, 1, 99999)

EXPECTED: dict[tuple[FinishReason, str], tuple[int, ...]] = {
    (FinishReason.INVALID_PAYMENT, "account_inactive"): (10001, 20005, 90010),
    (FinishReason.CALL_FAILED, "trial_restriction"): (10002, 21219, 21608),
    (FinishReason.POTENTIAL_SCAM_DETECTED, "account_blocked"): (10005, 20010),
    (FinishReason.POTENTIAL_SCAM_DETECTED, "blocked_by_carrier"): (21216, 13225, 32224),
    (FinishReason.CALL_FAILED, "permission_denied"): (21215, 13227, 21203, 32205),
    (FinishReason.CALL_FAILED, "invalid_destination"): (21201, 21211, 21214, 21217, 13223, 13224, 13226),
    (FinishReason.CALL_FAILED, "invalid_caller_id"): (21210, 21212, 21213),
    (FinishReason.CALL_FAILED, "bad_request"): (21205, 21206, 21208, 21209, 21218, 21234, 20001),
    (FinishReason.TWILIO_SERVICE_ERROR, "auth"): (20003, 20006, 70051),
}


@pytest.mark.parametrize(("meaning", "codes"), EXPECTED.items())
def test_refusals_by_code(meaning: tuple[FinishReason, str], codes: tuple[int, ...]) -> None:
    """Each code that refuses for good has its reason and detail, under whatever 4xx it comes."""
    for code in codes:
        for http_status in (400, 403, 404):
            assert disposition(http_status, code) == (Verdict.REFUSED, *meaning)


def test_every_code_is_expected() -> None:
    """The table holds these codes and no others."""
    refused = {code for codes in EXPECTED.values() for code in codes}
    assert set(BY_CODE) == refused | {10004, 20429, 20500, 20503}


@pytest.mark.parametrize(
    ("http_status", "code", "reason"),
    [
        (429, 20429, FinishReason.TWILIO_SERVICE_ERROR),
        (429, None, FinishReason.TWILIO_SERVICE_ERROR),
        (429, 10004, FinishReason.CONCURRENT_CALL_LIMIT_REACHED),
        (400, 10004, FinishReason.CONCURRENT_CALL_LIMIT_REACHED),
    ],
)
def test_what_was_not_processed(http_status: int, code: int | None, reason: FinishReason) -> None:
    """Too many requests or calls: nothing rings, and dialling again is safe."""
    assert disposition(http_status, code)[:2] == (Verdict.NOT_PROCESSED, reason)


@pytest.mark.parametrize("code", [*UNKNOWN_CODES, *BY_CODE])
def test_a_servers_failure_is_always_ambiguous(code: int | None) -> None:
    """Whatever code a 5xx carries, the phone may ring."""
    for http_status in range(500, 600):
        assert disposition(http_status, code).verdict is Verdict.AMBIGUOUS


@pytest.mark.parametrize("code", [*UNKNOWN_CODES, *BY_CODE])
def test_every_answer_has_a_meaning(code: int | None) -> None:
    """No status and no code is without a reason of ours; no 2xx or 3xx is taken for a refusal without a known code."""
    for http_status in range(200, 600):
        verdict, reason, detail = disposition(http_status, code)
        assert reason in REASONS
        assert detail
        if code not in BY_CODE and not 400 <= http_status < 500:
            assert verdict is Verdict.AMBIGUOUS


@pytest.mark.parametrize("code", UNKNOWN_CODES)
def test_an_unlisted_refusal_is_a_refusal(code: int | None) -> None:
    """A 4xx with a code of tomorrow is final, and says that the carrier refused."""
    for http_status in (400, 402, 404, 409, 422):
        expected = (Verdict.REFUSED, FinishReason.CALL_FAILED, "refused_by_carrier")
        assert disposition(http_status, code) == expected


def test_a_suspended_account_answers_like_a_wrong_password() -> None:
    """The code of wrong credentials also means a suspended account; its text tells."""
    suspended = disposition(401, 20003, "Permission Denied: account is suspended or closed")
    assert suspended.reason is FinishReason.INVALID_PAYMENT
    assert disposition(401, 20003, "Authenticate").detail == "auth"
    assert disposition(401, None).detail == "auth"


def test_a_call_that_is_over() -> None:
    """A hangup that comes too late, or for an unknown call, is told by its code or status."""
    assert says_over(400, 21220)
    assert says_over(404, 20404)
    assert says_over(404, None)
    assert not says_over(400, 21205)
    assert not says_over(500, None)


def test_what_may_be_asked_again() -> None:
    """Failures of the carrier, its limits and what it does not have yet; nothing else."""
    again = {status for status in range(400, 504) if may_be_asked_again(status)}
    assert again == {404, 408, 425, 429, 500, 501, 502, 503}


@pytest.mark.parametrize("code", [*RELAY_FAILURES, *UNKNOWN_CODES])
def test_relay_failures(code: int | None) -> None:
    """Every failure of a relay has a reason; those without a row are the carrier's."""
    reason, detail = relay_failure(code)
    assert reason in REASONS
    assert detail
    if code not in RELAY_FAILURES:
        assert reason is FinishReason.TWILIO_SERVICE_ERROR
