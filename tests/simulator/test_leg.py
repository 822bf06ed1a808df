"""A leg in the moments that a slow machine makes of one."""

import asyncio
import random
import time

import pytest

from simulator.ledger import Ledger
from simulator.leg import InterruptedCallError, Leg
from simulator.pace import Pace
from simulator.request import CallRequest, Direction
from simulator.stories import Story


async def test_a_hangup_in_the_moment_of_the_answer_is_a_hangup() -> None:
    """A wait whose time was up when the call ended does not go on as if it lived."""
    request = CallRequest(to="+14155550101", from_="+14155550100", direction=Direction.API)
    leg = Leg(request, Story(name="Alice"), Ledger(None), Pace(20.0, random.Random(1)))  # noqa: S311  # dice with a seed
    ringing = asyncio.create_task(leg.wait_real(0.05))
    await asyncio.sleep(0.01)
    asyncio.get_running_loop().call_later(0.05, leg.hang_up, "api")
    time.sleep(0.1)  # noqa: ASYNC251  # the loop stands still until the time of both is up
    with pytest.raises(InterruptedCallError):
        await ringing
    assert leg.status == "canceled"
