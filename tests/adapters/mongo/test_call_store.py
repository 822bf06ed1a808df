"""Progress, claims, messages and pulses, in memory and in MongoDB alike."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from adapters.mongo.call_store import MongoCallStore
from adapters.mongo.database import Database
from calls.ports.call_store import CallStore, Claim, Pulse
from calls.reasons import FinishReason
from calls.records import Progress, RecordingEntry, TransferEntry
from calls.words import CallStatus, Party, Phase
from tests.adapters.mongo.orders import NOON, new_call, said
from tests.fakes.call_store import FakeCallStore

TIME = NOON.replace(microsecond=250_000)
ENDED = Progress(
    revision=9,
    status=CallStatus.ENDED,
    over=True,
    carrier_call_id="CA1",
    attempt_id="a1",
    start_time=TIME,
    answer_time=TIME + timedelta(seconds=4),
    end_time=TIME + timedelta(seconds=64),
    duration_seconds=60.0,
    finish_reason=FinishReason.USER_ENDED_CALL,
    by=Party.CALLEE,
    phase=Phase.CONVERSATION,
    evidence={
        "sip_code": 200,
        "carrier_status": "completed",
        "ratio": 0.5,
        "odd": "\ud800".encode(errors="replace").decode(),
    },
    recording=RecordingEntry(status="archived", size_bytes=2**40),
    transfer=TransferEntry(request_id="t1", to_number="+14155550110", status="failed"),
)


async def test_progress_moves_forward_only(calls: CallStore) -> None:
    """A later revision replaces the progress, an earlier one or the same changes nothing."""
    await calls.register(new_call("c1"))
    await calls.save_progress("c1", ENDED)
    await calls.save_progress("c1", Progress(revision=8, status=CallStatus.ONGOING))
    await calls.save_progress("c1", Progress(revision=9, status=CallStatus.ERROR))
    found = await calls.find("c1")
    assert found is not None
    assert found.progress == ENDED
    amended = ENDED.model_copy(update={"revision": 10, "complete": True})
    await calls.save_progress("c1", amended)
    found = await calls.find("c1")
    assert found is not None
    assert found.progress == amended


async def test_the_complete_progress_is_the_last_word(calls: CallStore) -> None:
    """It replaces what a story wrote and its engine then made it forget; a complete one is only amended forward."""
    await calls.register(new_call("c1"))
    await calls.save_progress("c1", ENDED)
    complete = ENDED.model_copy(update={"revision": 8, "finish_reason": FinishReason.NO_ANSWER, "complete": True})
    await calls.save_progress("c1", complete)
    await calls.save_progress("c1", complete.model_copy(update={"revision": 7, "finish_reason": None}))
    found = await calls.find("c1")
    assert found is not None
    assert found.progress == complete


async def test_progress_of_an_unknown_call_is_nothing(calls: CallStore) -> None:
    """Progress does not make a call exist."""
    await calls.save_progress("c1", ENDED)
    assert await calls.find("c1") is None


async def test_one_carrier_call_holds_the_claim(calls: CallStore) -> None:
    """The first carrier call may speak for the call, again and again; no other attempt or carrier call may."""
    await calls.register(new_call("c1"))
    assert await calls.claimed_by("c1") is None
    assert await calls.claim("c1", "a1", "CA1") is Claim.GRANTED
    assert await calls.claim("c1", "a1", "CA1") is Claim.GRANTED
    assert await calls.claim("c1", "a1", "CA2") is Claim.ANOTHER_HOLDS_IT
    assert await calls.claim("c1", "a2", "CA1") is Claim.ANOTHER_HOLDS_IT
    assert await calls.claimed_by("c1") == "CA1"
    found = await calls.find("c1")
    assert found is not None
    assert found.claimed_by == "CA1"


async def test_nobody_may_speak_for_a_call_that_ended(calls: CallStore) -> None:
    """Once the record says that the call ended, even the holder of the claim is refused."""
    await calls.register(new_call("c1"))
    await calls.claim("c1", "a1", "CA1")
    await calls.save_progress("c1", ENDED)
    assert await calls.claim("c1", "a1", "CA1") is Claim.CALL_IS_OVER
    assert await calls.claimed_by("c1") == "CA1"


async def test_an_unknown_call_cannot_be_claimed(calls: CallStore) -> None:
    """A carrier call for a call that was never registered is told so."""
    assert await calls.claim("c1", "a1", "CA1") is Claim.UNKNOWN_CALL
    assert await calls.claimed_by("c1") is None


async def test_of_many_claims_at_once_one_is_granted(calls: CallStore) -> None:
    """Carrier calls that are answered at the same moment cannot both get the call."""
    await calls.register(new_call("c1"))
    claims = await asyncio.gather(*(calls.claim("c1", "a1", f"CA{n}") for n in range(12)))
    assert claims.count(Claim.GRANTED) == 1
    assert claims.count(Claim.ANOTHER_HOLDS_IT) == 11
    assert await calls.claimed_by("c1") == f"CA{claims.index(Claim.GRANTED)}"


async def test_messages_come_back_in_order(calls: CallStore) -> None:
    """Messages are kept once per seq, whatever order they arrive in, extras included."""
    spoken = [said(0), said(1, "Ünïcode 🙂", interrupted=True, tools=[{"$a.b": 2**70}]), said(2)]
    for message in (spoken[2], spoken[0], spoken[1]):
        await calls.append_message("c1", message)
        await calls.append_message("c1", message)
    assert await calls.messages("c1") == spoken
    assert await calls.messages("c2") == []


async def test_messages_that_were_numbered_alike_are_both_kept(calls: CallStore) -> None:
    """Last words that an older session could only store after a newer one had begun come at the end, once."""
    for _ in range(2):
        for message in (said(0), said(1, "Newer."), said(1, "Older."), said(2, "Newer again.")):
            await calls.append_message("c1", message)
    kept = [(message.seq, message.content) for message in await calls.messages("c1")]
    assert kept == [(0, "Hello."), (1, "Newer."), (2, "Older."), (3, "Newer again.")]


async def test_messages_of_many_calls_are_kept_apart(calls: CallStore) -> None:
    """Asked for several calls, the store gives each its own, and an empty list where there are none."""
    for call_id, seq in (("c1", 1), ("c2", 0), ("c1", 0), ("c3", 0)):
        await calls.append_message(call_id, said(seq))
    asked = await calls.messages_of(["c1", "c2", "c4"])
    assert asked == {"c1": [said(0), said(1)], "c2": [said(0)], "c4": []}
    assert await calls.messages_of([]) == {}


async def test_a_pulse_never_goes_back(calls: CallStore) -> None:
    """The latest sign of life is kept, also when an older one of a dying session arrives after it."""
    assert await calls.pulse("c1") is None
    first, second = Pulse("VX9", TIME), Pulse("VX1", TIME + timedelta(seconds=2))
    for pulse in (first, second, first):
        await calls.touch({"c1": pulse})
    kept = await calls.pulse("c1")
    assert kept is not None
    assert (kept.relay_session_id, kept.at) == (second.relay_session_id, second.at)


async def test_a_conversation_is_open_until_its_end_is_told(calls: CallStore) -> None:
    """An end closes it, a later sign of life opens it again, and an end of what never lived leaves nothing."""
    await calls.close_pulse("c1", TIME)
    assert await calls.pulse("c1") is None
    await calls.touch({"c1": Pulse("VX1", TIME)})
    for seconds, is_open in ((1, False), (3, True)):
        if not is_open:
            await calls.close_pulse("c1", TIME + timedelta(seconds=seconds))
            await calls.close_pulse("c1", TIME)
        else:
            await calls.touch({"c1": Pulse("VX2", TIME + timedelta(seconds=seconds))})
        pulse = await calls.pulse("c1")
        assert pulse is not None
        assert pulse.is_open is is_open


async def test_a_record_takes_its_transcript(mongodb: Database) -> None:
    """Gathered utterances lie in the call's record, the last gathering rules, and the call reads as before."""
    store = MongoCallStore(mongodb)
    stored = (await store.register(new_call("c1"))).stored
    await store.keep_transcript("c1", [said(0)])
    await store.keep_transcript("c1", [said(0), said(1, "Bye.", interrupted=True)])
    document = await mongodb.calls.find_one({"call_id": "c1"})
    assert document is not None
    assert [line["content"] for line in document["transcript"]] == ["Hello.", "Bye."]
    assert await store.find("c1") == stored


