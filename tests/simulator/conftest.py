"""A running simulator and a tiny application for it to call, both in this process on free ports."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from simulator.account import Account
from simulator.app import create
from tests.simulator.rig import PUBLIC, SID, SPEED, TOKEN, Application, Carrier, serving


@pytest.fixture(scope="session")
async def _rig() -> AsyncIterator[Carrier]:
    """One application and one fast simulator for the whole folder: starting two servers takes longer than a call."""
    app = Application()
    routes = [
        WebSocketRoute("/relay/{rest:path}", app.relay),
        Route("/{rest:path}", app.answer, methods=["GET", "POST"]),
    ]
    async with serving(Starlette(routes=routes)) as origin:
        account = Account(sid=SID, auth_token=TOKEN, cps=1000, speed=SPEED, resolve={PUBLIC: origin})
        async with (
            serving(create(account)) as simulator,
            aiohttp.ClientSession(headers={"Authorization": aiohttp.encode_basic_auth(SID, TOKEN)}) as http,
        ):
            yield Carrier(simulator, http, app)


@pytest.fixture
async def carrier(_rig: Carrier) -> AsyncIterator[Carrier]:
    """A simulator without calls and an application that knows nothing yet."""
    yield _rig
    await _rig.control("POST", "/reset")
    _rig.app.forget()
