"""The worker, put together: every concrete class it uses is named here and nowhere else."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError
from temporalio.worker import PollerBehaviorAutoscaling, Worker, WorkerDeploymentConfig

from activities.admitting import Admitting
from activities.archiving import Archiving
from activities.conversing import Conversing
from activities.notifying import Announcements, Notifying
from activities.registering import Registering
from activities.sweeping import Sweeping
from activities.telephony import Telephony
from adapters.mongo.admissions import MongoAdmissions
from adapters.mongo.agent_store import MongoAgentStore
from adapters.mongo.archive import MongoRecordingArchive
from adapters.mongo.call_store import MongoCallStore
from adapters.mongo.database import Database, connect
from adapters.mongo.delivery_store import MongoDeliveryStore
from adapters.mongo.do_not_call_list import MongoDoNotCallList
from adapters.mongo.loose_ends import MongoLooseEnds
from adapters.twilio.carrier import TwilioCarrier
from adapters.twilio.urls import CallbackUrls
from adapters.webhook.poster import HttpWebhookPoster
from calls.call_object import Rendering
from calls.limits import Capacity, WhenFull
from calls.policy import Policy
from calls.reasons import FinishReason
from runtime.alive import keep_fresh
from runtime.settings import WorkerSettings
from runtime.wiring.addressing import access_tokens, api_origin
from runtime.wiring.engine import (
    EngineUnreachableError,
    connect_engine,
    ensure_search_attributes,
    workflow_runner,
)
from runtime.wiring.screening import screening
from runtime.wiring.store import prepare_store
from runtime.wiring.sweeps import ensure_sweeps
from runtime.wiring.well import check_worker
from workflows.call_webhooks import CallWebhooks, EngineCourier
from workflows.fitting import OnlyWhatFits
from workflows.inbound_call import InboundCall
from workflows.names import CALL_QUEUE, DIAL_QUEUE, MONITOR_QUEUE, WEBHOOK_QUEUE
from workflows.outbound_call import OutboundCall
from workflows.owning import TemporalCallOwners
from workflows.redial import Redial
from workflows.sweep import Sweep
from workflows.taken_up_call import TakenUpCall

DEPLOYMENT = "ringback"
"""The name under which builds of the worker are known to the engine."""
_STICKY = timedelta(seconds=2)
"""How long a dead worker's calls wait before another takes them; the engine's own default is 10 s."""

_BESIDE_RECORDINGS = 100  # activities at once on a worker of calls, beside one recording for each open call
_POSTS_AT_ONCE = 100
"""Customers' servers that are posted to at the same time; one that hangs takes 10 s of a place."""


@dataclass(frozen=True, slots=True)
class Verbs:
    """The activities of a worker."""

    telephony: Telephony
    registering: Registering
    admitting: Admitting
    conversing: Conversing
    archiving: Archiving
    sweeping: Sweeping
    notifying: Notifying


@asynccontextmanager
async def verbs(settings: WorkerSettings, client: Client, database: Database) -> AsyncIterator[Verbs]:
    """The activities over the real carrier and stores, which are closed at the end."""
    key_sid, key_secret = settings.twilio_api_key_sid, settings.twilio_api_key_secret
    carrier = TwilioCarrier(
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token.get_secret_value(),
        api_key=(key_sid, key_secret.get_secret_value()) if key_sid and key_secret else None,
        urls=CallbackUrls(settings.public_base_url),
        origin=settings.twilio_api_origin,
    )
    try:
        await prepare_store(database, settings)
        store, agents = MongoCallStore(database), MongoAgentStore(database)
        rendering = Rendering(api_origin(settings), access_tokens(settings))
        announcements = Announcements(store, MongoDeliveryStore(database), rendering, EngineCourier(client))
        policy = Policy(**settings.policy.model_dump())
        yield Verbs(
            telephony=Telephony(carrier, store, screening(settings, store, MongoDoNotCallList(database))),
            registering=Registering(
                store,
                agents,
                policy,
                capacity(settings),
                announcements,
                declined_means=FinishReason(settings.sip_declined_means),
                calling_hours=settings.calling_hours,
            ),
            admitting=Admitting(MongoAdmissions(database)),
            conversing=Conversing(store, carrier, pulse_stale_seconds=settings.pulse_stale_seconds),
            archiving=Archiving(carrier, store, MongoRecordingArchive(database)),
            sweeping=Sweeping(store, MongoLooseEnds(database), TemporalCallOwners(client), carrier),
            notifying=_notifying(settings, database),
        )
    finally:
        await carrier.close()
        database.client.close()


def capacity(settings: WorkerSettings) -> Capacity:
    """The deployment's limits on simultaneous calls."""
    return Capacity(
        max_simultaneous_calls=settings.max_simultaneous_calls,
        one_call_per_callee=settings.one_call_per_callee,
        when_full=WhenFull(settings.when_full),
    )


