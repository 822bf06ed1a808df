"""A carrier without a network: it accepts what it is asked, remembers it, and says what a test tells it to.

Nothing rings by itself: a test changes `calls` to say how far a carrier call has come, and puts an error into
`failures` to make the next request of that name fail.
"""

from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from calls.facts import CarrierEnd
from calls.ports.carrier import CarrierCall, CarrierError, CarrierRecording, Dial, DialAmbiguousError


@dataclass
class FakeCarrier:
    """What a test may look at and change: the carrier's books."""

    dials: list[Dial] = field(default_factory=list)
    """Every dial that was accepted, in order."""
    calls: dict[str, CarrierCall] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Name and subject of every request, in order."""
    failures: defaultdict[str, list[CarrierError]] = field(default_factory=lambda: defaultdict(list))
    """Errors to raise, by name of the method, first one first. An ambiguous dial was accepted all the same."""
    sounds: dict[str, bytes] = field(default_factory=dict)
    """Audio by recording id."""
    known_recordings: dict[str, list[CarrierRecording]] = field(default_factory=dict)
    """Recordings by carrier call id."""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def dial(self, dial: Dial) -> str:
        failure = self._asked("dial", dial.to_number)
        if failure is not None and not isinstance(failure, DialAmbiguousError):
            raise failure
        self.dials.append(dial)
        carrier_call_id = f"CA{len(self.dials):032x}"
        self.calls[carrier_call_id] = CarrierCall(
            carrier_call_id, "queued", to_number=dial.to_number, from_number=dial.from_number, created_at=self.now
        )
        if failure is not None:
            raise failure
        return carrier_call_id

    async def ask(self, carrier_call_id: str) -> CarrierCall | None:
        self._fail("ask", carrier_call_id)
        return self.calls.get(carrier_call_id)

    async def find(self, *, from_number: str, to_number: str, not_before: datetime) -> list[CarrierCall]:
        self._fail("find", to_number)
        between = [c for c in self.calls.values() if (c.from_number, c.to_number) == (from_number, to_number)]
        return [call for call in reversed(between) if call.created_at and call.created_at >= not_before]

    async def live(self) -> list[CarrierCall]:
        self._fail("live", "")
        return [call for call in self.calls.values() if call.is_live]

    async def hang_up(self, carrier_call_id: str) -> bool:
        self._fail("hang_up", carrier_call_id)
        if not self._is_live(carrier_call_id):
            return False
        call = self.calls[carrier_call_id]
        end = CarrierEnd.COMPLETED if call.status == "in-progress" else CarrierEnd.CANCELED
        self.calls[carrier_call_id] = replace(call, status=end.value, end=end)
        return True

    async def start_transfer(self, carrier_call_id: str, *, call_id: str, attempt_id: str, request_id: str) -> bool:
        self._fail("start_transfer", carrier_call_id)
        return self._is_live(carrier_call_id)

    async def play_message(self, carrier_call_id: str, *, call_id: str, attempt_id: str) -> bool:
        self._fail("play_message", carrier_call_id)
        return self._is_live(carrier_call_id)

    async def adopt(self, carrier_call_id: str, *, call_id: str, attempt_id: str, time_limit_seconds: int) -> bool:
        self._fail("adopt", carrier_call_id)
        return self._is_live(carrier_call_id)

    async def extend(self, carrier_call_id: str, time_limit_seconds: int) -> None:
        self._fail("extend", carrier_call_id)

    async def stop_recording(self, carrier_call_id: str) -> bool:
        self._fail("stop_recording", carrier_call_id)
        return self._is_live(carrier_call_id)

    async def recordings(self, carrier_call_id: str) -> list[CarrierRecording]:
        self._fail("recordings", carrier_call_id)
        return self.known_recordings.get(carrier_call_id, [])

    async def recording_audio(self, recording_id: str) -> AsyncIterator[bytes]:
        self._fail("recording_audio", recording_id)
        if recording_id not in self.sounds:
            raise CarrierError("the recording was not given", permanent=False)
        yield self.sounds[recording_id]

    async def delete_recording(self, recording_id: str) -> None:
        self._fail("delete_recording", recording_id)
        self.sounds.pop(recording_id, None)

    def _is_live(self, carrier_call_id: str) -> bool:
        call = self.calls.get(carrier_call_id)
        return call is not None and call.is_live

    def _fail(self, name: str, subject: str) -> None:
        if failure := self._asked(name, subject):
            raise failure

    def _asked(self, name: str, subject: str) -> CarrierError | None:
        self.requests.append((name, subject))
        return self.failures[name].pop(0) if self.failures[name] else None
