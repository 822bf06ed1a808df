"""What the agent says: a small script that answers by keyword, so that the example needs no key and never varies.

Replace `Dialogue` by a language model and the rest of the example stays as it is.
"""

from dataclasses import dataclass
from enum import Enum, auto


@dataclass(frozen=True, slots=True)
class Answer:
    """One turn of the agent: the words, and what happens once they were spoken."""

    words: str
    end_call: bool = False
    transfer_number: str | None = None
    voicemail: bool = False


class Step(Enum):
    """Where in the script the talk is."""

    ASKED = auto()
    OFFERED = auto()
    SETTLED = auto()


CONFIRM = ("yes", "yeah", "confirm", "sure", "okay", "i will", "i'll be", "works", "fine", "perfect", "correct")
RESCHEDULE = ("reschedule", "another", "change", "move", "cannot", "can't", "different", "later", "no")
HUMAN = ("human", "person", "someone", "somebody", "operator", "representative", "colleague", "speak to", "talk to")
GOODBYE = ("goodbye", "bye", "that's all", "that is all", "nothing else", "no thank", "no, thank", "hang up")
VOICEMAIL = ("leave a message", "leave your message", "after the tone", "after the beep", "voicemail", "mailbox")

TIRED_AFTER = 6  # callee's turns, after which the agent says goodbye whatever was said


class Dialogue:
    """The state of one call's talk."""

    def __init__(self, transfer_number: str) -> None:
        self._transfer_number = transfer_number
        self._step = Step.ASKED
        self._heard = 0

    def first_words(self, customer_name: str | None) -> Answer:
        """The greeting, by name when the call came with one."""
        whom = f"Hello {customer_name}" if customer_name else "Hello"
        return Answer(f"{whom}, this is Oak Street Clinic about your appointment tomorrow at ten. Can you make it?")

    def reminder(self) -> Answer:
        """What to say into a silence."""
        return Answer("Are you still there?")

    def answer(self, said: str) -> Answer:
        """The next turn after the callee, or a parenthesised note, said something."""
        said = said.lower()
        if said.startswith("("):
            return self._answer_note(said)
        self._heard += 1
        if _has(said, VOICEMAIL):
            return Answer(
                "I have reached a voicemail box. This is Oak Street Clinic, reminding you of your appointment "
                "tomorrow at ten. Goodbye.",
                end_call=True,
                voicemail=True,
            )
        if _has(said, HUMAN):
            return Answer("Of course, I am putting you through to a colleague.", transfer_number=self._transfer_number)
        if _has(said, GOODBYE) or self._heard >= TIRED_AFTER:
            return Answer("Thank you for your time. Goodbye.", end_call=True)
        return self._answer_step(said)

    def _answer_note(self, note: str) -> Answer:
        if "the call must end" in note:
            return Answer("I am afraid we are out of time. We will call you again. Goodbye.", end_call=True)
        if "transfer" in note:
            self._step = Step.SETTLED
            return Answer("I am sorry, all my colleagues are busy. I will ask one to call you. Anything else?")
        return Answer("Sorry, I did not catch that. Could you say it again?")

    def _answer_step(self, said: str) -> Answer:
        if self._step is Step.SETTLED:
            if _has(said, ("no", "thank", "nope", "fine", "all good")):
                return Answer("You are welcome. Goodbye.", end_call=True)
            return Answer("I will pass that on to the clinic. Is there anything else?")
        if _has(said, RESCHEDULE) and self._step is Step.ASKED:
            self._step = Step.OFFERED
            return Answer("No problem. Would Thursday at three suit you instead?")
        if _has(said, CONFIRM):
            when = "tomorrow at ten" if self._step is Step.ASKED else "Thursday at three"
            self._step = Step.SETTLED
            return Answer(f"Wonderful, you are booked for {when}. Is there anything else I can do for you?")
        if self._step is Step.OFFERED:
            self._step = Step.SETTLED
            return Answer("Then the clinic will call you to find a time. Is there anything else?")
        return Answer("Let me ask again: can you come tomorrow at ten?")


def _has(said: str, phrases: tuple[str, ...]) -> bool:
    """Whether one of the phrases occurs in what was said, on word boundaries."""
    words = " " + "".join(letter if letter.isalnum() or letter in "'," else " " for letter in said) + " "
    words = " ".join(words.replace(",", " ").split())
    return any(f" {' '.join(phrase.replace(',', ' ').split())} " in f" {words} " for phrase in phrases)
