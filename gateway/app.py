"""The gateway as an ASGI application, made of its parts."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI
from starlette.middleware import Middleware

from gateway.agents_api import agents_router
from gateway.callbacks.inbound import inbound_router
from gateway.callbacks.instructions import instructions_router
from gateway.callbacks.reports import reports_router
from gateway.callbacks.transfers import transfers_router
from gateway.callbacks.unreadable import answer_unreadable_callbacks
from gateway.calls_api import calls_router
from gateway.do_not_call_api import do_not_call_router
from gateway.faults import answer_faults
from gateway.health import health_router
from gateway.live import live_router
from gateway.numbers_api import numbers_router
from gateway.openapi import describe
from gateway.parts import GatewayParts
from gateway.recordings_api import recordings_router
from gateway.startup import StartupReport
from gateway.webhooks_api import webhooks_router

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(parts: GatewayParts) -> FastAPI:
    """The whole HTTP surface over these parts."""
    app = bare_app()
    furnish(app, parts)
    return app


def bare_app(lifespan: Lifespan | None = None) -> FastAPI:
    """An application without routes, for processes that only have their parts once they have started."""
    app = FastAPI(
        title="Ringback",
        version="0.1.0",
        description="Self-hosted AI phone calls.",
        docs_url=None,  # the built-in page loads its scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # a redirected POST loses its body with many clients
        lifespan=lifespan,
        middleware=[Middleware(StartupReport)],
    )
    answer_faults(app)
    answer_unreadable_callbacks(app)
    return app


def furnish(app: FastAPI, parts: GatewayParts) -> None:
    """Give an application its routes."""
    for api in (calls_router, recordings_router, live_router, webhooks_router):
        app.include_router(api(parts))
    for api in (agents_router, numbers_router, do_not_call_router, health_router):
        app.include_router(api(parts))
    for callback in (inbound_router, reports_router, instructions_router, transfers_router):
        app.include_router(callback(parts))
    describe(app)
