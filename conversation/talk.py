"""The conversation between a callee and an agent, without clock, sockets or tasks.

Rules of this file
1. Every input carries `now` in monotonic seconds and returns what the shell has to do, in order.
2. The shell calls `tick` at `next_deadline`, and an input that is late changes only how late things happen.
3. At most one `Ended` is ever reported. After it nothing is said, asked or done; only what the relay is still
   reported to speak goes into the record, until the relay closes.
"""

from collections.abc import Iterable
from datetime import datetime

from calls.reasons import FinishReason
from calls.records import Message
from calls.words import Role
from conversation.agent_frames import (
    Config,
    Metadata,
    Ping,
    Say,
    ToolAnswered,
    ToolInvoked,
    UpdateAgent,
    details_frame,
    parse_agent_frame,
)
from conversation.agent_link import AgentLeft, Loss
from conversation.callee import Callee
from conversation.clocks import next_deadline, run_clocks
from conversation.effects import CloseAgent, ConnectAgent, Effect, Ended, Report, SendAgent, VoicemailReported, ended
from conversation.floor import Floor
from conversation.leaving import leave_if_possible
from conversation.plan import ConversationPlan
from conversation.relay_frames import Digit, Prompt, RelayFrame, Setup, TokensPlayed, parse_relay_frame
from conversation.wire import UndecodableError, WronglyTypedError