def _notifying(settings: WorkerSettings, database: Database) -> Notifying:
    secret = settings.webhook_secret
    return Notifying(
        MongoCallStore(database),
        MongoAgentStore(database),
        MongoDeliveryStore(database),
        HttpWebhookPoster(private_networks=settings.allow_insecure_agent_urls),
        secret.get_secret_value() if secret else None,
    )


def workers(client: Client, doing: Verbs, settings: WorkerSettings) -> Sequence[Worker]:
    """One worker per queue: calls, the paced dial, the long watch, the posts to customers."""
    grace = timedelta(seconds=settings.shutdown_grace_seconds)
    open_calls = settings.max_open_calls_per_worker
    telephony, registering, archiving = doing.telephony, doing.registering, doing.archiving
    calls = Worker(
        client,
        task_queue=CALL_QUEUE,
        workflows=[OutboundCall, InboundCall, TakenUpCall, Redial, Sweep, CallWebhooks],
        activities=[
            registering.register_call,
            registering.give_up_registration,
            registering.save_progress,
            registering.save_and_announce,
            doing.admitting.ask_admission,
            telephony.find_dialled_call,
            telephony.find_calling_time,
            telephony.ask_carrier,
            telephony.hang_up,
            telephony.start_transfer,
            telephony.leave_message,
            telephony.adopt_call,
            telephony.extend_time_limit,
            telephony.stop_recording,
            doing.conversing.check_answering_machine,
            archiving.archive_recording,
            archiving.archive_transcript,
            doing.sweeping.look_for_orphans,
            doing.sweeping.confirm_orphan,
            doing.sweeping.recall_call,
            doing.notifying.give_up_webhook,
        ],
        interceptors=[OnlyWhatFits()],
        workflow_runner=workflow_runner(),
        # As many as calls are open: recordings that are waited for shall not keep a hangup waiting for a slot.
        max_concurrent_activities=open_calls + _BESIDE_RECORDINGS,
        max_cached_workflows=round(open_calls * 1.5),
        sticky_queue_schedule_to_start_timeout=_STICKY,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        graceful_shutdown_timeout=grace,
        deployment_config=_deployment(settings),
    )
    dial = Worker(
        client,
        task_queue=DIAL_QUEUE,
        activities=[telephony.dial],
        max_task_queue_activities_per_second=settings.dial_calls_per_second,
        graceful_shutdown_timeout=grace,
    )
    monitor = Worker(
        client,
        task_queue=MONITOR_QUEUE,
        activities=[doing.conversing.monitor_conversation, doing.admitting.await_admission],
        max_concurrent_activities=round(open_calls * 1.5),
        graceful_shutdown_timeout=timedelta(0),  # a watch can be taken up by any other worker at any moment
    )
    webhooks = Worker(
        client,
        task_queue=WEBHOOK_QUEUE,
        activities=[doing.notifying.deliver_next_webhook],
        max_concurrent_activities=_POSTS_AT_ONCE,
        graceful_shutdown_timeout=grace,
    )
    return calls, dial, monitor, webhooks


def _deployment(settings: WorkerSettings) -> WorkerDeploymentConfig | None:
    """Which build this worker's stories belong to, if builds are told apart: a call stays with the one it began on.

    Dials and watches are activities of no build: any worker does them for any story.
    """
    if settings.build_id is None:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(DEPLOYMENT, settings.build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED,
    )


async def prepare_engine(client: Client, settings: WorkerSettings) -> None:
    """Make what the stories need. Raises EngineUnreachableError, also where Temporal went away since it was reached."""
    try:
        await ensure_search_attributes(client)
        await ensure_sweeps(client, settings)
    except RPCError as error:
        what = f"Temporal at {settings.temporal_address} could not be prepared ({error.status.name}: {error.message})"
        raise EngineUnreachableError(f"{what}: is it up, and may this worker change its namespace?") from error


async def run(settings: WorkerSettings, stop: asyncio.Event) -> None:
    """Work until told to stop; then finish what is being done, within the grace.

    Raises EngineUnreachableError or StoreMissingError when it cannot start.
    """
    client = await connect_engine(settings)
    database = connect(settings.mongodb_uri.get_secret_value(), settings.mongodb_database)
    async with AsyncExitStack() as stack:
        doing = await stack.enter_async_context(verbs(settings, client, database))
        await prepare_engine(client, settings)
        polling = workers(client, doing, settings)
        for worker in polling:
            await stack.enter_async_context(worker)
        logging.getLogger("ringback.worker").info("worker ready")
        if settings.alive_file is not None:
            alive = asyncio.create_task(keep_fresh(settings.alive_file, partial(check_worker, client, database)))
            stack.callback(alive.cancel)
        await stop.wait()
        logging.getLogger("ringback.worker").info("worker stopping")
        # All at once: one after another each would take its own grace, and whoever stops us waits for one.
        await asyncio.gather(*(worker.shutdown() for worker in polling))
