"""Alice, who calls one of our numbers by way of the pretended carrier."""

import httpx

from calls.agents import NumberSettings
from calls.records import StoredCall
from tests.gateway.conftest import CALLEE, Rig
from tests.gateway.fake_carrier import SID, FakeCarrier

CALL_ID = f"in-{SID}"
ALICE, OURS = CALLEE, "+14155550177"


class Caller(FakeCarrier):
    """Alice, who calls our number."""

    async def calls(self, **form: str) -> httpx.Response:
        """Ask for instructions, as the carrier does for a call that comes in."""
        ringing = {"CallSid": SID, "From": ALICE, "To": OURS, "CallStatus": "ringing", "Direction": "inbound"}
        return await self.send("/twilio/inbound", {**ringing, **form})

    async def stored(self) -> StoredCall | None:
        """The record."""
        return await self.rig.parts.calls.find(CALL_ID)


async def bind(rig: Rig, *, agent: bool = True, webhook: str | None = None) -> None:
    """Have our number answered by the rig's agent, or by whom the webhook names."""
    agent_id = rig.agent_id if agent else None
    number = NumberSettings(phone_number=OURS, inbound_ai_agent_id=agent_id, inbound_webhook_url=webhook)
    await rig.parts.agents.add_number(number)
