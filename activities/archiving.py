"""After the call: bring the recording home, gather the transcript."""

from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.failures import translated
from activities.heartbeats import heartbeating
from activities.models import RecordingOrder, RecordingOutcome
from calls.ports.archive import RecordingArchive
from calls.ports.call_store import CallStore
from calls.ports.carrier import Carrier

_SETTLES_WITHIN = timedelta(seconds=10)
"""How long after its last sign of life a conversation is waited for; a gateway that died will not store anything."""


class Archiving:
    """What follows a call, over the ports of carrier, store and archive."""

    def __init__(self, carrier: Carrier, store: CallStore, archive: RecordingArchive) -> None:
        self._carrier = carrier
        self._store = store
        self._archive = archive

    @activity.defn
    async def archive_recording(self, order: RecordingOrder) -> RecordingOutcome:
        """Stream the recording into the archive; it is whole there or not at all.

        Without a recording id the carrier is asked which recording the call has; none gives an empty outcome.
        """
        async with heartbeating(seconds=5):
            with translated():
                known = order if order.recording_id else await self._look_up(order)
                if known is None:
                    return RecordingOutcome()
                kept = await self._archive.keep(
                    known.call_id, known.recording_id, self._carrier.recording_audio(known.recording_id)
                )
        return RecordingOutcome(
            recording_id=known.recording_id,
            archive_id=kept.archive_id,
            size_bytes=kept.size_bytes,
            sha256=kept.sha256,
            duration_seconds=known.duration_seconds,
            channels=known.channels,
        )

    async def _look_up(self, order: RecordingOrder) -> RecordingOrder | None:
        for found in await self._carrier.recordings(order.carrier_call_id):
            if found.status == "completed":
                return order.model_copy(
                    update={
                        "recording_id": found.recording_id,
                        "duration_seconds": found.duration_seconds,
                        "channels": found.channels,
                    }
                )
            if found.status != "absent":
                raise ApplicationError(f"recording {found.recording_id} is still {found.status}", type="NotReady")
        return None

    @activity.defn
    async def archive_transcript(self, call_id: str) -> int:
        """Gather the call's stored utterances into its record; how many there are.

        While a conversation may still be writing, and while their numbering has a gap, raises to be tried again.
        """
        with translated():
            pulse = await self._store.pulse(call_id)
            last_word = pulse.unsettled_at if pulse else None
            if last_word is not None and datetime.now(UTC) < last_word + _SETTLES_WITHIN:
                raise ApplicationError(f"the conversation of call {call_id} is still being stored", type="NotReady")
            while True:
                messages = await self._store.messages(call_id)
                missing = set(range(len(messages))) - {message.seq for message in messages}
                if missing:
                    why = f"utterance {min(missing)} of call {call_id} is not stored yet"
                    raise ApplicationError(why, type="NotReady")
                await self._store.keep_transcript(call_id, messages)
                if len(await self._store.messages(call_id)) == len(messages):
                    return len(messages)
