"""The 26 finish reasons: every way a call can end, one row each.

Rules of this file
1. A call ends with exactly one of these reasons, and the names are the HTTP contract's own, in its order.
2. What a reason means for the record (status, whose doing, whether the callee was reached) is read from
   its row, never decided elsewhere.
3. A row is only ever added with the story that shows it.
"""

from enum import StrEnum, unique
from typing import NamedTuple

from calls.words import CallStatus, Party, Phase


@unique
class FinishReason(StrEnum):
    """Why a call ended, as `call_finish_reason` says it."""

    USER_ENDED_CALL = "user_ended_call"
    AGENT_ENDED_CALL = "agent_ended_call"
    CALL_TRANSFERRED = "call_transferred"
    VOICEMAIL_DETECTED = "voicemail_detected"
    INACTIVITY_TIMEOUT = "inactivity_timeout"
    ANSWERING_MACHINE_DETECTED = "answering_machine_detected"
    MAXIMUM_DURATION_EXCEEDED = "maximum_duration_exceeded"
    CONCURRENT_CALL_LIMIT_REACHED = "concurrent_call_limit_reached"
    INVALID_PAYMENT = "invalid_payment"
    POTENTIAL_SCAM_DETECTED = "potential_scam_detected"
    INBOUND_WEBHOOK_ERROR = "inbound_webhook_error"
    LINE_BUSY = "line_busy"
    CALL_FAILED = "call_failed"
    NO_ANSWER = "no_answer"
    LLM_WEBSOCKET_INITIALIZATION_ERROR = "llm_websocket_initialization_error"
    LLM_WEBSOCKET_CONNECTION_LOST = "llm_websocket_connection_lost"
    LLM_WEBSOCKET_RUNTIME_ERROR = "llm_websocket_runtime_error"
    LLM_WEBSOCKET_PAYLOAD_CORRUPTION = "llm_websocket_payload_corruption"
    FRONTEND_PAYLOAD_CORRUPTION = "frontend_payload_corruption"
    TWILIO_SERVICE_ERROR = "twilio_service_error"
    NO_AUDIO_INPUT = "no_audio_input"
    SPEECH_RECOGNITION_ERROR = "speech_recognition_error"
    RETELL_SERVICE_ERROR = "retell_service_error"
    UNKNOWN_ERROR = "unknown_error"
    USER_CONNECTION_FAILURE = "user_connection_failure"
    REGISTERED_CALL_TIMED_OUT = "registered_call_timed_out"


class Row(NamedTuple):
    """What one finish reason says about its call.

    `phases` are the parts of a call's life in which it can end so. `connected` is whether the callee's phone was
    picked up (None: either). `may_redial` is whether calling the same callee again can turn out better.
    """

    status: CallStatus
    by: Party
    phases: frozenset[Phase]
    connected: bool | None
    may_redial: bool
    text: str


_ENDED, _ERROR = CallStatus.ENDED, CallStatus.ERROR
_UNDIALLED = frozenset({Phase.REGISTERED, Phase.DIALLING})
_UNANSWERED = _UNDIALLED | {Phase.RINGING}
_PICKED_UP = frozenset({Phase.ANSWERED, Phase.CONVERSATION, Phase.TRANSFER})
_ANY = _UNANSWERED | _PICKED_UP

