"""A small sound run as evidence: calls that talk, meet a machine, are put through, are busy, are refused; strangers."""

from typing import Any

from bench.chaos.deeds import Deeds, FaultDone, Intrusion, Mischief, OrderGiven, Post, Told
from bench.chaos.evidence import Evidence

POLICY = {
    "registered_seconds": 15.0,
    "ring_seconds": 8.0,
    "silence_seconds": 25.0,
    "no_input_seconds": 20.0,
    "maximum_duration_seconds": 30.0,
    "time_limit_margin_seconds": 15.0,
    "transferred_maximum_seconds": 30.0,
}
TALK, BUSY, REFUSED, MACHINE, MOVED = "c-talk", "c-busy", "c-refused", "c-machine", "c-moved"
RECORDING = "RE" + "1" * 32
UNTIL = {RECORDING: 110.0}
SPOKEN = (
    ("agent", "Hello, can you make it?", 104.5),
    ("user", "Yes, I can.", 106.0),
    ("agent", "Wonderful. Goodbye.", 107.0),
)


def leg(call_id: str, number: int, **changed: Any) -> dict[str, Any]:
    """A carrier call that was answered at 104 and hung up by us at 110."""
    url = f"https://ringback.test/twilio/status/{call_id}/attempt"
    return {
        "sid": f"CA{number:032d}",
        "parent_sid": None,
        "to": f"+1202555000{number}",
        "from": "+14155550100",
        "direction": "outbound-api",
        "story": "Alice",
        "created_at": 101.0,
        "initiated_at": 102.0,
        "ringing_at": 103.0,
        "answered_at": 104.0,
        "ended_at": 110.0,
        "status": "completed",
        "sip_code": 200,
        "hung_up_by": "api",
        "answered_by": "human",
        "rings": 1,
        "spoken": [],
        "digits": [],
        "callbacks": [{"kind": "status", "name": "initiated", "url": url, "attempts": 1, "status": 204}],
        "fetches": [],
        "ring_timeout_seconds": 8.0,
        "time_limit_seconds": 45.0,
        "relay_sessions": [],
        "recordings": [],
        "recorded_until": {},
        "transfers": [],
    } | changed


def call(call_id: str, number: int, reason: str, **changed: Any) -> dict[str, Any]:
    """A complete record that ended at 109."""
    progress = {
        "status": "ended",
        "finish_reason": reason,
        "by": "agent",
        "phase": "conversation",
        "evidence": {"carrier_status": "completed"},
        "answer_time": None,
        "end_time": 109.0,
        "complete": True,
        "carrier_call_id": f"CA{number:032d}",
        "recording": {"status": "none", "archive_id": None},
    }
    return {
        "_id": f"{number:024d}",
        "call_id": call_id,
        "to_number": f"+1202555000{number}",
        "registered_at": 100.0,
        "agent": {"voicemail": {"message": None}, "webhook_url": "http://127.0.0.1:1/webhooks"},
        "plan": {
            "policy": dict(POLICY),
            "voicemail": {"action": "hang_up"},
            "record": True,
            "records_to_the_bridge": True,
        },
        "progress": progress | changed,
    }


def workflow(call_id: str, reason: str, registration: str = "created") -> dict[str, Any]:
    """A workflow that ended as its record did."""
    return {
        "workflow_id": f"call-{call_id}",
        "began_at": 100.0,
        "closed_at": 112.0,
        "run_id": "0" * 36,
        "status": "COMPLETED",
        "result": {"call_id": call_id, "registration": registration, "finish_reason": reason},
        "signals": [],
        "dials": ["accepted"],
        "failed_tasks": [],
        "text": "{}",
    }


def told(
    call_id: str,
    event: str,
    audio: str | None = None,
    messages: list[dict[str, str]] | None = None,
    reason: str | None = None,
    **changed: Any,
) -> Told:
    """A webhook that the receiver took."""
    said_of: dict[str, Any] = {
        "call_id": call_id,
        "call_finish_reason": reason,
        "call_duration_seconds": None if reason in (None, "line_busy") else 4.8,
        "recorded_call_audio_url": audio,
        "messages": messages or [],
    }
    trace_id = f"{event} of {call_id}"
    said = {"event": event, "traceId": trace_id, "call": said_of}
    known = {"at": 105.0, "path": "/webhooks", "is_signed": True, "body_sha256": f"digest of {trace_id}"}
    return Told(**{"event": event, "trace_id": trace_id, "said": said, "is_taken": True, **known, **changed})


def _told(call_id: str, kind: str) -> list[dict[str, Any]]:
    url = f"https://ringback.test/twilio/{kind}/{call_id}/attempt"
    return [{"kind": kind, "name": "answered", "url": url, "attempts": 1, "status": 204, "at": 105.0}]