async def test_late_word_is_kept(mongodb: Database) -> None:
    """What a finished call can no longer take is kept with what was said and when."""
    await MongoCallStore(mongodb).note_late("gone", "call_completed", {"sip": 200, "at": TIME, "$x": 2**70}, TIME)
    late = await mongodb.late_facts.find_one({"call_id": "gone"})
    assert late is not None
    assert late["kind"] == "call_completed"
    assert late["at"] == TIME
    assert '"$x": 1180591620717411303424' in late["body_json"]


@pytest.mark.parametrize("seconds", [0, 1])
async def test_times_are_utc_whatever_zone_they_came_in(calls: CallStore, seconds: int) -> None:
    """A time given in another zone comes back as the same moment in UTC."""
    at = datetime.fromisoformat("2026-11-23T04:00:00-08:00") + timedelta(seconds=seconds)
    await calls.touch({"c1": Pulse("VX", at)})
    pulse = await calls.pulse("c1")
    assert pulse is not None
    assert pulse.at == at
    assert at.astimezone(UTC).hour == 12


async def test_a_session_that_is_settled_brings_the_transcript_up_to_date(calls: CallStore) -> None:
    """Its last words were stored after the transcript was kept; a session without a pulse settles nothing."""
    await calls.register(new_call("c1"))
    await calls.settle("c1", "VX1")
    assert await calls.pulse("c1") is None
    await calls.touch({"c1": Pulse("VX1", TIME)})
    assert not await _is_settled(calls)
    await calls.append_message("c1", said(0))
    await calls.keep_transcript("c1", await calls.messages("c1"))
    await calls.append_message("c1", said(1, "Bye."))
    await calls.settle("c1", "VX1")
    assert await _is_settled(calls)
    assert await _transcript(calls) == ["Hello.", "Bye."]
    await calls.touch({"c1": Pulse("VX2", TIME + timedelta(seconds=1))})
    assert not await _is_settled(calls)
    for session in ("VX2", "VX1"):
        await calls.settle("c1", session)
        assert await _is_settled(calls), "an older session that is late changes nothing"