REASONS: dict[FinishReason, Row] = {
    FinishReason.USER_ENDED_CALL: Row(_ENDED, Party.CALLEE, _PICKED_UP, True, False, "The callee hung up."),
    FinishReason.AGENT_ENDED_CALL: Row(
        _ENDED, Party.AGENT, _PICKED_UP, True, False, "The agent, or an operator on its behalf, ended the call."
    ),
    FinishReason.CALL_TRANSFERRED: Row(
        _ENDED,
        Party.AGENT,
        frozenset({Phase.TRANSFER}),
        True,
        False,
        "The callee was connected to another number; the agent's part is over.",
    ),
    FinishReason.VOICEMAIL_DETECTED: Row(
        _ENDED,
        Party.CALLEE_SIDE,
        _PICKED_UP,
        True,
        True,
        "A voicemail box was reached and the agent's voicemail action was taken.",
    ),
    FinishReason.INACTIVITY_TIMEOUT: Row(
        _ENDED, Party.SYSTEM, _PICKED_UP, True, False, "Nobody said anything for longer than the agent allows."
    ),
    FinishReason.ANSWERING_MACHINE_DETECTED: Row(
        _ENDED,
        Party.CALLEE_SIDE,
        _PICKED_UP,
        True,
        True,
        "A machine or fax answered and the agent's policy is to hang up.",
    ),
    FinishReason.MAXIMUM_DURATION_EXCEEDED: Row(
        _ENDED, Party.SYSTEM, _PICKED_UP, True, False, "The call reached its maximum duration."
    ),
    FinishReason.CONCURRENT_CALL_LIMIT_REACHED: Row(
        _ERROR, Party.SYSTEM, _ANY, None, True, "A limit on simultaneous calls, ours or the carrier's, left no room."
    ),
    FinishReason.INVALID_PAYMENT: Row(
        _ERROR, Party.ACCOUNT, _UNDIALLED, False, False, "The carrier account is suspended or out of funds."
    ),
    FinishReason.POTENTIAL_SCAM_DETECTED: Row(
        _ERROR,
        Party.CARRIER,
        _UNANSWERED,
        False,
        False,
        "The carrier blocked the call as fraud, or screening refused the number.",
    ),
    FinishReason.INBOUND_WEBHOOK_ERROR: Row(
        _ERROR, Party.CUSTOMER, _ANY, None, False, "The customer's inbound webhook failed and no default agent exists."
    ),
    FinishReason.LINE_BUSY: Row(_ERROR, Party.CALLEE_SIDE, _UNANSWERED, False, True, "The callee's line was busy."),
    FinishReason.CALL_FAILED: Row(
        _ERROR,
        Party.CARRIER,
        _UNANSWERED,
        False,
        False,
        "The call could not be connected, or was ended by request before the answer.",
    ),
    FinishReason.NO_ANSWER: Row(
        _ERROR, Party.CALLEE_SIDE, _UNANSWERED, False, True, "The phone rang and nobody answered."
    ),
    FinishReason.LLM_WEBSOCKET_INITIALIZATION_ERROR: Row(
        _ERROR,
        Party.AGENT_SERVER,
        _PICKED_UP,
        True,
        True,
        "The agent server could not be reached, or closed without a code.",
    ),
    FinishReason.LLM_WEBSOCKET_CONNECTION_LOST: Row(
        _ERROR,
        Party.AGENT_SERVER,
        _PICKED_UP,
        True,
        True,
        "The agent server went silent or away and could not be reached again.",
    ),
    FinishReason.LLM_WEBSOCKET_RUNTIME_ERROR: Row(
        _ERROR, Party.AGENT_SERVER, _PICKED_UP, True, True, "The agent server closed the connection with an error."
    ),
    FinishReason.LLM_WEBSOCKET_PAYLOAD_CORRUPTION: Row(
        _ERROR, Party.AGENT_SERVER, _PICKED_UP, True, True, "The agent server sent what could not be decoded."
    ),
    FinishReason.FRONTEND_PAYLOAD_CORRUPTION: Row(
        _ERROR, Party.MEDIA, _PICKED_UP, True, True, "The carrier's relay sent what could not be decoded."
    ),
    FinishReason.TWILIO_SERVICE_ERROR: Row(
        _ERROR, Party.CARRIER, _ANY, None, True, "The carrier failed, or never said whether it took the call."
    ),
    FinishReason.NO_AUDIO_INPUT: Row(
        _ERROR,
        Party.CALLEE_SIDE,
        _PICKED_UP,
        True,
        True,
        "The phone was answered but nothing was ever heard from the callee.",
    ),
    FinishReason.SPEECH_RECOGNITION_ERROR: Row(
        _ERROR, Party.CARRIER, _PICKED_UP, True, True, "The carrier's speech recognition failed."
    ),
    FinishReason.RETELL_SERVICE_ERROR: Row(
        _ERROR, Party.VOICE_PLATFORM, _PICKED_UP, True, True, "Our own voice side failed and could not resume."
    ),
    FinishReason.UNKNOWN_ERROR: Row(
        _ERROR, Party.UNKNOWN, _ANY, None, False, "The call ended in a way no rule covers; the evidence is kept."
    ),
    FinishReason.USER_CONNECTION_FAILURE: Row(
        _ERROR,
        Party.CALLEE_SIDE,
        _PICKED_UP,
        True,
        True,
        "The phone was answered but the audio connection never came up.",
    ),
    FinishReason.REGISTERED_CALL_TIMED_OUT: Row(
        _ERROR, Party.SYSTEM, _UNDIALLED, False, True, "The dial was not under way before the registered deadline."
    ),
}