class Conversation:
    """One call's talk over one relay session. `wall` is the wall clock at `now`, with a time zone."""

    __slots__ = ("_callee", "_floor", "_is_closed", "_is_resumed", "setup")

    def __init__(self, plan: ConversationPlan, now: float, wall: datetime) -> None:
        self._floor = Floor(plan, now, wall)
        self._callee = Callee(self._floor)
        self._is_resumed = False
        self._is_closed = False
        self.setup: Setup | None = None

    @property
    def is_over(self) -> bool:
        """Whether the conversation ended or its relay is gone."""
        return self._floor.is_over

    @property
    def dropped_frames(self) -> tuple[int, int]:
        """How many frames of the relay and of the agent server were dropped as wrong."""
        return self._callee.dropped_frames, self._floor.link.dropped_frames

    @property
    def relay_error(self) -> int | None:
        """The carrier's code of the relay's last complaint."""
        return self._callee.relay_error

    # Beginning

    def resume(self, messages: Iterable[Message], now: float, *, transfer_failed: bool = False) -> None:
        """Go on where an earlier relay session of this call stopped; comes before `start`."""
        stored = sorted(messages, key=lambda message: message.seq)
        if not stored and not transfer_failed:
            return
        floor = self._floor
        self._is_resumed = True
        self._callee.was_heard = any(
            message.role is Role.USER and not message.extra.get("injected") for message in stored
        )
        floor.record.resume(stored)
        floor.turns.resume(stored, floor.record.wall(now))
        if transfer_failed:
            floor.transfer_failed(now)
        elif floor.record.user_spoke_last:
            floor.asking.want(is_reminder=False)

    def start(self, now: float) -> list[Effect]:
        """Begin; the agent is connected to before the relay is up, so that its first words are ready."""
        floor = self._floor
        if not self._is_resumed:
            if floor.plan.welcome_message:
                floor.welcome(floor.plan.welcome_message, now)
            else:
                floor.turns.open_first(now)
        floor.effects.append(ConnectAgent(0))
        return self._done(now)

    # From the relay

    def relay_text(self, text: str, now: float) -> list[Effect]:
        """The relay sent a text frame."""
        if self._is_closed:
            return []
        try:
            frame = parse_relay_frame(text)
        except (UndecodableError, WronglyTypedError):
            return self.relay_garbage(now)
        if self.is_over and not self._still_counts(frame):
            return []
        if isinstance(frame, Setup):
            if self.setup is None:
                self.setup = frame
                self._callee.joined(now)
        elif self.setup is not None:
            self._callee.take(frame, now)
        return self._done(now)

    def relay_garbage(self, now: float) -> list[Effect]:
        """The relay sent something that is no frame of its protocol."""
        if not self.is_over and (count := self._callee.count_garbage()):
            self._floor.end(ended(FinishReason.FRONTEND_PAYLOAD_CORRUPTION, bad_frames=count), now)
        return self._done(now)

    def relay_closed(self, now: float) -> list[Effect]:
        """The relay's socket is gone: the callee hung up, we were cut off, or the call was taken elsewhere."""
        floor = self._floor
        self._is_closed = True
        if not self.is_over or floor.has_left:
            self._callee.left(now)
        if self.is_over:
            return self._done(now)
        floor.is_over = True
        floor.keep(floor.playback.abandon(now), now)
        floor.effects.append(CloseAgent(1000))
        return self._done(now)

    # From the agent server

    def agent_connected(self, now: float) -> list[Effect]:
        """The agent server's socket is open."""
        floor = self._floor
        if not self.is_over:
            floor.link.opened(now)
            if floor.turns.current is not None and floor.turns.current.is_open:
                floor.turns.current.opened_at = now
        return self._done(now)

    def agent_failed(self, error: str, now: float) -> list[Effect]:
        """The agent server could not be connected to."""
        if not self.is_over:
            self._agent_lost(self._floor.link.failed(error), now)
        return self._done(now)

    def agent_text(self, text: str, now: float) -> list[Effect]:
        """The agent server sent a text frame."""
        floor = self._floor
        if self.is_over or not floor.link.is_open:
            return []
        try:
            frame = parse_agent_frame(text)
        except UndecodableError:
            corrupted = floor.link.undecodable()
            if corrupted is not None:
                self._agent_corrupt(corrupted, now)
            return self._done(now)
        except WronglyTypedError:
            floor.link.dropped_frames += 1
        else:
            self._take(frame, now)
        floor.link.heard()
        return self._done(now)

    def agent_binary(self, now: float) -> list[Effect]:
        """The agent server sent a binary frame, which the protocol does not have."""
        if not self.is_over and self._floor.link.is_open:
            self._agent_corrupt(ended(FinishReason.LLM_WEBSOCKET_PAYLOAD_CORRUPTION, frame="binary"), now)
        return self._done(now)

    def agent_closed(self, code: int, now: float) -> list[Effect]:
        """The agent server's socket closed; 1005 is none given, 1006 a broken connection."""
        if not self.is_over and self._floor.link.is_open:
            self._agent_lost(self._floor.link.closed(code), now)
        return self._done(now)

    # From elsewhere

    def wrap_up(self, seconds: int, now: float) -> list[Effect]:
        """The call will be ended by its maximum duration in so many seconds; the agent should say goodbye."""
        if not self.is_over:
            self._floor.note(f"(the call must end in {seconds} seconds)", now)
        return self._done(now)

    def transfer_failed(self, now: float) -> list[Effect]:
        """A transfer that was asked for in this session came to nothing."""
        if not self.is_over:
            self._floor.transfer_failed(now)
        return self._done(now)

    def hand_over(self, within: float, now: float) -> list[Effect]:
        """Another process is to go on: leave at the first pause, in so many seconds at the latest."""
        if not self.is_over:
            self._floor.leave_by = now + within
        return self._done(now)

    def tick(self, now: float) -> list[Effect]:
        """Time has passed."""
        if not self.is_over:
            loss = run_clocks(self._floor, self._callee, now)
            if loss is not None:
                self._floor.effects.append(CloseAgent(1001))
                self._agent_lost(loss, now)
        return self._done(now)

    def next_deadline(self, now: float) -> float | None:
        """When `tick` is due, in monotonic seconds; it may lie in the past."""
        return None if self.is_over else next_deadline(self._floor, self._callee, now)

    def _still_counts(self, frame: RelayFrame) -> bool:
        """Whether a frame tells what belongs into the record though the talk is over."""
        kept = (TokensPlayed, Prompt, Digit) if self._floor.has_left else (TokensPlayed,)
        return isinstance(frame, kept)

    def _take(self, frame: object, now: float) -> None:
        floor = self._floor
        match frame:
            case Say():
                floor.say(frame, now)
            case Ping():
                floor.link.pinged(now)
            case Config():
                floor.link.keep_alive(now, wanted=frame.auto_reconnect)
                floor.asking.tells_tools = frame.transcript_with_tool_calls
                if frame.call_details:
                    floor.effects.append(SendAgent(details_frame(floor.plan)))
            case ToolInvoked() | ToolAnswered():
                floor.record.add_tool(frame)
            case UpdateAgent():
                floor.silence.update(frame.reminder_ms, frame.reminder_max)
            case Metadata() if frame.metadata.get("voicemail_detected") is True and not floor.is_voicemail:
                floor.is_voicemail = True
                floor.effects.append(Report(VoicemailReported()))

    def _agent_corrupt(self, outcome: Ended, now: float) -> None:
        self._floor.link.is_open = False
        self._floor.effects.append(CloseAgent(1007))
        self._agent_lost(outcome, now)

    def _agent_lost(self, loss: Loss, now: float) -> None:
        floor = self._floor
        if isinstance(loss, ConnectAgent):
            floor.effects.append(loss)
            floor.lose_agent(now)
        elif isinstance(loss, AgentLeft):
            floor.end_politely(floor.agent_ended(close_code=1000), now)
        else:
            floor.end_politely(loss, now)

    def _done(self, now: float) -> list[Effect]:
        floor = self._floor
        floor.settle(now)
        leave_if_possible(floor, self._callee, now)
        effects = floor.effects.copy()
        floor.effects.clear()
        return effects
