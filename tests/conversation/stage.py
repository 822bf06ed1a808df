"""A conversation on a stage: a fake relay on one side, frames of an agent server on the other, time under control."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from calls.records import Message
from calls.words import Role
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
)
from conversation.plan import ConversationPlan
from conversation.talk import Conversation
from tests.conversation.fake_relay import FakeRelay

WALL = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def plan(**changes: Any) -> ConversationPlan:
    """Alice is called by the agent of the clinic."""
    values = {"call_id": "call-1", "from_number": "+14155550100", "to_number": "+14155550101", "agent_id": "agent-1"}
    return ConversationPlan(**{**values, **changes})


class Stage:
    """Carries frames between a conversation and a relay at once; time stands still until `wait`."""

    def __init__(self, talk_plan: ConversationPlan | None = None, *, reports: bool = True) -> None:
        self.now = 1000.0
        self.relay = FakeRelay(reports=reports)
        self.talk = Conversation(talk_plan or plan(), self.now, WALL)
        self.to_agent: list[dict[str, Any]] = []
        self.stored: list[Message] = []
        self.outcomes: list[Outcome] = []
        self.connects: list[float] = []
        self.closes: list[int] = []

    def begin(self, **parameters: str) -> "Stage":
        """The agent server is connected and the relay is up."""
        self.do(self.talk.start(self.now))
        self.do(self.talk.agent_connected(self.now))
        self.agent(response_type="config", config={"call_details": False, "auto_reconnect": False})
        self.from_relay([self.relay.setup(**parameters)])
        return self

    def do(self, effects: Iterable[Effect]) -> None:
        """Carry out what the conversation asks for."""
        for effect in effects:
            match effect:
                case SendRelay() | LeaveRelay():
                    self.relay.take(effect.text)
                case SendAgent():
                    self.to_agent.append(json.loads(effect.text))
                case Store():
                    self.stored.append(effect.message)
                case Report():
                    self.outcomes.append(effect.outcome)
                case ConnectAgent():
                    self.connects.append(effect.delay)
                case CloseAgent():
                    self.closes.append(effect.code)

    def agent(self, **frame: Any) -> None:
        """The agent server sends a frame."""
        self.do(self.talk.agent_text(json.dumps(frame), self.now))

    def answer(self, response_id: int, content: str, **more: Any) -> None:
        """The agent server answers in one piece."""
        self.agent(
            response_type="response", response_id=response_id, content=content, **{"content_complete": True, **more}
        )

    def from_relay(self, frames: Iterable[str]) -> None:
        """The relay sends frames."""
        for frame in frames:
            self.do(self.talk.relay_text(frame, self.now))

    def play(self, characters: int = 10_000) -> None:
        """The relay speaks."""
        self.from_relay(self.relay.play(characters))

    def say(self, words: str) -> None:
        """The callee speaks, over the agent if it speaks."""
        self.from_relay(self.relay.cut_in())
        self.from_relay(self.relay.say(words))

    def wait(self, seconds: float) -> None:
        """Let time pass, ticking exactly when due."""
        end = self.now + seconds
        for _ in range(10_000):
            due = self.talk.next_deadline(self.now)
            if due is None or due > end:
                break
            self.now = max(self.now, due)
            self.do(self.talk.tick(self.now))
        else:
            raise AssertionError("a deadline stands still")
        self.now = end

    def asked(self) -> list[tuple[str, int]]:
        """Every question so far: kind and response id."""
        kinds = ("response_required", "reminder_required")
        return [
            (frame["interaction_type"], frame["response_id"])
            for frame in self.to_agent
            if frame["interaction_type"] in kinds
        ]

    def last_transcript(self) -> list[tuple[str, str]]:
        """The transcript as the agent server was told it last."""
        frames = [frame for frame in self.to_agent if "transcript" in frame]
        return [(entry["role"], entry["content"]) for entry in frames[-1]["transcript"]]

    def said(self) -> list[tuple[Role, str, bool]]:
        """The record: who, what, and whether it was cut off."""
        return [(message.role, message.content, bool(message.extra.get("interrupted"))) for message in self.stored]

    @property
    def ended(self) -> Ended:
        """The one ending."""
        endings = [outcome for outcome in self.outcomes if isinstance(outcome, Ended)]
        assert len(endings) == 1, self.outcomes
        return endings[0]

    @property
    def reason(self) -> str:
        """The one ending's reason."""
        return self.ended.reason.value
