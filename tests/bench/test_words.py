"""What the judge lets pass among the words, and what not."""

from typing import Any

from bench.chaos.deeds import FaultDone
from bench.chaos.evidence import Evidence
from bench.chaos.judge.verdict import judge
from tests.bench.a_run import TALK, a_sound_run

QUESTION = "the messages are what was spoken"


def complaints(run: Evidence) -> int:
    return next(len(outcome.findings) for outcome in judge(run) if outcome.check == QUESTION)


def heard(run: Evidence) -> list[dict[str, Any]]:
    spoken: list[dict[str, Any]] = run.legs[0]["spoken"]
    return spoken


def test_a_doubled_message_is_found() -> None:
    """The same words twice were said once."""
    run = a_sound_run()
    run.messages[TALK].insert(1, run.messages[TALK][0] | {"seq": 1})
    assert complaints(run)


def test_swapped_messages_are_found() -> None:
    """The order is part of the record."""
    run = a_sound_run()
    run.messages[TALK].reverse()
    assert complaints(run)


def test_a_stalled_gateway_may_swap_neighbours() -> None:
    """Only what was said while it stood still."""
    run = a_sound_run()
    first, second, last = run.messages[TALK]
    run.messages[TALK] = [second, first, last]
    run.deeds.faults.append(FaultDone("freeze-gateway", "gateway", 105.0, 106.5))
    assert complaints(run) == 0


def test_what_both_said_at_once_may_stand_in_either_order() -> None:
    """The ledger has it by its begin, the record by its end; that is no excuse for neighbours that did not overlap."""
    run = a_sound_run()
    heard(run)[1]["at"], heard(run)[0]["at"] = 104.5, 104.6
    heard(run)[:2] = [heard(run)[1], heard(run)[0]]
    agent, user, _ = run.messages[TALK]
    user |= {"started_at": 104.5, "ended_at": 106.0}
    agent |= {"started_at": 104.6, "ended_at": 105.0}
    assert complaints(run) == 0
    agent |= {"started_at": 104.2, "ended_at": 104.4}
    assert complaints(run)


def test_words_that_a_break_cut_may_be_lacking() -> None:
    """A relay socket that broke in mid-sentence takes the sentence with it, and a whole earlier one not."""
    run = a_sound_run()
    run.legs[0]["relay_sessions"][0] |= {"ended_as": "failed", "closed_at": 107.5}
    run.messages[TALK] = run.messages[TALK][:2]
    assert complaints(run) == 0
    run.messages[TALK] = run.messages[TALK][1:]
    assert complaints(run) == 1


def test_of_the_same_words_said_twice_the_ones_at_the_break_are_missed() -> None:
    """A reminder lost with its gateway, and asked again by the next one, is stored once."""
    run = a_sound_run()
    again = heard(run)[0]["text"]
    heard(run).insert(2, {"role": "agent", "text": again, "at": 106.9, "interrupted": False})
    heard(run).insert(3, {"role": "agent", "text": again, "at": 107.2, "interrupted": False})
    run.messages[TALK].insert(2, run.messages[TALK][0] | {"seq": 2, "started_at": 107.2, "ended_at": 107.3})
    assert complaints(run) == 1
    run.legs[0]["relay_sessions"][0] |= {"ended_as": "failed", "closed_at": 107.0}
    assert complaints(run) == 0


def test_a_prefix_passes_only_where_words_were_cut() -> None:
    """Half a sentence is not the sentence."""
    run = a_sound_run()
    run.messages[TALK][0]["content"] = "Hello,"
    assert complaints(run) == 2
    run.legs[0]["relay_sessions"][0] |= {"ended_as": "failed", "closed_at": 104.9}
    assert complaints(run) == 0


def test_what_is_said_after_the_goodbye_is_no_part_of_the_talk() -> None:
    """The agent had ended the call; after any other words it would be a loss."""
    run = a_sound_run()
    heard(run).append({"role": "user", "text": "You too.", "at": 107.5, "interrupted": False})
    assert complaints(run) == 0
    heard(run)[2]["text"] = "Wonderful."
    run.messages[TALK][2]["content"] = "Wonderful."
    assert complaints(run) == 1


def test_notes_were_never_spoken() -> None:
    """What our side put among the callee's words in parentheses is not looked for in the ledger."""
    run = a_sound_run()
    run.messages[TALK].insert(1, {"seq": 1, "role": "user", "content": "(the transfer was not answered)"})
    assert complaints(run) == 0


def test_a_store_that_is_away_excuses_only_with_a_dead_gateway() -> None:
    """A gateway keeps in memory what it cannot store, and loses it only by dying."""
    run = a_sound_run()
    run.messages[TALK] = run.messages[TALK][:1]
    run.deeds.faults.append(FaultDone("kill-mongod", "mongod", 105.5, 109.0))
    assert complaints(run) == 2
    run.deeds.faults.append(FaultDone("kill-gateway", "gateway", 108.0, 109.0))
    assert complaints(run) == 0
