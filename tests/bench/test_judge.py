"""Every question of the judge is seen to find the bug that is planted for it, and no other cries out."""

from collections.abc import Callable
from typing import Any

import pytest

from bench.chaos.deeds import Intrusion
from bench.chaos.evidence import Evidence
from bench.chaos.judge.verdict import CHECKS, INVARIANTS, judge
from tests.bench.a_run import BUSY, RECORDING, REFUSED, TALK, a_sound_run, leg, told

Doctor = Callable[[Evidence], object]


def second_ring(run: Evidence) -> None:
    """The dial was repeated after an ambiguous one."""
    run.legs.append(leg(BUSY, 2, sid="CA" + "7" * 32, answered_at=None, ended_at=104.0, status="busy"))


def ring_after_a_503(run: Evidence) -> None:
    run.legs.append(leg(REFUSED, 3))


def two_records(run: Evidence) -> None:
    run.deeds.posts[1].record_id = "f" * 24


def live_leg(run: Evidence) -> None:
    run.legs[0]["ended_at"] = None


def endless_leg(run: Evidence) -> None:
    run.legs[0]["ended_at"] = 104.0 + 60


def unlimited_leg(run: Evidence) -> None:
    """The carrier was told no limit of its own."""
    run.legs[0]["time_limit_seconds"] = 14_400.0


def end_without_effect(run: Evidence) -> None:
    """The end was accepted, and forgotten."""
    run.legs[3]["ended_at"] = run.deeds.orders[1].answered_at + 31


def machine_that_talks_on(run: Evidence) -> None:
    run.legs[2]["ended_at"] = 105.0 + 20
    run.calls[2]["progress"] |= {"finish_reason": "user_ended_call"}


def undated_answer(run: Evidence) -> None:
    run.calls[0]["progress"] |= {"answer_time": None}


def early_answer(run: Evidence) -> None:
    run.calls[0]["progress"] |= {"answer_time": 101.0}


def torn_transcript(run: Evidence) -> None:
    run.calls[0]["transcript"] = run.calls[0]["transcript"][:2]


def unrecorded_talk(run: Evidence) -> None:
    run.legs[0]["recordings"] = []


def recorded_transfer(run: Evidence) -> None:
    run.legs[3]["recorded_until"] = {"RE" + "2" * 32: 125.0}


def silent_gateway(run: Evidence) -> None:
    """It answers 503 to everything."""
    for post in run.deeds.posts:
        post.status = 503


def unknown_leg(run: Evidence) -> None:
    run.legs[0]["sid"] = "CA" + "8" * 32


def early_leave(run: Evidence) -> None:
    """The workflow hung up in its record only."""
    run.workflows[0]["closed_at"] = 105.0


def lost_record(run: Evidence) -> None:
    run.calls.pop()


def open_record(run: Evidence) -> None:
    run.calls[0]["progress"] |= {"complete": False}


def untrue_reason(run: Evidence) -> None:
    run.calls[0]["progress"] |= {"finish_reason": "user_ended_call"}
    run.workflows[0]["result"]["finish_reason"] = "user_ended_call"


def running_workflow(run: Evidence) -> None:
    run.workflows[0] |= {"status": "RUNNING", "result": None}


def lost_message(run: Evidence) -> None:
    run.messages[TALK].pop()


def doubled_number(run: Evidence) -> None:
    run.messages[TALK][2]["seq"] = 3


def short_recording(run: Evidence) -> None:
    run.archive["f1"]["bytes"] = 3


def orphaned_recording(run: Evidence) -> None:
    run.archive["f2"] = {"recording": RECORDING, "bytes": 4, "sha256": "abcd"}


def believed_forgery(run: Evidence) -> None:
    run.deeds.intrusions[0].status = 204


def forged_fact(run: Evidence) -> None:
    run.workflows[0]["signals"].append({"name": "call_completed", "body": [{"sip_code": 599}]})


def vague_error(run: Evidence) -> None:
    run.deeds.mischief[0].status = 500


def bad_row(run: Evidence) -> None:
    run.workflows.append(run.workflows[1] | {"workflow_id": "call-bad-00001"})


