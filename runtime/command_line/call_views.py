"""Calls as people read them in a terminal."""

from collections.abc import Sequence
from datetime import datetime

from rich.table import Table
from rich.text import Text

from calls.reasons import REASONS
from calls.records import Message, RecordingEntry, StoredCall
from calls.words import CallStatus, Role
from runtime.command_line.screen import clean, rows

_COLOURS = {
    CallStatus.REGISTERED: "yellow",
    CallStatus.ONGOING: "cyan",
    CallStatus.ENDED: "green",
    CallStatus.ERROR: "red",
}


def moment(at: datetime | None) -> str | None:
    """A moment in the reader's own time zone."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S") if at else None


def seconds(duration: float | None) -> str | None:
    """A duration as people say it: 8.4 s, 2 min 05 s."""
    if duration is None:
        return None
    minutes, rest = divmod(round(duration), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{duration:.1f} s"


def recording_said(recording: RecordingEntry) -> str:
    """What the record says of the recording."""
    if recording.archive_id is None:
        return {"none": "none", "expected": "not here yet", "absent": "there is none"}.get(
            recording.status, recording.status
        )
    size = f"{(recording.size_bytes or 0) / 1024:.0f} kB"
    return ", ".join(said for said in (seconds(recording.duration_seconds), size) if said)


def card(stored: StoredCall, *, web_ui: str, messages: int | None = None) -> Text:
    """One call: who, when, how it stands or ended, where to look further."""
    order, known = stored.order, stored.progress
    asked = order.request
    reason = known.finish_reason
    transfer = known.transfer
    return rows(
        {
            "Call": order.call_id if order.call_id == order.id else f"{order.call_id} ({order.id})",
            "Status": known.status.value,
            "Finish reason": f"{reason.value}: {REASONS[reason].text}" if reason else None,
            "By": f"{known.by.value}, while {known.phase.value}" if known.by and known.phase else None,
            "Evidence": ", ".join(f"{name}={value}" for name, value in known.evidence.items()) or None,
            "From → to": f"{asked.from_number} → {asked.to_number}",
            "Agent": f"{stored.agent.ai_agent_name} ({stored.agent_id})",
            "Registered": moment(stored.registered_at),
            "Answered": moment(known.answer_time),
            "Ended": moment(known.end_time),
            "Duration": seconds(known.duration_seconds),
            "Messages": str(messages) if messages is not None else None,
            "Transfer": f"{transfer.to_number} ({transfer.status})" if transfer else None,
            "Recording": recording_said(known.recording) if known.recording.status != "none" else None,
            "Carrier call": known.carrier_call_id,
            "Web UI": web_ui,
        }
    )


def listed(calls: Sequence[StoredCall]) -> Table:
    """Many calls, a line each."""
    table = Table("Call", "Status", "Reason", "From", "To", "Agent", "Registered", "Duration", box=None)
    for stored in calls:
        known, asked = stored.progress, stored.order.request
        table.add_row(
            stored.order.call_id,
            Text(known.status.value, style=_COLOURS[known.status]),
            known.finish_reason.value if known.finish_reason else "",
            asked.from_number,
            asked.to_number,
            Text(clean(stored.agent.ai_agent_name)),
            moment(stored.registered_at) or "",
            seconds(known.duration_seconds) or "",
        )
    return table


def spoken(message: Message) -> Text:
    """One utterance."""
    style = "cyan" if message.role is Role.AGENT else "green"
    cut = " [interrupted]" if message.extra.get("interrupted") else ""
    return Text.assemble((f"{message.role.value:<6}", style), clean(message.content), (cut, "dim"))
