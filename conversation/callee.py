"""The callee's side of the talk: what the relay's frames say of voice, words and keys."""

from calls.reasons import FinishReason
from conversation.effects import ended
from conversation.floor import Floor
from conversation.relay_frames import (
    AgentSpeaking,
    CalleeSpeaking,
    Digit,
    Interrupt,
    Prompt,
    RelayError,
    RelayFrame,
    TokensPlayed,
)
from conversation.transcript import UNINTELLIGIBLE

RELAY_ERRORS: dict[int, FinishReason] = {
    64109: FinishReason.CONCURRENT_CALL_LIMIT_REACHED,
    64114: FinishReason.SPEECH_RECOGNITION_ERROR,
}


class Callee:
    """Collects voice, words and keys into utterances."""

    __slots__ = (
        "_bad_frames",
        "_floor",
        "_keys",
        "_since",
        "dropped_frames",
        "keys_at",
        "relay_error",
        "was_heard",
        "wordless_at",
        "words_due_at",
    )

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._bad_frames = 0
        self._since: float | None = None  # when the utterance under way began
        self._keys = ""
        self.keys_at: float | None = None  # when the keys pressed so far are one input
        self.wordless_at: float | None = None  # when an interruption counts as unintelligible
        self.words_due_at: float | None = None  # until when the words of a voice that fell silent may come
        self.dropped_frames = 0
        self.relay_error: int | None = None  # the carrier's last one
        self.was_heard = False  # in an earlier relay session

    def joined(self, now: float) -> None:
        """The callee is on the line."""
        self._floor.silence.begin(now, was_heard=self.was_heard)
        self._floor.open_relay(now)

    def left(self, now: float) -> None:
        """The relay is gone; keys that were still being collected are kept."""
        self._flush_keys(now)

    def take(self, frame: RelayFrame, now: float) -> None:
        """A good frame came."""
        self._bad_frames = 0
        floor = self._floor
        match frame:
            case TokensPlayed():
                finished, stray = floor.playback.played(frame.words, now)
                floor.keep(finished, now)
                if stray:
                    floor.record.callee_heard_stray(stray, floor.turns.last_asked, now)
            case AgentSpeaking():
                floor.playback.speaking(frame.on, now)
                if frame.on:
                    floor.tell_turn(is_agents=True)
            case CalleeSpeaking():
                self._speaking(frame.on, now)
            case Prompt():
                self._prompt(frame, now)
            case Interrupt():
                floor.cut_in(frame.spoken, now)
                self.wordless_at = now + floor.plan.pacing.wordless_pause
            case Digit():
                self._press(frame.digit, now)
            case RelayError():
                self._relay_error(frame, now)

    def count_garbage(self) -> int:
        """A frame was no good; the number in a row once that is too many, else 0."""
        self.dropped_frames += 1
        self._bad_frames += 1
        return self._bad_frames if self._bad_frames >= self._floor.plan.pacing.bad_frames else 0

    def owes_words(self, now: float) -> bool:
        """Whether something that the callee said or pressed is not known yet."""
        are_words_due = self.words_due_at is not None and now < self.words_due_at
        is_pending = are_words_due or self.keys_at is not None or self.wordless_at is not None
        return is_pending or self._floor.silence.is_callee_speaking(now)

    def run_clocks(self, now: float) -> None:
        """End the pauses that are over."""
        if self.words_due_at is not None and now >= self.words_due_at:
            self.words_due_at = None
        if self.keys_at is not None and now >= self.keys_at:
            self._flush_keys(now)
        if self.wordless_at is not None and now >= self.wordless_at:
            if self._floor.silence.is_callee_speaking(now):
                self.wordless_at = now + self._floor.plan.pacing.wordless_pause
            else:
                self._hear(UNINTELLIGIBLE, now)

    def _speaking(self, on: bool, now: float) -> None:
        if on and (self._since is None or self._was_noise(now)):
            self._since = now
        self._floor.silence.callee_speaking(on, now)
        self.words_due_at = None if on else now + self._floor.plan.pacing.words_grace
        if not on and self.wordless_at is not None:
            self.wordless_at = now + self._floor.plan.pacing.wordless_pause

    def _was_noise(self, now: float) -> bool:
        """Whether the voice before this one fell silent for good without a word."""
        are_words_due = self.words_due_at is not None and now < self.words_due_at
        return not (are_words_due or self.wordless_at is not None or self._floor.silence.is_callee_speaking(now))

    def _prompt(self, frame: Prompt, now: float) -> None:
        self.wordless_at = None
        if frame.last:
            self.words_due_at = None
            self._floor.languages.heard(frame.language)
            self._flush_keys(now)
            self._hear(frame.words.strip() or UNINTELLIGIBLE, now)
        else:
            self._since = self._since if self._since is not None else now
            self._floor.silence.callee_heard(now)

    def _press(self, digit: str, now: float) -> None:
        self.wordless_at = None
        self._floor.silence.callee_heard(now)
        self._keys += digit
        self.keys_at = now + self._floor.plan.pacing.digit_pause
        if digit == "#":
            self._flush_keys(now)

    def _flush_keys(self, now: float) -> None:
        keys, self._keys, self.keys_at = self._keys, "", None
        if keys:
            self._hear(f"(pressed {keys})", now)

    def _hear(self, words: str, now: float) -> None:
        since, self._since = self._since, None
        self.wordless_at = None
        self._floor.hear(words, since if since is not None else now, now)

    def _relay_error(self, frame: RelayError, now: float) -> None:
        if frame.code is not None:
            self.relay_error = frame.code
        reason = RELAY_ERRORS.get(frame.code or 0)
        if reason is not None:
            self._floor.end(ended(reason, carrier_code=frame.code or 0), now)
