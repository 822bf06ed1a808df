"""A relay that speaks what it is sent, reports it, and can be talked over: the truth the record is held to."""

import json
from collections import deque
from dataclasses import dataclass


@dataclass
class Cycle:
    """One talk cycle: tokens up to the one that says `last`."""

    text: str = ""
    played: int = 0
    is_complete: bool = False
    interruptible: bool = True


class FakeRelay:
    """Takes our frames and gives the carrier's, as text; `spoken` is every piece that was really spoken."""

    def __init__(self, *, reports: bool = True) -> None:
        self.spoken: list[str] = []
        self.digits: list[str] = []
        self.handoffs: list[str] = []
        self._cycles: deque[Cycle] = deque()
        self._is_speaking = False
        self._reports = reports

    def setup(self, **parameters: str) -> str:
        """The first frame."""
        return json.dumps(
            {"type": "setup", "sessionId": "VX1", "callSid": "CA1", "customParameters": parameters, "from": "+1"}
        )

    def take(self, text: str) -> None:
        """A frame of ours arrived."""
        frame = json.loads(text)
        if frame["type"] == "sendDigits":
            self.digits.append(frame["digits"])
        if frame["type"] == "end":
            self.handoffs.append(frame["handoffData"])
            self.break_off()
        if frame["type"] != "text":
            return
        if not self._cycles or self._cycles[-1].is_complete:
            self._cycles.clear()  # every message of ours is preemptible by the next talk cycle
            self._cycles.append(Cycle())
        cycle = self._cycles[-1]
        cycle.text += frame["token"]
        cycle.is_complete = frame["last"]
        cycle.interruptible = frame["interruptible"]

    def break_off(self) -> None:
        """The session is over: what was queued is gone, and the next one begins in silence."""
        self._cycles.clear()
        self._is_speaking = False

    @property
    def has_more(self) -> bool:
        """Whether there is something left to speak."""
        return any(cycle.played < len(cycle.text) for cycle in self._cycles)

    def play(self, characters: int = 10_000) -> list[str]:
        """Speak that many characters more, and report them."""
        frames: list[str] = []
        while characters > 0 and self.has_more:
            cycle = next(cycle for cycle in self._cycles if cycle.played < len(cycle.text))
            piece = cycle.text[cycle.played : cycle.played + characters]
            cycle.played += len(piece)
            characters -= len(piece)
            self.spoken.append(piece)
            if not self._is_speaking:
                self._is_speaking = True
                frames += self._info("agentSpeaking", "on")
            frames += self._info("tokensPlayed", piece)
        if self._is_speaking and not self.has_more:
            self._is_speaking = False
            frames += self._info("agentSpeaking", "off")
        return frames

    def pause(self) -> list[str]:
        """Fall silent before the end, as a relay does that holds back what is no whole clause yet."""
        self._is_speaking = False
        return self._info("agentSpeaking", "off")

    def cut_in(self) -> list[str]:
        """The callee begins to talk; where that may interrupt, what is queued is gone."""
        frames = self._info("clientSpeaking", "on")
        if not self._is_speaking or not all(cycle.interruptible for cycle in self._cycles):
            return frames
        spoken = next((cycle.text[: cycle.played] for cycle in self._cycles if cycle.played), "")
        self._cycles.clear()
        self._is_speaking = False
        interrupt = {"type": "interrupt", "utteranceUntilInterrupt": spoken, "durationUntilInterruptMs": 700}
        return [*frames, json.dumps(interrupt), *self._info("agentSpeaking", "off")]

    def say(self, words: str) -> list[str]:
        """The callee stops talking and was understood."""
        prompt = {"type": "prompt", "voicePrompt": words, "lang": "en", "last": True}
        return [*self._info("clientSpeaking", "off"), json.dumps(prompt)]

    def _info(self, name: str, value: str) -> list[str]:
        return [json.dumps({"type": "info", "name": name, "value": value})] if self._reports else []
