"""A customer of the HTTP API, who can also look into the carrier's ledger."""

import asyncio
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from runtime.embedded.stack import Addresses

CALLER = "+14155550100"
PUBLIC_BASE_URL = "https://ringback.test"
COMPLETE_WITHIN_SECONDS = 60


class Customer:
    """Speaks to the gateway with a key."""

    def __init__(self, addresses: Addresses) -> None:
        self.addresses = addresses
        key = {"Authorization": f"Bearer {addresses.api_key}"}
        self.http = httpx.AsyncClient(base_url=addresses.gateway_url, headers=key, timeout=20)
        self._carrier = httpx.AsyncClient(base_url=addresses.simulator_url, timeout=20)
        self._before: frozenset[str] = frozenset()

    async def __aenter__(self) -> Self:
        self._before = frozenset(leg["sid"] for leg in await self._ledger())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.aclose()
        await self._carrier.aclose()

    async def agent(self, **settings: Any) -> str:
        """A new agent over the example agent server; its id."""
        body = {"ai_agent_name": "Rita", "llm_websocket_url": self.addresses.agent_llm_url, **settings}
        answer = await self.http.post("/v2/ai-agents", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["ai_agent_id"])

    async def dial(self, to_number: str, agent_id: str, **more: Any) -> httpx.Response:
        """Ask for a call."""
        body = {
            "from_number": CALLER,
            "to_number": to_number,
            "direction": "outbound",
            "override_ai_agent_id": agent_id,
            **more,
        }
        return await self.http.post("/v1/calls/dial-outbound-phone-call", json=body)

    async def placed(self, to_number: str, agent_id: str, **more: Any) -> str:
        """A call that was taken; its call id."""
        answer = await self.dial(to_number, agent_id, **more)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["call_id"])

    async def look(self, call_id: str) -> dict[str, Any]:
        """The call object."""
        answer = await self.http.get(f"/v1/calls/{quote(call_id)}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def until(self, call_id: str, **wanted: Any) -> dict[str, Any]:
        """The call object as soon as these fields have these values."""
        return await self._until(call_id, lambda call: all(call.get(name) == value for name, value in wanted.items()))

    async def ended(self, call_id: str) -> dict[str, Any]:
        """The call object once it has a finish reason."""
        return await self._until(call_id, lambda call: call["call_finish_reason"] is not None)

    async def recorded(self, call_id: str) -> dict[str, Any]:
        """The call object once its recording is there too."""
        return await self._until(call_id, lambda call: call["recorded_call_audio_url"] is not None)

    async def talking(self, call_id: str, messages: int = 1) -> dict[str, Any]:
        """The call object once so many messages were spoken."""
        return await self._until(call_id, lambda call: len(call["messages"]) >= messages)

    async def _until(self, call_id: str, reached: Any) -> dict[str, Any]:
        async with asyncio.timeout(COMPLETE_WITHIN_SECONDS):
            while not reached(call := await self.look(call_id)):
                await asyncio.sleep(0.1)
        return call

    async def download(self, url: str) -> bytes:
        """What the record's recording address leads to, without a key."""
        async with httpx.AsyncClient(base_url=self.addresses.gateway_url, timeout=20) as stranger:
            answer = await stranger.get(url.removeprefix(PUBLIC_BASE_URL))
        assert answer.status_code == 200, answer.text
        return answer.content

    async def teach(self, number: str, story: dict[str, Any]) -> None:
        """Give a number another story."""
        answer = await self._carrier.put(f"/_sim/stories/{quote(number)}", json=story)
        assert answer.is_success, answer.text

    async def faults(self, **switches: Any) -> None:
        """Set the carrier's fault switches; those that are not named are off."""
        answer = await self._carrier.put("/_sim/faults", json=switches)
        assert answer.is_success, answer.text

    async def refused_by_carrier(self, switch: str, times: int = 1) -> None:
        """Wait until that fault took effect so often since the switches were set."""
        async with asyncio.timeout(COMPLETE_WITHIN_SECONDS):
            while (await self._carrier.get("/_sim/faults/fallen")).json().get(switch, 0) < times:
                await asyncio.sleep(0.1)

    async def is_called(self, our_number: str, caller: str) -> str:
        """Have somebody call one of our numbers; the carrier call's id."""
        wish = {"from": caller, "to": our_number, "voice_url": f"{PUBLIC_BASE_URL}/twilio/inbound"}
        answer = await self._carrier.post("/_sim/inbound", json=wish)
        assert answer.is_success, answer.text
        return str(answer.json()["sid"])

    async def ledger_call(self, sid: str) -> dict[str, Any]:
        """What really happened with one carrier call."""
        return dict((await self._carrier.get(f"/_sim/ledger/{sid}")).json())

    async def registered(self, call_id: str) -> dict[str, Any]:
        """The call object as soon as there is one."""
        async with asyncio.timeout(COMPLETE_WITHIN_SECONDS):
            while (await self.http.get(f"/v1/calls/{quote(call_id)}")).status_code == 404:
                await asyncio.sleep(0.1)
        return await self.look(call_id)

    async def ledger(self, to_number: str) -> list[dict[str, Any]]:
        """What really happened with a number since this customer came; others may have called it before."""
        return [leg for leg in await self._ledger(to=to_number) if leg["sid"] not in self._before]

    async def _ledger(self, **about: str) -> list[dict[str, Any]]:
        return list((await self._carrier.get("/_sim/ledger", params=about)).raise_for_status().json())
