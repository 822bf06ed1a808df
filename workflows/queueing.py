"""Between registration and the dial: a call under limits takes a slot of each, or waits until it is its turn."""

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, FailureError
from temporalio.workflow import ActivityHandle

from activities.admitting import Admitting
from activities.models import Admission
from calls import facts as f
from calls.limits import WhenFull
from calls.ports.admissions import Turn
from calls.reasons import FinishReason
from workflows import options
from workflows.story import Story


class Queueing:
    """Finds a story's call its place among all others. A call that no limit counts passes unasked.

    Nothing is given back here, when a call ends while it waits or later: what a call holds counts only while its
    record is not over.
    """

    def __init__(self, story: Story) -> None:
        self._story = story

    @property
    def _deadline(self) -> datetime:
        """When a call whose turn has not come is given up."""
        return self._story.learnt(f.Registered) + timedelta(seconds=self._story.policy.registered_seconds)

    async def admit(self) -> None:
        """Wait for room; where there is none in time, or the policy is not to wait, the call's end is known."""
        story = self._story
        if not story.plan.limits or story.is_ending():
            return
        first = await self._ask()
        if first.turn is Turn.ADMITTED:
            return
        self._no_room_yet(first)
        if story.plan.when_full is WhenFull.REJECT and first.limit is not None:
            self._refused()
            return
        await self._wait()

    async def _ask(self) -> Admission:
        """The first question; a store that cannot answer it lets the call wait like a limit without room."""
        call_id = self._story.call.order.call_id
        try:
            return await workflow.execute_local_activity_method(
                Admitting.ask_admission, call_id, summary="Take a slot", **options.ASK_ADMISSION
            )
        except FailureError:  # at a replay the engine gives what failed without the ActivityError around
            return Admission(turn=Turn.WAITING)

    async def _wait(self) -> None:
        story = self._story
        waiting = workflow.start_activity_method(
            Admitting.await_admission, story.call.order.call_id, summary="Wait for a slot", **options.AWAIT_ADMISSION
        )
        reason = FinishReason.CONCURRENT_CALL_LIMIT_REACHED
        await story.until(waiting.done, by=self._deadline, leads_to=reason)
        if not waiting.done():
            waiting.cancel()
        admission = await _outcome(waiting) if waiting.done() else Admission(turn=Turn.WAITING)
        if admission.turn is not Turn.ADMITTED and story.plan.asks_for_a_slot_again and not story.is_ending():
            admission = await self._ask()  # whoever waited for it may have died, and its turn have come since
            if admission.turn is not Turn.ADMITTED and admission.limit is None:
                story.learn(f.TimerExpired(at=workflow.now(), timer=f.Timer.REGISTERED))
        if admission.turn is Turn.ADMITTED:
            story.learn(f.Admitted(at=workflow.now()))
        elif not story.is_ending():
            self._refused()

    def _no_room_yet(self, admission: Admission) -> None:
        if admission.limit is not None and admission.size is not None:
            at = workflow.now()
            self._story.learn(f.AdmissionAwaited(at=at, limit=admission.limit, size=admission.size))

    def _refused(self) -> None:
        """The call waits no longer: for a limit, or for a store that never said which."""
        story, at = self._story, workflow.now()
        if awaited := story.call.fact(f.AdmissionAwaited):
            story.learn(f.AdmissionRefused(at=at, limit=awaited.limit, size=awaited.size))
        else:
            story.learn(f.TimerExpired(at=at, timer=f.Timer.REGISTERED))


async def _outcome(waiting: ActivityHandle[Admission]) -> Admission:
    try:
        return await waiting
    except ActivityError as error:
        workflow.logger.warning("the wait for a slot failed: %s", error.cause or error)
        return Admission(turn=Turn.WAITING)
