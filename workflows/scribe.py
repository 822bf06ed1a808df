"""Keeping the stored record in step with the facts, off the story's own path."""

from temporalio import workflow
from temporalio.exceptions import FailureError

from activities.registering import Registering
from calls import facts as f
from calls.lifecycle import bridged
from calls.records import Progress, progress
from workflows import options
from workflows.story import Story

_TOLD = (f.CallCompleted, f.ConversationEnded, f.CallTurnedAway)
"""What is told of an end by itself: nothing that is learnt beside it, where a task is done again, makes it another."""


class Scribe:
    """Writes the record whenever it would say something new; several facts at once cost one write."""

    def __init__(self, story: Story, kept: Progress | None = None) -> None:
        """`kept` is what the record held before this story: its revisions go on from there."""
        self._story = story
        self._revisions_before = kept.revision if kept else 0
        self._saved = kept.model_copy(update={"complete": False}) if kept else progress(story.call)
        self._might_ring_late = kept is not None and kept.may_ring_late
        self._finished = False

    @property
    def is_in_step(self) -> bool:
        """Whether the stored record says what the facts say."""
        return self._latest() == self._saved

    def finish(self) -> None:
        """Nothing follows any more: the next record is the complete one, and the last."""
        self._finished = True

    async def keep(self) -> None:
        """Write until the complete record is written."""
        while not self._saved.complete:
            await workflow.wait_condition(lambda: not self.is_in_step)
            latest = self._latest()
            await self._write(latest)
            self._saved = latest

    async def catch_up(self) -> None:
        """Write the complete record once more, while it was told more during its last write."""
        while not self.is_in_step and workflow.patched("what-is-told-during-the-last-write-is-kept"):
            latest = self._latest()
            await self._write(latest)
            self._saved = latest

    def _latest(self) -> Progress:
        """The progress to store; facts that change nothing visible leave the stored one as it is."""
        latest = progress(self._story.call, complete=self._finished)
        may_ring_late = latest.may_ring_late or (self._might_ring_late and latest.carrier_call_id is None)
        latest = latest.model_copy(
            update={"revision": self._revisions_before + latest.revision, "may_ring_late": may_ring_late}
        )
        unchanged = latest.model_copy(update={"revision": self._saved.revision}) == self._saved
        return self._saved if unchanged else latest

    async def _write(self, latest: Progress) -> None:
        entry = [self._story.call.order.call_id, latest]
        save = Registering.save_and_announce if self._story.plan.webhooks else Registering.save_progress
        says = f"Record: {latest.finish_reason or latest.status}{', complete' if latest.complete else ''}"
        if self._is_our_decision(latest):
            await workflow.execute_activity_method(save, args=entry, summary=says, **options.SAVE_PATIENTLY)
            return
        try:
            await workflow.execute_local_activity_method(save, args=entry, summary=says, **options.SAVE_QUICKLY)
        except FailureError:  # at a replay the engine gives what failed without the ActivityError around
            await workflow.execute_activity_method(save, args=entry, summary=says, **options.SAVE_PATIENTLY)

    def _is_our_decision(self, latest: Progress) -> bool:
        """Whether this is an end of our own making: of a timer, a request, a verdict, an answer that did not come.

        A task whose completion the engine refuses, because something happened meanwhile, is done again and may decide
        otherwise; a local activity's write would stay. An activity is begun by what the engine has accepted.
        """
        story = self._story
        is_new = latest.finish_reason is not None and self._saved.finish_reason is None
        if not (story.plan.keeps_decisions and is_new) or bridged(story.call) is not None:
            return False
        if any(story.knows(kind) for kind in _TOLD):
            # What was asked for is beside what is told: the carrier's own word may come in the same task, and say more.
            completed = story.call.fact(f.CallCompleted)
            is_asked = completed is not None and completed.asked and not story.knows(f.ConversationEnded)
            return is_asked and workflow.patched("an-end-that-was-asked-for-is-kept-like-ours")
        return True
