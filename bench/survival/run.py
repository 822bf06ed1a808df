"""One scene on a fresh stack: everybody is called, all talk, the deed is done, all talk to the end."""

import asyncio
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp

from bench.survival.counting_agent import counting_agent
from bench.survival.judging import Verdict, judged
from bench.survival.scenes import Scene
from runtime.embedded.stack import EmbeddedStack, StackOptions

CALLER = "+14155550100"
SPEED = 4.0
"""Story seconds per second."""
LINES = 14
_TALKING_AFTER = 5
"""How much must have been said on every call before the deed."""
_TALKING_WITHIN, _OVER_WITHIN = 120.0, 240.0
_STORY: dict[str, Any] = {
    "name": "Asks one question after the other",
    "ring_seconds": 1,
    "lines": [{"text": f"And now question number {number}, please?"} for number in range(1, LINES)]
    + [{"text": "That was all. Goodbye."}],
}


class Cast:
    """Everybody who is called, over the gateway's API and the simulator's control API."""

    def __init__(self, stack: EmbeddedStack, session: aiohttp.ClientSession, calls: int) -> None:
        self._session = session
        self._simulator = stack.addresses.simulator_url
        self._numbers = {f"survivor-{number:03d}": f"+1202{5_550_000 + number:07d}" for number in range(calls)}

    async def call_everybody(self, llm_url: str) -> None:
        """Place all calls."""
        agent = await self._post("/v2/ai-agents", {"ai_agent_name": "Counts", "llm_websocket_url": llm_url})
        for call_id, number in self._numbers.items():
            async with self._session.put(f"{self._simulator}/_sim/stories/{quote(number)}", json=_STORY) as answer:
                answer.raise_for_status()
            order = {"from_number": CALLER, "to_number": number, "direction": "outbound", "call_id": call_id}
            order["override_ai_agent_id"] = agent["ai_agent_id"]
            await self._post("/v1/calls/dial-outbound-phone-call", order)

    async def legs(self) -> dict[str, dict[str, Any]]:
        """The carrier's truth, by call id."""
        async with self._session.get(f"{self._simulator}/_sim/ledger") as answer:
            by_number = {leg["to"]: leg for leg in await answer.json()}
        return {call_id: by_number[number] for call_id, number in self._numbers.items() if number in by_number}

    async def until(self, reached: Callable[[dict[str, Any]], bool], within: float) -> bool:
        """Wait until something holds for every leg; whether it came to that."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            legs = await self.legs()
            if len(legs) == len(self._numbers) and all(reached(leg) for leg in legs.values()):
                return True
            await asyncio.sleep(0.25)
        return False

    async def records(self) -> dict[str, dict[str, Any]]:
        """Our own records, each once it is complete or nothing moves any more."""
        return {call_id: await self._record(call_id) for call_id in self._numbers}

    async def _record(self, call_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + 60
        while True:
            async with self._session.get(f"/v1/calls/{call_id}") as answer:
                record: dict[str, Any] = await answer.json()
            if (record["call_finish_reason"] and record["recorded_call_audio_url"]) or time.monotonic() > deadline:
                return record
            await asyncio.sleep(0.25)

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self._session.post(path, json=body) as answer:
            answer.raise_for_status()
            return dict(await answer.json())


async def play(scene: Scene, calls: int, folder: Path, say: Callable[[str], None]) -> list[Verdict]:
    """Play one scene; a verdict for each call."""
    shutil.rmtree(folder, ignore_errors=True)
    options = StackOptions(run_dir=folder, gateways=scene.gateways, balanced=True, speed=SPEED)
    async with EmbeddedStack(options) as stack, counting_agent() as llm_url:
        key = {"Authorization": f"Bearer {stack.addresses.api_key}"}
        connector = aiohttp.TCPConnector(force_close=True)  # each request meets either gateway
        async with aiohttp.ClientSession(stack.addresses.gateway_url, headers=key, connector=connector) as session:
            cast = Cast(stack, session, calls)
            await cast.call_everybody(llm_url)
            if not await cast.until(lambda leg: len(leg["spoken"]) >= _TALKING_AFTER, _TALKING_WITHIN):
                say("not everybody came to talk in time; going on all the same")
            say(f"{calls} conversations are live")
            await scene.deed(stack)
            say("done; waiting for all of them to talk to their end")
            await cast.until(lambda leg: leg["ended_at"] is not None, _OVER_WITHIN)
            legs, records = await cast.legs(), await cast.records()
    return [judged(call_id, records[call_id], legs[call_id], LINES, may_lose=scene.crashes) for call_id in records]
