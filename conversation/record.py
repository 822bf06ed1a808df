"""The record of a talk as it grows: every finished utterance is numbered, dated and given out to be stored, once."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from calls.records import Message
from calls.words import Role
from conversation.agent_frames import ToolAnswered, ToolInvoked
from conversation.effects import Effect, Store
from conversation.playback import Utterance
from conversation.transcript import Transcript


class Record:
    """The transcript of one call and the clock that dates it.

    `now` and `wall` are the same moment on the monotonic and on the wall clock.
    """

    __slots__ = ("_effects", "_now_zero", "_transcript", "_wall_zero")

    def __init__(self, effects: list[Effect], now: float, wall: datetime) -> None:
        self._effects = effects
        self._transcript = Transcript()
        self._now_zero = now
        self._wall_zero = wall

    def wall(self, now: float) -> datetime:
        """The wall clock at a monotonic time."""
        return self._wall_zero + timedelta(seconds=now - self._now_zero)

    def resume(self, messages: Iterable[Message]) -> None:
        """Go on after messages that an earlier session stored."""
        self._transcript = Transcript(messages)

    @property
    def user_spoke_last(self) -> bool:
        """Whether the last word, or note, is still to be answered."""
        return self._transcript.user_spoke_last

    def agent_spoke(self, utterance: Utterance, now: float) -> None:
        """Keep what was heard of the agent's utterance."""
        started_at = utterance.started_at if utterance.started_at is not None else now
        message = self._transcript.add(
            Role.AGENT,
            utterance.spoken,
            self.wall(started_at),
            self.wall(utterance.ended_at),
            interrupted=utterance.cut,
            response_id=utterance.response_id,
        )
        self._effects.append(Store(message))

    def callee_spoke(self, words: str, since: float, now: float) -> None:
        """Keep what the callee said."""
        self._effects.append(Store(self._transcript.add(Role.USER, words, self.wall(since), self.wall(now))))

    def callee_heard_stray(self, words: str, response_id: int, now: float) -> None:
        """Keep words that the relay spoke although they were thought cut off."""
        at = self.wall(now)
        message = self._transcript.add(Role.AGENT, words, at, at, interrupted=True, response_id=response_id)
        self._effects.append(Store(message))

    def inject(self, words: str, now: float) -> None:
        """Keep a note that nobody said."""
        at = self.wall(now)
        self._effects.append(Store(self._transcript.add(Role.USER, words, at, at, injected=True)))

    def add_tool(self, frame: ToolInvoked | ToolAnswered) -> None:
        """Keep a tool call for the agent server's own view."""
        self._transcript.add_tool(frame)

    def entries(self, speaking: str, since: float | None, *, with_tools: bool) -> tuple[list[str], list[str] | None]:
        """The transcript for the agent server, plain and, if it wants that, with tool calls.

        `speaking` is what was heard of the utterance under way, which began at `since`.
        """
        began = self.wall(since) if since is not None else None
        plain = self._transcript.entries(speaking, began)
        return plain, self._transcript.entries_with_tools(speaking, began) if with_tools else None
