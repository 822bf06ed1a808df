"""One relay session: runs a Conversation over the relay's socket and the agent server's.

Rules of this file
1. The conversation is only touched between awaits, so its inputs never interleave.
2. Nothing a turn needs ever waits for a store, a report or the other socket.
3. The session lives as long as the relay's socket; ending the phone call is somebody else's work.
"""

import asyncio
import logging
from datetime import datetime
from functools import partial

from conversation.effects import (
    CloseAgent,
    ConnectAgent,
    Effect,
    Ended,
    LeaveRelay,
    Outcome,
    Report,
    SendAgent,
    SendRelay,
    Store,
    TransferAsked,
)
from conversation.relay_frames import Setup, end_frame, parse_relay_frame
from conversation.talk import Conversation
from conversation.wire import UndecodableError, WronglyTypedError
from gateway.relay.agent_line import AgentLine
from gateway.relay.alarm import Alarm
from gateway.relay.outbox import Outbox
from gateway.relay.ports import RelaySocket, SessionPlan
from gateway.relay.pulses import Pulses
from gateway.relay.relay_line import RelayLine
from gateway.relay.surroundings import Surroundings

log = logging.getLogger(__name__)

HANDOFF_END = '{"end":true}'
AFTER, TRANSFER_FAILED = "after", "transfer-failed"  # the setup parameter of a relay that follows a failed transfer
GOING_AWAY, POLICY_VIOLATION, SERVICE_RESTART = 1001, 1008, 1012


