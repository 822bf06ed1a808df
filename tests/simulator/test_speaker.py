"""The relay's speech in the moments that a slow machine makes of one."""

import asyncio
import random
import time
from typing import Any

from simulator.ledger import Ledger
from simulator.leg import Leg
from simulator.pace import Pace
from simulator.relay_frames import TextFrame
from simulator.request import CallRequest, Direction
from simulator.speaker import Speaker
from simulator.stories import Story


async def test_words_that_end_in_the_moment_of_a_cut_are_heard_once() -> None:
    """A clause whose time was up when the cut came is entered by the cut, and not by its own end as well."""
    sent: list[dict[str, Any]] = []

    async def send(frame: dict[str, Any]) -> None:
        sent.append(frame)

    request = CallRequest(to="+14155550101", from_="+14155550100", direction=Direction.API)
    leg = Leg(request, Story(name="Alice"), Ledger(None), Pace(20.0, random.Random(1)))  # noqa: S311  # dice with a seed
    speaker = Speaker(leg, send, events="tokens-played", interruptible="any")
    running = asyncio.create_task(speaker.run())
    await speaker.text(TextFrame.model_validate({"type": "text", "token": "Hello there. How are you?", "last": True}))
    async with asyncio.timeout(5), speaker.changed:
        await speaker.changed.wait_for(lambda: speaker.audible)
    await asyncio.sleep(0)
    time.sleep(0.2)  # noqa: ASYNC251  # the loop stands still until the clause's time is up
    await speaker.cut(tell=True)
    await asyncio.sleep(0.05)
    running.cancel()
    assert [said.text for said in leg.record.spoken] == ["Hello there."]
    assert [frame["value"].strip() for frame in sent if frame["type"] == "info"] == ["Hello there."]
