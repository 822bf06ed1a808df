"""The relay's speech in the moments that a slow machine makes of one."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from simulator.ledger import Ledger
from simulator.leg import Leg
from simulator.pace import Pace
from simulator.relay_frames import TextFrame
from simulator.request import CallRequest, Direction
from simulator.speaker import Speaker
from simulator.stories import Story


@asynccontextmanager
async def speaking(words: str) -> AsyncIterator[tuple[Speaker, Leg, list[str]]]:
    """A speaker whose first clause's time is up, although its loop has not seen that yet; also what was reported."""
    told: list[str] = []

    async def send(frame: dict[str, Any]) -> None:
        told.append(str(frame.get("value", frame["type"])).strip())

    request = CallRequest(to="+14155550101", from_="+14155550100", direction=Direction.API)
    leg = Leg(request, Story(name="Alice"), Ledger(None), Pace(20.0, random.Random(1)))  # noqa: S311  # dice with a seed
    speaker = Speaker(leg, send, events="tokens-played", interruptible="any")
    running = asyncio.create_task(speaker.run())
    await speaker.text(TextFrame.model_validate({"type": "text", "token": words, "last": True}))
    async with asyncio.timeout(5), speaker.changed:
        await speaker.changed.wait_for(lambda: speaker.audible)
    await asyncio.sleep(0)
    time.sleep(0.2)  # noqa: ASYNC251  # the loop stands still until the clause's time is up
    yield speaker, leg, told
    await asyncio.sleep(0.05)
    running.cancel()


async def test_words_that_end_in_the_moment_of_a_cut_are_heard_once() -> None:
    """A clause whose time was up when the cut came is entered by the cut, and not by its own end as well."""
    async with speaking("Hello there. How are you?") as (speaker, leg, told):
        await speaker.cut(tell=True)
    assert [said.text for said in leg.record.spoken] == ["Hello there."]
    assert told == ["Hello there.", "interrupt"]


async def test_last_words_that_nobody_is_told_of_count_as_cut() -> None:
    """A hangup in the moment in which the agent has finished keeps the report of it from being made."""
    async with speaking("Hello there.") as (speaker, leg, told):
        await speaker.cut(tell=False, quiet=True)
    assert [(said.text, said.interrupted) for said in leg.record.spoken] == [("Hello there.", True)]
    assert told == []