def accepted_conflict(run: Evidence) -> None:
    run.deeds.posts[2].status = 200


def lost_webhook(run: Evidence) -> None:
    """Three tries, and it was given up."""
    run.told[-1].is_taken = False


def overtaking_webhook(run: Evidence) -> None:
    run.told.insert(0, run.told.pop(4))


def early_webhook(run: Evidence) -> None:
    """It was made before the recording was there."""
    run.told[-1].said["call"]["recorded_call_audio_url"] = None


def end_that_was_none(run: Evidence) -> None:
    """The end was told before the carrier's last word."""
    ended = next(one for one in run.told if one.event == "CallHandler.CallEnded")
    ended.said["call"]["call_finish_reason"] = "call_failed"


def rewritten_webhook(run: Evidence) -> None:
    """A repetition was made anew from a record that had gone on."""
    run.told[1].body_sha256 = "another"


def start_that_never_was(run: Evidence) -> None:
    run.told.insert(2, told(BUSY, "CallHandler.CallStarted"))


PLANTED: dict[str, Doctor] = {
    "a call has at most one accepted carrier call": second_ring,
    "a call that was refused is never dialled": ring_after_a_503,
    "every yes to a call id names one record": two_records,
    "no carrier call is live at the end": live_leg,
    "none outlived its maximum duration": endless_leg,
    "the carrier was told when to end it": unlimited_leg,
    "an end that was accepted takes effect": end_without_effect,
    "every carrier call belongs to a call": unknown_leg,
    "no carrier call outlives its workflow": early_leave,
    "a call that was taken is on record": lost_record,
    "every record has ended, with reason and evidence": open_record,
    "the reason is the true one": untrue_reason,
    "a machine is hung up on where that is wanted": machine_that_talks_on,
    "answer and end are dated as the carrier says": undated_answer,
    "every workflow has completed": running_workflow,
    "the messages are what was spoken": lost_message,
    "messages are numbered without gaps": doubled_number,
    "transcript and messages are the same": torn_transcript,
    "a conversation is recorded where that is wanted": unrecorded_talk,
    "a recording stops when the callee is put through": recorded_transfer,
    "recordings are archived whole": short_recording,
    "no recording is stored twice or for nobody": orphaned_recording,
    "every webhook that is due was taken": lost_webhook,
    "a call's webhooks come in order": overtaking_webhook,
    "the end is told with the reason that stays": end_that_was_none,
    "the last webhook has the whole call": early_webhook,
    "a webhook is the same each time it comes": rewritten_webhook,
    "a webhook tells what happened, to who asked": start_that_never_was,
    "strangers are refused": believed_forgery,
    "what strangers sent changed nothing": forged_fact,
    "most of what is asked is answered": silent_gateway,
    "bad requests get a clear error": vague_error,
    "bad requests leave nothing": bad_row,
    "another request under a taken id is refused": accepted_conflict,
}


def found(run: Evidence) -> dict[str, int]:
    """The questions that found something, and how much."""
    return {outcome.check: len(outcome.findings) for outcome in judge(run) if outcome.findings}


def test_a_sound_run_is_found_sound() -> None:
    """No question cries wolf, and every one had something to look at."""
    run = a_sound_run()
    assert found(run) == {}
    assert [outcome.check for outcome in judge(run) if not outcome.looked_at] == []


def test_every_question_has_a_planted_bug() -> None:
    """A check that was never seen to fail proves nothing; each invariant has one."""
    assert set(PLANTED) == {check.question for check in CHECKS}
    assert {check.invariant for check in CHECKS} == set(INVARIANTS)


@pytest.mark.parametrize(
    ("plant", "question"),
    [
        (early_answer, "answer and end are dated as the carrier says"),
        (undated_answer, "answer and end are dated as the carrier says"),
    ],
)
def test_a_date_that_is_wrong_is_found(plant: Doctor, question: str) -> None:
    """Missing, or before the carrier's own."""
    run = a_sound_run()
    plant(run)
    assert found(run).get(question)


@pytest.mark.parametrize("question", PLANTED)
def test_a_planted_bug_is_found(question: str) -> None:
    """The question that is asked for it finds it."""
    run = a_sound_run()
    PLANTED[question](run)
    assert found(run).get(question)


