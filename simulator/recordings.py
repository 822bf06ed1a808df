"""Recordings of calls: their life, their callbacks, and how long they are."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.callbacks import Callbacks, Pairs
from simulator.faults import Dice
from simulator.ids import new_sid, rfc2822
from simulator.leg import Leg, Sound
from simulator.pace import Pace
from simulator.request import Callback
from simulator.tasks import Tasks


@dataclass
class Recording:
    """One recording; moments are epoch seconds."""

    leg: Leg
    source: str
    channels: int
    track: str
    callback: Callback
    sid: str = field(default_factory=lambda: new_sid("RE"))
    started_at: float = field(default_factory=time.time)
    ended_at: float | None = None
    updated_at: float = field(default_factory=time.time)
    status: str = "in-progress"
    refusals_left: int = 0

    @property
    def seconds(self) -> float:
        """Real length; of a running recording, so far."""
        return (self.ended_at or time.time()) - self.started_at

    @property
    def whole_seconds(self) -> int:
        """The length as the API gives it: rounded, at least 1 for anything that was recorded."""
        return max(1, round(self.seconds))

    def sounds(self) -> list[Sound]:
        """What is to be heard, relative to the recording's start."""
        return [
            Sound(sound.channel, sound.start - self.started_at, sound.end - self.started_at)
            for sound in list(self.leg.sounds)
            if sound.end > self.started_at
        ]


class Recordings:
    """All recordings of the account; ``base`` is the account's address as URLs name it."""

    def __init__(self, base: str, callbacks: Callbacks, pace: Pace, tasks: Tasks, dice: Callable[[], Dice]) -> None:
        self.by_sid: dict[str, Recording] = {}
        self._base = base
        self._callbacks = callbacks
        self._pace = pace
        self._tasks = tasks
        self._dice = dice

    def clear(self) -> None:
        """Forget all recordings."""
        self.by_sid.clear()

    def of(self, leg: Leg) -> list[Recording]:
        """Give the recordings of one call."""
        return [recording for recording in self.by_sid.values() if recording.leg is leg]

    def running(self, leg: Leg, source: str) -> Recording | None:
        """Give the recording of this source that still runs on a call."""
        return next((r for r in self.of(leg) if r.source == source and r.status == "in-progress"), None)

    def start(self, leg: Leg, *, source: str, channels: int, track: str, callback: Callback) -> Recording:
        """Begin to record a call."""
        recording = Recording(leg, source, channels, track, callback)
        self.by_sid[recording.sid] = recording
        leg.record.recordings.append(recording.sid)
        leg.note("recording started", recording=recording.sid, source=source)
        self._report(recording)
        return recording

    def finish(self, recording: Recording) -> None:
        """Stop a recording now; it is ready a little later."""
        if recording.ended_at is None:
            recording.ended_at = recording.leg.record.ended_at or time.time()
            recording.status = "processing"
            recording.leg.record.recorded_until[recording.sid] = recording.ended_at
            self._tasks.spawn(self._ready(recording), f"recording {recording.sid}")

    async def _ready(self, recording: Recording) -> None:
        dice, callee = self._dice(), recording.leg.request.person
        await self._pace.wait_between(1.0, 2.5)
        if dice.concerns(callee):
            await asyncio.sleep(dice.faults.recording_late_seconds)
            recording.refusals_left = dice.faults.media_not_found_times
        recording.status = "absent" if dice.falls("recording_absent", callee) else "completed"
        recording.updated_at = time.time()
        recording.leg.note("recording ready", recording=recording.sid, status=recording.status)
        self._report(recording)

    def _report(self, recording: Recording) -> None:
        if recording.status in recording.callback.events:
            form = recording_form(self._base, recording)
            self._callbacks.send(recording.leg, "recording", recording.status, recording.callback, form)


def recording_form(base: str, recording: Recording) -> Pairs:
    """Give the fields of a recording callback. The length of one still running is -1, of an absent one 0."""
    lengths = {"in-progress": "-1", "absent": "0"}
    return [
        ("AccountSid", base.rpartition("/")[2]),
        ("CallSid", recording.leg.sid),
        ("RecordingSid", recording.sid),
        ("RecordingUrl", f"{base}/Recordings/{recording.sid}"),
        ("RecordingStatus", recording.status),
        ("RecordingDuration", lengths.get(recording.status, str(recording.whole_seconds))),
        ("RecordingChannels", str(recording.channels)),
        ("RecordingStartTime", rfc2822(recording.started_at)),
        ("RecordingSource", recording.source),
        ("RecordingTrack", recording.track),
    ]
