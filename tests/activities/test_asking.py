"""Asking the carrier what is true of a call."""

from datetime import UTC, datetime

import pytest
from temporalio.testing import ActivityEnvironment

from activities.models import CarrierWord, LiveCall
from activities.telephony import Telephony
from adapters.numbering.plan import NumberingPlan
from calls.ports.call_store import Pulse
from calls.screening import Screening
from tests.fakes.call_store import FakeCallStore
from tests.fakes.carrier import FakeCarrier
from tests.fakes.do_not_call_list import FakeDoNotCallList

CALL = "CA" + "1" * 32
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
OURS = LiveCall(call_id="c1", attempt_id="a1", carrier_call_id=CALL)


@pytest.mark.parametrize(("asked", "is_told"), [(CALL, False), (OURS, True)])
async def test_what_only_we_know_is_told_of_our_own_calls(asked: LiveCall | str, is_told: bool) -> None:
    """A gateway that died in the next moment had left a sign of life: the callee was connected."""
    store = FakeCallStore()
    telephony = Telephony(FakeCarrier(), store, Screening(NumberingPlan(), FakeDoNotCallList()))
    before: CarrierWord = await ActivityEnvironment().run(telephony.ask_carrier, asked)
    await store.touch({"c1": Pulse("VX1", NOON)})
    after: CarrierWord = await ActivityEnvironment().run(telephony.ask_carrier, asked)
    assert (before.carrier_call_id, before.relay_was_up_at) == (CALL, None)
    assert (after.relay_session_id, after.relay_was_up_at) == (("VX1", NOON) if is_told else ("", None))
