"""Somebody with an API key, who can also teach the pretend callees and read the carrier's ledger."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import aiohttp

from runtime.embedded.stack import Addresses

CALLER = "+14155550100"
_REQUEST_WITHIN_SECONDS = 20
_ASK_EVERY_SECONDS = 0.5

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
        placed = await _ask(self._gateway, "POST", "/v1/calls/dial-outbound-phone-call", body)
        return str(placed["call_id"])

    async def ended(self, call_id: str, within_seconds: float) -> Json:
        """The call object once it has a finish reason; after the time, as it is."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within_seconds
        while True:
            call: Json = await _ask(self._gateway, "GET", f"/v1/calls/{quote(call_id, safe='')}")
            if call["call_finish_reason"] is not None or loop.time() > deadline:
                return call
            await asyncio.sleep(_ASK_EVERY_SECONDS)

    async def teach(self, number: str, script: Mapping[str, Any]) -> None:
        """Give a number another script."""
        await _ask(self._carrier, "PUT", f"/_sim/stories/{quote(number, safe='')}", dict(script))

    async def ledger(self, to_number: str) -> list[Json]:
        """The calls to a number as they really were, oldest first."""
        calls: list[Json] = await _ask(self._carrier, "GET", f"/_sim/ledger?to={quote(to_number, safe='')}")
        return calls


async def _ask(session: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> Any:
    async with session.request(method, path, json=body) as answer:
        if answer.status not in (HTTPStatus.OK, HTTPStatus.CREATED):
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
