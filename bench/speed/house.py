"""The stack that is measured, and calls put into its store as if they had been dialled and answered."""

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.speed import wire
from calls.agents import AgentSettings
from calls.model import CallOrder, CallPlan, CallRequest
from calls.policy import Policy
from calls.ports.call_store import CallStore
from calls.records import NewCall
from calls.words import Direction
from runtime.embedded import recipes
from runtime.embedded.gateway_client import connected
from runtime.embedded.part import Part
from runtime.embedded.ports import choose
from runtime.embedded.stack import EmbeddedStack, StackOptions
from runtime.wiring.starter import opened

CALLER, CALLEE = "+14155550100", "+14155550101"
SPEED = 8.0
"""How fast the pretend callees of whole calls live."""
SETTINGS = {"RINGBACK_SWEEP_GRACE_SECONDS": "14400"}
"""Sweeps go on as ever, but take up none of the calls that are only stored here: those have no workflow."""


@dataclass(frozen=True)
class House:
    """The running stack, its store, and free ports for a load's agent server and for the floor."""

    stack: EmbeddedStack
    calls: CallStore
    agent_port: int
    floor_port: int
    logs: Path

    @property
    def gateway_port(self) -> int:
        return int(self.stack.addresses.gateway_url.rpartition(":")[2])

    @property
    def auth_token(self) -> str:
        return self.stack.environment["RINGBACK_TWILIO_AUTH_TOKEN"]

    def pid(self, part: str) -> int:
        """The process of a part. Raises LookupError when it is not running."""
        pid = self.stack.parts[part].pid
        if pid is None:
            raise LookupError(f"{part} is not running")
        return pid

    @asynccontextmanager
    async def another_gateway(self) -> AsyncIterator[int]:
        """One more gateway, which no carrier and no customer knows; its port."""
        port = choose(["apart"], {})["apart"]
        part = Part(recipes.gateway("apart", port, {**recipes.inherited(), **self.stack.environment}), self.logs)
        await part.start()
        try:
            yield port
        finally:
            await part.stop()

    async def answered_calls(self, count: int, *, claimed: bool = True, agent_port: int | None = None) -> list[str]:
        """So many new calls that a relay may connect for (`claimed`), or whose callee is about to answer."""
        port = agent_port or self.agent_port
        call_ids = [f"bench-{secrets.token_hex(8)}" for _ in range(count)]
        for start in range(0, count, 20):
            some = call_ids[start : start + 20]
            await asyncio.gather(*(self._store(call_id, port, claimed=claimed) for call_id in some))
        return call_ids

    async def _store(self, call_id: str, agent_port: int, *, claimed: bool) -> None:
        request = CallRequest(from_number=CALLER, to_number=CALLEE, direction=Direction.OUTBOUND)
        order = CallOrder(
            id=secrets.token_hex(12), call_id=call_id, request_id=call_id, request_sha256=call_id, request=request
        )
        agent = AgentSettings(ai_agent_name="Load", llm_websocket_url=f"ws://127.0.0.1:{agent_port}/llm")
        plan = CallPlan(agent_id="a" * 24, agent_name="Load", policy=Policy(), record=False)
        now = datetime.now(UTC)
        await self.calls.register(NewCall(order=order, agent_id="a" * 24, agent=agent, plan=plan, registered_at=now))
        if claimed:
            await self.calls.claim(call_id, "attempt-1", wire.carrier_call_id(call_id))


@asynccontextmanager
async def housed(run_dir: Path) -> AsyncIterator[House]:
    """A fresh stack: both engines, simulator, example agent, one gateway, one worker."""
    shutil.rmtree(run_dir, ignore_errors=True)
    async with EmbeddedStack(StackOptions(run_dir=run_dir, speed=SPEED, settings=SETTINGS)) as stack:
        async with connected(stack.addresses) as customer:
            await customer.ensure_example(stack.addresses.agent_llm_url)
        os.environ.update(stack.environment)  # as anybody who joins a stack does
        async with opened() as parts:
            ports = choose(["load-agent", "floor"], {})
            yield House(stack, parts.calls, ports["load-agent"], ports["floor"], stack.folder.logs)
