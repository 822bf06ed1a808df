"""One live call: its facts, and the ways it can be interrupted.

Rules: a call ends once, and the first who ended it is the one the ledger names. Whatever runs on a call (a verb, a
relay, a bridge) runs under ``unless_interrupted`` or ``wait`` and so gives way at once when the call ends or is
redirected; nothing polls.
"""

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, TypeVar

from simulator.ids import new_sid
from simulator.ledger import Ledger, LedgerCall, Spoken
from simulator.pace import Pace
from simulator.request import CallRequest
from simulator.stories import Story
from simulator.tasks import Tasks

T = TypeVar("T")
CANCELLED_WHILE_RINGING = 487


class InterruptedCallError(Exception):
    """What was running must give way: the call ended, or new instructions came."""


@dataclass(frozen=True)
class Instructions:
    """Where the next document comes from: fetched, or given."""

    url: str = ""
    method: str = "POST"
    twiml: str = ""


@dataclass(frozen=True)
class Sound:
    """Somebody was audible: channel 1 is the callee, 2 our side. Moments are epoch seconds."""

    channel: int
    start: float
    end: float


class Leg:
    """One call as it lives; the ledger record is its memory."""

    def __init__(self, request: CallRequest, story: Story, ledger: Ledger, pace: Pace) -> None:
        self.sid = new_sid("CA")
        self.request = request
        self.story = story
        self.pace = pace
        self.tasks = Tasks()
        self.sounds: list[Sound] = []
        self.next_line = 0
        self.relay_drops = 0
        self.sequence = 0
        self.status_callback = request.status
        self.fallback = (request.fallback_url, request.fallback_method)
        self.time_limit_seconds = request.time_limit_seconds
        self.limit_changed = asyncio.Event()
        self.redirected_to: Instructions | None = None
        self.over = asyncio.Event()
        self.interruption = asyncio.Event()
        self.history: list[tuple[float, str]] = []
        self._ledger = ledger
        self.record = LedgerCall(
            sid=self.sid,
            parent_sid=request.parent_sid,
            to=request.to,
            from_=request.from_,
            direction=request.direction.value,
            story=story.name,
            created_at=time.time(),
            ring_timeout_seconds=request.timeout_seconds,
            time_limit_seconds=request.time_limit_seconds,
        )
        self.become("queued")
        self.record.queued_at = self.record.created_at
        ledger.open(self.record)

    @property
    def status(self) -> str:
        """The status as the REST resource has it."""
        return self.record.status

    @property
    def live(self) -> bool:
        """True until the call has ended, one way or another."""
        return not self.over.is_set()

    @property
    def talk_seconds(self) -> float:
        """Real seconds from answer to end (or to now)."""
        if self.record.answered_at is None:
            return 0.0
        return (self.record.ended_at or time.time()) - self.record.answered_at

    def status_at(self, moment: float) -> str:
        """The status as it was then; the first one if that was before the call."""
        known = [status for at, status in self.history if at <= moment]
        return known[-1] if known else self.history[0][1]

    def become(self, status: str) -> None:
        """Change the status."""
        self.record.status = status
        self.history.append((time.time(), status))

    def note(self, event: str, **details: Any) -> None:
        """Write one event of this call to the ledger's file."""
        self._ledger.note(self.sid, event, **details)

    def end(self, by: str, status: str = "completed", sip_code: int | None = 200) -> None:
        """End the call; only the first ending counts."""
        if self.over.is_set():
            return
        self.record.ended_at = time.time()
        self.record.hung_up_by = by
        self.record.sip_code = sip_code
        self.become(status)
        self.record.billed_seconds = self.duration_seconds
        self.note("ended", status=status, by=by, sip_code=sip_code)
        self.over.set()
        self.interruption.set()

    @property
    def duration_seconds(self) -> int:
        """Whole seconds of talk, begun ones counted; 0 for a call that was not answered."""
        return -int(-self.talk_seconds // 1)

    def hang_up(self, by: str) -> None:
        """End the call from whatever state it is in."""
        if self.record.answered_at is None:
            self.end(by, "canceled", None if self.status == "queued" else CANCELLED_WHILE_RINGING)
        else:
            self.end(by)

    def redirect(self, instructions: Instructions) -> None:
        """Replace what is running with new instructions."""
        self.redirected_to = instructions
        self.interruption.set()

    def take_redirection(self) -> Instructions | None:
        """Give the instructions that interrupted the call, once."""
        instructions, self.redirected_to = self.redirected_to, None
        if self.live:
            self.interruption.clear()
        return instructions

    async def unless_interrupted(self, work: Awaitable[T]) -> T:
        """Run work; raise InterruptedCallError and cancel it when the call is interrupted first."""
        task = asyncio.ensure_future(work)
        stop = asyncio.ensure_future(self.interruption.wait())
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise InterruptedCallError
        finally:
            stop.cancel()
            task.cancel()
            await asyncio.gather(task, stop, return_exceptions=True)

    async def wait(self, story_seconds: float) -> None:
        """Let story seconds pass on this call; raise InterruptedCallError when it is interrupted first."""
        await self.wait_real(self.pace.real(story_seconds))

    async def wait_real(self, seconds: float) -> None:
        """Let real seconds pass on this call; raise InterruptedCallError when it is interrupted first."""
        try:
            async with asyncio.timeout(seconds):
                await self.interruption.wait()
        except TimeoutError:
            if not self.interruption.is_set():  # both may happen in one turn of the loop
                return
        raise InterruptedCallError

    def hear(self, role: str, text: str, at: float, *, interrupted: bool = False) -> Spoken:
        """Enter words that reached the other side."""
        spoken = Spoken.model_validate({"role": role, "text": text, "at": at, "interrupted": interrupted})
        self.record.spoken.append(spoken)
        return spoken

    def sound(self, channel: int, start: float, end: float) -> None:
        """Enter that somebody was audible, for the recording."""
        self.sounds.append(Sound(channel, start, end))
