"""Calls that ran their course: the reasons whose status is `ended`."""

from bench.reasons.story import CALLEE, OURS, SILENT, TWIML, Story, number
from calls.reasons import FinishReason as R

RAN_THEIR_COURSE = (
    Story(
        name="Grace says no and hangs up",
        reason=R.USER_ENDED_CALL,
        to_number=number(107),
        ended_by=(CALLEE,),
        evidence=("carrier_status", "sip_code", "relay_session_id"),
    ),
    Story(
        name="Alice talks until the agent ends the call",
        reason=R.AGENT_ENDED_CALL,
        to_number=number(101),
        ended_by=OURS,
        evidence=("carrier_status", "answered_by", "machine_detection_ms", "relay_session_id"),
    ),
    Story(
        name="the agent server closes with 1000",
        reason=R.AGENT_ENDED_CALL,
        to_number=number(171),
        ended_by=OURS,
        evidence=("close_code",),
        server="closes-1000",
    ),
    Story(
        name="Heidi is put through to a human",
        reason=R.CALL_TRANSFERRED,
        to_number=number(108),
        ended_by=(TWIML, CALLEE),
        evidence=("carrier_status", "relay_session_id", "transfer_asked_by"),
    ),
    Story(
        name="a message is left on a machine",
        reason=R.VOICEMAIL_DETECTED,
        to_number=number(193),
        ended_by=(TWIML,),
        evidence=("answered_by", "machine_detection_ms", "machine_action", "machine_why"),
        server="lets-them-talk",
        agent={"voicemail": {"action": "leave_message", "message": "Please call us back about your appointment."}},
        script={"lines": [{"text": "I am not at home.", "cue": "answer"}], "verdict": {"hears": "machine"}},
    ),
    Story(
        name="Frank stays silent",
        reason=R.INACTIVITY_TIMEOUT,
        to_number=number(106),
        ended_by=OURS,
        evidence=("timer", "seconds"),
        agent={"end_call_after_silence_seconds": 10},
    ),
    Story(
        name="Carol's machine picks up",
        reason=R.ANSWERING_MACHINE_DETECTED,
        to_number=number(196),
        ended_by=OURS,
        evidence=("answered_by", "machine_detection_ms", "machine_action", "machine_why"),
        server="lets-them-talk",
        agent={"voicemail": {"action": "hang_up"}},
        # It records on: one that hangs up by itself may be quicker than we are, and then that is the reason.
        script={"lines": [{"text": "I am not at home.", "cue": "answer"}], "verdict": {"hears": "machine"}},
    ),
    Story(
        name="the agent talks on and on",
        reason=R.MAXIMUM_DURATION_EXCEEDED,
        to_number=number(170),
        ended_by=OURS,
        evidence=("timer", "carrier_status"),
        server="talks-on",
        script=SILENT,
    ),
)