async def test_an_earlier_session_may_have_something_to_store_yet(calls: CallStore) -> None:
    """Its gateway stood still while another one went on; the last word of it counts, whatever its session is called."""
    await calls.register(new_call("c1"))
    later = TIME + timedelta(seconds=5)
    await calls.touch({"c1": Pulse("V.X$1", TIME)})
    await calls.touch({"c1": Pulse("VX2", later)})
    await calls.close_pulse("c1", later + timedelta(seconds=1))
    assert await _unsettled(calls) == (later + timedelta(seconds=1), {"V.X$1": TIME, "VX2": later})
    await calls.settle("c1", "VX2")
    assert await _unsettled(calls) == (TIME, {"V.X$1": TIME})
    await calls.touch({"c1": Pulse("VX2", later + timedelta(seconds=2))})  # was under way
    assert await _unsettled(calls) == (TIME, {"V.X$1": TIME})
    await calls.settle("c1", "V.X$1")
    assert await _unsettled(calls) == (None, {})


async def _unsettled(calls: CallStore) -> tuple[datetime | None, Mapping[str, datetime]]:
    pulse = await calls.pulse("c1")
    assert pulse is not None
    return pulse.unsettled_at, pulse.unsettled


async def _is_settled(calls: CallStore) -> bool:
    pulse = await calls.pulse("c1")
    assert pulse is not None
    return pulse.unsettled_at is None


async def _transcript(calls: CallStore) -> list[str]:
    if isinstance(calls, FakeCallStore):
        return [message.content for message in calls.transcripts["c1"]]
    assert isinstance(calls, MongoCallStore)
    record = await calls._database.calls.find_one({"call_id": "c1"})
    assert record is not None
    return [message["content"] for message in record["transcript"]]
