"""Who is called, by which agent: the stories and agents that a plan draws from."""

from collections.abc import Mapping
from typing import Any, NamedTuple

JUDY, MALLORY, DROPS_TRANSFER = "+14155550110", "+14155550111", "+14155550134"
TRANSFER_TARGETS = (JUDY, JUDY, MALLORY, DROPS_TRANSFER)


class Role(NamedTuple):
    """One story of the cast: how often it is drawn, the number whose script it takes (or a script), its agent."""

    weight: int
    script: str | Mapping[str, Any]
    agent: str = "plain"


THINKER = {
    "name": "Thinks before every answer",
    "lines": [
        {"text": text, "delay_seconds": 12}
        for text in ("Who is speaking, please?", "Yes, I can make it.", "No, that is all. Thank you.")
    ],
}
DAWDLER = {
    "name": "Takes longer than the call may last",
    "lines": [{"text": f"Let me think about that for a while, part {n}.", "delay_seconds": 90} for n in range(5)],
}
QUICK_TO_LEAVE = {
    "name": "Answers twice and hangs up",
    "lines": [{"text": "Hello, who is it?"}, {"text": "Sorry, I have to go now."}],
    "hang_up_after_lines": 0.3,
}

NO_RELAY = {
    "name": "Picks up where all relays are taken",
    "relay": "crowded",
    "lines": [{"text": "Hello?"}],
}
NO_ROOM = {"name": "Rung where the account has all its calls", "create_error": 10004, "lines": [{"text": "Hello?"}]}

CAST: dict[str, Role] = {
    "alice": Role(10, "+14155550101"),
    "thinker": Role(10, THINKER),
    "dawdler": Role(2, DAWDLER),
    "quick to leave": Role(5, QUICK_TO_LEAVE),
    "busy": Role(3, "+14155550102"),
    "carol hung up on": Role(2, "+14155550103"),
    "carol given a message": Role(3, "+14155550103", "voicemail"),
    "carol ignored": Role(1, "+14155550103", "ignore"),
    "never answers": Role(3, "+14155550104", "impatient"),
    "interrupts": Role(5, "+14155550105"),
    "silent": Role(2, "+14155550106", "strict"),
    "hangs up after a turn": Role(4, "+14155550107"),
    "asks for a human": Role(5, "+14155550108"),
    "no such number": Role(2, "+14155550109"),
    "fax": Role(1, "+14155550120"),
    "relay lost once": Role(3, "+14155550121"),
    "stuck in the queue": Role(1, "+14155550122"),
    "declines": Role(1, "+14155550123"),
    "no route": Role(1, "+14155550124"),
    "presses keys": Role(1, "+14155550125"),
    "machine without a beep": Role(1, "+14155550126", "voicemail"),
    "hangs up at once": Role(2, "+14155550127"),
    "judged late": Role(1, "+14155550128"),
    "never judged": Role(1, "+14155550129"),
    "taken for a machine": Role(1, "+14155550130"),
    "answers late": Role(2, "+14155550132"),
    "undecided": Role(1, "+14155550133"),
    "speaks first": Role(2, "+14155550135"),
    "no relay left": Role(1, NO_RELAY),
    "no call left": Role(1, NO_ROOM),
}

AGENTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "impatient": {"ring_timeout_seconds": 5},
    "strict": {"end_call_after_silence_seconds": 10},
    "voicemail": {"voicemail": {"action": "leave_message", "message": "Please call us back about your visit."}},
    "ignore": {"voicemail": {"action": "ignore"}},
}

SILENT = frozenset({"ignore", "impatient"})
"""The agents whose owners want no webhooks."""
