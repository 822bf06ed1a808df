"""Callees that pick up: from the carrier's question for instructions to the agent's first word."""

import asyncio
import json
from collections.abc import Sequence
from time import perf_counter

import aiohttp
from websockets.asyncio.client import connect

from bench.speed import wire
from bench.speed.load_agent import LoadAgent

PICK_UP_EVERY_SECONDS = 0.3
ATTEMPT = "attempt-1"


async def pick_up(port: int, auth_token: str, call_ids: Sequence[str], agent: LoadAgent) -> list[float]:
    """Seconds to the first word, less the agent server's own time, for one call after the other."""
    taken = []
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
        for call_id in call_ids:
            taken.append(await _answer(http, port, auth_token, call_id, agent))
            await asyncio.sleep(PICK_UP_EVERY_SECONDS)
    return taken


async def _answer(http: aiohttp.ClientSession, port: int, auth_token: str, call_id: str, agent: LoadAgent) -> float:
    path = wire.voice_path(call_id, ATTEMPT)
    form = {"CallSid": wire.carrier_call_id(call_id), "CallStatus": "in-progress"}
    headers = {"X-Twilio-Signature": wire.sign(auth_token, wire.PUBLIC_HTTP + path, form.items())}
    relay = wire.relay_path(call_id, ATTEMPT)
    relay_headers = {"X-Twilio-Signature": wire.sign(auth_token, wire.PUBLIC + relay)}
    begin = perf_counter()
    async with http.post(path, data=form, headers=headers) as answer:
        answer.raise_for_status()
        await answer.read()
    async with connect(
        f"ws://127.0.0.1:{port}{relay}", additional_headers=relay_headers, proxy=None, compression=None
    ) as socket:
        await socket.send(wire.setup(call_id))
        while json.loads(await socket.recv())["type"] != "text":
            pass
        return perf_counter() - begin - agent.exchange(call_id).first_words_own
