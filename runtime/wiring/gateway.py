"""The gateway, put together."""

import gc
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from fastapi import FastAPI
from starlette.routing import WebSocketRoute
from temporalio.client import Client
from temporalio.service import RPCError

from adapters.agent_server.client import AgentServerConnector
from adapters.mongo.agent_store import MongoAgentStore
from adapters.mongo.archive import MongoRecordingArchive
from adapters.mongo.call_store import MongoCallStore
from adapters.mongo.database import Database, connect, ping
from adapters.mongo.delivery_store import MongoDeliveryStore
from adapters.mongo.do_not_call_list import MongoDoNotCallList
from adapters.numbering.plan import NumberingPlan
from adapters.twilio.urls import RELAY
from adapters.webhook.poster import HttpWebhookPoster
from calls.call_object import Rendering
from calls.ports.pages import StoreUnavailableError
from conversation.agent_port import AgentConnector
from gateway.app import bare_app, furnish
from gateway.auth import ApiKeys
from gateway.callbacks.carrier_side import carrier_side
from gateway.callbacks.inbound_side import InboundSide
from gateway.parts import GatewayParts
from gateway.relay.head_start import HeadStart
from gateway.relay.sessions import Sessions
from gateway.relay.socket import RelayEndpoint
from gateway.relay.surroundings import SessionPacing, Surroundings
from gateway.session_records import SessionRecords
from gateway.session_reports import SessionReports
from gateway.startup import CannotStartError
from gateway.telling import Telling
from gateway.temporal_control import TemporalCallControl
from runtime.settings import GatewaySettings
from runtime.stopping import finishing_first
from runtime.wiring.addressing import access_tokens, api_origin
from runtime.wiring.engine import EngineUnreachableError, connect_engine
from runtime.wiring.screening import screening
from runtime.wiring.store import StoreMissingError, prepare_store
from workflows.placing import Desk

_HEALTH_PATIENCE = timedelta(seconds=2)


def gateway(settings: GatewaySettings) -> FastAPI:
    """The gateway by these settings; it connects when it is started, and fails to start when it cannot."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            database = connect(settings.mongodb_uri.get_secret_value(), settings.mongodb_database)
            stack.callback(database.client.close)
            client = await _prepare(settings, database)
            head_start = HeadStart(AgentServerConnector(private_networks=settings.allow_insecure_agent_urls))
            stack.push_async_callback(head_start.close)
            sessions = Sessions()
            parts = replace(
                gateway_parts(settings, database, client, head_start), is_leaving=lambda: sessions.is_draining
            )
            furnish(app, parts)
            app.router.routes.append(WebSocketRoute(RELAY, relay_endpoint(settings, parts, sessions, head_start).serve))
            stack.push_async_callback(sessions.close_all)
            _collect_garbage_seldom()
            _let_the_loop_in_soon()
            with finishing_first(lambda: sessions.drain(settings.shutdown_grace_seconds)):
                yield

    return bare_app(lifespan)


def _collect_garbage_seldom() -> None:
    """Leave what the start has made out of every collection, and collect less often: it holds up every conversation.

    Without this a thousand conversations had pauses of 140 to 470 ms; the start's own 120,000 objects take 60 of them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 20, 10)


def _let_the_loop_in_soon() -> None:
    """Have the driver's threads give way after half a millisecond, in place of five, once the event loop can go on.

    MongoDB is spoken to in threads, and each may hold the interpreter that long while a callee's words wait.
    """
    sys.setswitchinterval(0.0005)


async def _prepare(settings: GatewaySettings, database: Database) -> Client:
    """Reach everything once, so that what is missing is said at the start and by its name."""
    try:
        await prepare_store(database, settings)
        return await connect_engine(settings)
    except (StoreMissingError, EngineUnreachableError) as error:
        raise CannotStartError(str(error)) from error


def gateway_parts(settings: GatewaySettings, database: Database, client: Client, head_start: HeadStart) -> GatewayParts:
    """The ports of a gateway over MongoDB and Temporal."""
    calls, agents = MongoCallStore(database), MongoAgentStore(database)
    tokens = access_tokens(settings)
    do_not_call = MongoDoNotCallList(database)
    return GatewayParts(
        calls=calls,
        agents=agents,
        archive=MongoRecordingArchive(database),
        deliveries=MongoDeliveryStore(database),
        do_not_call=do_not_call,
        numbering=NumberingPlan(),
        control=TemporalCallControl(Desk(client, calls, agents, screening(settings, calls, do_not_call))),
        carrier=carrier_side(
            settings.public_base_url,
            settings.twilio_auth_token.get_secret_value(),
            reconnects=settings.relay_application_reconnect,
        ),
        inbound=_inbound_side(settings),
        keys=ApiKeys(settings.api_key_sha256s),
        tokens=tokens,
        rendering=Rendering(api_origin(settings), tokens),
        head_start=head_start,
        checks={"mongodb": lambda: _mongodb_is_well(database), "temporal": lambda: _temporal_is_well(client)},
        allow_insecure_agent_urls=settings.allow_insecure_agent_urls,
    )


def _inbound_side(settings: GatewaySettings) -> InboundSide:
    secret = settings.webhook_secret
    return InboundSide(
        webhooks=HttpWebhookPoster(private_networks=settings.allow_insecure_agent_urls),
        webhook_secret=secret.get_secret_value() if secret else None,
        message=settings.inbound_message,
        message_language=settings.inbound_message_language,
    )


def relay_endpoint(
    settings: GatewaySettings, parts: GatewayParts, sessions: Sessions, connector: AgentConnector
) -> RelayEndpoint:
    """The end of the carrier's relay sockets."""
    around = Surroundings(
        store=SessionRecords(parts.calls, parts.now),
        reporter=SessionReports(
            Telling(parts.calls, parts.control, parts.now, parts.told),
            screening(settings, parts.calls, parts.do_not_call),
        ),
        connector=connector,
        pacing=SessionPacing(pulse_every=settings.pulse_seconds),
    )
    return RelayEndpoint(verifier=parts.carrier.verifier, sessions=sessions, around=around)


async def _mongodb_is_well(database: Database) -> None:
    try:
        await ping(database)
    except StoreUnavailableError as error:
        raise ConnectionError(str(error)) from error


async def _temporal_is_well(client: Client) -> None:
    try:
        is_well = await client.service_client.check_health(timeout=_HEALTH_PATIENCE)
    except RPCError as error:
        raise ConnectionError(f"Temporal did not answer: {error.status.name}") from error
    if not is_well:
        raise ConnectionError("Temporal says that it does not serve")
