"""`python -m bench.speed.load_relays JSON`: many callees at once and the agent server they talk to, in one process.

Both ends share a clock, so that the agent server's own time can be taken out of every turn. Says `live` once all talk,
then waits for a line on stdin, measures, and prints one line of JSON.
"""

import asyncio
import json
import math
import random
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from time import perf_counter

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bench.speed import wire
from bench.speed.load_agent import LoadAgent
from bench.speed.load_answers import pick_up

ANSWER_WITHIN_SECONDS = 15.0
OPENING_AT_ONCE = 20


@dataclass(frozen=True)
class Load:
    """What to do. `floor` speaks the agent protocol itself, to a relay that only forwards."""

    port: int
    agent_port: int
    call_ids: list[str]
    auth_token: str
    floor: bool
    seconds: float
    turn_every: float
    token_count: int
    picking_up: list[str] = field(default_factory=list)
    """Calls whose callee picks up meanwhile, one after the other."""


@dataclass
class Result:
    """`overheads` in seconds, one per turn; `first_words` from answer to first word; what was lost is counted."""

    overheads: list[float] = field(default_factory=list)
    first_words: list[float] = field(default_factory=list)
    lost: int = 0
    broken: int = 0


class Callee:
    """One call: speaks once in a while, and hears tokens."""

    def __init__(self, load: Load, call_id: str, socket: ClientConnection, agent: LoadAgent) -> None:
        self._load = load
        self._call_id = call_id
        self._socket = socket
        self._exchange = agent.exchange(call_id)
        self._turn = 0

    async def greeted(self) -> None:
        """Hear the agent's first words to their end."""
        if self._load.floor:
            return
        await self._socket.send(wire.setup(self._call_id))
        await self._hear()

    async def talk(self, begin: float, result: Result) -> None:
        """Speak every so often, beginning at a moment of its own, until the time is over."""
        at = begin + random.uniform(0, self._load.turn_every)
        while at < begin + self._load.seconds:
            await asyncio.sleep(max(0.0, at - perf_counter()))
            try:
                async with asyncio.timeout(ANSWER_WITHIN_SECONDS):
                    overhead = await self._say()
                if math.isnan(overhead):  # words that were no answer to these
                    result.lost += 1
                else:
                    result.overheads.append(overhead)
            except TimeoutError:
                result.lost += 1
            except ConnectionClosed:
                result.broken += 1
                return
            at += self._load.turn_every

    async def _say(self) -> float:
        self._turn += 1
        if not self._load.floor:
            await self._socket.send(wire.info("clientSpeaking", "on"))
            await self._socket.send(wire.info("clientSpeaking", "off"))
        text = wire.ask(self._turn) if self._load.floor else wire.prompt(wire.SAID)
        self._exchange.own = math.nan
        spoke = perf_counter()
        await self._socket.send(text)
        heard = await self._hear()
        return heard - spoke - self._exchange.own

    async def _hear(self) -> float:
        """Listen to a whole answer, and tell that it was played; the time of its first token."""
        first, words = 0.0, ""
        while True:
            frame = json.loads(await self._socket.recv())
            if self._load.floor:
                is_speech, piece, last = "response_id" in frame, frame.get("content"), frame.get("content_complete")
            else:
                is_speech, piece, last = frame["type"] == "text", frame.get("token"), frame.get("last")
            if not is_speech:
                continue
            first = first or perf_counter()
            words += piece or ""
            if last:
                break
        await self._socket.send(wire.info("agentSpeaking", "on"))
        await self._socket.send(wire.info("tokensPlayed", words))
        await self._socket.send(wire.info("agentSpeaking", "off"))
        return first


async def _open(load: Load, call_id: str, gate: asyncio.Semaphore, sockets: AsyncExitStack) -> ClientConnection:
    path = wire.relay_path(call_id, "attempt-1")
    headers = {"X-Twilio-Signature": wire.sign(load.auth_token, wire.PUBLIC + path)}
    async with gate:
        socket = await connect(
            f"ws://127.0.0.1:{load.port}{path.replace('/attempt-1', '') if load.floor else path}",
            additional_headers=headers,
            proxy=None,
            compression=None,
            ping_interval=None,
            open_timeout=30,
        )
        sockets.push_async_callback(socket.close)
        return socket


async def run(load: Load) -> Result:
    """Open all calls, wait for the word, measure."""
    result, gate = Result(), asyncio.Semaphore(OPENING_AT_ONCE)
    agent = LoadAgent(load.token_count)
    async with await agent.listen(load.agent_port), AsyncExitStack() as sockets:

        async def joined(call_id: str) -> Callee:
            callee = Callee(load, call_id, await _open(load, call_id, gate, sockets), agent)
            await callee.greeted()
            return callee

        callees = await asyncio.gather(*(joined(call_id) for call_id in load.call_ids))
        print("live", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        begin = perf_counter()
        talking = asyncio.gather(*(callee.talk(begin, result) for callee in callees))
        result.first_words = await pick_up(load.port, load.auth_token, load.picking_up, agent)
        await talking
        print(json.dumps(vars(result)), flush=True)
    return result


if __name__ == "__main__":
    asyncio.run(run(Load(**json.loads(sys.argv[1]))))
