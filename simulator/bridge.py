"""A dialled leg: another call that is rung for the first one, and the talk between the two."""

import time
from collections.abc import Awaitable, Callable

from simulator.ledger import TransferLeg
from simulator.leg import InterruptedCallError, Leg
from simulator.request import Callback, CallRequest, Direction
from simulator.ringing import report_end, ring
from simulator.switchboard import Switchboard
from simulator.twiml import Dial

Whisper = Callable[[Leg, str], Awaitable[None]]


class Bridge:
    """One Dial verb of one call."""

    def __init__(self, board: Switchboard, parent: Leg, verb: Dial, whisper: Whisper) -> None:
        self._board = board
        self._parent = parent
        self._verb = verb
        self._whisper = whisper
        self._bridged_at: float | None = None
        self.child = board.add(
            CallRequest(
                to=verb.number,
                from_=verb.caller_id or parent.request.from_,
                direction=Direction.DIAL,
                status=Callback(verb.callback, verb.callback_method, verb.callback_events),
                timeout_seconds=verb.timeout,
                time_limit_seconds=verb.time_limit,
                parent_sid=parent.sid,
            )
        )

    async def run(self) -> None:
        """Ring the other number and let the two talk; InterruptedCallError when the first call is interrupted."""
        if self._verb.ignored:
            self._board.alert(self._parent, 12200, "Only the first noun of a Dial is dialled here")
        try:
            await self._parent.unless_interrupted(self._talk())
        finally:
            self._child_over()
            self._board.tasks.spawn(report_end(self._board, self.child), f"end of {self.child.sid}")

    async def _talk(self) -> None:
        if not await ring(self._board, self.child):
            return
        if self._verb.whisper:
            try:
                await self._whisper(self.child, self._verb.whisper)
            except InterruptedCallError:
                return
        self._bridged_at = time.time()
        self._parent.note("bridged", child=self.child.sid)
        try:
            await self.child.wait(self.child.story.talk_seconds)
        except InterruptedCallError:
            return
        self.child.hang_up("callee")

    def _child_over(self) -> None:
        now = time.time()
        self.child.hang_up("parent")
        if self._bridged_at is not None:
            self._parent.sound(1, self._bridged_at, now)
        self._parent.record.transfers.append(
            TransferLeg(
                sid=self.child.sid,
                to=self.child.request.to,
                status=self.child.status,
                bridged=self._bridged_at is not None,
                seconds=self.child.duration_seconds,
                bridged_at=self._bridged_at,
            )
        )

    def outcome(self) -> list[tuple[str, str]]:
        """Give the fields that the Dial's action request carries."""
        form = [
            ("DialCallStatus", self.child.status),
            ("DialCallSid", self.child.sid),
            ("DialBridged", "true" if self._bridged_at is not None else "false"),
        ]
        if self.child.record.answered_at is not None:
            form.append(("DialCallDuration", str(self.child.duration_seconds)))
        return form
