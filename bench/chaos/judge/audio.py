"""Invariant 4, the recordings: archived whole where the carrier has one, absent only where it has none."""

from collections.abc import Iterable, Iterator

from bench.chaos.evidence import Document, Evidence
from bench.chaos.judge.endings import leg_of
from bench.chaos.judge.findings import Finding


def recorded_calls(evidence: Evidence) -> Iterable[tuple[Document, Document]]:
    """Every call that was recorded, with its recording's SID and state at the carrier."""
    for call in evidence.calls:
        leg = leg_of(evidence, call)
        for sid in leg["recordings"] if leg else []:
            yield call, {"sid": sid, **evidence.carrier_audio.get(sid, {"status": "unknown"})}


def is_archived(evidence: Evidence, subject: tuple[Document, Document]) -> Iterator[Finding]:
    """Length and digest of what is stored are those of the carrier's own audio, and of what the record says."""
    call, audio = subject
    entry, call_id = call["progress"]["recording"], call["call_id"]
    if audio["status"] != "completed":
        if entry["status"] != "absent":
            yield Finding(call_id, f"the carrier's recording is {audio['status']}, the record says {entry['status']}")
        return
    if entry["status"] != "archived":
        yield Finding(call_id, f"recording {audio['sid']} exists, the record says {entry['status']}")
        return
    kept = evidence.archive.get(entry["archive_id"])
    if kept is None:
        yield Finding(call_id, f"recording {audio['sid']} is said to be archived, and is not")
        return
    truth = (audio["sid"], audio["bytes"], audio["sha256"])
    stored = (kept["recording"], kept["bytes"], kept["sha256"])
    noted = (entry["recording_id"], entry["size_bytes"], entry["sha256"])
    if not truth == stored == noted:
        yield Finding(call_id, f"the carrier's audio is {truth}, the archive holds {stored}, the record says {noted}")


def talked_calls(evidence: Evidence) -> Iterable[tuple[Document, Document]]:
    """Every call whose relay came up while the callee was there and that is to be recorded, with its carrier call.

    Whoever hangs up while the instructions are on their way leaves nothing to record.
    """
    for call in evidence.calls:
        leg = leg_of(evidence, call)
        if leg is None or not call["plan"]["record"]:
            continue
        until = leg["ended_at"] or float("inf")
        if any(one["opened_at"] and one["opened_at"] < until for one in leg["relay_sessions"]):
            yield call, leg


def is_recorded(_: Evidence, subject: tuple[Document, Document]) -> Iterator[Finding]:
    """The carrier was told to record before it was told to connect."""
    call, leg = subject
    if not leg["recordings"]:
        yield Finding(call["call_id"], "was to be recorded, and the carrier was never told to")


def archived_files(evidence: Evidence) -> Iterable[tuple[str, Document]]:
    return evidence.archive.items()


def belongs_to_a_call(evidence: Evidence, subject: tuple[str, Document]) -> Iterator[Finding]:
    """No recording is stored twice, or for nobody."""
    archive_id, kept = subject
    owners = [call for call in evidence.calls if call["progress"]["recording"]["archive_id"] == archive_id]
    if len(owners) != 1:
        yield Finding(archive_id, f"recording {kept['recording']} belongs to {len(owners)} records")