def _untold(record: dict[str, Any]) -> dict[str, Any]:
    """A call whose agent wants no webhooks."""
    return record | {"agent": {"voicemail": {"message": None}, "webhook_url": None}}


def a_sound_run() -> Evidence:
    """Nothing in it is wrong."""
    session = {"session_id": "VX1", "opened_at": 104.2, "closed_at": 110.0, "ended_as": "completed"}
    spoken = [{"role": role, "text": text, "at": at, "interrupted": False} for role, text, at in SPOKEN]
    archived = {
        "status": "archived",
        "archive_id": "f1",
        "recording_id": RECORDING,
        "size_bytes": 4,
        "sha256": "abcd",
    }
    words = [{"role": role, "content": text} for role, text, _ in SPOKEN]
    bridge = {"sid": "CA" + "5" * 32, "status": "completed", "bridged": True, "bridged_at": 106.0}
    unanswered = {"answered_at": None, "ended_at": 104.0, "status": "busy", "sip_code": 486, "hung_up_by": "carrier"}
    return Evidence(
        policy=dict(POLICY),
        deeds=_deeds(),
        legs=[
            leg(TALK, 1, spoken=spoken, relay_sessions=[session], recordings=[RECORDING], recorded_until=UNTIL),
            leg(BUSY, 2, **unanswered),
            leg(MACHINE, 4, answered_by="machine_start", callbacks=[*_told(MACHINE, "status"), *_told(MACHINE, "amd")]),
            leg(MOVED, 5, transfers=[bridge], recorded_until={"RE" + "2" * 32: 107.0}, ended_at=130.0),
        ],
        calls=[
            call(TALK, 1, "agent_ended_call", recording=archived, answer_time=104.0) | {"transcript": words},
            call(BUSY, 2, "line_busy", status="error", phase="ringing", end_time=104.1),
            _untold(call(MACHINE, 4, "answering_machine_detected", answer_time=104.0)),
            _untold(call(MOVED, 5, "call_transferred", answer_time=104.0, end_time=106.0)),
        ],
        messages={
            TALK: [
                {"seq": seq, "role": role, "content": text, "started_at": at, "ended_at": at + 0.4}
                for seq, (role, text, at) in enumerate(SPOKEN)
            ],
        },
        archive={"f1": {"recording": RECORDING, "bytes": 4, "sha256": "abcd", "noted": {}}},
        carrier_audio={RECORDING: {"status": "completed", "bytes": 4, "sha256": "abcd"}},
        workflows=[
            workflow(TALK, "agent_ended_call"),
            workflow(BUSY, "line_busy"),
            workflow(MACHINE, "answering_machine_detected"),
            workflow(MOVED, "call_transferred") | {"closed_at": 131.0},
        ],
        told=[
            told(TALK, "CallHandler.CallStarted", is_taken=False),
            told(TALK, "CallHandler.CallStarted"),
            told(BUSY, "CallHandler.CallEnded", reason="line_busy"),
            told(BUSY, "callAnalysis.pcaCompleted", reason="line_busy"),
            told(TALK, "CallHandler.CallEnded", reason="agent_ended_call"),
            told(TALK, "callAnalysis.pcaCompleted", "https://ringback.test/r", words, reason="agent_ended_call"),
        ],
    )


def _deeds() -> Deeds:
    return Deeds(
        began=100.0,
        posts=[
            Post(TALK, "call", 100.0, 201, 100.2, f"{1:024d}"),
            Post(TALK, "repetition", 101.0, 200, 101.2, f"{1:024d}"),
            Post(TALK, "conflict", 101.0, 409, 101.2, said="differs in to_number"),
            Post(BUSY, "call", 100.0, 201, 100.2, f"{2:024d}"),
            Post(REFUSED, "call", 100.0, 503, 100.2),
            Post(MACHINE, "call", 100.0, 201, 100.2, f"{4:024d}"),
            Post(MOVED, "call", 100.0, 201, 100.2, f"{5:024d}"),
        ],
        orders=[OrderGiven(TALK, "transfer", 105.0, 409, 105.1), OrderGiven(MOVED, "end", 129.0, 202, 129.1)],
        mischief=[Mischief("wrong type", "bad-00001", "+13030000001", 422, 100.0, 422, '{"detail": []}')],
        intrusions=[
            Intrusion("unsigned", TALK, "599", (403,), 105.0, 403),
            Intrusion("foreign", TALK, "CA" + "9" * 32, (204,), 105.0, 204),
            Intrusion("replayed", TALK, "", (204,), 105.0, 204),
        ],
        faults=[FaultDone("kill-worker", "worker", 50.0, 52.0)],
    )
