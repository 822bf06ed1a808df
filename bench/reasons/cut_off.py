"""Calls that were answered and cut off by a fault: of the agent server, or of the line."""

from bench.reasons.story import OURS, SILENT, Story, number
from calls.reasons import FinishReason as R

CUT_BY_THE_AGENT_SERVER = (
    Story(
        name="the agent server is down",
        reason=R.LLM_WEBSOCKET_INITIALIZATION_ERROR,
        to_number=number(177),
        ended_by=OURS,
        evidence=("attempts", "error"),
        agent={"llm_websocket_url": "ws://127.0.0.1:9/nobody"},
    ),
    Story(
        name="the agent server closes without a code",
        reason=R.LLM_WEBSOCKET_INITIALIZATION_ERROR,
        to_number=number(178),
        ended_by=OURS,
        evidence=("close_code",),
        server="closes-1005",
    ),
    Story(
        name="the agent server falls silent",
        reason=R.LLM_WEBSOCKET_CONNECTION_LOST,
        to_number=number(179),
        ended_by=OURS,
        evidence=("reconnects", "timer"),
        server="falls-silent",
        agent={"max_call_duration_seconds": 60},
        script=SILENT,
    ),
    Story(
        name="the agent server goes away",
        reason=R.LLM_WEBSOCKET_CONNECTION_LOST,
        to_number=number(180),
        ended_by=OURS,
        evidence=("attempts", "error"),
        server="goes-away",
    ),
    Story(
        name="the agent server closes with 1011",
        reason=R.LLM_WEBSOCKET_RUNTIME_ERROR,
        to_number=number(181),
        ended_by=OURS,
        evidence=("close_code",),
        server="closes-1011",
    ),
    Story(
        name="the agent server's connection keeps breaking",
        reason=R.LLM_WEBSOCKET_RUNTIME_ERROR,
        to_number=number(182),
        ended_by=OURS,
        evidence=("close_code", "reconnects"),
        server="keeps-breaking",
    ),
    Story(
        name="the agent server sends bytes",
        reason=R.LLM_WEBSOCKET_PAYLOAD_CORRUPTION,
        to_number=number(183),
        ended_by=OURS,
        evidence=("frame",),
        server="sends-bytes",
    ),
    Story(
        name="the agent server closes with 1007",
        reason=R.LLM_WEBSOCKET_PAYLOAD_CORRUPTION,
        to_number=number(184),
        ended_by=OURS,
        evidence=("close_code",),
        server="closes-1007",
    ),
    Story(
        name="the agent server sends nonsense",
        reason=R.LLM_WEBSOCKET_PAYLOAD_CORRUPTION,
        to_number=number(185),
        ended_by=OURS,
        evidence=("bad_frames",),
        server="sends-nonsense",
    ),
)

RELAY_EVIDENCE = ("relay_session_status", "relay_error_code", "relay_error", "relay_session_id", "detail")

CUT_BY_THE_LINE = (
    Story(
        name="the relay sends what nobody can read",
        reason=R.FRONTEND_PAYLOAD_CORRUPTION,
        to_number=number(186),
        ended_by=OURS,
        evidence=("bad_frames", "relay_session_id"),
        script={"relay": "garbled"},
    ),
    Story(
        name="nothing is ever heard of the callee",
        reason=R.NO_AUDIO_INPUT,
        to_number=number(192),
        ended_by=OURS,
        evidence=("timer", "seconds"),
        server="says-one-thing",
        agent={"no_input_seconds": 5},
        script=SILENT,
    ),
    Story(
        name="the carrier's speech recognition is away",
        reason=R.SPEECH_RECOGNITION_ERROR,
        to_number=number(187),
        ended_by=OURS,
        evidence=RELAY_EVIDENCE,
        script={"relay": "deaf"},
    ),
    Story(
        name="the account's relays are all taken",
        reason=R.CONCURRENT_CALL_LIMIT_REACHED,
        to_number=number(188),
        ended_by=OURS,
        evidence=RELAY_EVIDENCE,
        script={"relay": "crowded"},
    ),
    Story(
        name="the carrier cannot reach our relay socket",
        reason=R.RETELL_SERVICE_ERROR,
        to_number=number(189),
        ended_by=OURS,
        evidence=RELAY_EVIDENCE,
        script={"relay": "refused"},
    ),
    Story(
        name="the relay socket breaks until no resume is left",
        reason=R.RETELL_SERVICE_ERROR,
        to_number=number(190),
        ended_by=OURS,
        evidence=(*RELAY_EVIDENCE, "resumes"),
        script={"relay_drops_after_seconds": 1, "relay_drops": 99},
    ),
    Story(
        name="the audio never comes up",
        reason=R.USER_CONNECTION_FAILURE,
        to_number=number(191),
        ended_by=OURS,
        evidence=("timer", "carrier_status"),
        script={"relay": "mute"},
    ),
)
