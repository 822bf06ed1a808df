"""From registration to the answer: the one dial, and the wait for somebody to pick up.

The carrier has no idempotency key, so the rule of this file is: a dial that certainly was not processed may be
repeated, and after one whose outcome is unknown there is never a second. What the carrier holds is looked for instead.
"""

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, TimeoutType, is_cancelled_exception
from temporalio.exceptions import TimeoutError as EngineTimeoutError

from activities.models import CarrierWord, DialOrder, DialOutcome, DialResult, LookUp
from activities.telephony import Telephony
from calls import facts as f
from calls.agents import VoicemailAction
from calls.lifecycle import is_under_way, was_answered
from calls.reasons import FinishReason
from workflows import options
from workflows.names import masked
from workflows.story import Story

_FIRST_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(seconds=15)
_BETWEEN_LOOKS = timedelta(seconds=3)


class Dialling:
    """Places the call of a story."""

    def __init__(self, story: Story) -> None:
        self._story = story

    @property
    def _deadline(self) -> datetime:
        """When a call whose dial is not under way is given up. One that waited for its turn has its time from there."""
        return self._story.learnt(f.Admitted, f.Registered) + timedelta(seconds=self._story.policy.registered_seconds)

    async def dial(self) -> None:
        """Have the carrier ring the callee, at most once. After a reset the carrier's word may come first."""
        story, pause = self._story, _FIRST_PAUSE
        if story.is_ending() or story.call.carrier_call_id is not None:
            return
        story.learn(f.DialAttempted(at=workflow.now(), attempt_id=workflow.uuid4().hex[:16]))
        dialled_at = workflow.now()
        while (outcome := await self._dial_once()).result is DialResult.NOT_PROCESSED:
            if workflow.now() + pause >= self._deadline:
                if story.is_ending() and workflow.patched("an-end-goes-before-a-refusal"):
                    self._not_dialled()
                else:
                    self._refused(outcome)
                return
            if not await story.until(lambda: False, by=workflow.now() + pause, leads_to="dial again"):
                self._not_dialled()
                return
            pause = min(pause * 2, _LONGEST_PAUSE)
        await self._take(outcome, dialled_at)

    async def _take(self, outcome: DialOutcome, dialled_at: datetime) -> None:
        if outcome.result is DialResult.ACCEPTED:
            self._accepted(outcome.carrier_call_id)
        elif outcome.result is DialResult.REFUSED:
            self._refused(outcome)
        else:
            await self._reconcile(outcome, dialled_at)

    async def _dial_once(self) -> DialOutcome:
        """One dial; a cancelled or never started one was certainly not processed, a lost one is ambiguous."""
        story = self._story
        request, policy, voicemail = story.call.order.request, story.policy, story.plan.voicemail
        order = DialOrder(
            call_id=story.call.order.call_id,
            attempt_id=story.attempt_id,
            from_number=request.from_number,
            to_number=request.to_number,
            ring_seconds=max(1, round(policy.ring_seconds)),
            time_limit_seconds=policy.carrier_time_limit_seconds,
            detect_machine=voicemail.action is not VoicemailAction.IGNORE,
            detect_message_end=voicemail.action is VoicemailAction.LEAVE_MESSAGE,
            machine_detection_seconds=round(policy.machine_detection_seconds),
            **voicemail.detection.model_dump(exclude={"timeout_seconds"}),
            calling_hours=story.plan.calling_hours,
        )
        dialling = workflow.start_activity_method(
            Telephony.dial,
            order,
            summary=f"Dial {masked(request.to_number)}",
            schedule_to_start_timeout=max(timedelta(seconds=1), self._deadline - workflow.now()),
            **options.DIAL,
        )
        await workflow.wait_condition(lambda: dialling.done() or story.is_ending())
        if not dialling.done():
            dialling.cancel()
        try:
            return await dialling
        except ActivityError as error:
            return _outcome_of(error)

    def _accepted(self, carrier_call_id: str) -> None:
        story = self._story
        story.learn(f.DialAccepted(at=workflow.now(), carrier_call_id=carrier_call_id, attempt_id=story.attempt_id))

    def _refused(self, outcome: DialOutcome) -> None:
        reason = outcome.reason or FinishReason.REGISTERED_CALL_TIMED_OUT
        # A refusal of our own brings no message: the carrier was not asked.
        said = {"carrier_message": outcome.message} if outcome.message else {}
        evidence = {**said, **outcome.evidence}
        at, attempt_id = workflow.now(), self._story.attempt_id
        refused = f.DialRefused(at=at, attempt_id=attempt_id, reason=reason, by=outcome.by, evidence=evidence)
        self._story.learn(refused)

    def _not_dialled(self) -> None:
        """The call's end came while no dial was out: nothing rings, and nothing will. The reason is known first."""
        self._story.close()
        self._story.learn(f.DialGivenUp(at=workflow.now(), attempt_id=self._story.attempt_id))

    async def _reconcile(self, outcome: DialOutcome, dialled_at: datetime) -> None:
        """Find out whether the carrier took a dial that nobody answered for."""
        story = self._story
        request = story.call.order.request
        look_up = LookUp(
            call_id=story.call.order.call_id,
            from_number=request.from_number,
            to_number=request.to_number,
            not_before=dialled_at,
        )
        until = workflow.now() + timedelta(seconds=story.policy.reconcile_seconds)
        while story.call.carrier_call_id is None and workflow.now() < until:
            told = lambda: story.call.carrier_call_id is not None  # noqa: E731 - read twice below
            pause = min(until, workflow.now() + _BETWEEN_LOOKS)
            if not await story.strictly_until(told, by=pause, leads_to="look for the call at the carrier"):
                break
            if (found := await self._look(look_up)) and story.call.carrier_call_id is None:
                self._accepted(found.carrier_call_id)
        if story.call.carrier_call_id is None:
            evidence = {"carrier_message": outcome.message, **outcome.evidence}
            story.learn(f.DialLost(at=workflow.now(), attempt_id=story.attempt_id, evidence=evidence))

    async def _look(self, look_up: LookUp) -> CarrierWord | None:
        try:
            return await workflow.execute_activity_method(
                Telephony.find_dialled_call, look_up, summary="Look for the dialled call", **options.ASK
            )
        except ActivityError:
            return None  # the next look, or the window's end, decides

    async def await_answer(self) -> None:
        """Wait until the callee picks up; before a timer says otherwise, the carrier is asked."""
        story = self._story
        if await story.until(
            lambda: is_under_way(story.call), by=self._deadline, leads_to=FinishReason.REGISTERED_CALL_TIMED_OUT
        ):
            await story.ask_carrier("is the dial under way?")
            if not is_under_way(story.call):
                story.learn(f.TimerExpired(at=workflow.now(), timer=f.Timer.REGISTERED))
        while not was_answered(story.call) and not story.is_ending():
            await self._let_ring()

    async def _let_ring(self) -> None:
        """Wait one ring time-out, counted from the latest sign of progress when it began.

        A sign that comes meanwhile does not restart the timer, it only makes for another wait at its end: one timer
        fewer in the history of every call that rings.
        """
        story, since = self._story, self._ringing_since()
        policy = story.policy
        by = since + timedelta(seconds=policy.ring_seconds + policy.ring_backstop_seconds)
        if not await story.until(lambda: was_answered(story.call), by=by, leads_to=FinishReason.NO_ANSWER):
            return
        if self._ringing_since() != since:
            return
        await story.ask_carrier("does it still ring?")
        if not was_answered(story.call):
            story.learn(f.TimerExpired(at=workflow.now(), timer=f.Timer.RING))

    def _ringing_since(self) -> datetime:
        return self._story.learnt(f.CallRinging, f.CallInitiated, f.DialAccepted)


def _outcome_of(error: ActivityError) -> DialOutcome:
    """What a failed dial activity proves."""
    never_started = isinstance(error.cause, EngineTimeoutError) and error.cause.type is TimeoutType.SCHEDULE_TO_START
    if never_started:
        message = "the dial queue did not reach this call in time"
        return DialOutcome(result=DialResult.REFUSED, reason=FinishReason.REGISTERED_CALL_TIMED_OUT, message=message)
    if is_cancelled_exception(error):
        return DialOutcome(result=DialResult.NOT_PROCESSED, message="given up before the carrier was asked")
    return DialOutcome(result=DialResult.AMBIGUOUS, message=str(error.cause or error))
