"""Health, the OpenAPI document, and the page that shows it."""

import asyncio
import re
from dataclasses import replace

import httpx
import pytest

from gateway.app import create_app
from gateway.parts import Check, GatewayParts
from tests.gateway.conftest import ORIGIN, Rig

OPERATIONS = {
    "post /v1/calls/dial-outbound-phone-call",
    "get /v1/calls",
    "get /v1/calls/{call_id}",
    "post /v1/calls/{call_id}/end",
    "delete /v1/calls/{call_id}/redial",
    "post /v1/calls/{call_id}/transfer",
    "get /v1/calls/{call_id}/recording",
    "get /v1/calls/{call_id}/events",
    "get /v1/calls/{call_id}/webhooks",
    "post /v1/calls/{call_id}/webhooks/redeliver",
    "get /v2/ai-agents",
    "post /v2/ai-agents",
    "get /v2/ai-agents/{ai_agent_id}",
    "put /v2/ai-agents/{ai_agent_id}",
    "delete /v2/ai-agents/{ai_agent_id}",
    "get /v1/phone-numbers",
    "post /v1/phone-numbers",
    "get /v1/phone-numbers/{number}",
    "patch /v1/phone-numbers/{number}",
    "delete /v1/phone-numbers/{number}",
    "get /v1/do-not-call",
    "post /v1/do-not-call",
    "get /v1/do-not-call/{number}",
    "delete /v1/do-not-call/{number}",
    "get /healthz",
    "get /readyz",
}


def _with_checks(parts: GatewayParts, **checks: Check) -> httpx.AsyncClient:
    app = create_app(replace(parts, checks=checks, check_seconds=0.05))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN)


async def _well() -> None:
    return


async def _ill() -> None:
    raise ConnectionError("MongoDB did not answer")


async def _stuck() -> None:
    await asyncio.Event().wait()


async def test_alive(rig: Rig) -> None:
    """A process that answers is alive, key or no key."""
    assert (await rig.stranger.get("/healthz")).json() == {"status": "ok"}


async def test_ready(rig: Rig) -> None:
    """Each part is named; one that is away or stuck makes the whole unavailable, and says how."""
    async with _with_checks(rig.parts, mongodb=_well, temporal=_well) as http:
        answer = await http.get("/readyz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok", "mongodb": "ok", "temporal": "ok"})
    async with _with_checks(rig.parts, mongodb=_ill, temporal=_stuck) as http:
        answer = await http.get("/readyz")
        assert answer.status_code == 503
        assert answer.json() == {
            "status": "unavailable",
            "mongodb": "MongoDB did not answer",
            "temporal": "no answer within 0.05 s",
        }


async def test_the_document_names_every_operation(rig: Rig) -> None:
    """The OpenAPI document has the whole surface, its bodies included, and no callback of the carrier's."""
    document = (await rig.stranger.get("/openapi.json")).json()
    found = {f"{method} {path}" for path, methods in document["paths"].items() for method in methods}
    assert found == OPERATIONS
    schemas = document["components"]["schemas"]
    dial = document["paths"]["/v1/calls/dial-outbound-phone-call"]["post"]
    assert dial["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/DialBody"}
    assert set(schemas["DialBody"]["required"]) == {"from_number", "to_number", "direction"}
    assert "_id" in schemas["CallObject"]["properties"]
    text = str(document)
    assert all(name in schemas for name in re.findall(r"#/components/schemas/(\w+)", text))
    assert "x-body-schema" not in text


async def test_the_page_loads_nothing(rig: Rig) -> None:
    """The page shows every operation and refers to nothing outside itself."""
    page = (await rig.stranger.get("/docs")).text
    for operation in OPERATIONS:
        assert f"<code>{operation.partition(' ')[2]}</code>" in page
    assert not re.search(r"(src|href)=.?https?:|<script|@import|url\(", page)


@pytest.mark.parametrize("path", ["/nowhere", "/redoc", "/v3/ai-agents", "/v1/calls/a/b"])
async def test_what_does_not_exist(rig: Rig, path: str) -> None:
    """A path that does not exist is a 404 with a detail."""
    answer = await rig.http.get(path)
    assert answer.status_code == 404
    assert answer.json()["detail"]
