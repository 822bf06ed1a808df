"""The fence right before the dial."""

from datetime import UTC, datetime

import pytest

from activities.models import DialOrder, DialResult
from activities.telephony import Telephony
from adapters.numbering.plan import NumberingPlan
from calls.ports.do_not_call import DoNotCall
from calls.reasons import FinishReason
from calls.screening import Screening
from tests.fakes.call_store import FakeCallStore
from tests.fakes.carrier import FakeCarrier
from tests.fakes.do_not_call_list import FakeDoNotCallList

ALICE, LONDON = "+14155550101", "+442071838750"


def _order(to_number: str) -> DialOrder:
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
    )


@pytest.mark.parametrize(("number", "rule"), [(LONDON, "country_not_allowed"), (ALICE, "do_not_call")])
async def test_refused_at_the_dial(number: str, rule: str) -> None:
    """A call that must not be made (any more) is refused before the carrier hears of it, and says by which rule."""
    carrier, listed = FakeCarrier(), FakeDoNotCallList()
    await listed.add(DoNotCall(phone_number=ALICE), datetime.now(UTC))
    telephony = Telephony(carrier, FakeCallStore(), Screening(NumberingPlan(), listed, frozenset({"US"})))
    outcome = await telephony._dial(_order(number))
    assert (outcome.result, outcome.reason) == (DialResult.REFUSED, FinishReason.POTENTIAL_SCAM_DETECTED)
    assert outcome.evidence == {"detail": f"screening: {rule}"}
    assert not carrier.dials


async def test_nobody_is_rung_unscreened() -> None:
    """While nobody can say who is on the list nothing is dialled, and the dial may be tried again."""
    carrier, listed = FakeCarrier(), FakeDoNotCallList(is_away=True)
    telephony = Telephony(carrier, FakeCallStore(), Screening(NumberingPlan(), listed))
    assert (await telephony._dial(_order(ALICE))).result is DialResult.NOT_PROCESSED
    assert not carrier.dials
    listed.is_away = False
    assert (await telephony._dial(_order(ALICE))).result is DialResult.ACCEPTED
    assert len(carrier.dials) == 1
