"""The person (or machine) at the other end of a relay, speaking the lines of a story."""

import asyncio
import contextlib
import time

from simulator.leg import Leg
from simulator.speaker import DIGIT_SECONDS, Send, Speaker
from simulator.stories import Cue, Line
from simulator.twiml import Relay

SPEECH_CHARS_PER_SECOND = 15
PARTIAL_SECONDS = 0.25
END_OF_SPEECH_SECONDS = 0.35
"""From the last sound to the final prompt."""
PATIENCE_SECONDS = 2.0
"""How much longer a callee waits when the agent has not closed its talk cycle; in real seconds at least one."""


class Callee:
    """Speaks one story's lines into one relay session, starting where the last session stopped."""

    def __init__(self, leg: Leg, speaker: Speaker, send: Send, noun: Relay) -> None:
        self._leg = leg
        self._speaker = speaker
        self._send = send
        self._noun = noun
        # In a relay that follows another the agent may have had its say already.
        last = leg.record.spoken[-1] if leg.record.spoken else None
        self._answered_chars = -1 if last and last.role == "agent" and not last.interrupted else 0

    async def converse(self) -> None:
        """Say every line that is left, each at its cue; hang up afterwards if the story says so."""
        story = self._leg.story
        while self._leg.next_line < len(story.lines):
            line = story.lines[self._leg.next_line]
            await self._await_cue(line)
            await (self._press(line) if line.digits else self._speak(line))
            self._leg.next_line += 1
            self._answered_chars = self._speaker.heard_chars
        if story.lines and story.hang_up_after_lines is not None:
            await self._leg.pace.wait(story.hang_up_after_lines)
            self._leg.hang_up("callee")

    async def _await_cue(self, line: Line) -> None:
        match line.cue:
            case Cue.AGENT_TURN:
                await self._agent_turn_over(line.delay_seconds)
            case Cue.AGENT_SPEAKING:
                await self._agent_audible_for(line.after_ms / 1000)
            case Cue.ANSWER | Cue.PREVIOUS:
                await self._leg.pace.wait(line.delay_seconds)

    async def _agent_turn_over(self, breath: float) -> None:
        speaker = self._speaker
        while True:
            async with speaker.changed:
                await speaker.changed.wait_for(
                    lambda: not speaker.audible and speaker.heard_chars > self._answered_chars
                )
            before = speaker.generation
            open_cycle = speaker.cycle_open
            await self._leg.pace.wait(breath)
            if open_cycle:
                await asyncio.sleep(self._leg.pace.patience(PATIENCE_SECONDS, 1.0))
            if speaker.generation == before and not speaker.audible and (open_cycle or speaker.idle):
                return

    async def _agent_audible_for(self, seconds: float) -> None:
        """Wait until the agent has been talking that long, or has finished a shorter turn."""
        speaker = self._speaker
        async with speaker.changed:
            await speaker.changed.wait_for(lambda: speaker.audible)
        spoken = time.time() - speaker.audible_since
        left = max(0, self._leg.pace.real(seconds) - spoken)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(left), speaker.changed:
                await speaker.changed.wait_for(lambda: not speaker.audible)

    async def _speak(self, line: Line) -> None:
        started = time.time()
        await self._inform("clientSpeaking", "on")
        talked_over = self._speaker.audible
        cuts = talked_over and self._speaker.interruptible_by("speech")
        if cuts:
            await self._speaker.cut(tell=True)
        await self._utter(line)
        await self._inform("clientSpeaking", "off")
        self._leg.sound(1, started, time.time())
        await self._leg.pace.wait(END_OF_SPEECH_SECONDS)
        if talked_over and not cuts and self._noun.get("reportInputDuringAgentSpeech", "none") not in ("any", "speech"):
            self._leg.record.unheard.append(line.text)
            return
        self._leg.hear("user", line.text, started)
        await self._prompt(line, line.text, last=True)

    async def _utter(self, line: Line) -> None:
        seconds = len(line.text) / SPEECH_CHARS_PER_SECOND
        if self._noun.get("partialPrompts") != "true":
            await self._leg.pace.wait(seconds)
            return
        words = line.text.split()
        steps = max(1, min(len(words) - 1, int(seconds / PARTIAL_SECONDS)))
        for step in range(1, steps + 1):
            await self._leg.pace.wait(seconds / steps)
            await self._prompt(line, " ".join(words[: max(1, len(words) * step // steps)]), last=False)

    async def _press(self, line: Line) -> None:
        for digit in line.digits:
            await self._leg.pace.wait(DIGIT_SECONDS)
            if self._speaker.audible and self._speaker.interruptible_by("dtmf"):
                await self._speaker.cut(tell=True)
            self._leg.record.digits.append(digit)
            if self._noun.get("dtmfDetection") == "true":
                await self._send({"type": "dtmf", "digit": digit})

    async def _prompt(self, line: Line, text: str, *, last: bool) -> None:
        await self._send({"type": "prompt", "voicePrompt": text, "lang": line.lang, "last": last})

    async def _inform(self, name: str, value: str) -> None:
        if "speaker-events" in self._noun.get("events").split():
            await self._send({"type": "info", "name": name, "value": value})