@pytest.mark.parametrize(("ended_at", "is_found"), [(104.1, False), (112.0, True)])
def test_only_a_talk_can_be_recorded(ended_at: float, is_found: bool) -> None:
    """A callee who hung up before the relay came up left nothing to record."""
    run = a_sound_run()
    unrecorded_talk(run)
    run.legs[0]["ended_at"] = ended_at
    assert bool(found(run).get("a conversation is recorded where that is wanted")) is is_found


def test_a_call_that_somebody_else_hung_up_later_is_found() -> None:
    """Its workflow knew it and left; that a sweep hung it up and noted it is no excuse."""
    run = a_sound_run()
    early_leave(run)
    leg = next(leg for leg in run.legs if leg["sid"] == run.call_by_id[TALK]["progress"]["carrier_call_id"])
    leg |= {"spoken": [], "relay_sessions": []}
    run.late_facts.append({"call_id": TALK})
    assert found(run).get("no carrier call outlives its workflow")


@pytest.mark.parametrize(("began_at", "is_found"), [(105.5, False), (109.0, True)])
def test_a_call_that_was_taken_up_again_is_found(began_at: float, is_found: bool) -> None:
    """Until the sweep gave it a workflow again it had none; a moment of that is nothing."""
    run = a_sound_run()
    early_leave(run)
    run.workflows.append(run.workflows[0] | {"run_id": "second", "began_at": began_at, "closed_at": 112.0})
    assert ("no carrier call outlives its workflow" in found(run)) is is_found


@pytest.mark.parametrize(
    ("changed", "question"),
    [
        ({"is_signed": False}, "a webhook is the same each time it comes"),
        ({"trace_id": "another"}, "a webhook is the same each time it comes"),
        ({"event": "CallHandler.CallEnded"}, "a webhook is the same each time it comes"),
        ({"path": "/elsewhere"}, "a webhook tells what happened, to who asked"),
        ({"said": {}}, "a webhook is the same each time it comes"),
    ],
)
def test_a_webhook_that_is_wrong_in_itself_is_found(changed: dict[str, Any], question: str) -> None:
    """Unsigned, header and body at odds, sent on, or about nothing."""
    run = a_sound_run()
    for name, value in changed.items():
        setattr(run.told[1], name, value)
    assert question in found(run)


def test_a_webhook_that_is_told_under_two_names_is_found() -> None:
    """The receiver knows repetitions by the trace id alone: a second one is a second event."""
    run = a_sound_run()
    twin = told(TALK, "CallHandler.CallStarted", trace_id="another")
    twin.said["traceId"] = "another"
    run.told.insert(2, twin)
    assert "a webhook tells what happened, to who asked" in found(run)


def test_a_webhook_that_nobody_asked_for_is_found() -> None:
    """The agent of the busy call has no address to be told at."""
    run = a_sound_run()
    run.calls[1]["agent"]["webhook_url"] = None
    assert set(found(run)) == {"a webhook tells what happened, to who asked"}


def test_a_foreign_callback_that_was_believed_is_found() -> None:
    """A signed callback of another carrier call may be noted, but not become the call's own."""
    run = a_sound_run()
    run.calls[0]["progress"]["carrier_call_id"] = run.deeds.intrusions[1].marker
    assert "what strangers sent changed nothing" in found(run)


def test_a_foreign_callback_hides_no_forgery() -> None:
    """The trace of a signed foreign callback is told apart from that of an unsigned one on the same call."""
    run = a_sound_run()
    foreign = run.deeds.intrusions[1].marker
    told = {"name": "call_completed", "body": [{"sip_code": 599, "carrier_call_id": foreign}]}
    run.workflows[0]["signals"].append(told)
    assert found(run) == {}
    run.deeds.intrusions.append(Intrusion("keyless", TALK, "end-of-a-stranger", (401,), 105.0, 401))
    run.workflows[0]["signals"].append({"name": "end", "body": [{"request_id": "end-of-a-stranger"}]})
    assert found(run) == {"what strangers sent changed nothing": 1}
