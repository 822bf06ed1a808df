"""A running simulator and a tiny application for it to call, both in this process on free ports."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from simulator.account import Account
from simulator.app import create
from tests.simulator.rig import PUBLIC, SID, SPEED, TOKEN, Application, Carrier, serving


@pytest.fixture
async def application() -> AsyncIterator[tuple[Application, str]]:
    """The application, and where it listens."""
    app = Application()
    routes = [
        WebSocketRoute("/relay/{rest:path}", app.relay),
        Route("/{rest:path}", app.answer, methods=["GET", "POST"]),
    ]
    async with serving(Starlette(routes=routes)) as origin:
        yield app, origin


@pytest.fixture
async def carrier(application: tuple[Application, str]) -> AsyncIterator[Carrier]:
    """A fast simulator that reaches the application under its public name."""
    app, origin = application
    account = Account(sid=SID, auth_token=TOKEN, cps=1000, speed=SPEED, resolve={PUBLIC: origin})
    async with (
        serving(create(account)) as simulator,
        aiohttp.ClientSession(headers={"Authorization": aiohttp.encode_basic_auth(SID, TOKEN)}) as http,
    ):
        yield Carrier(simulator, http, app)
