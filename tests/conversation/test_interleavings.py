"""Whatever the order of frames, and however often the talk changes hands.

Ids rise, nothing is said twice, the record is what was spoken, and there is one ending at most.
"""

import json
from collections import deque
from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from calls.records import Message
from calls.words import Role
from conversation.effects import ConnectAgent, Effect, Ended, LeaveRelay, Report, SendAgent, SendRelay, Store
from conversation.talk import Conversation
from tests.conversation.fake_relay import FakeRelay
from tests.conversation.stage import WALL, plan

STEP = 0.25
SPEED = 14


class Interleaving(RuleBasedStateMachine):
    """Frames wait on two wires to and from the relay; every word the agent says is a different one."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.relay = FakeRelay()
        self.talk = Conversation(plan(silence_seconds=120), self.now, WALL)
        self.is_left = False
        self.to_relay: deque[str] = deque()
        self.from_relay: deque[str] = deque()
        self.stored: list[Message] = []
        self.endings: list[Ended] = []
        self.asked: list[int] = [0]
        self.words = 0
        self.interrupts = 0
        self.connects = 0
        self.is_connected = False
        self.spoken_at_end = ""

    @initialize()
    def begin(self) -> None:
        """The agent is connecting and the relay comes up."""
        self.do(self.talk.start(self.now))
        self.from_relay.append(self.relay.setup())

    def do(self, effects: list[Effect]) -> None:
        """Put what is asked for on the wires."""
        for effect in effects:
            match effect:
                case SendRelay() | LeaveRelay():
                    assert not self.endings
                    assert not self.is_left, "something is said after leaving"
                    self.to_relay.append(effect.text)
                    self.is_left = isinstance(effect, LeaveRelay)
                case SendAgent():
                    frame = json.loads(effect.text)
                    if "response_id" in frame:
                        self.asked.append(frame["response_id"])
                case Store():
                    self.stored.append(effect.message)
                case ConnectAgent():
                    self.connects += 1
                    self.is_connected = False
                case Report(Ended() as ended):
                    self.endings.append(ended)

    def agent(self, **frame: Any) -> None:
        """The agent server sends a frame."""
        if self.is_connected:
            self.do(self.talk.agent_text(json.dumps(frame), self.now))

    def new_words(self, count: int) -> str:
        """Words that were never said before."""
        self.words += count
        return "".join(f"w{number}x " for number in range(self.words - count, self.words))

    @rule(count=st.integers(0, 4), complete=st.booleans(), stale=st.booleans(), fixed=st.booleans())
    def answer(self, count: int, complete: bool, stale: bool, fixed: bool) -> None:
        """A chunk for the newest question, or for an older one."""
        number = self.asked[-1] - (1 if stale and self.asked[-1] else 0)
        content = self.new_words(count) or None
        self.agent(response_id=number, content=content, content_complete=complete, no_interruption_allowed=fixed)

    @rule(count=st.integers(1, 4), again=st.booleans(), complete=st.booleans())
    def interrupt(self, count: int, again: bool, complete: bool) -> None:
        """The agent speaks without being asked."""
        self.interrupts += 0 if again else 1
        self.agent(
            response_type="agent_interrupt",
            interrupt_id=self.interrupts,
            content=self.new_words(count),
            content_complete=complete,
        )

    @rule(frames=st.integers(1, 5))
    def deliver_to_relay(self, frames: int) -> None:
        """The relay receives what was sent."""
        for _ in range(min(frames, len(self.to_relay))):
            self.relay.take(self.to_relay.popleft())
        if self.relay.handoffs:
            self.relay_breaks()

    @rule(frames=st.integers(1, 5))
    def deliver_from_relay(self, frames: int) -> None:
        """We receive what the relay sent."""
        for _ in range(min(frames, len(self.from_relay))):
            self.do(self.talk.relay_text(self.from_relay.popleft(), self.now))

    @precondition(lambda self: self.talk.setup is not None)
    @rule(characters=st.integers(1, 40))
    def play(self, characters: int) -> None:
        """The relay speaks on."""
        self.from_relay.extend(self.relay.play(characters))

    @precondition(lambda self: self.talk.setup is not None)
    @rule(words=st.sampled_from(["yes", "no", ""]))
    def callee_speaks(self, words: str) -> None:
        """The callee says something, cutting in where that is allowed."""
        self.from_relay.extend([*self.relay.cut_in(), *self.relay.say(words)])

    @precondition(lambda self: self.talk.setup is not None)
    @rule()
    def callee_presses(self) -> None:
        """The callee presses a key."""
        self.from_relay.append('{"type":"dtmf","digit":"1"}')

    @precondition(lambda self: self.connects and not self.is_connected)
    @rule(works=st.booleans())
    def connect(self, works: bool) -> None:
        """The connection to the agent server comes up, or does not."""
        self.connects -= 1
        self.is_connected = works
        self.do(self.talk.agent_connected(self.now) if works else self.talk.agent_failed("refused", self.now))
        self.agent(response_type="config", config={})

    @precondition(lambda self: self.is_connected)
    @rule(code=st.sampled_from([1006, 1006, 1006, 1000, 1011]))
    def disconnect(self, code: int) -> None:
        """The agent server goes away."""
        self.is_connected = False
        self.do(self.talk.agent_closed(code, self.now))

    @precondition(lambda self: self.talk.setup is not None and not self.endings)
    @rule()
    def relay_breaks(self) -> None:
        """The relay's socket breaks after all it sent was received; a new session goes on from what is stored."""
        while self.from_relay:
            self.deliver_from_relay(len(self.from_relay))
        if not self.endings:
            self.begin_anew()

    @precondition(lambda self: self.talk.setup is not None and not self.endings)
    @rule(within=st.sampled_from([0.0, 2.0, 60.0]))
    def hand_over(self, within: float) -> None:
        """The process is to stop."""
        self.do(self.talk.hand_over(within, self.now))

    def begin_anew(self) -> None:
        """The call goes on in another session."""
        self.do(self.talk.relay_closed(self.now))
        self.to_relay.clear()
        self.relay.break_off()
        self.relay.handoffs.clear()
        self.is_left = False
        self.connects = 0
        self.is_connected = False
        self.now += 1  # no carrier is faster
        self.talk = Conversation(plan(silence_seconds=120), self.now, WALL + timedelta(seconds=self.now))
        self.talk.resume(self.stored, self.now)
        if not self.stored:
            self.asked = [0]  # nobody has said a word: to the agent server, too, the call begins
        self.do(self.talk.start(self.now))
        self.from_relay.append(self.relay.setup())

    @rule()
    def wrap_up(self) -> None:
        """The maximum duration is near."""
        self.do(self.talk.wrap_up(15, self.now))

    @rule(steps=st.integers(1, 80))
    def wait(self, steps: int) -> None:
        """Time passes: the wires empty, the relay speaks at its pace, and ticks come when due."""
        for _ in range(steps):
            self.flush()
            self.now += STEP
            if self.talk.setup is not None:
                self.from_relay.extend(self.relay.play(int(SPEED * STEP) + 1))
            self.flush()
            due = self.talk.next_deadline(self.now)
            if due is not None and due <= self.now:
                self.do(self.talk.tick(self.now))
                again = self.talk.next_deadline(self.now)
                assert again is None or again > self.now, "a deadline stands still"

    def flush(self) -> None:
        """Both wires deliver all they hold."""
        while self.to_relay or self.from_relay:
            self.deliver_to_relay(len(self.to_relay))
            self.deliver_from_relay(len(self.from_relay))

    @invariant()
    def ids_rise(self) -> None:
        """No response id comes twice or late."""
        assert all(earlier < later for earlier, later in pairwise(self.asked))

    @invariant()
    def one_ending(self) -> None:
        """There is at most one."""
        assert len(self.endings) <= 1

    @invariant()
    def messages_are_numbered(self) -> None:
        """Each message once, without gaps."""
        assert [message.seq for message in self.stored] == list(range(len(self.stored)))

    def teardown(self) -> None:
        """The callee hangs up; what the record says is what was heard."""
        self.flush()
        self.flush()
        self.do(self.talk.relay_closed(self.now))
        said = "".join(message.content for message in self.stored if message.role is Role.AGENT)
        heard = "".join(self.relay.spoken)
        assert "".join(said.split()) == "".join(heard.split())
        words = heard.split()
        assert len(words) == len(set(words))


Interleaving.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestInterleaving = Interleaving.TestCase
