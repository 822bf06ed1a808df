"""People who talk through the same gateway and should notice nothing."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

from websockets.asyncio.client import ClientConnection, connect

from bench.speed import wire
from bench.speed.house import House
from bench.speed.load_agent import LoadAgent

_TURN_EVERY_SECONDS = 0.5
_ANSWER_WITHIN_SECONDS = 30.0
_TOKENS = 5


@dataclass
class Noticed:
    """What the bystanders saw: answers that were right, what was wrong, and how long answers took, in seconds."""

    right: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


async def stand_by(house: House, port: int, call_ids: Sequence[str], stop: asyncio.Event) -> Noticed:
    """Talk until told to stop; `port` is where their own agent server listens."""
    noticed = Noticed()
    async with await LoadAgent(_TOKENS).listen(port):
        await asyncio.gather(*(_talk(house, call_id, stop, noticed) for call_id in call_ids))
    return noticed


async def _talk(house: House, call_id: str, stop: asyncio.Event, noticed: Noticed) -> None:
    path = wire.relay_path(call_id, "attempt-1")
    headers = {"X-Twilio-Signature": wire.sign(house.auth_token, wire.PUBLIC + path)}
    url = f"ws://127.0.0.1:{house.gateway_port}{path}"
    expected = "".join(wire.tokens(_TOKENS))
    try:
        async with connect(url, additional_headers=headers, proxy=None, compression=None, ping_interval=None) as socket:
            await socket.send(wire.setup(call_id))
            await _spoken(socket)
            while not stop.is_set():
                begun = perf_counter()
                await socket.send(wire.prompt(wire.SAID))
                heard = await asyncio.wait_for(_spoken(socket), _ANSWER_WITHIN_SECONDS)
                noticed.seconds.append(perf_counter() - begun)
                if heard == expected:
                    noticed.right += 1
                else:
                    noticed.wrong.append(f"{call_id} heard {heard!r}")
                await asyncio.sleep(_TURN_EVERY_SECONDS)
    except Exception as error:  # noqa: BLE001 - whatever it is, a bystander noticed it
        noticed.wrong.append(f"{call_id}: {type(error).__name__}: {error}")


async def _spoken(socket: ClientConnection) -> str:
    """Hear one answer to its end, and report it as spoken."""
    words, is_over = "", False
    while not is_over:
        frame = wire.read(await socket.recv())
        if frame["type"] == "text":
            words += frame["token"]
            is_over = frame["last"]
    for name, value in (("agentSpeaking", "on"), ("tokensPlayed", words), ("agentSpeaking", "off")):
        await socket.send(wire.info(name, value))
    return words
