"""Conversations whose relay and whose agent server send whatever the dice say."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from bench.fuzz.frames import AGENT, RELAY, Dice
from bench.speed import wire
from bench.speed.house import House

FRAMES_A_SIDE = 400
"""Of one conversation; then another begins, from its first frame."""
_ANSWER_EVERY = 25
_PATIENCE_SECONDS = 20.0


class Victims:
    """Runs such conversations until so many frames were sent; `sent` counts them by side."""

    def __init__(self, house: House, seed: int, frames: int) -> None:
        self._house = house
        self._seed = seed
        self._frames = frames
        self.sent = Counter[str]()
        self.ended = Counter[str]()
        self.call_ids: list[str] = []

    @property
    def is_done(self) -> bool:
        """Whether enough was sent."""
        return self.sent.total() >= self._frames

    @asynccontextmanager
    async def agents(self) -> AsyncIterator[None]:
        """The agent servers, at the address that the house's calls have."""
        async with serve(self._rave, "127.0.0.1", self._house.agent_port, compression=None, max_size=None):
            yield

    async def one_after_the_other(self) -> None:
        """One conversation at a time, until enough was sent."""
        while not self.is_done:
            (call_id,) = await self._house.answered_calls(1)
            self.call_ids.append(call_id)
            try:
                await asyncio.wait_for(self._converse(call_id), _PATIENCE_SECONDS)
            except TimeoutError:
                self.ended["took long"] += 1

    async def _converse(self, call_id: str) -> None:
        path = wire.relay_path(call_id, "attempt-1")
        headers = {"X-Twilio-Signature": wire.sign(self._house.auth_token, wire.PUBLIC + path)}
        url = f"ws://127.0.0.1:{self._house.gateway_port}{path}"
        try:
            async with connect(url, additional_headers=headers, proxy=None, compression=None) as socket:
                await socket.send(wire.setup(call_id))
                over = asyncio.Event()
                hearing = asyncio.create_task(self._hear(socket, over))
                dice = Dice(f"{self._seed}:{call_id}:{len(self.call_ids)}", RELAY)
                for number in range(FRAMES_A_SIDE):
                    if over.is_set():  # what is sent to a talk that is over tells nothing
                        self.ended["the talk was over"] += 1
                        return
                    await socket.send(dice.frame())
                    self.sent["relay"] += 1
                    if number % _ANSWER_EVERY == 0:
                        await socket.send(wire.prompt("Go on."))
                        await asyncio.sleep(0.01)
                self.ended["we hung up"] += 1
                hearing.cancel()
        except ConnectionClosed as closed:
            self.ended[f"gateway closed with {closed.rcvd.code if closed.rcvd else 1006}"] += 1
        except (InvalidStatus, InvalidMessage):
            self.ended["refused"] += 1

    async def _hear(self, socket: ClientConnection | ServerConnection, over: asyncio.Event) -> None:
        with suppress(ConnectionClosed):
            while True:
                if json.loads(await socket.recv()).get("type") == "end":
                    over.set()

    async def _rave(self, socket: ServerConnection) -> None:
        call_id = (socket.request.path if socket.request else "").rpartition("/")[2]
        dice = Dice(f"{self._seed}:{call_id}:agent", AGENT)
        hearing = asyncio.create_task(self._hear(socket, asyncio.Event()))
        with suppress(ConnectionClosed):
            await socket.send(json.dumps(AGENT[0]))
            for _ in range(FRAMES_A_SIDE):
                await socket.send(dice.frame())
                self.sent["agent"] += 1
                await asyncio.sleep(0)
            await socket.wait_closed()
        hearing.cancel()
