"""A gateway over a real MongoDB, without an engine and without a network in front of it."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from activities.registering import Registering
from adapters.mongo.agent_store import MongoAgentStore
from adapters.mongo.archive import MongoRecordingArchive
from adapters.mongo.call_store import MongoCallStore
from adapters.mongo.database import Database
from adapters.mongo.delivery_store import MongoDeliveryStore
from adapters.mongo.do_not_call_list import MongoDoNotCallList
from adapters.numbering.plan import NumberingPlan
from adapters.webhook.poster import HttpWebhookPoster
from calls.access_tokens import AccessTokens
from calls.agents import AgentSettings, NumberSettings
from calls.call_object import Rendering
from calls.limits import Capacity
from calls.policy import Policy
from calls.records import StoredCall
from gateway.app import create_app
from gateway.auth import ApiKeys
from gateway.callbacks.carrier_side import carrier_side
from gateway.callbacks.inbound_side import InboundSide
from gateway.orders import DialBody, order_of
from gateway.parts import GatewayParts
from tests.gateway.fake_control import FakeCallControl

KEY = "a-valid-key"
ORIGIN = "https://calls.example.com"
PUBLIC = "https://callbacks.example.com"
TOKEN = "the-carriers-token"
SECRET = "a-secret-between-us-and-the-customer"
SORRY = "Sorry & goodbye."
CALLER = "+14155550100"
CALLEE = "+14155550101"


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
        await Registering(self.parts.calls, self.parts.agents, Policy(), Capacity()).register_call(order)
        stored = await self.parts.calls.find(call_id)
        assert stored
        return stored

    async def nothing_happened(self) -> bool:
        """Whether nothing was placed and no call is stored."""
        return not self.control.placed and await self.database.calls.count_documents({}) == 0


@pytest.fixture(scope="session")
async def _gateway(_mongodb: Database) -> AsyncIterator[Rig]:
    """One gateway for the whole folder: making its routes takes longer than most tests."""
    calls, agents = MongoCallStore(_mongodb), MongoAgentStore(_mongodb)
    do_not_call = MongoDoNotCallList(_mongodb)
    control = FakeCallControl(calls, agents, do_not_call)
    tokens = AccessTokens("s" * 32, lifetime=timedelta(hours=1))
    parts = GatewayParts(
        calls=calls,
        agents=agents,
        archive=MongoRecordingArchive(_mongodb),
        deliveries=MongoDeliveryStore(_mongodb),
        do_not_call=do_not_call,
        numbering=NumberingPlan(),
        control=control,
        carrier=carrier_side(PUBLIC, TOKEN),
        inbound=InboundSide(
            webhooks=HttpWebhookPoster(private_networks=True),
            webhook_secret=SECRET,
            webhook_try_seconds=0.3,
            message=SORRY,
        ),
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
        yield Rig(app, parts, control, _mongodb, http, stranger)


@pytest.fixture
async def rig(_gateway: Rig, mongodb: Database) -> Rig:
    """A gateway with one agent, bound to the caller's number."""
    _gateway.control.forget()
    _gateway.parts.told.forget()
    settings = AgentSettings(ai_agent_name="Alice's agent", llm_websocket_url="wss://agent.example.com/llm")
    agent = await _gateway.parts.agents.add_agent(settings)
    _gateway.agent_id = agent.ai_agent_id
    number = NumberSettings(phone_number=CALLER, outbound_ai_agent_id=agent.ai_agent_id)
    await _gateway.parts.agents.add_number(number)
    return _gateway
