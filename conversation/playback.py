"""What the relay has been given to speak, and how far it has come.

Rules of this file
1. What was spoken is what the relay reports as played; an estimate stands in only where it reports nothing.
2. What was reported as played is never taken back.
3. Each utterance is finished exactly once, in the order it was sent.
"""

from collections import deque

from conversation.alignment import advance, find_cut, find_later
from conversation.plan import Pacing

_MOST_WAITING = 100  # utterances: nobody speaks as many at once, and each is looked at with every frame


class Utterance:
    """One stretch of the agent's speech; `text` is what was sent, `text[:played]` what was spoken."""

    __slots__ = (
        "_solid",
        "complete",
        "cut",
        "ended_at",
        "interruptible",
        "played",
        "response_id",
        "started_at",
        "text",
    )

    def __init__(self, response_id: int | None, *, interruptible: bool) -> None:
        self.response_id = response_id
        self.interruptible = interruptible
        self.text = ""
        self._solid = 0  # where the last word of `text` ends
        self.played = 0
        self.complete = False  # nothing will be added
        self.cut = False  # the callee or a newer turn stopped it
        self.started_at: float | None = None
        self.ended_at = 0.0

    def add(self, words: str) -> None:
        """More was sent; white space at the end is never waited for."""
        solid = len(words.rstrip())
        if solid:
            self._solid = len(self.text) + solid
        self.text += words

    @property
    def spoken(self) -> str:
        """What the callee heard of it."""
        return self.text[: self.played].strip()

    @property
    def is_spoken_so_far(self) -> bool:
        """Whether all that was sent has been played."""
        return self.played >= self._solid


