"""The fence right before the dial."""

from activities.models import DialOrder, DialResult
from activities.telephony import Telephony
from adapters.numbering.plan import NumberingPlan
from calls.reasons import FinishReason
from calls.screening import Screening
from tests.fakes.call_store import FakeCallStore
from tests.fakes.carrier import FakeCarrier


async def test_refused_at_the_dial() -> None:
    """A story that nobody screened is refused before the carrier hears of it, and says by which rule."""
    carrier = FakeCarrier()
    telephony = Telephony(carrier, FakeCallStore(), Screening(NumberingPlan(), frozenset({"US"})))
    order = DialOrder(
        call_id="c1",
        attempt_id="a1",
        from_number="+14155550100",
        to_number="+442071838750",
        ring_seconds=30,
        time_limit_seconds=60,
        detect_machine=False,
        detect_message_end=False,
        machine_detection_seconds=30,
    )
    outcome = await telephony._dial(order)
    assert (outcome.result, outcome.reason) == (DialResult.REFUSED, FinishReason.POTENTIAL_SCAM_DETECTED)
    assert outcome.evidence == {"detail": "screening: country_not_allowed"}
    assert not carrier.dials
