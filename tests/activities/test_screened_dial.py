"""The fence right before the dial, and before a transfer's."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.models import DialOrder, DialResult, LiveCall, TransferOrder
from activities.telephony import Telephony
from adapters.numbering.plan import NumberingPlan
from calls.calling_hours import CallingHours, Weekday
from calls.ports.call_store import Pulse
from calls.ports.do_not_call import DoNotCall
from calls.reasons import FinishReason
from calls.records import Progress, TransferEntry
from calls.screening import Frequency, Screening
from calls.words import CallStatus, Party
from tests.adapters.mongo.orders import new_call
from tests.fakes.call_store import FakeCallStore
from tests.fakes.carrier import FakeCarrier
from tests.fakes.do_not_call_list import FakeDoNotCallList

ALICE, LONDON = "+14155550101", "+442071838750"


def _order(to_number: str, calling_hours: CallingHours | None = None) -> DialOrder:
    return DialOrder(
        call_id="c1",
        attempt_id="a1",
        from_number="+14155550100",
        to_number=to_number,
        ring_seconds=30,
        time_limit_seconds=60,
        detect_machine=False,
        detect_message_end=False,
        machine_detection_seconds=30,
        calling_hours=calling_hours,
    )


def _day_after_tomorrow() -> Weekday:
    """A day that is not today anywhere."""
    return tuple(Weekday)[(datetime.now(UTC).weekday() + 3) % 7]


@pytest.mark.parametrize(("number", "rule"), [(LONDON, "country_not_allowed"), (ALICE, "do_not_call")])
async def test_refused_at_the_dial(number: str, rule: str) -> None:
    """A call that must not be made (any more) is refused before the carrier hears of it, and says by which rule."""
    carrier, listed = FakeCarrier(), FakeDoNotCallList()
    await listed.add(DoNotCall(phone_number=ALICE), datetime.now(UTC))
    telephony = Telephony(carrier, FakeCallStore(), Screening(NumberingPlan(), listed, frozenset({"US"})))
    outcome = await telephony._dial(_order(number))
    assert (outcome.result, outcome.reason) == (DialResult.REFUSED, FinishReason.POTENTIAL_SCAM_DETECTED)
    assert outcome.by is Party.SYSTEM
    assert outcome.evidence == {"detail": f"screening: {rule}"}
    assert not carrier.dials


async def test_a_callee_is_rung_within_their_hours_only() -> None:
    """A call that waited until after closing time is not made, and that is no scam."""
    carrier = FakeCarrier()
    telephony = Telephony(carrier, FakeCallStore(), Screening(NumberingPlan(), FakeDoNotCallList()))
    never_today = CallingHours(opens="00:00", closes="00:01", days=(_day_after_tomorrow(),))
    refused = await telephony._dial(_order(ALICE, never_today))
    assert (refused.result, refused.reason, refused.by) == (
        DialResult.REFUSED,
        FinishReason.CALL_FAILED,
        Party.SYSTEM,
    )
    assert refused.evidence == {"detail": "screening: outside_calling_hours"}
    assert not carrier.dials
    always = CallingHours(opens="00:00", closes="24:00")
    assert (await telephony._dial(_order(ALICE, always))).result is DialResult.ACCEPTED


async def test_a_callee_is_called_so_often_a_day() -> None:
    """Only what the carrier took counts, and only for a day."""
    carrier, store = FakeCarrier(), FakeCallStore()
    screening = Screening(NumberingPlan(), FakeDoNotCallList(), frequency=Frequency(store, most=2))
    telephony = Telephony(carrier, store, screening)
    now = datetime.now(UTC)
    for number, began in enumerate((None, now - timedelta(hours=25), now - timedelta(hours=23))):
        call = new_call(f"c{number}")
        await store.register(call)
        await store.save_progress(f"c{number}", Progress(revision=1, status=CallStatus.ENDED, start_time=began))
    callee = call.order.request.to_number
    assert (await telephony._dial(_order(callee))).result is DialResult.ACCEPTED
    await store.register(new_call("c9"))
    await store.save_progress("c9", Progress(revision=1, status=CallStatus.ENDED, start_time=now))
    refused = await telephony._dial(_order(callee))
    assert (refused.result, refused.reason) == (DialResult.REFUSED, FinishReason.POTENTIAL_SCAM_DETECTED)
    assert refused.evidence == {"detail": "screening: called_too_often"}


async def test_nobody_is_rung_unscreened() -> None:
    """While nobody can say who is on the list nothing is dialled, and the dial may be tried again."""
    carrier, listed = FakeCarrier(), FakeDoNotCallList(is_away=True)
    telephony = Telephony(carrier, FakeCallStore(), Screening(NumberingPlan(), listed))
    assert (await telephony._dial(_order(ALICE))).result is DialResult.NOT_PROCESSED
    assert not carrier.dials
    listed.is_away = False
    assert (await telephony._dial(_order(ALICE))).result is DialResult.ACCEPTED
    assert len(carrier.dials) == 1


async def _asked_to_transfer(
    carrier: FakeCarrier, listed: FakeDoNotCallList, *, request_id: str = "t1", status: str = "requested"
) -> tuple[Telephony, TransferOrder]:
    """A call that is up and is to be transferred to Alice, as its record says."""
    store = FakeCallStore()
    await store.register(new_call("c1"))
    asked = TransferEntry(request_id=request_id, to_number=ALICE, status=status)
    await store.save_progress("c1", Progress(revision=5, status=CallStatus.ONGOING, transfer=asked))
    telephony = Telephony(carrier, store, Screening(NumberingPlan(), listed))
    carrier_call_id = (await telephony._dial(_order("+14155550102"))).carrier_call_id
    order = TransferOrder(call_id="c1", attempt_id="a1", carrier_call_id=carrier_call_id, request_id="t1")
    return telephony, order


async def test_a_transfers_target_is_screened_last_of_all() -> None:
    """A target that must not be rung fails the transfer for good before the carrier hears of it; others are rung."""
    carrier, listed = FakeCarrier(), FakeDoNotCallList()
    telephony, order = await _asked_to_transfer(carrier, listed)
    assert await ActivityEnvironment().run(telephony.start_transfer, order)
    await listed.add(DoNotCall(phone_number=ALICE), datetime.now(UTC))
    with pytest.raises(ApplicationError, match="screening: do_not_call") as refused:
        await ActivityEnvironment().run(telephony.start_transfer, order)
    assert refused.value.non_retryable
    assert [name for name, _ in carrier.requests].count("start_transfer") == 1


@pytest.mark.parametrize(("request_id", "status"), [("t1", "bridged"), ("t1", "failed"), ("t2", "requested")])
async def test_a_transfer_whose_outcome_is_known_is_not_begun_again(request_id: str, status: str) -> None:
    """The answer to the first attempt was lost: nobody is rung, or cut off, once more."""
    carrier = FakeCarrier()
    telephony, order = await _asked_to_transfer(carrier, FakeDoNotCallList(), request_id=request_id, status=status)
    assert await ActivityEnvironment().run(telephony.start_transfer, order)
    assert "start_transfer" not in [name for name, _ in carrier.requests]


@pytest.mark.parametrize(("closed_after_seconds", "times"), [(None, 1), (-5.0, 1), (0.5, 0)])
async def test_a_transfer_that_is_under_way_is_not_begun_again(closed_after_seconds: float | None, times: int) -> None:
    """The carrier took the first attempt, as the talk's end since shows, and only its answer was lost."""
    carrier = FakeCarrier()
    telephony, order = await _asked_to_transfer(carrier, FakeDoNotCallList())
    again = ActivityEnvironment()
    again.info = dataclasses.replace(again.info, attempt=2)
    store = telephony._store
    await store.touch({"c1": Pulse("VX1", again.info.scheduled_time - timedelta(seconds=9))})
    if closed_after_seconds is not None:
        await store.close_pulse("c1", again.info.scheduled_time + timedelta(seconds=closed_after_seconds))
    assert await again.run(telephony.start_transfer, order)
    assert [name for name, _ in carrier.requests].count("start_transfer") == times


