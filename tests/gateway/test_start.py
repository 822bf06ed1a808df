"""The gateway as it is started: over what it needs, or with a sentence about what is not there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from runtime.settings import GatewaySettings
from runtime.wiring.gateway import gateway
from tests.gateway.engine import start_engine

DEAF = "127.0.0.1:1"


def _settings(**more: Any) -> GatewaySettings:
    right = {
        "_env_file": None,
        "mongodb_database": "gateway_start",
        "public_base_url": "https://ringback.test",
        "twilio_account_sid": "AC" + "0" * 32,
        "twilio_auth_token": SecretStr("token"),
        "twilio_api_origin": "http://127.0.0.1:8900",
        "api_key_sha256s": ("0" * 64,),
        "access_token_secret": SecretStr("s" * 32),
        "gateway_host": "0.0.0.0",
        "gateway_port": 8123,
    }
    return GatewaySettings(**{**right, **more})


@asynccontextmanager
async def _started(app: FastAPI) -> AsyncIterator[str]:
    """Start an application as a server does; give what it said when it could not start, or nothing."""
    said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    running = asyncio.create_task(app({"type": "lifespan", "state": {}}, said.get, heard.put))  # type: ignore[arg-type]
    said.put_nowait({"type": "lifespan.startup"})
    answer = await heard.get()
    yield answer.get("message", "")
    said.put_nowait({"type": "lifespan.shutdown"})
    await running


async def test_a_gateway_over_what_it_needs(mongodb_uri: str) -> None:
    """With MongoDB and Temporal there it starts, is ready, and has the relay's socket."""
    async with await start_engine() as engine:
        address = engine.client.service_client.config.target_host
        app = gateway(_settings(mongodb_uri=SecretStr(mongodb_uri), temporal_address=address))
        async with _started(app) as failure:
            assert failure == ""
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as http:
                ready = await http.get("/readyz")
            assert ready.json() == {"status": "ok", "mongodb": "ok", "temporal": "ok"}
            assert "/twilio/relay/{call_id}/{attempt_id}" in [getattr(route, "path", "") for route in app.router.routes]


async def test_without_mongodb() -> None:
    """Without MongoDB it says so, with the address it looked at but not the password in it, and what to do."""
    secret = SecretStr(f"mongodb://me:hush@{DEAF}/?authSource=hush")
    app = gateway(_settings(mongodb_uri=secret, temporal_address=DEAF))
    async with _started(app) as failure:
        assert failure == (
            "the gateway cannot start: MongoDB does not answer at 127.0.0.1:1: start it, or set RINGBACK_MONGODB_URI"
        )


async def test_without_temporal(mongodb_uri: str) -> None:
    """Without Temporal it says so, with the address it looked at and what to do."""
    app = gateway(_settings(mongodb_uri=SecretStr(mongodb_uri), temporal_address=DEAF))
    async with _started(app) as failure:
        assert failure.startswith("the gateway cannot start: Temporal does not answer at 127.0.0.1:1")
        assert "set RINGBACK_TEMPORAL_ADDRESS" in failure
