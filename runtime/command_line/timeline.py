"""What can be told of a call while it happens, and where from: the stored record and its messages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from calls.reasons import REASONS
from calls.records import Message, Progress, StoredCall
from runtime.command_line.call_views import recording_said, seconds

MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a timeline. `key` names it, so that word from two sources is told once."""

    key: str
    at: datetime
    event: str
    text: str = ""
    more: dict[str, Any] = field(default_factory=dict)


def of_record(stored: StoredCall, now: datetime) -> Iterator[Happening]:
    """What the record tells. Things without a time of their own in it are told as of `now`."""
    asked, known = stored.order.request, stored.progress
    who = f"{stored.agent.ai_agent_name}: {asked.from_number} → {asked.to_number}"
    yield Happening("registered", stored.registered_at, "registered", who, {"call_id": stored.order.call_id})
    if known.attempt_id:
        yield Happening("dialling", known.start_time or now, "dialling", asked.to_number)
    if known.answer_time:
        yield Happening("answered", known.answer_time, "answered")
    yield from _transfer(known, now)
    yield from _ending(known, now)


def _transfer(known: Progress, now: datetime) -> Iterator[Happening]:
    if moved := known.transfer:
        more = {"to_number": moved.to_number, "request_id": moved.request_id}
        asked, settled = f"transfer requested {moved.request_id}", f"transfer {moved.status} {moved.request_id}"
        at = known.end_time if known.end_time and moved.status == "bridged" else now
        yield Happening(asked, at, "transfer", f"to {moved.to_number}", {**more, "status": "requested"})
        yield Happening(settled, at, "transfer", moved.status, {**more, "status": moved.status})


def _ending(known: Progress, now: datetime) -> Iterator[Happening]:
    if known.finish_reason is None:
        return
    lasted = seconds(known.duration_seconds)
    text = f"{known.finish_reason.value}: {REASONS[known.finish_reason].text}" + (f" ({lasted})" if lasted else "")
    more = {
        "call_status": known.status.value,
        "call_finish_reason": known.finish_reason.value,
        "call_duration_seconds": known.duration_seconds,
    }
    yield Happening("ended", known.end_time or now, known.status.value, text, more)
    if known.recording.status in ("archived", "absent"):
        said = recording_said(known.recording)
        yield Happening("recording", now, "recording", said, {"status": known.recording.status})


def of_messages(messages: Sequence[Message]) -> Iterator[Happening]:
    """What was said, each utterance when it was over."""
    for message in messages:
        more = {"seq": message.seq, "role": message.role.value, "content": message.content}
        yield Happening(f"{MESSAGE} {message.seq}", message.ended_at, MESSAGE, message.content, more)
