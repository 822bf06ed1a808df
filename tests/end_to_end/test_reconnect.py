"""A broken relay that the carrier reconnects by itself (applicationReconnect), where the deployment asks it to."""

from collections.abc import AsyncIterator

import pytest

from bench.reasons.story import SETTINGS, SPEED
from runtime.embedded.stack import EmbeddedStack, StackOptions
from tests.end_to_end.customer import Customer
from tests.end_to_end.test_survival import SLOW, SLOW_STORY, whole

pytestmark = pytest.mark.slow


@pytest.fixture(name="pair")
async def two_gateways(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedStack]:
    """A stack of its own: the setting is the gateways'."""
    settings = {**SETTINGS, "RINGBACK_RELAY_APPLICATION_RECONNECT": "true"}
    folder = tmp_path_factory.mktemp("reconnecting")
    async with EmbeddedStack(StackOptions(run_dir=folder, speed=SPEED, settings=settings, gateways=2)) as stack:
        yield stack


async def test_the_carrier_reconnects_and_the_talk_goes_on(pair: EmbeddedStack) -> None:
    """Both gateways are killed, one after the other: the same relay session goes on, and words are lost only there."""
    async with Customer(pair.addresses) as customer:
        await customer.teach(SLOW, SLOW_STORY)
        call_id = await customer.placed(SLOW, await customer.agent())
        spoken = len((await customer.talking(call_id))["messages"])
        for name in ("gateway", "gateway-2"):
            await pair.parts[name].kill()
            spoken = len((await customer.talking(call_id, spoken + 1))["messages"])
            await pair.parts[name].start()
        call = await customer.recorded(call_id)
        (leg,) = await customer.ledger(SLOW)
    assert call["call_finish_reason"] == "agent_ended_call"
    (session,) = leg["relay_sessions"]
    assert session["ended_as"] in ("ended", "completed")
    heard = [text for _, text in whole(leg["spoken"], "text")]
    said = [text for _, text in whole(call["messages"], "content")]
    assert [text for text in said if text not in heard] == []
    assert SLOW_STORY["lines"][-1]["text"] in said
    assert len(set(said)) == len(said)
