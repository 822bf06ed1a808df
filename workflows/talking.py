"""From the answer to the end of the agent's part: machine check, media, conversation, transfer.

The talk itself never passes through here: it runs in the gateway, and tells the story only what changes its course.
"""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from activities.conversing import Conversing
from activities.models import Extension, MachineCheck, MachineDecision, TransferOrder, Watch
from activities.telephony import Telephony
from calls import facts as f
from calls.agents import VoicemailAction
from calls.lifecycle import bridged, is_over, open_transfer
from calls.reasons import FinishReason
from workflows import options
from workflows.names import masked
from workflows.scribe import Scribe
from workflows.story import Story

WISH_PATIENCE = timedelta(seconds=50)
"""How old a wish for a transfer may be: after a minute the agent is told that nothing came of it, and talks on."""


def is_too_late(asked: f.TransferRequested) -> bool:
    """Whether whoever asked for this transfer has given it up."""
    is_old = workflow.now() - asked.at > WISH_PATIENCE
    return is_old and workflow.patched("a-late-wish-for-a-transfer-is-void")


class Talking:
    """The conversation of a story, seen from outside."""

    def __init__(self, story: Story, scribe: Scribe) -> None:
        self._story = story
        self._scribe = scribe
        self._beside: list[asyncio.Task[None]] = []

    async def converse(self) -> None:
        """See the conversation through, from the answer to whatever ends the agent's part."""
        story = self._story
        if story.is_ending():
            return
        self._beside = [asyncio.create_task(self._monitor())]
        if story.plan.voicemail.action is not VoicemailAction.IGNORE:
            self._beside.append(asyncio.create_task(self._check_answering_machine()))
        await self._media_comes_up()
        while not story.is_ending():
            await self._talk_until_something_is_asked()

    def stop_watching(self) -> None:
        """Leave the machine check and the monitor to themselves: the call is over."""
        for task in self._beside:
            task.cancel()

    @property
    def _answered_at(self) -> datetime:
        return self._story.learnt(f.CallAnswered, f.ConversationStarted)

    @property
    def _maximum_duration_ends_at(self) -> datetime:
        return self._answered_at + timedelta(seconds=self._story.policy.maximum_duration_seconds)

    async def _media_comes_up(self) -> None:
        story = self._story
        by = workflow.now() + timedelta(seconds=story.policy.media_up_seconds)
        if await story.until(
            lambda: story.knows(f.ConversationStarted), by=by, leads_to=FinishReason.USER_CONNECTION_FAILURE
        ):
            await story.ask_carrier("is the call still up?", was_it_connected=True)
            if not story.knows(f.ConversationStarted):
                story.learn(f.TimerExpired(at=workflow.now(), timer=f.Timer.MEDIA_UP))

    async def _talk_until_something_is_asked(self) -> None:
        story = self._story
        by, reason = self._maximum_duration_ends_at, FinishReason.MAXIMUM_DURATION_EXCEEDED
        if await story.until(lambda: self._transfer_to_start() is not None, by=by, leads_to=reason):
            story.learn(f.TimerExpired(at=workflow.now(), timer=f.Timer.MAXIMUM_DURATION))
        elif asked := self._transfer_to_start():
            await self._transfer(asked)

    def _transfer_to_start(self) -> f.TransferRequested | None:
        asked = open_transfer(self._story.call)
        started = asked and self._story.call.transfer(f.TransferStarted, asked.request_id)
        return None if started else asked

    async def _transfer(self, asked: f.TransferRequested) -> None:
        """Have the carrier ring the target; busy or unanswered, it hands the callee back to the agent by itself."""
        story, call = self._story, self._story.call
        # The target's number is read from the record.
        if workflow.patched("a-transfer-waits-as-long-as-its-asker"):
            by = min(asked.at + WISH_PATIENCE, self._maximum_duration_ends_at)
            if await story.until(lambda: self._scribe.is_in_step, by=by, leads_to="no transfer: the store is away"):
                self._transfer_failed(asked, "not started: the store is away")
                return
            if story.is_ending():
                return
        else:
            heeds_the_end = workflow.patched("the-end-goes-before-a-transfer")
            await workflow.wait_condition(lambda: self._scribe.is_in_step or (heeds_the_end and story.is_ending()))
            if heeds_the_end and story.is_ending():
                return
        order = TransferOrder(
            call_id=call.order.call_id,
            attempt_id=story.attempt_id,
            carrier_call_id=call.carrier_call_id or "",
            request_id=asked.request_id,
        )
        try:
            moved = await workflow.execute_activity_method(
                Telephony.start_transfer, order, summary=f"Transfer to {masked(asked.to_number)}", **options.STEER
            )
        except ActivityError as error:
            self._transfer_failed(asked, f"not started: {error.cause or error}")
            return
        story.learn(f.TransferStarted(at=workflow.now(), request_id=asked.request_id))
        if not moved:
            await story.ask_carrier("is the call over?")

    async def _stop_recording(self) -> None:
        """What the callee and the transfer's target say to each other is not ours to keep."""
        call = self._story.call
        try:
            was_recorded = await workflow.execute_activity_method(
                Telephony.stop_recording, call.carrier_call_id or "", summary="Stop the recording", **options.STEER
            )
        except ActivityError as error:
            workflow.logger.warning("call %s is recorded beyond its transfer: %s", call.order.call_id, error.cause)
            return
        if not was_recorded:
            workflow.logger.warning("nothing was being recorded of call %s at its transfer", call.order.call_id)

    def _transfer_failed(self, asked: f.TransferRequested, status: str) -> None:
        failed = f.TransferFailed(at=workflow.now(), request_id=asked.request_id, carrier_status=status)
        self._story.learn(failed)

    async def _check_answering_machine(self) -> None:
        """Wait for the carrier's verdict, or ask for it, and weigh it against the agent's policy."""
        story = self._story
        policy = story.policy
        patience = policy.machine_detection_seconds + policy.machine_verdict_grace_seconds
        by = self._answered_at + timedelta(seconds=patience)
        await story.until(lambda: story.knows(f.MachineVerdict), by=by, leads_to="no verdict: a human")
        if story.is_ending():
            return
        verdict = story.call.fact(f.MachineVerdict)
        check = MachineCheck(
            call_id=story.call.order.call_id,
            carrier_call_id=story.call.carrier_call_id or "",
            answered_by=verdict.answered_by if verdict else None,
            voicemail=story.plan.voicemail,
        )
        decision = await self._weigh(check)
        if decision is None:
            return
        story.learn(
            f.MachineChecked(
                at=workflow.now(), action=decision.action, answered_by=decision.answered_by, why=decision.why
            )
        )

    async def _weigh(self, check: MachineCheck) -> MachineDecision | None:
        """The decision; None when the call was over before there was one."""
        try:
            return await workflow.execute_activity_method(
                Conversing.check_answering_machine, check, summary="Who answered?", **options.CHECK_MACHINE
            )
        except ActivityError as error:
            if is_cancelled_exception(error) and workflow.patched("a-check-that-was-cut-short-says-nothing"):
                return None
            why = f"could not be checked: {error.cause or error}"
            return MachineDecision(action=f.MachineAction.PROCEED, answered_by="unknown", why=why)

    async def _monitor(self) -> None:
        """Have somebody watch the conversation's pulse for as long as the call lives."""
        story = self._story
        watch = Watch(
            call_id=story.call.order.call_id,
            carrier_call_id=story.call.carrier_call_id or "",
        )
        try:
            said = await workflow.execute_activity_method(
                Conversing.monitor_conversation, watch, summary="Watch the conversation", **options.MONITOR
            )
        except ActivityError as error:
            if not is_cancelled_exception(error):
                workflow.logger.warning("the watch over call %s ended early: %s", watch.call_id, error.cause)
            return
        if said is not None:
            story.hear(said)

    async def accompany_transferred(self) -> None:
        """Stay with a transferred call until the carrier says it is over: it is still ours to answer for."""
        story, call = self._story, self._story.call
        if bridged(call) is None or is_over(call):
            return
        limit = story.policy.transferred_maximum_seconds
        bridged_at = workflow.now()
        since_answer = (bridged_at - self._answered_at).total_seconds()
        extension = Extension(
            carrier_call_id=call.carrier_call_id or "", time_limit_seconds=round(since_answer + limit)
        )
        if story.plan.records_to_the_bridge:
            await self._stop_recording()
        try:
            await workflow.execute_activity_method(
                Telephony.extend_time_limit, extension, summary="Let the transferred call go on", **options.STEER
            )
        except ActivityError:
            workflow.logger.warning("call %s keeps its own limit after its transfer", call.order.call_id)
        await story.strictly_until(
            lambda: is_over(story.call) or story.knows(f.EndRequested),
            by=bridged_at + timedelta(seconds=limit),
            leads_to="end of the transferred call",
        )
