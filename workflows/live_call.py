"""What every call's workflow is, whoever rang whom: registration, signals and updates, and the way to its end.

Only the story's steps act; signals and updates only record what became known, and every wait in the story wakes for
it. The story itself is never cancelled: a cancellation, the Web UI's main button, is a polite request to end.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict
from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError

from activities.models import RegisterAnswer, Registration
from activities.registering import Registering
from calls import facts as f
from calls.facts import EvidenceValue
from calls.lifecycle import ending, is_over
from calls.model import Call, CallOrder
from calls.records import Progress
from calls.words import Party
from workflows import options
from workflows.asking import refusal_of_transfer
from workflows.messages import END, REGISTER, TRANSFER, Ack, EndRequest, TransferRequest, read_end, read_transfer
from workflows.redialling import register_redial
from workflows.scribe import Scribe
from workflows.story import Story
from workflows.talking import Talking, is_too_late
from workflows.wrapping_up import WrappingUp


class CallResult(BaseModel):
    """How a call ended, as the workflow's result; the record has the rest."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    call_id: str
    registration: Registration
    status: str = ""
    finish_reason: str = ""
    by: str = ""
    phase: str = ""
    evidence: dict[str, EvidenceValue] = {}


class LiveCallWorkflow:
    """One call from its registration to its complete record. Each direction adds how its conversation comes about."""

    def __init__(self, order: CallOrder) -> None:
        self._order = order
        self._story = Story(Call(order))
        self._registered: RegisterAnswer | None = None
        self._kept: Progress | None = None
        """What the record held before this story; None where the story made the record."""

    async def _reach_and_talk(self, talking: Talking) -> None:
        """Bring the parties together and see the conversation through."""
        raise NotImplementedError

    async def _tell_to_the_end(self) -> CallResult:
        """Tell the story to its end, whatever is asked meanwhile."""
        telling = asyncio.ensure_future(self._tell())
        while not telling.done():
            try:
                await asyncio.shield(telling)
            except asyncio.CancelledError:
                self._learn_end(EndRequest(note="the workflow's cancellation was requested"), via="cancellation")
        await workflow.wait_condition(workflow.all_handlers_finished)
        return telling.result()

    async def _tell(self) -> CallResult:
        registered = await self._register()
        if registered.outcome is not Registration.CREATED:
            return CallResult(call_id=self._order.call_id, registration=registered.outcome)
        story, scribe = self._story, Scribe(self._story, self._kept)
        keeping = asyncio.create_task(scribe.keep())
        talking, wrapping_up = Talking(story, scribe), WrappingUp(story)
        await self._reach_and_talk_or_fail(talking)
        await talking.accompany_transferred()
        await wrapping_up.hang_up()
        talking.stop_watching()
        await self._follow_up()
        await wrapping_up.archive()
        await wrapping_up.hang_up_late_ring()
        scribe.finish()
        await keeping
        await wrapping_up.hang_up_late_ring()
        await wrapping_up.archive_late_recording()
        await scribe.catch_up()
        return self._result(registered.outcome)

    async def _follow_up(self) -> None:
        """Begin what follows the carrier's call but does not keep this one open."""

    async def _reach_and_talk_or_fail(self, talking: Talking) -> None:
        try:
            await self._reach_and_talk(talking)
        except Exception as error:  # noqa: BLE001 - the edge of the story: the phone is hung up, whatever we got wrong
            workflow.logger.exception("call %s went wrong", self._order.call_id)
            evidence: dict[str, EvidenceValue] = {"error": f"{type(error).__name__}: {error}"[:500]}
            self._story.learn(f.WentWrong(at=workflow.now(), evidence=evidence))

    async def _register(self) -> RegisterAnswer:
        """Take the call's id, in time: whoever asked is told after this deadline that it never will be dialled."""
        answer = RegisterAnswer(outcome=Registration.TOO_LATE, why="the call was not registered in time")
        try:
            if self._order.redial_of is not None:
                answer = await register_redial(self._order)
            elif workflow.now() - workflow.info().start_time < options.REGISTER_DEADLINE:
                answer = await workflow.execute_local_activity_method(
                    Registering.register_call, self._order, summary="Register the call", **options.REGISTER
                )
        except FailureError as error:  # at a replay the engine gives what failed without the ActivityError around
            answer = answer.model_copy(update={"why": str(error.cause or error)})
        if answer.outcome is not Registration.TOO_LATE:
            self._take(answer)
        elif self._order.arrival is None and workflow.patched("late-by-the-store"):
            answer = await self._settle_late(answer)
        else:
            self._take(answer)
            await self._give_up_registration()
        return answer

    async def _settle_late(self, too_late: RegisterAnswer) -> RegisterAnswer:
        """Give a late registration up, unless the store has it and only its answer was lost: then the call goes on.

        It has no more time for its dial than it would have had; after that its record says that it was not dialled.
        """
        if await self._give_up_registration():
            self._take(too_late)
            return too_late
        answer = await workflow.execute_activity_method(
            Registering.register_call, self._order, summary="Register the call after all", **options.SAVE_PATIENTLY
        )
        self._take(answer, since=workflow.info().start_time)
        return answer

    async def _give_up_registration(self) -> bool:
        return await workflow.execute_activity_method(
            Registering.give_up_registration, self._order, summary="Stay unregistered", **options.SAVE_PATIENTLY
        )

    def _take(self, answer: RegisterAnswer, since: datetime | None = None) -> None:
        """Answer whoever asks for the outcome; where the call is registered, its story begins."""
        if answer.outcome is Registration.CREATED:
            story, now = self._story, workflow.now()
            story.call = Call(self._order, answer.plan, story.call.facts)
            story.learn(f.Registered(at=now), since=since)
            if since is not None and now >= since + timedelta(seconds=story.policy.registered_seconds):
                story.learn(f.TimerExpired(at=now, timer=f.Timer.REGISTERED))
        self._registered = answer

    def _result(self, registration: Registration) -> CallResult:
        final = ending(self._story.call)
        if final is None:
            raise AssertionError("a story ends with a reason")
        return CallResult(
            call_id=self._order.call_id,
            registration=registration,
            status=final.status,
            finish_reason=final.reason,
            by=final.by,
            phase=final.phase,
            evidence=final.evidence,
        )

    # What the carrier and the conversation tell. One signal for each kind of fact: the timeline shows their names.

    @workflow.signal(description="Carrier: the call is being placed")
    def call_initiated(self, fact: f.CallInitiated) -> None:
        self._story.learn(fact)

    @workflow.signal(description="Carrier: the phone rings")
    def call_ringing(self, fact: f.CallRinging) -> None:
        self._story.learn(fact)

    @workflow.signal(description="Carrier: the phone was picked up")
    def call_answered(self, fact: f.CallAnswered) -> None:
        self._story.learn(fact)

    @workflow.signal(description="Carrier: the call is over")
    def call_completed(self, fact: f.CallCompleted) -> None:
        self._story.learn(fact)

    @workflow.signal(description="Carrier: human or machine")
    def machine_verdict(self, fact: f.MachineVerdict) -> None:
        self._story.learn(fact)

    @workflow.signal(description="Conversation: the relay is up")
    def conversation_started(self, fact: f.ConversationStarted) -> None:
        self._story.learn(fact)

    @workflow.signal(description="Conversation: it found a reason to end the call")
    def conversation_ended(self, fact: f.ConversationEnded) -> None:
        self._story.learn(fact)

    @workflow.signal(description="Conversation: the agent asks for a transfer")
    def transfer_requested(self, fact: f.TransferRequested) -> None:
        if refusal_of_transfer(self._story.call, fact.to_number) is None and not is_too_late(fact):
            self._story.learn(fact)

    @workflow.signal(description="Carrier: the transfer's target answered")
    def transfer_bridged(self, fact: f.TransferBridged) -> None:
        self._story.learn(fact)

    @workflow.signal(description="Carrier: the transfer's target was not reached")
    def transfer_failed(self, fact: f.TransferFailed) -> None:
        self._story.learn(fact)

    @workflow.signal(description="Carrier: the transferred talk is over")
    def transfer_ended(self, fact: f.TransferEnded) -> None:
        self._story.learn(fact)

    @workflow.signal(description="Carrier: the recording is ready")
    def recording_ready(self, fact: f.RecordingReady) -> None:
        self._story.learn(fact)

    @workflow.signal(description="Carrier: there is no recording")
    def recording_absent(self, fact: f.RecordingAbsent) -> None:
        self._story.learn(fact)

    # What people and programs ask.

    @workflow.update(name=REGISTER, description="The outcome of the call's registration (asked when a call is placed)")
    async def registration(self) -> RegisterAnswer:
        await workflow.wait_condition(lambda: self._registered is not None)
        if self._registered is None:
            raise AssertionError("just waited for it")
        return self._registered

    @workflow.update(name=END, description='End this call. Optional: {"request_id": "…", "note": "…"}')
    def end(self, request: EndRequest | None = None) -> Ack:
        if is_over(self._story.call):
            return Ack(accepted=False, why="the call is over")
        self._learn_end(request or EndRequest(), via="update")
        return Ack(accepted=True)

    @workflow.signal(name=END, description='End this call. Optional: {"request_id": "…", "note": "…"}')
    def end_signalled(self, request: Any = None) -> None:
        if not is_over(self._story.call):
            self._learn_end(read_end(request), via="signal")

    @workflow.update(name=TRANSFER, description='Hand the callee over: {"to_number": "+14155550110"}')
    def transfer(self, request: TransferRequest) -> Ack:
        self._learn_transfer(request)
        return Ack(accepted=True)

    @transfer.validator
    def _may_transfer(self, request: TransferRequest) -> None:
        why = refusal_of_transfer(self._story.call, request.to_number, request.request_id)
        if why is not None:
            raise ApplicationError(why, type="TransferRefused", non_retryable=True)

    @workflow.signal(name=TRANSFER, description='Hand the callee over: {"to_number": "+14155550110"}')
    def transfer_signalled(self, request: Any = None) -> None:
        try:
            asked = read_transfer(request)
        except ValueError as error:
            self._story.inspection.note(self._story.call, f"transfer signal ignored: {error}")
            return
        if why := refusal_of_transfer(self._story.call, asked.to_number, asked.request_id):
            self._story.inspection.note(self._story.call, f"transfer signal ignored: {why}")
            return
        self._learn_transfer(asked)

    def _learn_end(self, request: EndRequest, *, via: str) -> None:
        self._story.learn(
            f.EndRequested(
                at=workflow.now(), request_id=request.request_id, by=Party.OPERATOR, via=via, note=request.note
            )
        )

    def _learn_transfer(self, request: TransferRequest) -> None:
        request_id = request.request_id or f"operator-{len(self._story.call.all_of(f.TransferRequested)) + 1}"
        self._story.learn(
            f.TransferRequested(
                at=workflow.now(), request_id=request_id, to_number=request.to_number, by=Party.OPERATOR
            )
        )
