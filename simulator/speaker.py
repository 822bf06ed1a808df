"""The relay's text-to-speech: a queue of things to play, in story time.

Text is spoken clause by clause at a constant rate, which makes the heard prefix of an interruption exact to the word.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from simulator.ledger import Spoken
from simulator.leg import Leg
from simulator.relay_frames import DigitsFrame, Interruptible, PlayFrame, TextFrame

CHARS_PER_SECOND = 14
CLAUSE = re.compile(r".*?(?:[.!?;:…]+[\"')\]]*\s+|\n+)", re.DOTALL)
FIRST_AUDIO_SECONDS = 0.3
"""From the first token to its sound (0.26 to 0.48 s on real calls)."""
TOKEN_GAP_SECONDS = 0.4
"""A gap in the tokens after which what is there gets spoken; in real seconds never less than a tenth."""
PLAY_SECONDS = 2.0
DIGIT_SECONDS = 0.38

Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(eq=False)
class Talk:
    """One talk cycle of the agent."""

    interruptible: Interruptible
    preemptible: bool
    pending: str = ""
    closed: bool = False
    cut: asyncio.Event = field(default_factory=asyncio.Event)
    grown: asyncio.Event = field(default_factory=asyncio.Event)
    spoken: Spoken | None = None
    voicing: str = ""
    voicing_since: float = 0.0


@dataclass(eq=False)
class Noise:
    """Something that takes time and is not words: played audio, keys."""

    seconds: float
    interruptible: Interruptible = None
    preemptible: bool = False
    cut: asyncio.Event = field(default_factory=asyncio.Event)


Item = Talk | Noise


def heard_prefix(clause: str, chars: int) -> str:
    """Cut a clause to the whole words that were heard after so many characters."""
    if chars >= len(clause):
        return clause
    head = clause[: max(chars, 0)]
    if head and not head[-1].isspace() and not clause[len(head)].isspace():
        head = head.rpartition(" ")[0]
    return head.rstrip()


class Speaker:
    """Plays the queue; tells the application what was played when it subscribed to that."""

    def __init__(self, leg: Leg, send: Send, *, events: str, interruptible: Interruptible) -> None:
        self._leg = leg
        self._send = send
        self._events = events.split()
        self._default = interruptible
        self._queue: list[Item] = []
        self._current: Item | None = None
        self.changed = asyncio.Condition()
        self.audible = False
        self.audible_since = 0.0
        self.heard_chars = 0
        self.generation = 0
        """Grows with everything that is enqueued: a listener sees whether the agent went on."""

    @property
    def idle(self) -> bool:
        """True when nothing is playing or about to."""
        return self._current is None and not self._queue

    @property
    def cycle_open(self) -> bool:
        """True while the agent has not closed what it is saying."""
        last = self._queue[-1] if self._queue else self._current
        return isinstance(last, Talk) and not last.closed

    def interruptible_by(self, kind: str) -> bool:
        """Tell whether speech or dtmf may cut what plays now."""
        rule = None if self._current is None else self._current.interruptible
        return _allows(self._default if rule is None else rule, kind)

    async def text(self, frame: TextFrame) -> None:
        """Enqueue words; they join the open talk cycle if there is one."""
        last = self._queue[-1] if self._queue else self._current
        if not isinstance(last, Talk) or last.closed or last.cut.is_set():
            if isinstance(last, Talk) and last.preemptible:
                await self.cut(tell=False)
            last = Talk(frame.interruptible, bool(frame.preemptible))
            if frame.token or not frame.last:
                await self._put(last)
        last.pending += frame.token
        last.closed = frame.last
        last.grown.set()

    async def play(self, frame: PlayFrame) -> None:
        """Enqueue audio of unknown length."""
        await self._put(Noise(PLAY_SECONDS * (frame.loop or 1000), frame.interruptible, frame.preemptible))

    async def digits(self, frame: DigitsFrame) -> None:
        """Enqueue keys."""
        await self._put(Noise(DIGIT_SECONDS * len(frame.digits)))

    async def run(self) -> None:
        """Play what comes until cancelled."""
        while True:
            async with self.changed:
                await self.changed.wait_for(lambda: self._queue)
                self._current = self._queue.pop(0)
            await (self._talk(self._current) if isinstance(self._current, Talk) else self._noise(self._current))
            self._current = None
            if not self._queue:
                await self._fall_silent()

    async def cut(self, *, tell: bool, quiet: bool = False) -> None:
        """Stop at once and drop all that is queued; ``tell`` sends interrupt, ``quiet`` sends nothing at all."""
        current, was_audible = self._current, self.audible
        heard, lasted = self._settle_cut(quiet=quiet)
        if quiet:
            return
        if heard:
            await self._inform("tokens-played", "tokensPlayed", heard)
        if tell and current is not None and was_audible:
            duration = int(self._leg.pace.story(lasted) * 1000)
            await self._send(
                {"type": "interrupt", "utteranceUntilInterrupt": heard, "durationUntilInterruptMs": duration}
            )
        await self._fall_silent()

    def _settle_cut(self, *, quiet: bool) -> tuple[str, float]:
        current = self._current
        self._queue.clear()
        if current is None:
            return "", 0.0
        current.cut.set()
        if not isinstance(current, Talk):
            return "", 0.0
        current.grown.set()
        now = time.time()
        lasted = now - current.voicing_since if current.voicing else 0.0
        heard = heard_prefix(current.voicing, int(self._leg.pace.story(lasted) * CHARS_PER_SECOND))
        # What nobody is told of any more counts as cut, though its last syllable may have sounded.
        unsaid = len(heard) < len(current.voicing) or bool(current.pending) or not current.closed
        unsaid |= quiet and bool(current.voicing)
        if heard:
            self._enter(current, heard, current.voicing_since, now)
        if current.spoken is not None and unsaid:
            current.spoken.interrupted = True
        current.voicing = ""
        return heard, lasted

    async def _put(self, item: Item) -> None:
        async with self.changed:
            self._queue.append(item)
            self.generation += 1
            self.changed.notify_all()

    async def _talk(self, talk: Talk) -> None:
        while (clause := await self._clause(talk)) and not talk.cut.is_set():
            await self._begin()
            await self._voice(talk, clause)

    async def _clause(self, talk: Talk) -> str:
        """Give what to say next: a clause, or what there is when no more comes; empty at the end of the cycle."""
        while True:
            if match := CLAUSE.match(talk.pending):
                return _take(talk, match.end())
            if talk.closed or talk.cut.is_set():
                return _take(talk, len(talk.pending))
            talk.grown.clear()
            try:
                async with asyncio.timeout(self._leg.pace.patience(TOKEN_GAP_SECONDS, 0.1)):
                    await talk.grown.wait()
            except TimeoutError:
                if words := talk.pending.rfind(" ") + 1:
                    return _take(talk, words)
                await self._fall_silent()
                await talk.grown.wait()

    async def _voice(self, talk: Talk, clause: str) -> None:
        talk.voicing, talk.voicing_since = clause, time.time()
        try:
            async with asyncio.timeout(self._leg.pace.real(len(clause) / CHARS_PER_SECOND)):
                await talk.cut.wait()
        except TimeoutError:
            if talk.cut.is_set():
                return  # in the same moment: what was heard is entered already
            self._enter(talk, clause, talk.voicing_since, time.time())
            talk.voicing = ""
            await self._inform("tokens-played", "tokensPlayed", clause)

    def _enter(self, talk: Talk, heard: str, start: float, end: float) -> None:
        self.heard_chars += len(heard)
        self._leg.sound(2, start, end)
        if talk.spoken is None:
            talk.spoken = self._leg.hear("agent", heard.strip(), start)
        else:
            talk.spoken.text = f"{talk.spoken.text} {heard.strip()}".strip()

    async def _noise(self, noise: Noise) -> None:
        await self._begin()
        try:
            async with asyncio.timeout(self._leg.pace.real(noise.seconds)):
                await noise.cut.wait()
        except TimeoutError:
            self.heard_chars += 1

    async def _begin(self) -> None:
        if self.audible:
            return
        await self._leg.pace.wait(FIRST_AUDIO_SECONDS)
        self.audible, self.audible_since = True, time.time()
        await self._inform("speaker-events", "agentSpeaking", "on")
        await self._wake()

    async def _fall_silent(self) -> None:
        if self.audible:
            self.audible = False
            await self._inform("speaker-events", "agentSpeaking", "off")
        await self._wake()

    async def _wake(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def _inform(self, subscription: str, name: str, value: str) -> None:
        if subscription in self._events:
            await self._send({"type": "info", "name": name, "value": value})


def _take(talk: Talk, count: int) -> str:
    taken, talk.pending = talk.pending[:count], talk.pending[count:]
    return taken


def _allows(rule: Interruptible, kind: str) -> bool:
    table = {None: ("any",), True: ("any",), "true": ("any",), False: (), "false": (), "none": ()}
    allowed = table.get(rule, (str(rule),))
    return "any" in allowed or kind in allowed
