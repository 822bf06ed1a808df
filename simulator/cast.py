"""The default cast: who lives at which number."""

from simulator.stories import Cue, Ear, Line, Outcome, Story, Verdict

CALLER = "+14155550100"


def _number(last: int) -> str:
    return f"+14155550{last:03d}"


def _says(*texts: str) -> tuple[Line, ...]:
    return tuple(Line(text=text) for text in texts)


ALICE = Story(
    name="Alice answers and talks until the agent ends",
    lines=_says(
        "Hello, this is Alice speaking.",
        "Yes, I can make it.",
        "Could you send me a reminder in the morning?",
        "No, that is all. Thank you.",
        "You too, goodbye.",
        "Yes.",
        "Yes, thank you.",
        "Bye now.",
    ),
)

CAST: dict[str, Story] = {
    _number(101): ALICE,
    _number(102): Story(name="Bob's line is busy", outcome=Outcome.BUSY, ring_seconds=5.2, sip_code=486),
    _number(103): Story(
        name="Carol's machine picks up",
        lines=(Line(text="Hi, you have reached Carol. Please leave a message after the beep.", cue=Cue.ANSWER),),
        verdict=Verdict(hears=Ear.MACHINE, delay_seconds=3.8, beep=True, end_of_greeting_seconds=6.5),
        hang_up_after_seconds=120,
    ),
    _number(104): Story(name="Dave never answers", outcome=Outcome.RING_OUT, sip_code=487),
    _number(105): Story(
        name="Erin interrupts",
        lines=(
            Line(text="Hello?"),
            Line(text="Sorry, wait a moment. Who is this?", cue=Cue.AGENT_SPEAKING, after_ms=900),
            *_says("Ah, I see. Go on.", "That sounds good.", "Fine, goodbye."),
        ),
    ),
    _number(106): Story(name="Frank stays silent"),
    _number(107): Story(name="Grace talks a turn and hangs up", lines=_says("No, thank you."), hang_up_after_lines=1.0),
    _number(108): Story(
        name="Heidi asks for a human",
        lines=_says(
            "I would like to speak to a human, please.",
            "Okay, never mind then.",
            "Goodbye.",
        ),
    ),
    _number(109): Story(name="Ivan's number does not exist", outcome=Outcome.FAIL, rings=False, sip_code=404),
    _number(110): Story(name="Judy takes transfers", ring_seconds=2.0, talk_seconds=8.0),
    _number(111): Story(name="Mallory's transfer line is busy", outcome=Outcome.BUSY, ring_seconds=1.0, sip_code=486),
    _number(120): Story(name="A fax", verdict=Verdict(hears=Ear.FAX, delay_seconds=2.0), hang_up_after_seconds=30),
    _number(121): ALICE.model_copy(update={"name": "The relay is lost once", "relay_drops_after_seconds": 4.0}),
    _number(122): Story(name="Stuck in the queue", outcome=Outcome.STUCK),
    _number(123): Story(name="Declines", outcome=Outcome.FAIL, ring_seconds=2.0, sip_code=603),
    _number(124): Story(name="The network has no route", outcome=Outcome.FAIL, rings=False, sip_code=503),
    _number(125): Story(
        name="Presses keys",
        lines=(Line(digits="12#"), Line(text="I pressed one two.", cue=Cue.PREVIOUS), *_says("Thanks, goodbye.")),
    ),
    _number(126): Story(
        name="A machine without a beep",
        lines=(Line(text="The person you are calling is not available.", cue=Cue.ANSWER),),
        verdict=Verdict(hears=Ear.MACHINE, delay_seconds=3.5, end_of_greeting_seconds=5.0),
        hang_up_after_seconds=60,
    ),
    _number(127): Story(name="Hangs up at once", hang_up_after_seconds=0.2),
    _number(128): ALICE.model_copy(update={"name": "A human, judged late", "verdict": Verdict(delay_seconds=25)}),
    _number(129): ALICE.model_copy(update={"name": "A human, never judged", "verdict": Verdict(missing=True)}),
    _number(130): ALICE.model_copy(
        update={"name": "A human taken for a machine", "verdict": Verdict(hears=Ear.MACHINE, beep=True)}
    ),
    _number(131): Story(
        name="Talks on and on", lines=tuple(Line(text=f"And another thing, number {n}.") for n in range(1, 201))
    ),
    _number(132): Story(name="Answers after twenty seconds", ring_seconds=20.0, lines=ALICE.lines),
    _number(133): ALICE.model_copy(update={"name": "Undecided whether human", "verdict": Verdict(hears=Ear.UNKNOWN)}),
    _number(134): Story(name="Answers a transfer and hangs up at once", ring_seconds=1.0, talk_seconds=0.3),
    _number(135): ALICE.model_copy(
        update={
            "name": "Speaks first",
            "lines": (Line(text="Hello? Who is calling?", cue=Cue.ANSWER, delay_seconds=0.3), *ALICE.lines[1:]),
        }
    ),
}


def story_of(number: str) -> Story:
    """Give the default story of a number; a stranger answers like Alice."""
    return CAST.get(number, ALICE)