async def test_a_message_that_is_being_spoken_is_not_begun_again() -> None:
    """Nor one cut off by its own beginning."""
    carrier = FakeCarrier()
    telephony, order = await _asked_to_transfer(carrier, FakeDoNotCallList())
    call = LiveCall(call_id="c1", attempt_id="a1", carrier_call_id=order.carrier_call_id)
    assert await ActivityEnvironment().run(telephony.leave_message, call)
    again = ActivityEnvironment()
    again.info = dataclasses.replace(again.info, attempt=2)
    await telephony._store.touch({"c1": Pulse("VX1", again.info.scheduled_time - timedelta(seconds=9))})
    await telephony._store.close_pulse("c1", again.info.scheduled_time + timedelta(seconds=1))
    assert await again.run(telephony.leave_message, call)
    assert [name for name, _ in carrier.requests].count("play_message") == 1


async def test_no_transfer_is_started_unscreened() -> None:
    """While the list is away the carrier is not asked, and the transfer may be tried again."""
    carrier, listed = FakeCarrier(), FakeDoNotCallList()
    telephony, order = await _asked_to_transfer(carrier, listed)
    listed.is_away = True
    with pytest.raises(ApplicationError) as away:
        await ActivityEnvironment().run(telephony.start_transfer, order)
    assert not away.value.non_retryable
    assert "start_transfer" not in [name for name, _ in carrier.requests]
