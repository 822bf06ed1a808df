"""Is this process alive, and can it do its work?"""

import asyncio

from fastapi import APIRouter
from starlette.responses import JSONResponse

from gateway.faults import RETRY_AFTER
from gateway.parts import Check, GatewayParts


def health_router(parts: GatewayParts) -> APIRouter:
    """`/healthz` and `/readyz`."""
    router = APIRouter(tags=["health"])

    async def healthz() -> JSONResponse:
        """The process is alive."""
        return JSONResponse({"status": "ok"})

    async def readyz() -> JSONResponse:
        """Each part that calls depend on, by name; 503 when one of them is away, or this process is about to stop."""
        if parts.is_leaving():
            return JSONResponse({"status": "stopping"}, 503, RETRY_AFTER)
        answers = await asyncio.gather(*(_look(check, parts.check_seconds) for check in parts.checks.values()))
        found = dict(zip(parts.checks, answers, strict=True))
        is_ready = all(answer == "ok" for answer in answers)
        if not is_ready:
            return JSONResponse({"status": "unavailable", **found}, 503, RETRY_AFTER)
        return JSONResponse({"status": "ok", **found})

    router.get("/healthz")(healthz)
    router.get("/readyz")(readyz)
    return router


async def _look(check: Check, seconds: float) -> str:
    try:
        async with asyncio.timeout(seconds):
            await check()
    except TimeoutError:
        return f"no answer within {seconds:g} s"
    except ConnectionError as error:
        return str(error)
    return "ok"
