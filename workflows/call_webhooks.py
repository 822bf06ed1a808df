"""The story of one call's webhooks: delivered one after the other, for a day each if need be.

It is a workflow of its own, so that a receiver that is down keeps no call open and no record incomplete.
"""

from temporalio import workflow
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception

from activities.notifying import Notifying
from workflows import options
from workflows.names import CALL_QUEUE

FETCH = "fetch"
HURRY = "hurry"


def webhooks_id(call_id: str) -> str:
    """The id of the workflow that delivers a call's webhooks."""
    return f"webhooks-{call_id}"


@workflow.defn
class CallWebhooks:
    """Delivers whatever waits for one call, in order; ends when nothing does."""

    @workflow.init
    def __init__(self, call_id: str) -> None:
        self._call_id = call_id
        self._is_fetched = True
        self._is_hurried = False
        self._posting: workflow.ActivityHandle[str] | None = None

    @workflow.run
    async def run(self, call_id: str) -> list[str]:  # noqa: ARG002 - the engine gives it to __init__ and run alike
        """The events that were settled, in their order."""
        settled: list[str] = []
        while self._is_fetched:
            self._is_fetched = False
            while event := await self._settle_next():
                settled.append(event)
        return settled

    async def _settle_next(self) -> str:
        try:
            return await self._deliver_next()
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("a webhook of call %s is given up: %s", self._call_id, error.cause)
        return await workflow.execute_activity_method(
            Notifying.give_up_webhook, self._call_id, summary="Give the webhook up", **options.SAVE_PATIENTLY
        )

    async def _deliver_next(self) -> str:
        """The event that was delivered; each hurry ends the pause between two attempts, and another day begins."""
        while True:
            self._is_hurried = False
            self._posting = workflow.start_activity_method(
                Notifying.deliver_next_webhook, self._call_id, summary="Deliver the next webhook", **options.DELIVER
            )
            try:
                return await self._posting
            except ActivityError:
                if not self._is_hurried:
                    raise

    @workflow.signal(name=FETCH, description="Something new waits for delivery")
    def fetch(self) -> None:
        self._is_fetched = True

    @workflow.signal(name=HURRY, description="Try what waits now, not when its pause is over")
    def hurry(self) -> None:
        self._is_fetched = True
        if self._posting is not None and not self._posting.done():
            self._is_hurried = True
            self._posting.cancel()


class EngineCourier:
    """A Courier over the engine: one workflow for each call that has something to deliver."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def fetch(self, call_id: str, *, at_once: bool = False) -> None:
        """Start the call's deliveries, or tell those that are under way; `at_once` ends a pause. Raises RPCError."""
        await self._client.start_workflow(
            CallWebhooks.run,
            call_id,
            id=webhooks_id(call_id),
            task_queue=CALL_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            start_signal=HURRY if at_once else FETCH,
            static_summary=f"Webhooks of call {call_id}"[:200],
        )
