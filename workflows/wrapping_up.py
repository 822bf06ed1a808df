"""From the decision to end, to a record that lacks nothing: hang up, be sure of it, bring home what the call left."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.archiving import Archiving
from activities.models import LiveCall, RecordingOrder, RecordingOutcome
from activities.telephony import Telephony
from calls import facts as f
from calls.agents import VoicemailAction
from calls.lifecycle import is_over, was_answered
from calls.reasons import FinishReason
from workflows import options
from workflows.story import Story

_MESSAGE_PATIENCE = timedelta(seconds=150)
"""How long a voicemail message may take to be spoken: 2,000 characters at 14 a second."""
_LONGEST_PATIENCE = timedelta(minutes=1)
"""Between two hangups that the carrier leaves unconfirmed. No longer: it may be back, and the phone still up."""


class WrappingUp:
    """The end of a story."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._has_fetched = False  # a recording that the carrier told of; only looking for one does not count

    async def hang_up(self) -> None:
        """Make sure that the carrier's call is over, and know it from the carrier."""
        story = self._story
        story.close()
        if story.call.carrier_call_id is None:
            return
        if self._is_message_wanted():
            await self._leave_message()
        await self._hang_up_until(lambda: is_over(story.call))

    async def hang_up_late_ring(self) -> None:
        """End what rings after all: a carrier call of a dial that was taken for lost, told of while this was open."""
        story = self._story
        rings = story.knows(f.DialLost) and story.call.carrier_call_id and not story.knows(f.CallCompleted)
        if rings and workflow.patched("a-lost-dial-that-rings-is-hung-up"):
            await self._hang_up_until(lambda: story.knows(f.CallCompleted))

    def _is_message_wanted(self) -> bool:
        """Whether the voicemail message is to be spoken in place of a hangup, as the agent's policy says.

        A story that took the call up does not begin it anew: whoever terminated the one before wants the phone to stop.
        """
        story, closing = self._story, self._story.call.fact(f.Closing)
        if not (closing and closing.reason is FinishReason.VOICEMAIL_DETECTED and story.plan.voicemail.message):
            return False
        is_policy = story.plan.voicemail.action is VoicemailAction.LEAVE_MESSAGE
        is_wanted = is_policy and not is_over(story.call) and not story.knows(f.TakenUp)
        return is_wanted or not workflow.patched("only-a-message-that-is-wanted")

    async def _hang_up_until(self, is_done: Callable[[], bool]) -> None:
        story = self._story
        patience = timedelta(seconds=story.policy.hangup_confirmation_seconds)
        while not is_done():
            await self._hang_up_once()
            by = workflow.now() + patience
            if await story.strictly_until(is_done, by=by, leads_to="ask the carrier"):
                await story.ask_carrier("is the call over?")
            patience = min(2 * patience, _LONGEST_PATIENCE)

    async def _hang_up_once(self) -> None:
        story = self._story
        try:
            await workflow.execute_activity_method(
                Telephony.hang_up, story.call.carrier_call_id or "", summary="Hang up", **options.HANG_UP
            )
        except ActivityError as error:
            workflow.logger.warning("hanging up %s failed: %s", story.call.carrier_call_id, error.cause or error)

    async def _leave_message(self) -> None:
        """Let the agent's message be spoken after the beep; the carrier hangs up after it."""
        story = self._story
        live = LiveCall(
            call_id=story.call.order.call_id,
            attempt_id=story.attempt_id,
            carrier_call_id=story.call.carrier_call_id or "",
        )
        try:
            await workflow.execute_activity_method(
                Telephony.leave_message, live, summary="Leave the voicemail message", **options.STEER
            )
        except ActivityError:
            return
        by = workflow.now() + _MESSAGE_PATIENCE
        await story.strictly_until(
            lambda: is_over(story.call) or story.knows(f.EndRequested), by=by, leads_to="message takes too long"
        )

    async def archive(self) -> None:
        """Bring recording and transcript home, each in its own time."""
        if was_answered(self._story.call):
            await asyncio.gather(self._archive_recording(), self._archive_transcript())
            await self.archive_late_recording()

    async def archive_late_recording(self) -> None:
        """Fetch what was taken for absent, if the carrier told of it while transcript or record were being written."""
        story, ready = self._story, self._story.call.fact(f.RecordingReady)
        is_left = ready is not None and not self._has_fetched and not story.knows(f.RecordingArchived)
        if story.plan.record and is_left and workflow.patched("a-recording-that-comes-late-is-fetched"):
            outcome = await self._fetch_recording()
            if outcome.archive_id:
                story.learn(f.RecordingArchived(at=workflow.now(), **outcome.model_dump()))

    async def _archive_recording(self) -> None:
        story = self._story
        if not story.plan.record or story.knows(f.RecordingArchived):
            return
        at = workflow.now() + timedelta(seconds=story.policy.recording_seconds)
        told = lambda: story.knows(f.RecordingReady) or story.knows(f.RecordingAbsent)  # noqa: E731 - one condition
        await story.strictly_until(told, by=at, leads_to="ask the carrier for the recording")
        if story.knows(f.RecordingAbsent) and not story.knows(f.RecordingReady):
            return
        outcome = await self._fetch_recording()
        if not outcome.archive_id:
            self._no_recording()
            return
        story.learn(f.RecordingArchived(at=workflow.now(), **outcome.model_dump()))

    async def _fetch_recording(self) -> RecordingOutcome:
        story = self._story
        ready = story.call.fact(f.RecordingReady)
        self._has_fetched = ready is not None
        order = RecordingOrder(
            call_id=story.call.order.call_id,
            carrier_call_id=story.call.carrier_call_id or "",
            recording_id=ready.recording_id if ready else "",
            duration_seconds=ready.duration_seconds if ready else None,
            channels=ready.channels if ready else None,
        )
        try:
            return await workflow.execute_activity_method(
                Archiving.archive_recording, order, summary="Archive the recording", **options.ARCHIVE
            )
        except ActivityError:
            return RecordingOutcome()

    def _no_recording(self) -> None:
        story = self._story
        story.learn(
            f.RecordingAbsent(
                at=workflow.now(), carrier_call_id=story.call.carrier_call_id or "", attempt_id=story.attempt_id
            )
        )

    async def _archive_transcript(self) -> None:
        story = self._story
        try:
            count = await workflow.execute_activity_method(
                Archiving.archive_transcript,
                story.call.order.call_id,
                summary="Archive the transcript",
                **options.TRANSCRIPT,
            )
        except ActivityError:
            return
        story.learn(f.TranscriptArchived(at=workflow.now(), messages=count))
