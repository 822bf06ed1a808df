"""The 26 reasons are complete, in the contract's order, and every one has its row."""

from calls.dispositions import DECLINED, FAILED_BY_SIP, disposition
from calls.facts import CarrierEnd
from calls.reasons import REASONS, FinishReason
from calls.words import CallStatus

CONTRACT = [
    "user_ended_call",
    "agent_ended_call",
    "call_transferred",
    "voicemail_detected",
    "inactivity_timeout",
    "answering_machine_detected",
    "maximum_duration_exceeded",
    "concurrent_call_limit_reached",
    "invalid_payment",
    "potential_scam_detected",
    "inbound_webhook_error",
    "line_busy",
    "call_failed",
    "no_answer",
    "llm_websocket_initialization_error",
    "llm_websocket_connection_lost",
    "llm_websocket_runtime_error",
    "llm_websocket_payload_corruption",
    "frontend_payload_corruption",
    "twilio_service_error",
    "no_audio_input",
    "speech_recognition_error",
    "retell_service_error",
    "unknown_error",
    "user_connection_failure",
    "registered_call_timed_out",
]


def test_the_words_are_the_contracts_in_its_order() -> None:
    """26 words, none of ours among them."""
    assert [reason.value for reason in FinishReason] == CONTRACT
    assert len(CONTRACT) == 26


def test_every_reason_has_a_row_in_the_same_order() -> None:
    """The table is total."""
    assert list(REASONS) == list(FinishReason)


def test_a_row_ends_a_call() -> None:
    """A finish reason's status is an ended one, and its text a sentence."""
    for row in REASONS.values():
        assert row.status in (CallStatus.ENDED, CallStatus.ERROR)
        assert row.text.endswith(".")


def test_every_carrier_end_has_a_meaning_for_every_sip_code() -> None:
    """No status and code of a carrier is without a reason, listed or not."""
    for end in CarrierEnd:
        for sip_code in (None, *range(100, 700)):
            for answered in (True, False):
                reason, _ = disposition(end, sip_code, answered=answered)
                assert reason in FinishReason


def test_what_a_declined_call_means_can_be_set() -> None:
    """SIP 603, 607 and 608 are call_failed unless the deployment says otherwise; no other code moves with them."""
    assert {603, 607, 608} == DECLINED
    for sip_code in FAILED_BY_SIP:
        default = disposition(CarrierEnd.FAILED, sip_code, answered=False)
        moved = disposition(
            CarrierEnd.FAILED, sip_code, answered=False, declined_means=FinishReason.POTENTIAL_SCAM_DETECTED
        )
        if sip_code in DECLINED:
            assert default == (FinishReason.CALL_FAILED, "declined_or_spam_blocked")
            assert moved == (FinishReason.POTENTIAL_SCAM_DETECTED, "declined_or_spam_blocked")
        else:
            assert moved == default