class RelaySession:
    """The talk of one call for as long as one relay socket lives."""

    __slots__ = (
        "_agent",
        "_alarm",
        "_around",
        "_attempt_id",
        "_closing",
        "_conversation",
        "_loop",
        "_messages",
        "_plan",
        "_pulses",
        "_relay",
        "_reports",
        "_timers",
        "call_id",
        "closed",
    )

    def __init__(
        self, plan: SessionPlan, attempt_id: str, socket: RelaySocket, around: Surroundings, pulses: Pulses
    ) -> None:
        self.call_id = plan.conversation.call_id
        self.closed = asyncio.Event()
        self._plan = plan
        self._attempt_id = attempt_id
        self._around = around
        self._pulses = pulses
        self._loop = asyncio.get_running_loop()
        self._conversation = Conversation(plan.conversation, self._loop.time(), around.wall())
        self._relay = RelayLine(socket)
        self._agent = AgentLine(around.connector, plan.agent_url, self.call_id, self._relay)
        self._messages = Outbox("messages", self.call_id, around.pacing.back_off)
        self._reports = Outbox("reports", self.call_id, around.pacing.back_off)
        self._alarm = Alarm(self._tick)
        self._closing: asyncio.Future[None] | None = None
        self._timers: list[asyncio.TimerHandle] = []

    async def run(self) -> None:
        """Talk until the relay closes, then see that everything is kept."""
        talk = self._conversation
        talk.resume(self._plan.messages, self._loop.time())
        try:
            async with asyncio.TaskGroup() as group:
                self._agent.begin(group, talk, self._apply)
                self._relay.begin(group)
                self._apply(talk.start(self._loop.time()))
                setup = await self._join()
                if setup is not None:
                    await self._listen(setup.relay_session_id)
                self._apply(talk.relay_closed(self._loop.time()))
                self._cancel_timers()
                await self._agent.finish()
                self._relay.finish()
        finally:
            self._cancel_timers()
            await self._flush()
            self.closed.set()

    def wrap_up(self, seconds: int) -> None:
        """Tell the agent that the call must end in so many seconds."""
        self._apply(self._conversation.wrap_up(seconds, self._loop.time()))

    def transfer_failed(self) -> None:
        """Tell the agent that the transfer it asked for came to nothing."""
        self._apply(self._conversation.transfer_failed(self._loop.time()))

    def is_followed_by(self, message: str | bytes) -> bool:
        """Whether this is the first message of a relay of the same carrier call."""
        try:
            frame = parse_relay_frame(message) if isinstance(message, str) else None
        except (UndecodableError, WronglyTypedError):
            return False
        return isinstance(frame, Setup) and frame.carrier_call_id == self._plan.carrier_call_id

    async def give_way(self) -> None:
        """Close the relay's socket at once, for a newer one of the same call, and wait until all is kept."""
        await self._relay.close(GOING_AWAY)
        await self.closed.wait()

    async def leave(self, within_seconds: float) -> None:
        """Let another process take the call at the first pause, or then, and wait until all is kept."""
        self._apply(self._conversation.hand_over(within_seconds, self._loop.time()))
        await self.closed.wait()

    async def _join(self) -> Setup | None:
        """The relay's first frame, if it is the claimed call's; else the socket is closed."""
        try:
            async with asyncio.timeout(self._around.pacing.setup_within):
                while (message := await self._relay.receive()) is not None:
                    effects = self._hear(message)
                    setup = self._conversation.setup
                    if setup is None:
                        self._apply(effects)
                    elif setup.carrier_call_id == self._plan.carrier_call_id:
                        self._apply(effects)
                        self._joined(setup)
                        return setup
                    else:
                        log.warning("a relay of another carrier call was refused", extra={"call_id": self.call_id})
                        break
        except TimeoutError:
            log.warning("a relay said nothing", extra={"call_id": self.call_id})
        await self._relay.close(POLICY_VIOLATION)
        return None

    def _joined(self, setup: Setup) -> None:
        self._reports.put(
            partial(
                self._around.reporter.conversation_started,
                self.call_id,
                self._attempt_id,
                setup.relay_session_id,
                setup.carrier_call_id,
            )
        )
        if setup.parameters.get(AFTER) == TRANSFER_FAILED:
            self.transfer_failed()
        if self._plan.wrap_up_at is not None:
            left = (self._plan.wrap_up_at - self._around.wall()).total_seconds()
            if left > 0:
                self._timers.append(self._loop.call_later(left, self.wrap_up, self._plan.wrap_up_seconds))

    async def _listen(self, relay_session_id: str) -> None:
        self._pulses.add(self.call_id, relay_session_id)
        try:
            while (message := await self._relay.receive()) is not None:
                self._apply(self._hear(message))
        finally:
            self._pulses.remove(self.call_id, relay_session_id)

    def _hear(self, message: str | bytes) -> list[Effect]:
        now = self._loop.time()
        if isinstance(message, str):
            return self._conversation.relay_text(message, now)
        return self._conversation.relay_garbage(now)

    def _apply(self, effects: list[Effect]) -> None:
        """Carry out effects, none of which waits, and set the clock for what comes next."""
        for effect in effects:
            match effect:
                case SendRelay():
                    self._relay.send(effect.text)
                case LeaveRelay():
                    self._relay.send(effect.text)
                    self._timers.append(self._loop.call_later(self._around.pacing.leave_grace, self._close_relay))
                case SendAgent():
                    self._agent.send(effect.text)
                case ConnectAgent():
                    self._agent.connect(effect.delay)
                case CloseAgent():
                    self._agent.hang_up(effect.code)
                case Store():
                    self._messages.put(partial(self._around.store.append_message, self.call_id, effect.message))
                case Report():
                    self._report(effect.outcome)
        self._set_alarm()

    def _report(self, outcome: Outcome) -> None:
        if isinstance(outcome, Ended):
            log.info("conversation ended: %s", outcome.reason.value, extra={"call_id": self.call_id})
            self._reports.put(partial(self._report_end, outcome, self._around.wall()))
            self._timers.append(self._loop.call_later(self._around.pacing.hangup_grace, self._end_relay))
        elif isinstance(outcome, TransferAsked):
            request_id = f"agent-{self._attempt_id}-{outcome.response_id}"
            self._reports.put(partial(self._ask_for_transfer, request_id, outcome.to_number, self._around.wall()))
        else:
            self._reports.put(partial(self._around.reporter.voicemail_reported, self.call_id, self._attempt_id))

    async def _ask_for_transfer(self, request_id: str, to_number: str, at: datetime) -> None:
        if not await self._around.reporter.transfer_asked(self.call_id, request_id, to_number, at):
            self.transfer_failed()

    async def _report_end(self, ended: Ended, at: datetime) -> None:
        # Whoever hears of the end reads the transcript next, so the last words should be there.
        await self._messages.drained(self._around.pacing.flush_messages)
        await self._around.reporter.conversation_ended(self.call_id, self._attempt_id, ended, at)

    def _end_relay(self) -> None:
        self._relay.send(end_frame(HANDOFF_END))

    def _close_relay(self) -> None:
        self._closing = asyncio.ensure_future(self._relay.close(SERVICE_RESTART))

    def _set_alarm(self) -> None:
        due = self._conversation.next_deadline(self._loop.time())
        if due is not None:
            self._alarm.set(due)

    def _tick(self) -> None:
        now = self._loop.time()
        due = self._conversation.next_deadline(now)
        # The loop may fire a hair before the time it was asked for.
        self._apply(self._conversation.tick(max(now, due)) if due is not None and due <= now + 0.001 else [])

    def _cancel_timers(self) -> None:
        self._alarm.close()
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    async def _flush(self) -> None:
        if setup := self._conversation.setup:
            self._messages.put(partial(self._around.store.settle, self.call_id, setup.relay_session_id))
        for outbox in (self._messages, self._reports):
            if not await outbox.drained(self._around.pacing.flush_at_close):
                outbox.give_up()
