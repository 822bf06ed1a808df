"""What every carrier promises, by the fake in memory and by the adapter at a simulator alike."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from calls.ports.carrier import Carrier, CarrierCall, CarrierError
from tests.adapters.twilio.outside import CALLER, DAVE, a_dial
from tests.fakes.carrier import FakeCarrier

UNKNOWN = "CA" + "f" * 32


@pytest.fixture(params=["fake", "real"])
def port(request: pytest.FixtureRequest) -> Carrier:
    """A carrier without calls."""
    if request.param == "fake":
        return FakeCarrier()
    carrier: Carrier = request.getfixturevalue("carrier")
    return carrier


async def test_a_dialled_call_is_known_and_live(port: Carrier) -> None:
    """A dial gives an id, and asked for it the carrier knows the call and its numbers."""
    carrier_call_id = await port.dial(a_dial(DAVE))
    said = await port.ask(carrier_call_id)
    assert said is not None
    assert said.is_live
    assert (said.carrier_call_id, said.to_number, said.from_number) == (carrier_call_id, DAVE, CALLER)


async def test_a_call_is_hung_up_once(port: Carrier) -> None:
    """The first hangup ends the call; a second finds it over."""
    carrier_call_id = await port.dial(a_dial(DAVE))
    assert await port.hang_up(carrier_call_id)
    ended = await _once_over(port, carrier_call_id)
    assert ended.end is not None
    assert ended.status == ended.end.value
    assert not await port.hang_up(carrier_call_id)


async def test_calls_are_found_by_their_numbers_and_time(port: Carrier) -> None:
    """Both calls between two numbers are found, and none from before the time asked about."""
    before = datetime.now(UTC) - timedelta(seconds=5)
    dialled = {await port.dial(a_dial(DAVE)) for _ in range(2)}
    found = await port.find(from_number=CALLER, to_number=DAVE, not_before=before)
    assert {call.carrier_call_id for call in found} == dialled
    assert await port.find(from_number=CALLER, to_number="+14155550199", not_before=before) == []
    later = before + timedelta(minutes=1)
    assert await port.find(from_number=CALLER, to_number=DAVE, not_before=later) == []


async def test_live_calls_are_listed(port: Carrier) -> None:
    """What rings is on the list with its numbers and its time, and what was hung up is not."""
    rings, over = await port.dial(a_dial(DAVE)), await port.dial(a_dial(DAVE))
    await port.hang_up(over)
    await _once_over(port, over)
    listed = await port.live()
    assert [(call.carrier_call_id, call.from_number, call.to_number) for call in listed] == [(rings, CALLER, DAVE)]
    assert listed[0].is_outbound
    assert listed[0].created_at is not None
    await port.hang_up(rings)


async def test_unknown_calls_and_recordings(port: Carrier) -> None:
    """What the carrier never heard of is not there, is over, and need not be deleted."""
    assert await port.ask(UNKNOWN) is None
    assert not await port.hang_up(UNKNOWN)
    assert not await port.start_transfer(UNKNOWN, call_id="c1", attempt_id="a1", request_id="t1")
    assert not await port.play_message(UNKNOWN, call_id="c1", attempt_id="a1")
    assert not await port.adopt(UNKNOWN, call_id="c1", attempt_id="a1", time_limit_seconds=60)
    await port.extend(UNKNOWN, 60)
    assert not await port.stop_recording(UNKNOWN)
    assert await port.recordings(UNKNOWN) == []
    await port.delete_recording("RE" + "f" * 32)
    with pytest.raises(CarrierError) as failed:
        async for _ in port.recording_audio("RE" + "f" * 32):
            pass
    assert not failed.value.permanent


async def _once_over(port: Carrier, carrier_call_id: str) -> CarrierCall:
    async with asyncio.timeout(10):
        while (said := await port.ask(carrier_call_id)) is None or said.is_live:
            pass
    return said
