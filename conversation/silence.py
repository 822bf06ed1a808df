"""How long the talk may stand still: reminders, silence, and a callee who is never heard.

Rules of this file
1. Nothing expires while somebody is known to be speaking.
2. Reminders count per silence, and the callee's voice or a key ends a silence.
"""

from calls.reasons import FinishReason
from conversation.effects import Ended, ended
from conversation.plan import ConversationPlan


class Silence:
    """The clocks of one call, in monotonic seconds; they stand still until `begin`."""

    __slots__ = (
        "_activity_at",
        "_agent_spoke_at",
        "_began_at",
        "_callee_event_at",
        "_callee_is_speaking",
        "_plan",
        "_was_heard",
        "reminder_max",
        "reminder_ms",
        "reminders",
    )

    def __init__(self, plan: ConversationPlan) -> None:
        self._plan = plan
        self.reminder_ms = plan.reminder_ms
        self.reminder_max = plan.reminder_max
        self.reminders = 0
        self._began_at: float | None = None
        self._activity_at = 0.0
        self._agent_spoke_at: float | None = None
        self._callee_event_at = 0.0
        self._callee_is_speaking = False
        self._was_heard = False

    def update(self, reminder_ms: int | None, reminder_max: int | None) -> None:
        """The agent server changes its reminders."""
        self.reminder_ms = self.reminder_ms if reminder_ms is None else reminder_ms
        self.reminder_max = self.reminder_max if reminder_max is None else reminder_max

    def begin(self, now: float, *, was_heard: bool) -> None:
        """The relay is up; `was_heard` says whether the callee already spoke in an earlier session."""
        self._began_at = self._activity_at = now
        self._was_heard = was_heard

    def callee_heard(self, now: float) -> None:
        """The callee said something or pressed a key."""
        self._was_heard = True
        self.reminders = 0
        self._activity_at = self._callee_event_at = now

    def callee_speaking(self, on: bool, now: float) -> None:
        """The callee's voice began or stopped; noise does this too, so it does not count as input."""
        self._callee_is_speaking = on
        self._activity_at = self._callee_event_at = now

    def agent_spoke(self, now: float) -> None:
        """The agent's speech came to an end."""
        self._activity_at = now
        self._agent_spoke_at = self._agent_spoke_at or now

    def moved(self, now: float) -> None:
        """The talk moved on without speech."""
        self._activity_at = now

    def is_callee_speaking(self, now: float) -> bool:
        """Whether the callee's voice is on, as far as the relay can be believed."""
        return self._callee_is_speaking and now < self._callee_event_at + self._plan.pacing.callee_may_talk

    def reminder_at(self, since: float, now: float) -> float | None:
        """When to remind, if the agent's turn has been over `since`."""
        if self._began_at is None or self.reminders >= self.reminder_max or self.is_callee_speaking(now):
            return None
        return max(self._activity_at, since) + self.reminder_ms / 1000

    def ends_at(self, now: float) -> float | None:
        """When the silence ends the call."""
        if self._began_at is None:
            return None
        if self.is_callee_speaking(now):
            return self._callee_event_at + self._plan.pacing.callee_may_talk
        inactive = self._activity_at + self._plan.silence_seconds
        never_heard = self._never_heard_at()
        return inactive if never_heard is None else min(inactive, never_heard)

    def expired(self, now: float) -> Ended | None:
        """The ending, when one of the two clocks ran out."""
        at = self.ends_at(now)
        if at is None or now < at or self.is_callee_speaking(now):
            return None
        never_heard = self._never_heard_at()
        if never_heard is not None and now >= never_heard:
            return ended(FinishReason.NO_AUDIO_INPUT, timer="no_input", seconds=int(self._plan.no_input_seconds))
        return ended(FinishReason.INACTIVITY_TIMEOUT, timer="silence", seconds=int(self._plan.silence_seconds))

    def _never_heard_at(self) -> float | None:
        if self._was_heard or self._began_at is None or self._agent_spoke_at is None:
            return None
        fair = self._agent_spoke_at + self._plan.pacing.first_words_grace
        return max(self._began_at + self._plan.no_input_seconds, fair)
