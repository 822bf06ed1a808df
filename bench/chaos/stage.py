"""The stage of a run: the embedded stack with two workers and two gateways, and everybody who is about to play."""

import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import aiohttp
from temporalio.client import Client

from bench.chaos.cast import AGENTS, CAST, SILENT
from bench.chaos.customer import PATIENCE_SECONDS
from bench.chaos.evidence import Document
from bench.chaos.plan import Plan
from bench.chaos.receiver import SECRET, Receiver, receiver
from runtime.embedded.stack import EmbeddedStack, StackOptions

SPEED = 8.0
"""Story seconds per second."""
POLICY: Mapping[str, float] = {
    "registered_seconds": 15,
    "ring_seconds": 8,
    "ring_backstop_seconds": 4,
    "media_up_seconds": 8,
    "machine_detection_seconds": 5,
    "machine_verdict_grace_seconds": 2,
    "no_input_seconds": 20,
    "silence_seconds": 25,
    "maximum_duration_seconds": 30,
    "wrap_up_notice_seconds": 4,
    "time_limit_margin_seconds": 15,
    "hangup_confirmation_seconds": 2,
    "transfer_ring_seconds": 6,
    "transferred_maximum_seconds": 30,
    "recording_seconds": 15,
    "reconcile_seconds": 10,
}
"""Timers short enough that a run is over in minutes, long enough that an outage fits into each."""
_OTHERS = {
    "RINGBACK_PULSE_SECONDS": "1",
    "RINGBACK_PULSE_STALE_SECONDS": "3",
    "RINGBACK_LOG_LEVEL": "INFO",
    "RINGBACK_ONE_CALL_PER_CALLEE": "false",  # two dials between one pair at once are what is hard to tell apart
    "RINGBACK_WEBHOOK_SECRET": SECRET,
}


@dataclass(frozen=True, slots=True)
class Stage:
    """A running stack, a way to speak HTTP to anybody, the engine, the agents by name, and who is told of calls."""

    stack: EmbeddedStack
    session: aiohttp.ClientSession
    engine: Client
    agents: dict[str, str]
    receiver: Receiver

    @property
    def mongodb(self) -> tuple[str, str]:
        """Address and database of the records."""
        return self.stack.addresses.mongodb_uri, self.stack.addresses.mongodb_database

    @property
    def account(self) -> tuple[str, str]:
        """The carrier account and its auth token."""
        given = self.stack.environment
        return given["RINGBACK_TWILIO_ACCOUNT_SID"], given["RINGBACK_TWILIO_AUTH_TOKEN"]


@asynccontextmanager
async def set_up(folder: Path, *, workers: int = 2, gateways: int = 2) -> AsyncIterator[Stage]:
    """A fresh stack in a folder; what an earlier run left there is removed first."""
    shutil.rmtree(folder, ignore_errors=True)
    settings = {**_OTHERS, **{f"RINGBACK_POLICY__{name.upper()}": f"{value:g}" for name, value in POLICY.items()}}
    options = StackOptions(run_dir=folder, workers=workers, gateways=gateways, speed=SPEED, settings=settings)
    async with AsyncExitStack() as exits:
        stack = await exits.enter_async_context(EmbeddedStack(options))
        session = await exits.enter_async_context(
            aiohttp.ClientSession(
                stack.addresses.gateway_url,
                headers={"Authorization": f"Bearer {stack.addresses.api_key}"},
                timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS),
                connector=aiohttp.TCPConnector(limit=0, force_close=True),  # each request meets either gateway
            )
        )
        engine = await Client.connect(stack.addresses.temporal_address, namespace=stack.addresses.temporal_namespace)
        receiving = await exits.enter_async_context(receiver())
        agents = await _hire(session, stack.addresses.agent_llm_url, receiving.url)
        yield Stage(stack, session, engine, agents, receiving)


async def _hire(session: aiohttp.ClientSession, llm_url: str, webhook_url: str) -> dict[str, str]:
    agents: dict[str, str] = {}
    for name, settings in AGENTS.items():
        hook = None if name in SILENT else webhook_url
        body = {"ai_agent_name": name, "llm_websocket_url": llm_url, "webhook_url": hook, **settings}
        async with session.post("/v2/ai-agents", json=body) as answer:
            answer.raise_for_status()
            agents[name] = (await answer.json())["ai_agent_id"]
    return agents


async def rehearse(stage: Stage, plan: Plan, directed: Callable[[Document], Document] = dict) -> None:
    """Give every number of a plan its story, as a director wants it."""
    simulator = f"{stage.stack.addresses.simulator_url}/_sim/stories"
    async with stage.session.get(simulator) as answer:
        scripts: dict[str, Document] = await answer.json()
    for number, story in {call.to_number: call.story for call in plan.calls}.items():
        script = CAST[story].script
        body = directed(scripts[script] if isinstance(script, str) else dict(script))
        async with stage.session.put(f"{simulator}/{quote(number)}", json=body) as answer:
            answer.raise_for_status()
