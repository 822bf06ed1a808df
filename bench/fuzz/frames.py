"""Frames made by dice: valid ones, valid ones gone wrong, JSON of any kind, and text of any kind."""

import json
import random
from collections.abc import Sequence
from typing import Any

Frame = str | bytes

RELAY: Sequence[dict[str, Any]] = (
    {"type": "setup", "sessionId": "VX1", "callSid": "CA1", "customParameters": {"callId": "c1"}},
    {"type": "prompt", "voicePrompt": "Yes, that would be fine.", "lang": "en-US", "last": True},
    {"type": "prompt", "voicePrompt": "Yes, that", "lang": "en-US", "last": False},
    {"type": "dtmf", "digit": "1"},
    {"type": "dtmf", "digit": "#"},
    {"type": "interrupt", "utteranceUntilInterrupt": "Of course, I will", "durationUntilInterruptMs": 684},
    {"type": "error", "description": "Invalid message received, code: 64107, {}"},
    {"type": "info", "name": "agentSpeaking", "value": "on"},
    {"type": "info", "name": "agentSpeaking", "value": "off"},
    {"type": "info", "name": "clientSpeaking", "value": "on"},
    {"type": "info", "name": "clientSpeaking", "value": "off"},
    {"type": "info", "name": "tokensPlayed", "value": "Of course, "},
    {"type": "info", "name": "roundTripDelayMs", "value": "12"},
    {"type": "configUpdated"},
)
AGENT: Sequence[dict[str, Any]] = (
    {"response_type": "config", "config": {"auto_reconnect": True, "call_details": True}},
    {"response_type": "config", "config": {"transcript_with_tool_calls": True}},
    {"response_type": "ping_pong", "timestamp": 1703302407333},
    {"response_type": "response", "response_id": 0, "content": "Hello, ", "content_complete": False},
    {"response_type": "response", "response_id": 1, "content": "Of course, ", "content_complete": True},
    {"response_id": 2, "content": "I will.", "content_complete": True, "no_interruption_allowed": True},
    {"response_type": "response", "response_id": 3, "content": None, "content_complete": True, "digit_to_press": "12#"},
    {"response_type": "agent_interrupt", "interrupt_id": 1, "content": "Wait. ", "content_complete": True},
    {"response_type": "tool_call_invocation", "tool_call_id": "t", "name": "look_up", "arguments": "{}"},
    {"response_type": "tool_call_result", "tool_call_id": "t", "content": "found", "successful": True},
    {"response_type": "update_agent", "agent_config": {"reminder_trigger_ms": 100, "reminder_max_count": 50}},
    {"response_type": "metadata", "metadata": {"any": ["thing"]}},
)
_ODD: Sequence[Any] = (
    None, True, False, 0, -1, 1, 2**53 + 1, 10**400, 0.5, 1e308, "", " ", "on", "\ud800", "\x00", "é" * 300, "x" * 5000,
    [], {}, [[[]]], {"a": {"b": None}}, "+14155550110", "not a number",
)  # fmt: skip


class Dice:
    """Draws frames of one side; the same seed draws the same."""

    def __init__(self, seed: str, corpus: Sequence[dict[str, Any]]) -> None:
        self._dice = random.Random(seed)
        self._corpus = corpus

    def frame(self) -> Frame:
        """The next one."""
        (make,) = self._dice.choices((self._valid, self._mutated, self._json, self._text, self._debris), _WEIGHTS)
        return make()

    def _valid(self) -> str:
        frame = dict(self._dice.choice(self._corpus))
        if "response_id" in frame:
            frame["response_id"] = self._dice.randrange(40)
        return json.dumps(frame)

    def _mutated(self) -> str:
        frame = dict(self._dice.choice(self._corpus))
        for _ in range(self._dice.randint(1, 3)):
            name = self._dice.choice(list(frame) or ["type"])
            match self._dice.randrange(4):
                case 0:
                    frame.pop(name, None)
                case 1:
                    frame[name] = self._dice.choice(_ODD)
                case 2:
                    frame |= self._dice.choice(self._corpus)
                case _:
                    frame[str(self._dice.choice(_ODD))] = frame.get(name)
        return json.dumps(frame)

    def _json(self) -> str:
        return json.dumps(self._value(4))

    def _value(self, depth: int) -> Any:
        kind = self._dice.randrange(8)
        if depth and kind == 0:
            return [self._value(depth - 1) for _ in range(self._dice.randrange(4))]
        if depth and kind in (1, 2):
            names = [name for frame in self._corpus for name in frame]
            return {self._dice.choice(names): self._value(depth - 1) for _ in range(self._dice.randrange(5))}
        return self._dice.choice(_ODD)

    def _text(self) -> str:
        letters = (
            chr(self._dice.choice((self._dice.randrange(32, 127), self._dice.randrange(0xD7FF)))) for _ in "x" * 60
        )
        return "".join(letters)[: self._dice.randrange(60)]

    def _debris(self) -> Frame:
        whole = self._valid()
        match self._dice.randrange(20):
            case 0:
                return whole.encode()
            case 1:
                return "[" * 3000
            case 2:
                return whole + "x" * 100_000
            case _:
                return whole[: self._dice.randrange(len(whole))]


_WEIGHTS = (50, 30, 6, 6, 8)
