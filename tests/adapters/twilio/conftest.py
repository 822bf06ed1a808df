"""A simulator in a process of its own, an application for it to call back, and the adapter between the two."""

import contextlib
import sys
from collections.abc import AsyncIterator

import aiohttp
import pytest

from adapters.twilio.carrier import TwilioCarrier
from runtime.embedded.part import Part, Recipe
from runtime.embedded.ports import choose
from runtime.embedded.probes import answers
from tests.adapters.twilio.outside import PUBLIC, SID, TOKEN, URLS, Outside
from tests.simulator.rig import serving

SPEED = 40
CPS = 1000


@pytest.fixture(scope="session")
async def _outside(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Outside]:
    """One application and one fast simulator for the whole folder."""
    port = choose(["simulator"], {})["simulator"]
    async with contextlib.AsyncExitStack() as stack:
        control = await stack.enter_async_context(aiohttp.ClientSession())
        outside = Outside(control, f"http://127.0.0.1:{port}")
        application = await stack.enter_async_context(serving(outside.app()))
        command = [
            *(sys.executable, "-m", "simulator", "--port", str(port), "--account-sid", SID),
            *("--resolve", f"{PUBLIC}={application}", "--speed", str(SPEED), "--cps", str(CPS)),
        ]
        recipe = Recipe(
            name="simulator",
            command=command,
            environment={"SIMULATOR_AUTH_TOKEN": TOKEN},
            ready=answers("127.0.0.1", port, "/healthz"),
        )
        simulator = Part(recipe, tmp_path_factory.mktemp("simulator"))
        await simulator.start()
        stack.push_async_callback(simulator.stop)
        yield outside


@pytest.fixture
async def outside(_outside: Outside) -> AsyncIterator[Outside]:
    """The world without calls."""
    yield _outside
    await _outside.forget()


@pytest.fixture
async def carrier(outside: Outside) -> AsyncIterator[TwilioCarrier]:
    """The adapter, pointed at the simulator."""
    adapter = TwilioCarrier(account_sid=SID, auth_token=TOKEN, urls=URLS, origin=outside.origin, answer_seconds=2)
    yield adapter
    await adapter.close()
