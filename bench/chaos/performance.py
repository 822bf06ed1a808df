"""One run: everything of a plan at its moment, then quiet, then the evidence."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
from pymongo.errors import PyMongoError
from temporalio.service import RPCError

from bench.chaos.carrier_reader import read_audio, read_ledger
from bench.chaos.cast import CAST
from bench.chaos.customer import Customers
from bench.chaos.deeds import Deeds
from bench.chaos.evidence import Evidence
from bench.chaos.havoc import Havoc
from bench.chaos.history_reader import count_running, read_workflows
from bench.chaos.plan import Plan
from bench.chaos.record_reader import count_open, read_records
from bench.chaos.stage import POLICY, Stage
from bench.chaos.strangers import Strangers

SETTLE_WITHIN_SECONDS = 150.0
"""More than the longest call with its transfer and recording may take after the last fault."""
_LOOK_EVERY_SECONDS = 1.0
_AWAY = (PyMongoError, RPCError, aiohttp.ClientError, TimeoutError, OSError)

Say = Callable[[str], None]


async def perform(stage: Stage, plan: Plan, say: Say) -> Evidence:
    """Play a plan to its end and gather what can be known about it."""
    deeds = Deeds()
    havoc = Havoc(stage.stack, stage.session, deeds, plan.seed)
    keeping = asyncio.create_task(havoc.keep_up())
    try:
        await _play(stage, plan, havoc, deeds)
        say(f"Played for {time.time() - deeds.began:.0f} s; waiting until everything has settled.")
        settled = await settle(stage)
        say(f"Settled after {settled:.0f} s." if settled else "It did NOT settle in time.")
        return await gather(stage, deeds)
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def _play(stage: Stage, plan: Plan, havoc: Havoc, deeds: Deeds) -> None:
    customers = Customers(stage.session, stage.engine, stage.agents, deeds)
    sid, token = stage.account
    strangers = Strangers(stage.session, stage.stack.addresses.simulator_url, sid, token, deeds)
    begun = asyncio.get_running_loop().time()

    async def at(moment: float, doing: Coroutine[Any, Any, None]) -> None:
        await asyncio.sleep(max(0.0, begun + moment - asyncio.get_running_loop().time()))
        await doing

    async with asyncio.TaskGroup() as group:
        for call in plan.calls:
            group.create_task(at(call.at, customers.call(call, CAST[call.story].agent)))
        for fault in plan.faults:
            group.create_task(at(fault.at, havoc.wreak(fault)))
        for intrusion in plan.intrusions:
            group.create_task(at(intrusion.at, strangers.intrude(intrusion)))
        for bad in plan.mischief:
            group.create_task(at(bad.at, customers.err(bad)))


async def settle(stage: Stage, within: float = SETTLE_WITHIN_SECONDS) -> float | None:
    """Wait until no call is open, no workflow runs and no carrier call lives; the seconds it took, None if too long."""
    begun = time.monotonic()
    while time.monotonic() < begun + within:
        with contextlib.suppress(*_AWAY):
            if await _is_quiet(stage):
                return time.monotonic() - begun + 0.001
        await asyncio.sleep(_LOOK_EVERY_SECONDS)
    return None


async def _is_quiet(stage: Stage) -> bool:
    if await count_running(stage.engine) or await asyncio.to_thread(count_open, *stage.mongodb):
        return False
    legs = await read_ledger(stage.session, stage.stack.addresses.simulator_url)
    return all(leg["ended_at"] for leg in legs)


async def gather(stage: Stage, deeds: Deeds) -> Evidence:
    """Read ledger, records and histories as they are now."""
    evidence = Evidence(policy=dict(POLICY), deeds=deeds)
    simulator = stage.stack.addresses.simulator_url
    evidence.legs = await read_ledger(stage.session, simulator)
    evidence.carrier_audio = await read_audio(stage.session, simulator, *stage.account, evidence.legs)
    await asyncio.to_thread(read_records, *stage.mongodb, evidence)
    evidence.told = list(stage.receiver.told)
    evidence.workflows = await read_workflows(stage.engine)
    return evidence
