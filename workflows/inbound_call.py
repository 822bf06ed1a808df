"""The story of one inbound call: it was answered with a conversation before this story began, or was turned away.

The gateway answers the carrier by itself, so nothing here has to happen for the parties to talk. The carrier was not
told a limit or whom to report to, as it is with a dial; that is made up for as soon as the call is up.
"""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.models import Adoption, RegisterAnswer, Registration
from activities.registering import Registering
from activities.telephony import Telephony
from calls import facts as f
from calls.arriving import fault_of_ours, turned_away_late
from calls.lifecycle import is_over
from calls.model import INBOUND_ATTEMPT, Arrival, CallOrder, TurnedAway
from workflows import options
from workflows.live_call import CallResult, LiveCallWorkflow
from workflows.story import Story
from workflows.talking import Talking

_MESSAGE_PATIENCE = timedelta(seconds=60)
"""How long the message to a caller who was turned away may take: the carrier hangs up after it by itself."""


_MADE_UP_FOR = (
    Registration.TOO_LATE,
    Registration.WITHDRAWN,
    Registration.UNKNOWN_AGENT,
    Registration.NUMBER_NOT_BOUND,
)
"""Outcomes that the gateway answers with the message: there was a call, and there will be a record."""


@workflow.defn
class InboundCall(LiveCallWorkflow):
    """Sees one call through that somebody placed to one of our numbers."""

    @workflow.init
    def __init__(self, order: CallOrder) -> None:
        super().__init__(order)
        self._adopting: asyncio.Task[None] | None = None

    @workflow.run
    async def run(self, order: CallOrder) -> CallResult:  # noqa: ARG002 - the engine gives it to __init__ and run alike
        """Tell the story to its end, whatever is asked meanwhile."""
        return await self._tell_to_the_end()

    @workflow.signal(description="Gateway: the caller was turned away")
    def call_turned_away(self, fact: f.CallTurnedAway) -> None:
        if not self._story.knows(f.ConversationStarted):  # else the carrier took another gateway's answer
            self._story.learn(fact)

    async def _register(self) -> RegisterAnswer:
        """Register in time, or else late: the carrier call was there, whatever the caller was told meanwhile."""
        is_made_up_for = _arrival_of(self._order).always_recorded
        if not (is_made_up_for and self._story.knows(f.CallTurnedAway)):
            answer = await super()._register()
            if not is_made_up_for or answer.outcome not in _MADE_UP_FOR:
                return answer
        return await self._register_late()

    async def _register_late(self) -> RegisterAnswer:
        """Register the call as one whose caller was turned away, however long the store is away.

        The order that came first is given up before that, so that no gateway connects the caller any more. Where it
        was registered after all, it stays.
        """
        if await self._give_up_registration():
            self._order = turned_away_late(self._order, self._why_turned_away())
        answer = await workflow.execute_activity_method(
            Registering.register_call, self._order, summary="Register the call late", **options.SAVE_PATIENTLY
        )
        self._take(answer)
        return answer

    def _why_turned_away(self) -> TurnedAway:
        told = self._story.call.fact(f.CallTurnedAway)
        if told is not None:
            return TurnedAway(reason=told.reason, by=told.by, evidence=told.evidence)
        return _arrival_of(self._order).turned_away or fault_of_ours("the call was not registered in time")

    async def _reach_and_talk(self, talking: Talking) -> None:
        arrival = _arrival_of(self._order)
        about = {"carrier_call_id": arrival.carrier_call_id, "attempt_id": INBOUND_ATTEMPT}
        self._story.learn(f.CallReceived(at=arrival.at, **about))
        if arrival.turned_away or self._story.knows(f.CallTurnedAway):
            await _turn_away(self._story, arrival.turned_away or self._why_turned_away())
            return
        self._story.learn(f.CallAnswered(at=workflow.now(), **about))
        self._adopting = asyncio.create_task(_adopt(self._story))  # it ends by itself, with the call at the latest
        await talking.converse()
        if self._story.knows(f.CallTurnedAway) and workflow.patched("the-message-is-heard-to-its-end"):
            await _turn_away(self._story, self._why_turned_away())


def _arrival_of(order: CallOrder) -> Arrival:
    if order.arrival is None:
        raise AssertionError("a call that came in says how")
    return order.arrival


async def _turn_away(story: Story, why: TurnedAway) -> None:
    """Say why at once; the caller may hear the message to its end before anybody hangs up."""
    story.learn(f.CallTurnedAway(at=workflow.now(), reason=why.reason, by=why.by, evidence=why.evidence))
    story.close()
    over = lambda: is_over(story.call) or story.knows(f.EndRequested)  # noqa: E731 - one condition
    if await story.strictly_until(over, by=workflow.now() + _MESSAGE_PATIENCE, leads_to="ask the carrier"):
        await story.ask_carrier("is the call over?")


async def _adopt(story: Story) -> None:
    """Once the call is up, have the carrier limit it and report its end, as it would a dialled one."""
    await story.until(lambda: story.knows(f.ConversationStarted), by=None, leads_to="")
    if story.is_ending():
        return
    adoption = Adoption(
        call_id=story.call.order.call_id,
        attempt_id=story.attempt_id,
        carrier_call_id=story.call.carrier_call_id or "",
        time_limit_seconds=story.policy.carrier_time_limit_seconds,
    )
    try:
        await workflow.execute_activity_method(
            Telephony.adopt_call, adoption, summary="Have the carrier limit and report the call", **options.STEER
        )
    except ActivityError as error:
        # Our own maximum duration and the watch over the conversation remain.
        workflow.logger.warning("call %s could not be adopted: %s", adoption.call_id, error.cause or error)
