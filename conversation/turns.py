"""Whose turn it is and which answer still counts.

Rules of this file
1. Response ids only rise, and only the newest is taken, until its content is complete: a pause in it, however long,
   does not make it stale, nor does an `agent_interrupt` before its first word.
2. An `agent_interrupt` is a turn nobody asked for; it takes the place of whatever turn is open.
3. What a turn wants done (end, transfer, keys) is done after its words, and not at all once it is stale.
"""

from datetime import datetime

from calls.records import Message
from calls.words import Role
from conversation.agent_frames import Say
from conversation.playback import Utterance

_RESUME_STEP = 100  # asks that got no answer left no message, so the ids of a dead session are not known exactly
_IDS_PER_SECOND = 100  # and two sessions may follow one another without a message between; nobody asks that fast


class Turn:
    """One turn of the agent."""

    __slots__ = (
        "chunk_at",
        "closed_at",
        "digits",
        "end_call",
        "is_open",
        "is_reminder",
        "is_unasked",
        "may_go_on",
        "number",
        "opened_at",
        "transfer_number",
        "utterance",
    )

    def __init__(self, number: int, now: float, *, is_reminder: bool = False, is_unasked: bool = False) -> None:
        self.number = number
        self.opened_at = now
        self.is_reminder = is_reminder
        self.is_unasked = is_unasked
        self.is_open = True  # more content may come
        self.may_go_on = False  # not open any more, but neither complete nor stale: more content opens it again
        self.closed_at = now
        self.chunk_at: float | None = None
        self.utterance: Utterance | None = None
        self.end_call = False
        self.transfer_number: str | None = None
        self.digits = ""

    def note(self, frame: Say, now: float) -> None:
        """Remember what a frame of this turn wants done."""
        self.chunk_at = now
        self.end_call = self.end_call or frame.end_call
        self.transfer_number = frame.transfer_number or self.transfer_number
        self.digits += frame.digits or ""

    def close(self, now: float) -> None:
        """No more content is taken."""
        self.is_open = False
        self.may_go_on = False
        self.closed_at = now

    def take_more(self) -> bool:
        """Whether content is taken; of a turn that broke off, as words of their own."""
        if not self.is_open and self.may_go_on:
            self.is_open, self.may_go_on, self.utterance = True, False, None
        return self.is_open

    def forget_actions(self) -> None:
        """The callee cut in, or the actions were taken."""
        self.end_call = False
        self.transfer_number = None
        self.digits = ""

    @property
    def wants_action(self) -> bool:
        """Whether something is to be done after the words."""
        return self.end_call or self.transfer_number is not None or bool(self.digits)

    @property
    def has_words(self) -> bool:
        """Whether something was said in it."""
        return self.utterance is not None


class Turns:
    """The newest turn of a call. Turn 0 is the agent's first words, which nobody asks for."""

    __slots__ = ("_last_interrupt", "current", "last_asked", "put_off")

    def __init__(self) -> None:
        self.last_asked = 0
        self.current: Turn | None = None
        self.put_off: Turn | None = None  # asked for, and without a word yet when an interrupt came before it
        self._last_interrupt: int | None = None

    def open_first(self, now: float) -> None:
        """Wait for the agent's first words."""
        self.current = Turn(0, now)

    def resume(self, messages: list[Message], at: datetime) -> None:
        """Go on after the ids that earlier sessions may have used; `at` is the wall clock."""
        used = [message.extra.get("response_id", 0) for message in messages if message.role is Role.AGENT]
        elapsed = (at - messages[0].started_at).total_seconds() if messages else 0.0
        self.last_asked = max(used, default=0) + _RESUME_STEP + int(max(0.0, elapsed) * _IDS_PER_SECOND)

    def forget_interrupts(self) -> None:
        """Another connection may number its interrupts anew."""
        self._last_interrupt = None

    def ask(self, now: float, *, is_reminder: bool) -> Turn:
        """Open a new turn; the one before is stale from now on."""
        self.last_asked += 1
        self.put_off = None
        self.current = Turn(self.last_asked, now, is_reminder=is_reminder)
        return self.current

    def find(self, frame: Say, now: float) -> Turn | None:
        """The turn that a frame of speech belongs to; None when nobody wants it any more."""
        if frame.unasked:
            return self._find_interrupt(frame, now)
        if self.put_off is not None and self.put_off.number == frame.number:
            self.current, self.put_off = self.put_off, None
        current = self.current
        if current is None or current.is_unasked or current.number != frame.number:
            return None
        return current if current.take_more() else None

    def _find_interrupt(self, frame: Say, now: float) -> Turn | None:
        current = self.current
        if frame.number != self._last_interrupt:
            self._last_interrupt = frame.number
            if current is not None and current.is_open and not current.is_unasked and not current.has_words:
                self.put_off = current
            self.current = Turn(frame.number, now, is_unasked=True)
            return self.current
        return current if current is not None and current.is_unasked and current.take_more() else None
