"""Bringing recordings home: large ones in little memory, broken ones not at all."""

import tracemalloc
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.archiving import Archiving
from activities.models import RecordingOrder, RecordingOutcome
from adapters.mongo.archive import MongoRecordingArchive
from adapters.mongo.database import Database
from adapters.twilio.carrier import TwilioCarrier
from calls.ports.call_store import Pulse
from calls.ports.carrier import CarrierError, CarrierRecording
from calls.records import Message
from simulator.wav import RATE, header
from tests.adapters.mongo.orders import said
from tests.adapters.twilio.outside import SID, TOKEN, URLS
from tests.fakes.archive import FakeRecordingArchive
from tests.fakes.call_store import FakeCallStore
from tests.fakes.carrier import FakeCarrier
from tests.simulator.rig import serving

RECORDING, CALL = "RE" + "a" * 32, "CA" + "1" * 32
HOUR = 3600
SECOND = bytes(RATE * 2 * 2)
"""A second of two channels, 16 bits each."""
MOST_BYTES = 12_000_000
"""What an hour's recording (115 MB) may take up at once: pieces of the client, the archive and the test's server."""


def order(recording_id: str = RECORDING) -> RecordingOrder:
    """To bring this recording home."""
    return RecordingOrder(call_id="c1", carrier_call_id=CALL, recording_id=recording_id)


async def archived(archiving: Archiving, wanted: RecordingOrder) -> RecordingOutcome:
    """What the activity gives."""
    outcome: RecordingOutcome = await ActivityEnvironment().run(archiving.archive_recording, wanted)
    return outcome


@pytest.mark.slow
async def test_an_hour_of_audio_takes_little_memory(mongodb: Database) -> None:
    """115 MB stream from the carrier into the archive, counted and summed, and never lie in memory together."""

    async def audio(_: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            yield header(HOUR * RATE, 2)
            for _ in range(HOUR):
                yield SECOND

        return StreamingResponse(pieces(), media_type="audio/x-wav")

    path = f"/2010-04-01/Accounts/{SID}/Recordings/{RECORDING}.wav"
    async with serving(Starlette(routes=[Route(path, audio)])) as origin:
        carrier = TwilioCarrier(account_sid=SID, auth_token=TOKEN, urls=URLS, origin=origin)
        archive = MongoRecordingArchive(mongodb)
        tracemalloc.start()
        try:
            outcome = await archived(Archiving(carrier, FakeCallStore(), archive), order())
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            await carrier.close()
    assert outcome.size_bytes == 44 + HOUR * len(SECOND)
    assert await archive.size(outcome.archive_id) == outcome.size_bytes
    assert peak < MOST_BYTES


async def test_a_recording_that_breaks_off_is_not_kept() -> None:
    """The activity fails, to be tried again, and the archive holds nothing of it; the next try finds it whole."""
    carrier, archive = FakeCarrier(), FakeRecordingArchive()
    carrier.sounds[RECORDING] = b"RIFF"
    carrier.failures["recording_audio"] = [CarrierError("cut short", permanent=False)]
    archiving = Archiving(carrier, FakeCallStore(), archive)
    with pytest.raises(ApplicationError) as failed:
        await archived(archiving, order())
    assert not failed.value.non_retryable
    assert archive.audio == {}
    outcome = await archived(archiving, order())
    assert (outcome.recording_id, outcome.size_bytes) == (RECORDING, 4)
    assert await archived(archiving, order()) == outcome


@pytest.mark.parametrize("known", [[], [CarrierRecording(RECORDING, "absent")]])
async def test_a_call_without_a_recording_has_none(known: list[CarrierRecording]) -> None:
    """Asked for, the carrier has none: that is an answer, and no failure."""
    carrier = FakeCarrier(known_recordings={CALL: known})
    assert await archived(Archiving(carrier, FakeCallStore(), FakeRecordingArchive()), order("")) == RecordingOutcome()


@pytest.mark.parametrize("status", ["in-progress", "processing"])
async def test_a_recording_that_is_being_made_is_waited_for(status: str) -> None:
    """It is neither absent nor there."""
    carrier = FakeCarrier(known_recordings={CALL: [CarrierRecording(RECORDING, status)]})
    with pytest.raises(ApplicationError) as failed:
        await archived(Archiving(carrier, FakeCallStore(), FakeRecordingArchive()), order(""))
    assert not failed.value.non_retryable


@pytest.mark.parametrize(
    ("silent_for", "settled", "waits"), [(1.0, "VX0", True), (1.0, "VX1", False), (60.0, None, False)]
)
async def test_a_transcript_waits_for_the_last_words(silent_for: float, settled: str | None, *, waits: bool) -> None:
    """Of a relay session that is over and has not settled; not of one whose gateway died."""
    store = FakeCallStore()
    archiving = Archiving(FakeCarrier(), store, FakeRecordingArchive())
    await store.touch({"c1": Pulse("VX1", datetime.now(UTC) - timedelta(seconds=silent_for))})
    if settled:
        await store.settle("c1", settled)
    await store.append_message("c1", said(0))
    if waits:
        with pytest.raises(ApplicationError, match="still being stored"):
            await ActivityEnvironment().run(archiving.archive_transcript, "c1")
        await store.append_message("c1", said(1, "Bye."))
        await store.settle("c1", "VX1")
    assert await ActivityEnvironment().run(archiving.archive_transcript, "c1") == 1 + waits
    assert len(store.transcripts["c1"]) == 1 + waits


async def test_a_transcript_waits_for_a_gateway_that_stood_still() -> None:
    """Another one went on with the call and has stored all; what the first one still holds was heard too."""
    store = FakeCallStore()
    archiving = Archiving(FakeCarrier(), store, FakeRecordingArchive())
    now = datetime.now(UTC)
    for session, seconds_ago in (("VX1", 5), ("VX2", 1)):
        await store.touch({"c1": Pulse(session, now - timedelta(seconds=seconds_ago))})
    await store.settle("c1", "VX2")
    with pytest.raises(ApplicationError, match="still being stored"):
        await ActivityEnvironment().run(archiving.archive_transcript, "c1")
    await store.append_message("c1", said(0))
    await store.settle("c1", "VX1")
    assert await ActivityEnvironment().run(archiving.archive_transcript, "c1") == 1


async def test_what_comes_while_a_transcript_is_kept_is_in_it() -> None:
    """A word that was stored between the look at the messages and the keeping of them."""

    class Racing(FakeCallStore):
        async def keep_transcript(self, call_id: str, messages: Sequence[Message]) -> None:
            await super().keep_transcript(call_id, messages)
            if len(messages) == 1:
                await self.append_message(call_id, said(1, "Bye."))

    store = Racing()
    await store.append_message("c1", said(0))
    archiving = Archiving(FakeCarrier(), store, FakeRecordingArchive())
    assert await ActivityEnvironment().run(archiving.archive_transcript, "c1") == 2
    assert len(store.transcripts["c1"]) == 2
