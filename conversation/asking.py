"""Asking the agent for turns.

Rules of this file
1. A wish to ask waits while the callee may not interrupt and while the agent is away; it is never forgotten.
2. Two wishes become one question, and the more urgent wins.
"""

from dataclasses import dataclass
from typing import Literal

from conversation.agent_frames import ask_frame, update_frame
from conversation.agent_link import AgentLink
from conversation.effects import Effect, SendAgent
from conversation.playback import Playback
from conversation.record import Record
from conversation.turns import Turns


@dataclass(slots=True)
class Wish:
    """A turn that is to be asked for as soon as it may be.

    `patience_at` None asks over interruptible speech at once, else only from then on or in a pause.
    """

    is_reminder: bool
    patience_at: float | None


class Asking:
    """The open wish of one call, and the questions that come of it."""

    __slots__ = ("_effects", "_playback", "_record", "_turns", "link", "tells_tools", "wish")

    def __init__(
        self, effects: list[Effect], link: AgentLink, playback: Playback, turns: Turns, record: Record
    ) -> None:
        self._effects = effects
        self._playback = playback
        self._turns = turns
        self._record = record
        self.link = link
        self.tells_tools = False
        self.wish: Wish | None = None

    def want(self, *, is_reminder: bool, patience_at: float | None = None) -> None:
        """Ask the agent for a turn as soon as that may be."""
        wish = self.wish
        if wish is None:
            self.wish = Wish(is_reminder, patience_at)
            return
        wish.is_reminder = wish.is_reminder and is_reminder
        if patience_at is None:
            wish.patience_at = None

    def may_ask(self, now: float) -> bool:
        """Whether the wish, if there is one, may be carried out."""
        wish = self.wish
        if wish is None or not self.link.takes_asks or self._is_uninterruptible_open():
            return False
        if self._playback.is_quiet:
            return True
        return self._playback.may_interrupt and (wish.patience_at is None or now >= wish.patience_at)

    def ask(self, now: float) -> None:
        """Carry out the wish; the turn before is stale from now on."""
        wish, self.wish = self.wish, None
        if wish is None:
            return
        kind: Literal["response_required", "reminder_required"]
        kind = "reminder_required" if wish.is_reminder else "response_required"
        turn = self._turns.ask(now, is_reminder=wish.is_reminder)
        self._effects.append(SendAgent(ask_frame(kind, turn.number, *self._entries())))

    def tell(self, turn: Literal["agent_turn", "user_turn"]) -> None:
        """Tell what was said so far, without asking for anything."""
        if self.link.is_open:
            self._effects.append(SendAgent(update_frame(turn, *self._entries())))

    def deadline(self) -> float | None:
        """When the patience of a waiting wish ends."""
        if self.wish is None or not self.link.takes_asks or not self._playback.may_interrupt:
            return None
        if self._is_uninterruptible_open():
            return None
        return self.wish.patience_at

    def _is_uninterruptible_open(self) -> bool:
        turn = self._turns.current
        return turn is not None and turn.is_open and turn.utterance is not None and not turn.utterance.interruptible

    def _entries(self) -> tuple[list[str], list[str] | None]:
        speaking, since = self._playback.speaking_now
        return self._record.entries(speaking, since, with_tools=self.tells_tools)
