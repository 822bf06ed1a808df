"""Who has the floor: what the callee and the agent say becomes turns, speech and record here.

Rules of this file
1. Words go to the relay as they come, and into the record only as they were spoken.
2. What a turn wants done happens when its words were spoken to their end; the callee's cutting in cancels it.
3. After the end nothing is said or asked any more.
"""

import re
from datetime import datetime

from calls.facts import EvidenceValue
from calls.reasons import FinishReason
from conversation.agent_frames import Say
from conversation.agent_link import AgentLink
from conversation.asking import Asking
from conversation.effects import CloseAgent, Effect, Ended, Report, SendRelay, TransferAsked, ended
from conversation.languages import Languages
from conversation.plan import ConversationPlan
from conversation.playback import Playback, Utterance
from conversation.record import Record
from conversation.relay_frames import digits_frame, text_frame
from conversation.silence import Silence
from conversation.turns import Turn, Turns

TRANSFER_FAILED = "(the transfer was not answered)"
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")


class Floor:
    """The talk of one call; effects pile up in `effects` until the conversation hands them out."""

    __slots__ = (
        "_held",
        "asking",
        "effects",
        "ending",
        "has_left",
        "is_over",
        "is_relay_up",
        "is_voicemail",
        "languages",
        "leave_by",
        "link",
        "plan",
        "playback",
        "record",
        "silence",
        "transfer_until",
        "turns",
    )

    def __init__(self, plan: ConversationPlan, now: float, wall: datetime) -> None:
        self.plan = plan
        self.effects: list[Effect] = []
        self.link = AgentLink(plan.pacing)
        self.playback = Playback(plan.pacing)
        self.silence = Silence(plan)
        self.turns = Turns()
        self.record = Record(self.effects, now, wall)
        self.asking = Asking(self.effects, self.link, self.playback, self.turns, self.record)
        self.ending: Ended | None = None  # decided, but the words under way are spoken first
        self.is_over = False
        self.is_relay_up = False
        self.is_voicemail = False
        self.languages = Languages(plan.other_languages)
        self.leave_by: float | None = None  # another process is to go on, at the latest from then
        self.has_left = False
        self.transfer_until: float | None = None
        self._held: list[str] = []  # for the relay, which is not up yet

    @property
    def is_quiet(self) -> bool:
        """Whether all the agent's words so far were spoken to a callee who is there."""
        return self.is_relay_up and self.playback.is_quiet

    @property
    def is_free_to_ask(self) -> bool:
        """Whether nothing but the floor itself keeps the agent from being asked."""
        is_going = self.ending is not None or self.leave_by is not None
        return self.is_relay_up and self.transfer_until is None and not is_going

    def open_relay(self, now: float) -> None:
        """The relay is up: what was held for it is sent, and the clocks start."""
        self.is_relay_up = True
        self.playback.rebase(now)
        self.effects.extend(SendRelay(text) for text in self._held)
        self._held.clear()
        if self.turns.current is not None:
            self.turns.current.opened_at = now

    # The agent speaks

    def say(self, frame: Say, now: float) -> None:
        """The agent server sent words or wishes of a turn."""
        before = self.turns.current
        turn = self.turns.find(frame, now)
        if turn is None:
            return
        if before is not None and before is not turn and before is not self.turns.put_off:
            self.close(before, now)
        turn.note(frame, now)
        content = frame.content[: self._room(turn)]
        if turn.utterance is None and self.playback.is_full:
            content = ""
        if content:
            self._speak(turn, content, now, last=frame.complete, interruptible=not frame.no_interruption)
        if frame.complete:
            self.close(turn, now, was_told=bool(content))

    def welcome(self, words: str, now: float) -> None:
        """Speak our own first words in place of the agent server's."""
        turn = Turn(0, now)
        self.turns.current = turn
        self._speak(turn, words, now, last=True, interruptible=True)
        self.close(turn, now, was_told=True)

    def close(self, turn: Turn, now: float, *, was_told: bool = False) -> None:
        """Take no more content of a turn; the relay learns that its talk cycle is complete."""
        if not turn.is_open:
            return
        turn.close(now)
        if turn.utterance is None:
            return
        if not was_told:
            self._say_to_relay(turn.utterance, "", last=True)
        self.keep(self.playback.complete(turn.utterance, now), now)

    def keep(self, utterances: list[Utterance], now: float) -> None:
        """Put finished utterances of the agent into the record."""
        heard = [utterance for utterance in utterances if utterance.spoken]
        for utterance in heard:
            self.record.agent_spoke(utterance, now)
        if heard:
            self.silence.agent_spoke(now)
            self.tell_turn(is_agents=False)

    def tell_turn(self, *, is_agents: bool) -> None:
        """Let the agent server know whose turn it is now and what was said."""
        if self.ending is None:
            self.asking.tell("agent_turn" if is_agents else "user_turn")

    # The callee speaks

    def hear(self, words: str, since: float, now: float) -> None:
        """The callee finished saying something."""
        self.silence.callee_heard(now)
        self.record.callee_spoke(words, since, now)
        if self.turns.current is not None and self.playback.may_interrupt:
            self.turns.current.forget_actions()
        self.asking.want(is_reminder=False)

    def cut_in(self, spoken: str, now: float) -> None:
        """The callee interrupted; the relay has thrown away what was queued."""
        self.keep(self.playback.interrupted(spoken, now), now)
        turn = self.turns.current
        if turn is not None and (turn.has_words or not turn.is_open):
            turn.close(now)
            turn.forget_actions()
        self.silence.moved(now)

    def note(self, words: str, now: float) -> None:
        """Tell the agent something that nobody said, and have it answer."""
        self.record.inject(words, now)
        self.silence.moved(now)
        self.asking.want(is_reminder=False, patience_at=now + self.plan.pacing.note_patience)

    def transfer_failed(self, now: float) -> None:
        """The callee is back with the agent, who is told."""
        self.transfer_until = None
        self.note(TRANSFER_FAILED, now)

    # What follows

    def lose_agent(self, now: float) -> None:
        """The agent server is away: its open turn is to be asked again, once what it said was spoken."""
        self.turns.forget_interrupts()
        for turn in (self.turns.current, self.turns.put_off):
            if turn is not None and turn.is_open:
                self._ask_again(turn, now)

    def _ask_again(self, turn: Turn, now: float) -> None:
        if turn.has_words:
            self.close(turn, now)
            turn.forget_actions()
            self.asking.want(is_reminder=False, patience_at=now + self.plan.pacing.resume_patience)
        elif turn.number > 0 or turn.is_unasked:
            self.asking.want(is_reminder=turn.is_reminder)

    def settle(self, now: float) -> None:
        """Do what has become possible: act after the words, end, ask."""
        turn = self.turns.current
        if not self.is_over and turn is not None and not turn.is_open and turn.wants_action and self.is_quiet:
            self._act(turn, now)
        if self.is_over:
            return
        if self.ending is not None:
            # A server that asks for a transfer and leaves has done its part: the transfer goes first.
            if self.transfer_until is not None:
                return
            if self.is_quiet or (not self.is_relay_up and not self._held):
                self.end(self.ending, now)
        elif self.is_free_to_ask and self.asking.may_ask(now):
            if self.turns.current is not None:
                self.close(self.turns.current, now)
            self.asking.ask(now)

    def end_politely(self, outcome: Ended, now: float) -> None:
        """End once the words under way were spoken."""
        self.ending = self.ending or outcome
        if self.turns.current is not None:
            self.close(self.turns.current, now)

    def end(self, outcome: Ended, now: float) -> None:
        """End now."""
        self.ending = outcome
        self.keep(self.playback.abandon(now), now)
        self.is_over = True
        self.effects += [CloseAgent(1000), Report(outcome)]

    def agent_ended(self, **evidence: EvidenceValue) -> Ended:
        """The ending that the agent asked for."""
        if self.is_voicemail:
            return ended(FinishReason.VOICEMAIL_DETECTED, detected_by="agent", **evidence)
        return ended(FinishReason.AGENT_ENDED_CALL, **evidence)

    def _speak(self, turn: Turn, words: str, now: float, *, last: bool, interruptible: bool) -> None:
        if turn.utterance is None:
            turn.utterance = Utterance(self.turns.last_asked, interruptible=self.plan.interruptible)
        if not interruptible:
            turn.utterance.interruptible = False
        self.playback.send(turn.utterance, words, now)
        self._say_to_relay(turn.utterance, words, last=last)

    def _say_to_relay(self, utterance: Utterance, words: str, *, last: bool) -> None:
        language = self.languages.spoken
        self._relay(text_frame(words, last=last, interruptible=utterance.interruptible, language=language))

    def _room(self, turn: Turn) -> int:
        said = 0 if turn.utterance is None else len(turn.utterance.text)
        return max(0, self.plan.pacing.turn_characters - said)

    def _relay(self, text: str) -> None:
        if self.is_relay_up:
            self.effects.append(SendRelay(text))
        else:
            self._held.append(text)

    def _act(self, turn: Turn, now: float) -> None:
        digits, to_number, end_call = turn.digits, turn.transfer_number, turn.end_call
        turn.forget_actions()
        if digits:
            self._relay(digits_frame(digits))
        if end_call:
            self.end(self.agent_ended(asked_by="agent server"), now)
        elif to_number is not None:
            self._transfer(to_number, now)

    def _transfer(self, to_number: str, now: float) -> None:
        allowed = self.plan.transfer_allowed
        own = (self.plan.from_number, self.plan.to_number)
        if not _NUMBER.fullmatch(to_number) or to_number in own or (allowed is not None and to_number not in allowed):
            self.note(TRANSFER_FAILED, now)
            return
        self.transfer_until = now + self.plan.pacing.transfer_patience
        self.effects.append(Report(TransferAsked(to_number, self.turns.last_asked)))
