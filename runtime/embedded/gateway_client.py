"""The little of the HTTP API that the stack uses itself, as any customer would."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp

from runtime.embedded.recipes import PUBLIC_BASE_URL
from runtime.embedded.stack import Addresses

CALLER = "+14155550100"
AGENT_NAME = "Appointment reminder"

_REQUEST_WITHIN_SECONDS = 20
_POLL_EVERY_SECONDS = 0.25


class GatewayError(Exception):
    """The gateway answered what it should not have; the text is its answer."""


class GatewayClient:
    """A customer with an API key."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def ensure_example(self, agent_llm_url: str) -> None:
        """Register the example agent and bind the caller's number to it; again when its address has changed."""
        agent = {"ai_agent_name": AGENT_NAME, "llm_websocket_url": agent_llm_url}
        number = await self._ask("GET", f"/v1/phone-numbers/{quote(CALLER, safe='')}", accept=HTTPStatus.NOT_FOUND)
        bound = number.get("outbound_ai_agent_id")
        if bound:
            await self._ask("PUT", f"/v2/ai-agents/{bound}", json=agent)
            return
        created = await self._ask("POST", "/v2/ai-agents", json=agent)
        binding = {"phone_number": CALLER, "nickname": "Example", "outbound_ai_agent_id": created["ai_agent_id"]}
        await self._ask("POST", "/v1/phone-numbers", json=binding)

    async def newest_call(self) -> dict[str, Any]:
        """The record of the call that was registered last; empty when there is none."""
        calls: list[dict[str, Any]] = (await self._ask("GET", "/v1/calls?page_size=1"))["calls"]
        return calls[0] if calls else {}

    async def complete_record(self, call_id: str, *, within_seconds: float) -> dict[str, Any]:
        """The record once the call has ended and its recording lies in the archive; after the time, as it is."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within_seconds
        while True:
            record: dict[str, Any] = await self._ask("GET", f"/v1/calls/{quote(call_id, safe='')}")
            if record.get("call_finish_reason") and record.get("recorded_call_audio_url"):
                return record
            if loop.time() > deadline:
                return record
            await asyncio.sleep(_POLL_EVERY_SECONDS)

    async def download(self, url: str, target: Path) -> None:
        """Save what a record's address leads to; the public base of this stack is the gateway itself."""
        async with self._session.get(url.removeprefix(PUBLIC_BASE_URL)) as answer:
            if answer.status != HTTPStatus.OK:
                raise GatewayError(f"GET {url} was answered with {answer.status}: {await answer.text()}")
            content = await answer.read()
        await asyncio.to_thread(_save, target, content)

    async def _ask(self, method: str, path: str, *, accept: HTTPStatus | None = None, json: Any = None) -> Any:
        async with self._session.request(method, path, json=json) as answer:
            if answer.status == accept:
                return {}
            if not answer.ok:
                raise GatewayError(f"{method} {path} was answered with {answer.status}: {await answer.text()}")
            return await answer.json()


def _save(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


@asynccontextmanager
async def connected(addresses: Addresses) -> AsyncIterator[GatewayClient]:
    """A client of the stack's gateway.

    Raises:
        GatewayError: The gateway could not be reached.
    """
    bearer = {"Authorization": f"Bearer {addresses.api_key}"}
    limit = aiohttp.ClientTimeout(total=_REQUEST_WITHIN_SECONDS)
    async with aiohttp.ClientSession(addresses.gateway_url, headers=bearer, timeout=limit) as session:
        try:
            yield GatewayClient(session)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise GatewayError(f"the gateway at {addresses.gateway_url}: {type(error).__name__} {error}") from error
