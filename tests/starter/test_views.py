"""What people are shown of a call, and the documents that name the exit codes."""

import re
from datetime import timedelta
from pathlib import Path

import starter
from calls.reasons import FinishReason
from calls.records import Progress
from calls.words import CallStatus
from runtime.command_line.call_views import seconds
from runtime.command_line.exits import MEANINGS
from runtime.command_line.screen import clean
from runtime.command_line.timeline import of_record
from tests.adapters.mongo.orders import NOON, new_call, said
from tests.starter.conftest import Desk

TALKED = Progress(
    revision=7,
    status=CallStatus.ENDED,
    attempt_id="a1",
    start_time=NOON,
    answer_time=NOON + timedelta(seconds=3),
    end_time=NOON + timedelta(seconds=11.4),
    duration_seconds=8.4,
    finish_reason=FinishReason.USER_ENDED_CALL,
    complete=True,
)


async def test_a_record_is_shown_with_its_reason_in_words(desk: Desk) -> None:
    """Reason and sentence, duration, the number of messages, and where to look further."""
    await desk.calls.register(new_call("talked"))
    await desk.calls.save_progress("talked", TALKED)
    await desk.calls.append_message("talked", said(0))
    shown = (await desk.run("status", "talked")).out
    for part in ("user_ended_call: The callee hung up.", "8.4 s", "http://ui.test/namespaces/default/workflows/call-"):
        assert part in shown
    listed = (await desk.run("list")).out
    assert re.search(r"talked +ended +user_ended_call", listed)


async def test_a_transcript_cannot_steer_the_terminal(desk: Desk) -> None:
    """Escape sequences and markup in what was said are shown as text."""
    await desk.calls.register(new_call("wild"))
    await desk.calls.append_message("wild", said(0, "\x1b[2J[red]Hello[/red]\r\n"))
    assert (await desk.run("transcript", "wild")).out.strip() == "agent  [2J[red]Hello[/red]"


async def test_a_record_is_told_in_its_own_times(desk: Desk) -> None:
    """A call that is over is told as it happened, however late it is looked at."""
    await desk.calls.register(new_call("old"))
    await desk.calls.save_progress("old", TALKED)
    stored = desk.calls.calls["old"]
    told = list(of_record(stored, NOON + timedelta(days=3)))
    assert [happening.event for happening in told] == ["registered", "dialling", "answered", "ended"]
    assert told[-1].at == stored.progress.end_time
    assert told[-1].more["call_finish_reason"] == "user_ended_call"


def test_durations_are_said_as_people_say_them() -> None:
    """Tenths below a minute, minutes above."""
    assert [seconds(each) for each in (None, 8.44, 59.6, 125)] == [None, "8.4 s", "1 min 00 s", "2 min 05 s"]


def test_only_printable_characters_pass() -> None:
    """Umlauts and emoji stay, controls go."""
    assert clean("Grüße 👋\x07\u202e") == "Grüße 👋  "


def test_the_exit_codes_are_documented_as_they_are() -> None:
    """The table at the top of the program is the one that the code obeys."""
    assert starter.__doc__ is not None
    table = dict(re.findall(r"^\| (\d+) \| (.+) \|$", starter.__doc__, re.MULTILINE))
    assert table == {str(code.value): meaning for code, meaning in MEANINGS.items()}
    assert Path(starter.__file__).name == "starter.py"
