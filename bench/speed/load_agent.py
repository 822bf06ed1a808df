"""The agent server of the load: answers every question with the same words, and notes when it was asked."""

import asyncio
import json
from collections.abc import Coroutine
from contextlib import suppress
from time import perf_counter
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bench.speed import wire

PING_SECONDS = 2.0
TOKEN_SECONDS = 0.02


class Exchange:
    """One call's newest turn: seconds of the agent server's own time, `own` not a number until it has answered."""

    __slots__ = ("first_words_own", "own")

    def __init__(self) -> None:
        self.own = 0.0
        self.first_words_own = 0.0


class LoadAgent:
    """One agent server for all calls of the load."""

    def __init__(self, token_count: int) -> None:
        self.exchanges: dict[str, Exchange] = {}
        self._tokens = wire.tokens(token_count)
        self._speaking: set[asyncio.Task[None]] = set()

    async def listen(self, port: int) -> Server:
        """Serve on loopback."""
        return await serve(self._talk, "127.0.0.1", port, compression=None, ping_interval=None)

    def exchange(self, call_id: str) -> Exchange:
        """The turns of a call."""
        return self.exchanges.setdefault(call_id, Exchange())

    async def _talk(self, socket: ServerConnection) -> None:
        opened = perf_counter()
        call_id = (socket.request.path if socket.request else "").rpartition("/")[2]
        exchange = self.exchange(call_id)
        with suppress(ConnectionClosed):
            await socket.send(wire.config())
            await socket.send(wire.no_reminders())
            exchange.first_words_own = perf_counter() - opened
            pinging: asyncio.Task[None] | None = None
            try:
                async for text in socket:
                    received = perf_counter()
                    frame = json.loads(text)
                    kind = frame.get("interaction_type")
                    if kind == "call_details":
                        pinging = self._spawn(self._ping(socket))
                        exchange.first_words_own += perf_counter() - received
                        await socket.send(wire.response(0, wire.WORDS, complete=True))
                    elif kind == "response_required":
                        self._spawn(self._answer(socket, exchange, frame["response_id"], received))
            finally:
                if pinging is not None:
                    pinging.cancel()

    async def _answer(self, socket: ServerConnection, exchange: Exchange, response_id: int, asked: float) -> None:
        last = len(self._tokens) - 1
        with suppress(ConnectionClosed):
            for index, token in enumerate(self._tokens):
                text = wire.response(response_id, token, complete=index == last)
                if index == 0:
                    exchange.own = perf_counter() - asked
                await socket.send(text)
                await asyncio.sleep(TOKEN_SECONDS)

    async def _ping(self, socket: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(PING_SECONDS)
                await socket.send(wire.ping())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._speaking.add(task)
        task.add_done_callback(self._speaking.discard)
        return task
