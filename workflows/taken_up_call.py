"""The story of a call whose own story was lost, or of late word about one that had ended.

It runs under the call's own workflow id, so that the call is owned again: whatever the carrier still tells reaches it,
and there cannot be two of it. It begins with what is stored and what the carrier says, and ends as every story does:
the carrier's call is over, the record says how, recording and transcript are home.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.models import LookUp, Recalled, RegisterAnswer, Registration, TakeUp
from activities.sweeping import Sweeping
from activities.telephony import Telephony
from calls import facts as f
from calls.facts import EvidenceValue
from calls.lifecycle import is_over, record
from calls.recalling import recalled
from calls.words import Direction
from workflows import options
from workflows.live_call import CallResult, LiveCallWorkflow
from workflows.talking import Talking
from workflows.wrapping_up import WrappingUp

_BETWEEN_LOOKS = timedelta(seconds=3)


@workflow.defn
class TakenUpCall(LiveCallWorkflow):
    """Ends a call that nobody looked after any more, and completes its record."""

    @workflow.init
    def __init__(self, take_up: TakeUp) -> None:
        super().__init__(take_up.order)
        self._take_up = take_up

    @workflow.run
    async def run(self, take_up: TakeUp) -> CallResult:  # noqa: ARG002 - the engine gives it to __init__ and run alike
        """Tell the rest of the story."""
        return await self._tell_to_the_end()

    async def _register(self) -> RegisterAnswer:
        """Registered it is already: recall it instead."""
        found = await workflow.execute_activity_method(
            Sweeping.recall_call, self._order.call_id, summary="Recall the call", **options.SAVE_PATIENTLY
        )
        if found is None:
            answer = RegisterAnswer(outcome=Registration.WITHDRAWN, why="there is no record of this call")
        else:
            plan = found.stored.plan
            answer = RegisterAnswer(outcome=Registration.CREATED, request_id=self._order.request_id, plan=plan)
            self._kept = found.stored.progress
            self._recall(found)
        self._registered = answer
        return answer

    def _recall(self, found: Recalled) -> None:
        told_meanwhile = self._story.call.facts
        call = recalled(found.stored, found.traces)
        for fact in told_meanwhile.values():
            call = record(call, fact)
        self._story.call = call
        if about := self._take_up.carrier_call_id:
            self._story.learn(f.CallInitiated(at=workflow.now(), carrier_call_id=about, attempt_id=""))
        self._story.learn(f.TakenUp(at=workflow.now(), story=self._take_up.story, evidence=self._evidence(found)))

    def _evidence(self, found: Recalled) -> dict[str, EvidenceValue]:
        """What the record held, and what was out of order with it."""
        before, evidence = found.stored.progress, dict(found.stored.progress.evidence)
        if not before.complete:
            evidence["workflow"] = self._take_up.story
        if before.finish_reason is None:
            evidence["detail"] = "workflow_gone"
        late = self._take_up.carrier_call_id or self._story.call.carrier_call_id
        if before.finish_reason is not None and late and late != before.carrier_call_id:
            evidence["late_carrier_call_id"] = late
        return evidence

    async def _reach_and_talk(self, talking: Talking) -> None:  # noqa: ARG002 - nobody talks here any more
        """Find the carrier's call, learn what became of it, and end it."""
        story = self._story
        if self._may_have_been_dialled():
            await self._look_for_the_dial()
        if not is_over(story.call):
            await story.ask_carrier("what became of the call?")
        await WrappingUp(story).hang_up()
        stray = self._take_up.carrier_call_id
        if stray and not await self._is_over(stray):
            await self._hang_up_stray(stray)

    def _may_have_been_dialled(self) -> bool:
        """Whether a dial can be out that nobody knows the outcome of."""
        story = self._story
        is_outbound = story.call.order.request.direction is Direction.OUTBOUND
        return is_outbound and story.call.carrier_call_id is None and not story.knows(f.Closing)

    async def _look_for_the_dial(self) -> None:
        story, order = self._story, self._story.call.order
        look_up = LookUp(
            call_id=order.call_id,
            from_number=order.request.from_number,
            to_number=order.request.to_number,
            not_before=story.call.facts[f.Registered.kind].at,
        )
        until = workflow.now() + timedelta(seconds=story.policy.reconcile_seconds)
        while story.call.carrier_call_id is None and workflow.now() < until:
            try:
                found = await workflow.execute_activity_method(
                    Telephony.find_dialled_call, look_up, summary="Look for the dialled call", **options.ASK
                )
            except ActivityError:
                found = None
            if found and story.call.carrier_call_id is None:
                about = {"carrier_call_id": found.carrier_call_id, "attempt_id": ""}
                story.learn(f.DialAccepted(at=workflow.now(), **about))
                return
            pause = min(until, workflow.now() + _BETWEEN_LOOKS)
            known = lambda: story.call.carrier_call_id is not None  # noqa: E731 - one condition
            await story.strictly_until(known, by=pause, leads_to="look for the call at the carrier")

    async def _is_over(self, carrier_call_id: str) -> bool:
        """Whether the carrier, asked, says so; what is known of the call itself may be older."""
        try:
            said = await workflow.execute_activity_method(
                Telephony.ask_carrier, carrier_call_id, summary="Is it over at the carrier too?", **options.ASK
            )
        except ActivityError:
            return False
        return not said.known or said.end is not None

    async def _hang_up_stray(self, carrier_call_id: str) -> None:
        """End a carrier call that is not the one of the record. The next sweep tries again what fails here."""
        try:
            await workflow.execute_activity_method(
                Telephony.hang_up, carrier_call_id, summary="Hang up a late carrier call", **options.HANG_UP
            )
        except ActivityError as error:
            workflow.logger.warning("hanging up %s failed: %s", carrier_call_id, error.cause or error)