class Playback:
    """The relay's queue of our speech, oldest first.

    Each method that can finish utterances returns them; `now` is monotonic seconds.
    """

    __slots__ = (
        "_assumed",
        "_finished",
        "_is_mute",
        "_off_at",
        "_pacing",
        "_progress_at",
        "_queue",
        "_reports",
        "_sent_at",
        "_speaking",
        "_tail",
    )

    def __init__(self, pacing: Pacing) -> None:
        self._pacing = pacing
        self._queue: deque[Utterance] = deque()
        self._speaking = False
        self._reports = False  # whether this relay says what it played
        self._is_mute = False  # it spoke to an end and never said so: it will not
        self._off_at: float | None = None
        self._progress_at = 0.0
        self._sent_at = 0.0
        self._finished = ""  # what was spoken of the last finished utterance
        self._tail = ""  # sent but cut off; a relay that was already past the cut may still speak it
        self._assumed = ""  # taken as spoken without a report, which may still come

    @property
    def is_quiet(self) -> bool:
        """Whether everything sent so far has been spoken."""
        return all(utterance.is_spoken_so_far for utterance in self._queue)

    @property
    def progress_at(self) -> float:
        """When it was last known to come on, or to begin."""
        return self._progress_at

    @property
    def is_full(self) -> bool:
        """Whether so much waits to be spoken that nothing new is taken: a flood, or a dead relay."""
        return len(self._queue) >= _MOST_WAITING

    @property
    def speaking_now(self) -> tuple[str, float | None]:
        """What was heard of the utterance that is under way, and when it began."""
        return (self._queue[0].spoken, self._queue[0].started_at) if self._queue else ("", None)

    @property
    def may_interrupt(self) -> bool:
        """Whether the callee may talk over what is being spoken."""
        return all(utterance.interruptible or utterance.is_spoken_so_far for utterance in self._queue)

    def rebase(self, now: float) -> None:
        """The relay comes up only now, and what was held back for it is sent."""
        self._progress_at = self._sent_at = now

    def send(self, utterance: Utterance, words: str, now: float) -> None:
        """`words` went to the relay as the next part of `utterance`."""
        if utterance not in self._queue:
            self._queue.append(utterance)
        if self.is_quiet or self._off_at is not None:  # it begins to speak again, be it with a word held back before
            self._progress_at = now
        utterance.add(words)
        self._sent_at = now

    def complete(self, utterance: Utterance, now: float) -> list[Utterance]:
        """Nothing will be added to `utterance`; the relay, if it paused, now speaks what it held back."""
        utterance.complete = True
        if self._reports and self._off_at is not None:
            self._progress_at = self._sent_at = now
        return self._finish_done(now)

    def played(self, words: str, now: float) -> tuple[list[Utterance], str]:
        """The relay spoke `words`; also returned are words that nobody here sent or that were thought cut."""
        self._reports = True
        self._progress_at = now
        for index, utterance in enumerate(self._queue):
            end = advance(utterance.text, utterance.played, words)
            if end is not None:
                return self._advance(index, end, now), ""
        if self._assumed and (end := find_later(self._assumed, 0, words)) is not None:
            self._assumed = self._assumed[end:]
            return [], ""
        if not self._queue or find_later(self._tail, 0, words) is not None:
            return [], words.strip()
        front = self._queue[0]
        end = find_later(front.text, front.played, words)
        if end is None:  # spoken otherwise than written, such as a number: as long as it is all that is known
            end = min(len(front.text), front.played + len(words))
        return self._advance(0, end, now), ""

    def speaking(self, on: bool, now: float) -> None:
        """The relay began or stopped to speak."""
        self._is_mute = self._is_mute or (self._speaking and not on and not self._reports)
        self._speaking = on
        self._off_at = None if on else now
        self._progress_at = now
        if on and self._queue and self._queue[0].started_at is None:
            self._queue[0].started_at = now

    def interrupted(self, spoken: str, now: float) -> list[Utterance]:
        """The callee cut in; all that was queued is gone, and `spoken` was heard of what was under way."""
        if not self._queue or self._is_about_finished(spoken):
            return self.abandon(now)
        for utterance in self._queue:
            end = find_cut(utterance.text, utterance.played, spoken)
            if end is not None:
                utterance.played = end
                return self.abandon(now)
        if not self._reports:  # spoken otherwise than written: as long as it is must do
            self._queue[0].played = min(len(spoken.strip()), len(self._queue[0].text))
        return self.abandon(now)

    def abandon(self, now: float) -> list[Utterance]:
        """Everything queued ends here, at what was played; where reports never come, at what there was time for."""
        if self._is_mute and not self._reports and self._queue and self._speaking:
            front = self._queue[0]
            heard = int((now - self._progress_at) * self._pacing.characters_per_second)
            front.played = max(front.played, min(len(front.text), heard))
        self._speaking = False
        finished = list(self._queue)
        self._queue.clear()
        self._finished = ""  # what was spoken of the last finished utterance
        self._tail = "".join(utterance.text[utterance.played :] for utterance in finished)
        return [self._end(utterance, now, cut=not _is_done(utterance)) for utterance in finished]

    def deadline(self) -> float | None:
        """When speech that is not reported as finished counts as finished."""
        if not self._queue or not self._queue[0].complete:
            return None
        left = sum(len(utterance.text) - utterance.played for utterance in self._queue)
        pace = self._pacing.characters_per_second
        # While it is known to be speaking it may be a slow voice: allow half the pace.
        estimate = self._progress_at + left / (pace / 2 if self._speaking else pace) + self._pacing.playback_slack
        if self._off_at is not None and self._off_at >= self._sent_at:
            return min(estimate, self._off_at + self._pacing.quiet_grace)
        return estimate

    def expire(self, now: float) -> list[Utterance]:
        """The deadline passed: what was complete is over."""
        finished = []
        while self._queue and self._queue[0].complete:
            utterance = self._queue.popleft()
            preempted = bool(self._queue) and self._reports
            if not preempted:
                self._assumed = utterance.text[utterance.played :]
                utterance.played = len(utterance.text)
            finished.append(self._end(utterance, now, cut=preempted and not utterance.is_spoken_so_far))
        self._progress_at = now
        return finished

    def _is_about_finished(self, spoken: str) -> bool:
        """Whether an interruption came after the last word of an utterance, before the next was begun."""
        return self._reports and self._queue[0].played == 0 and self._finished.endswith(spoken.strip())

    def _advance(self, index: int, end: int, now: float) -> list[Utterance]:
        skipped = [self._queue.popleft() for _ in range(index)]
        finished = [self._end(utterance, now, cut=not utterance.is_spoken_so_far) for utterance in skipped]
        front = self._queue[0]
        if front.started_at is None:
            front.started_at = now
        front.played = end
        return finished + self._finish_done(now)

    def _finish_done(self, now: float) -> list[Utterance]:
        finished = []
        while self._queue and _is_done(self._queue[0]):
            finished.append(self._end(self._queue.popleft(), now, cut=False))
        return finished

    def _end(self, utterance: Utterance, now: float, *, cut: bool) -> Utterance:
        self._finished = utterance.text[: utterance.played].rstrip()
        utterance.cut = cut
        utterance.ended_at = now
        if utterance.started_at is None:
            utterance.started_at = now
        return utterance


def _is_done(utterance: Utterance) -> bool:
    return utterance.complete and utterance.is_spoken_so_far
