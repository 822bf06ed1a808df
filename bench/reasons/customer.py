"""Somebody with an API key, who can also teach the pretend callees and read the carrier's ledger."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import aiohttp

from runtime.embedded.recipes import PUBLIC_BASE_URL
from runtime.embedded.stack import Addresses

CALLER = "+14155550100"
SOMEBODY = "+14155550106"
"""Who calls in: Frank, who says nothing."""
_REQUEST_WITHIN_SECONDS = 20
_ASK_EVERY_SECONDS = 0.5
_DIALS = 5
"""A 503 says that the call was not placed and never will be, so asking again rings nobody twice."""

Json = dict[str, Any]


class RefusedError(Exception):
    """A request was not answered as it should have been; the text has the answer."""


class Customer:
    """Speaks HTTP to the gateway and to the simulator, and to nothing else."""

    def __init__(self, gateway: aiohttp.ClientSession, carrier: aiohttp.ClientSession) -> None:
        self._gateway = gateway
        self._carrier = carrier

    async def make_agent(self, name: str, settings: Mapping[str, Any]) -> str:
        """A new agent's id."""
        made = await _ask(self._gateway, "POST", "/v2/ai-agents", {"ai_agent_name": name, **settings})
        return str(made["ai_agent_id"])

    async def dial(self, to_number: str, agent_id: str) -> str:
        """A placed call's id."""
        body = {
            "from_number": CALLER,
            "to_number": to_number,
            "direction": "outbound",
            "override_ai_agent_id": agent_id,
        }
        for _ in range(_DIALS):
            accept = (HTTPStatus.SERVICE_UNAVAILABLE,)
            placed = await _ask(self._gateway, "POST", "/v1/calls/dial-outbound-phone-call", body, accept=accept)
            if call_id := placed.get("call_id"):
                return str(call_id)
        raise RefusedError(f"the call to {to_number} was not placed in {_DIALS} tries")

    async def is_called(self, our_number: str, inbound_webhook: str) -> str:
        """Have somebody call a new number of ours, for which this webhook answers; the call's id."""
        settings = {"phone_number": our_number, "inbound_webhook_url": inbound_webhook}
        await _ask(self._gateway, "POST", "/v1/phone-numbers", settings)
        wish = {"from": SOMEBODY, "to": our_number, "voice_url": f"{PUBLIC_BASE_URL}/twilio/inbound"}
        called = await _ask(self._carrier, "POST", "/_sim/inbound", wish)
        return f"in-{called['sid']}"

    async def ended(self, call_id: str, within_seconds: float) -> Json:
        """The call object once it has a finish reason; after the time, as it is. A call that comes in is late.

        Raises:
            RefusedError: There is no such call.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within_seconds
        while True:
            is_late = loop.time() > deadline
            accept = () if is_late else (HTTPStatus.NOT_FOUND,)
            call: Json = await _ask(self._gateway, "GET", f"/v1/calls/{quote(call_id, safe='')}", accept=accept)
            if is_late or call.get("call_finish_reason") is not None:
                return call
            await asyncio.sleep(_ASK_EVERY_SECONDS)

    async def teach(self, number: str, script: Mapping[str, Any]) -> None:
        """Give a number another script."""
        await _ask(self._carrier, "PUT", f"/_sim/stories/{quote(number, safe='')}", dict(script))

    async def ledger(self, to_number: str) -> list[Json]:
        """The calls to a number as they really were, oldest first."""
        calls: list[Json] = await _ask(self._carrier, "GET", f"/_sim/ledger?to={quote(to_number, safe='')}")
        return calls


async def _ask(
    session: aiohttp.ClientSession, method: str, path: str, body: Any = None, *, accept: tuple[HTTPStatus, ...] = ()
) -> Any:
    async with session.request(method, path, json=body) as answer:
        if answer.status not in (HTTPStatus.OK, HTTPStatus.CREATED, *accept):
            raise RefusedError(f"{method} {path} was answered with {answer.status}: {await answer.text()}")
        return await answer.json()


@asynccontextmanager
async def customer(addresses: Addresses) -> AsyncIterator[Customer]:
    """A customer of this stack."""
    key = {"Authorization": f"Bearer {addresses.api_key}"}
    limit = aiohttp.ClientTimeout(total=_REQUEST_WITHIN_SECONDS)
    async with (
        aiohttp.ClientSession(addresses.gateway_url, headers=key, timeout=limit) as gateway,
        aiohttp.ClientSession(addresses.simulator_url, timeout=limit) as carrier,
    ):
        yield Customer(gateway, carrier)
