"""The stack of a run, and whoever places calls on it and looks at the ledger and the records."""

import asyncio
import contextlib
import itertools
import random
import shutil
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
from temporalio.client import Client

from bench.chaos.carrier_reader import read_ledger
from bench.chaos.deeds import Deeds
from bench.chaos.evidence import Document, Evidence
from bench.chaos.history_reader import count_running
from bench.chaos.record_reader import read_records
from runtime.embedded.stack import EmbeddedStack, StackOptions

SPEED = 2.5
"""Story seconds per second."""
CALLER = "+14155550100"
BRIEF: Mapping[str, Any] = {"name": "Is brief", "ring_seconds": 4, "hang_up_after_seconds": 8}
"""A call of five seconds."""
LASTING: Mapping[str, Any] = {"name": "Stays on", "ring_seconds": 2, "lines": [], "hang_up_after_seconds": 4000}

_SETTINGS = {
    "RINGBACK_PULSE_SECONDS": "1",
    "RINGBACK_PULSE_STALE_SECONDS": "3",
    "RINGBACK_POLICY__HANGUP_CONFIRMATION_SECONDS": "2",
    "RINGBACK_POLICY__RECONCILE_SECONDS": "10",
}
_OUTAGE_SECONDS = 2.0
_LOOK_EVERY_SECONDS = 0.2
_REQUEST_WITHIN = aiohttp.ClientTimeout(total=60)
_AWAY = (aiohttp.ClientError, TimeoutError, OSError)


@dataclass(frozen=True, slots=True)
class Order:
    """One call to place."""

    call_id: str
    to_number: str


@dataclass(frozen=True, slots=True)
class House:
    """A running stack whose account has a limit, and one agent."""

    stack: EmbeddedStack
    session: aiohttp.ClientSession
    engine: Client
    agent_id: str
    at_once: asyncio.Semaphore
    """How many requests may be out at the same moment."""
    refused: list[str] = field(default_factory=list)
    """A call id for each request that was not answered with a call."""

    @property
    def _simulator(self) -> str:
        return self.stack.addresses.simulator_url

    async def teach(self, orders: Sequence[Order], script: Mapping[str, Any]) -> None:
        """Give the callees of these calls a story."""
        for number in {order.to_number for order in orders}:
            async with self.session.put(f"{self._simulator}/_sim/stories/{quote(number)}", json=script) as answer:
                answer.raise_for_status()

    async def agent(self, **settings: Any) -> str:
        """One more agent; its id."""
        return await _new_agent(self.session, self.stack.addresses.agent_llm_url, **settings)

    async def place(self, order: Order, agent_id: str = "") -> None:
        """Place a call; asked again until there is an answer, because its id makes that safe.

        Two hundred who ask again at the same moment would be a storm of their own: each waits for longer each time.
        """
        body = {
            "from_number": CALLER,
            "to_number": order.to_number,
            "direction": "outbound",
            "call_id": order.call_id,
            "override_ai_agent_id": agent_id or self.agent_id,
        }
        for tries in itertools.count(1):
            with contextlib.suppress(*_AWAY):
                async with (
                    self.at_once,
                    self.session.post("/v1/calls/dial-outbound-phone-call", json=body) as answer,
                ):
                    if answer.ok:
                        return
            self.refused.append(order.call_id)
            await asyncio.sleep(min(tries, 6) * random.uniform(1, 3))

    async def end(self, order: Order) -> None:
        """Ask for a call's end."""
        async with self.session.post(f"/v1/calls/{quote(order.call_id)}/end", json={}) as answer:
            answer.raise_for_status()

    async def legs(self, orders: Sequence[Order]) -> list[Document]:
        """The carrier's calls to these callees, as the ledger has them."""
        numbers = {order.to_number for order in orders}
        return [leg for leg in await read_ledger(self.session, self._simulator) if leg["to"] in numbers]

    async def records(self, orders: Sequence[Order]) -> list[Document]:
        """The records of these calls; times as epoch seconds."""
        evidence, wanted = Evidence(policy={}, deeds=Deeds()), {order.call_id for order in orders}
        addresses = self.stack.addresses
        await asyncio.to_thread(read_records, addresses.mongodb_uri, addresses.mongodb_database, evidence)
        return [call for call in evidence.calls if call["call_id"] in wanted]

    async def longest_history(self) -> int:
        """How many events the longest history of a call has."""
        return max([found.history_length async for found in self.engine.list_workflows("WorkflowType='OutboundCall'")])

    async def settled(self, within_seconds: float) -> bool:
        """Wait until no call's workflow runs; whether that came in time."""
        until = time.monotonic() + within_seconds
        while time.monotonic() < until:
            if await count_running(self.engine) == 0:
                return True
            await asyncio.sleep(1.0)
        return False

    async def until_over(self, orders: Sequence[Order], number: int) -> None:
        """Wait until so many of these calls are over at the carrier."""
        while sum(leg["ended_at"] is not None for leg in await self.legs(orders)) < number:  # noqa: ASYNC110 - it can only be asked
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def kill_everything(self) -> None:
        """Kill -9 workers, gateway, Temporal and MongoDB in one moment; start them again after a while."""
        ours = [name for name in self.stack.parts if name not in ("simulator", "agent")]
        await asyncio.gather(*(self.stack.parts[name].kill() for name in ours))
        await asyncio.sleep(_OUTAGE_SECONDS)
        await asyncio.gather(self.stack.parts["mongod"].start(), self.stack.parts["temporal"].start())
        others = [name for name in ours if name not in ("mongod", "temporal")]
        await asyncio.gather(*(self.stack.parts[name].start() for name in others))


@asynccontextmanager
async def set_up(folder: Path, limit: int, requests_at_once: int) -> AsyncIterator[House]:
    """A fresh stack in a folder, with two workers and a limit on the account's simultaneous calls."""
    shutil.rmtree(folder, ignore_errors=True)
    settings = {**_SETTINGS, "RINGBACK_MAX_SIMULTANEOUS_CALLS": str(limit)}
    options = StackOptions(run_dir=folder, workers=2, speed=SPEED, settings=settings)
    async with AsyncExitStack() as exits:
        stack = await exits.enter_async_context(EmbeddedStack(options))
        at = stack.addresses
        session = await exits.enter_async_context(
            aiohttp.ClientSession(
                at.gateway_url,
                headers={"Authorization": f"Bearer {at.api_key}"},
                timeout=_REQUEST_WITHIN,
                connector=aiohttp.TCPConnector(limit=0, force_close=True),
            )
        )
        engine = await Client.connect(at.temporal_address, namespace=at.temporal_namespace)
        agent_id = await _new_agent(session, at.agent_llm_url)
        yield House(stack, session, engine, agent_id, asyncio.Semaphore(requests_at_once))


async def _new_agent(session: aiohttp.ClientSession, llm_url: str, **settings: Any) -> str:
    agent = {"ai_agent_name": "Rita", "llm_websocket_url": llm_url, "record": False, **settings}
    async with session.post("/v2/ai-agents", json=agent) as answer:
        answer.raise_for_status()
        return str((await answer.json())["ai_agent_id"])
