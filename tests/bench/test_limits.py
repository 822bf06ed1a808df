"""The judge of the limits' run sees what it must not see."""

from typing import Any

from bench.limits.figures import Figures, faults_of, figures, most_at_once, slot_to_dial

LIMIT = 2


def a_leg(number: int, began: float, ended: float | None) -> dict[str, Any]:
    return {"to": f"+1203{number}", "created_at": began, "ended_at": ended}


def a_record(number: int, registered: float, turn: int, since: float) -> dict[str, Any]:
    return {
        "call_id": f"c{number}",
        "to_number": f"+1203{number}",
        "registered_at": registered,
        "admission": {"state": "admitted", "asked": registered, "since": since, "turn": turn},
        "progress": {"finish_reason": "user_ended_call", "over": True},
    }


def a_round() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Four calls under a limit of two: two at once, two that wait for them."""
    times = [(10.0, 15.0), (10.0, 16.0), (15.5, 20.0), (16.5, 21.0)]
    legs = [a_leg(number, began, ended) for number, (began, ended) in enumerate(times)]
    records = [a_record(number, 9.0 + number / 10, number, began - 0.1) for number, (began, _) in enumerate(times)]
    return records, legs


def counted(records: list[dict[str, Any]], legs: list[dict[str, Any]]) -> Figures:
    return figures(records, legs, calls=4, limit=LIMIT, longest_history=80)


def faults(records: list[dict[str, Any]], legs: list[dict[str, Any]]) -> tuple[str, ...]:
    return faults_of(counted(records, legs), records, is_settled=True)


def test_a_sound_round_has_no_fault() -> None:
    """Two at a time, in order, all over."""
    records, legs = a_round()
    found = counted(records, legs)
    assert faults(records, legs) == ()
    assert (found.most_live_at_once, found.waited, found.dialled_out_of_order) == (2, 2, 0)
    assert slot_to_dial(legs, LIMIT) == [0.5, 0.5]


def test_an_end_makes_room_for_a_beginning_at_the_same_moment() -> None:
    """And a call that has not ended is live for good."""
    assert most_at_once([a_leg(1, 1.0, 2.0), a_leg(2, 2.0, 3.0)]) == 1
    assert most_at_once([a_leg(1, 1.0, None), a_leg(2, 9.0, 10.0)]) == 2


def test_one_call_too_many_is_seen() -> None:
    """The third call begins before the first is over."""
    records, legs = a_round()
    legs[2]["created_at"] = 14.9
    assert any("3 calls were live" in fault for fault in faults(records, legs))


def test_two_calls_to_one_callee_are_seen() -> None:
    """However far the limit is from being reached."""
    records, legs = a_round()
    legs[1]["to"] = legs[0]["to"]
    assert any("a callee had 2" in fault for fault in faults(records, legs))


def test_a_queue_jumper_is_seen() -> None:
    """The last in the queue is let in before the one that had waited longer."""
    records, legs = a_round()
    records[3]["admission"] |= {"turn": 2, "since": 15.4}
    records[2]["admission"] |= {"turn": 3, "since": 16.4}
    assert any("1 calls were overtaken" in fault for fault in faults(records, legs))


def test_of_two_registered_in_one_millisecond_neither_is_first() -> None:
    """Nobody can say who should have come first."""
    records, legs = a_round()
    records[3]["admission"] |= {"turn": 2, "since": 15.4}
    records[2]["admission"] |= {"turn": 3, "since": 16.4}
    records[3]["registered_at"] = records[2]["registered_at"]
    assert faults(records, legs) == ()


def test_what_is_left_open_is_seen() -> None:
    """An unfinished call, a slot that did not come back, a missing call, a limit that was never reached."""
    records, legs = a_round()
    records[0]["progress"] = {"finish_reason": None, "over": False}
    found = faults(records[:3], [legs[0]])
    for words in ("without an ending", "did not come back", "only 3 of 4", "never used to the full"):
        assert any(words in fault for fault in found), words
