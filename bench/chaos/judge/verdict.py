"""All questions that a run is asked, by invariant."""

from collections.abc import Sequence
from typing import Any

from bench.chaos.evidence import Evidence
from bench.chaos.judge import audio, dues, endings, outsiders, rings, webhooks, words
from bench.chaos.judge.findings import Check, Outcome

INVARIANTS = {
    1: "at most one ring",
    2: "no orphan",
    3: "always an ending",
    4: "nothing lost",
    5: "nobody in",
    6: "bad input costs nothing",
}

CHECKS: tuple[Check[Any], ...] = (
    Check(1, "a call has at most one accepted carrier call", rings.asked_calls, rings.at_most_one_ring),
    Check(1, "a call that was refused is never dialled", rings.refused_for_good, rings.no_ring_after_a_refusal),
    Check(1, "every yes to a call id names one record", outsiders.repetitions, outsiders.names_the_same_call),
    Check(2, "no carrier call is live at the end", rings.every_leg, rings.is_over),
    Check(2, "none outlived its maximum duration", rings.every_leg, rings.ended_in_time),
    Check(2, "the carrier was told when to end it", dues.dialled_legs, dues.is_limited_by_the_carrier),
    Check(2, "an end that was accepted takes effect", dues.ends_taken, dues.takes_effect),
    Check(2, "every carrier call belongs to a call", rings.every_leg, rings.is_owned),
    Check(2, "no carrier call outlives its workflow", rings.every_leg, rings.outlives_no_workflow),
    Check(3, "a call that was taken is on record", endings.taken_calls, endings.is_kept),
    Check(3, "every record has ended, with reason and evidence", endings.every_call, endings.has_ended),
    Check(3, "the reason is the true one", endings.every_call, endings.reason_is_true),
    Check(3, "a machine is hung up on where that is wanted", dues.machines, dues.is_hung_up_on),
    Check(3, "answer and end are dated as the carrier says", dues.answered_calls, dues.is_dated_by_the_carrier),
    Check(3, "every workflow has completed", endings.every_workflow, endings.has_completed),
    Check(4, "the messages are what was spoken", words.talks, words.says_what_was_said),
    Check(4, "messages are numbered without gaps", words.numbered_calls, words.is_without_gaps),
    Check(4, "transcript and messages are the same", words.transcribed_calls, words.is_transcribed),
    Check(4, "a conversation is recorded where that is wanted", audio.talked_calls, audio.is_recorded),
    Check(4, "a recording stops when the callee is put through", dues.bridged_calls, dues.is_recorded_to_the_bridge),
    Check(4, "recordings are archived whole", audio.recorded_calls, audio.is_archived),
    Check(4, "no recording is stored twice or for nobody", audio.archived_files, audio.belongs_to_a_call),
    Check(4, "every webhook that is due was taken", webhooks.told_calls, webhooks.all_due_is_taken),
    Check(4, "a call's webhooks come in order", webhooks.told_calls, webhooks.comes_in_order),
    Check(4, "the end is told with the reason that stays", webhooks.told_calls, webhooks.ends_as_it_is_recorded),
    Check(4, "the last webhook has the whole call", webhooks.told_calls, webhooks.ends_with_the_whole_call),
    Check(4, "a webhook is the same each time it comes", webhooks.traces, webhooks.is_always_the_same),
    Check(4, "a webhook tells what happened, to who asked", webhooks.traces, webhooks.tells_what_happened),
    Check(5, "strangers are refused", outsiders.intrusions, outsiders.is_answered_as_it_deserves),
    Check(5, "what strangers sent changed nothing", outsiders.intrusions, outsiders.changed_nothing),
    Check(6, "most of what is asked is answered", dues.askings, dues.is_answered_for_the_most_part),
    Check(6, "bad requests get a clear error", outsiders.mischief, outsiders.gets_a_clear_error),
    Check(6, "bad requests leave nothing", outsiders.mischief, outsiders.leaves_nothing),
    Check(6, "another request under a taken id is refused", outsiders.conflicts, outsiders.is_refused_by_name),
)


def judge(evidence: Evidence) -> Sequence[Outcome]:
    """Ask everything."""
    return [check.ask(evidence) for check in CHECKS]
