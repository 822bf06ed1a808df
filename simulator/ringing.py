"""From dialling to answer (or not), and from the end of a call to its last report: what every leg shares."""

import asyncio
import contextlib
import time

from simulator.leg import InterruptedCallError, Leg
from simulator.stories import Outcome
from simulator.switchboard import Switchboard

NO_ANSWER = 487


async def ring(board: Switchboard, leg: Leg) -> bool:
    """Dial a leg and ring it; True when it was answered, False when it ended without."""
    try:
        await leg.wait(board.pace.dice.uniform(0.28, 0.39))
        leg.record.initiated_at = time.time()
        leg.note("initiated")
        board.callbacks.report(board.account.sid, leg, "initiated")
        await leg.wait(board.pace.dice.uniform(0.15, 0.6))
        await _ring(board, leg)
    except InterruptedCallError:
        return False
    return leg.live


async def _ring(board: Switchboard, leg: Leg) -> None:
    story = leg.story
    if not story.rings:
        leg.end("carrier", "failed", story.sip_code)
        return
    leg.record.ringing_at = time.time()
    leg.record.rings += 1
    leg.become("ringing")
    leg.note("ringing")
    board.callbacks.report(board.account.sid, leg, "ringing")
    decided = float("inf") if story.outcome is Outcome.RING_OUT else board.pace.real(story.ring_seconds)
    if decided >= leg.request.timeout_seconds:
        await leg.wait_real(leg.request.timeout_seconds)
        leg.end("timeout", "no-answer", NO_ANSWER)
        return
    await leg.wait_real(decided)
    match story.outcome:
        case Outcome.BUSY:
            leg.end("carrier", "busy", story.sip_code)
        case Outcome.FAIL:
            leg.end("carrier", "failed", story.sip_code)
        case Outcome.VANISH:
            leg.end("carrier", "completed", None)
        case _:
            answer(board, leg)


def answer(board: Switchboard, leg: Leg) -> None:
    """Pick up: from here the call costs money and the time limit runs."""
    leg.record.answered_at = time.time()
    leg.become("in-progress")
    leg.note("answered")
    board.callbacks.report(board.account.sid, leg, "answered")
    leg.tasks.spawn(_limit(leg), f"time limit {leg.sid}")
    if leg.story.hang_up_after_seconds is not None:
        leg.tasks.spawn(_hang_up_after(leg, leg.story.hang_up_after_seconds), f"callee hangs up {leg.sid}")


async def report_end(board: Switchboard, leg: Leg) -> None:
    """Stop what still runs on an ended call and send its last reports."""
    await leg.tasks.close()
    recordings = board.recordings.of(leg)
    for recording in recordings:
        board.recordings.finish(recording)
    await board.pace.wait_between(0.3, 1.3)
    mine = [recording for recording in recordings if recording.source == "OutboundAPI"]
    extra = [
        field
        for recording in mine
        for field in (
            ("RecordingUrl", f"{board.account.base}/Recordings/{recording.sid}"),
            ("RecordingSid", recording.sid),
            ("RecordingDuration", str(recording.whole_seconds)),
        )
    ]
    board.callbacks.report(board.account.sid, leg, "completed", extra)


async def _limit(leg: Leg) -> None:
    """End the call at its TimeLimit: real seconds from the answer, and the limit may change meanwhile."""
    while (left := leg.time_limit_seconds - leg.talk_seconds) > 0:
        leg.limit_changed.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(left):
                await leg.limit_changed.wait()
    leg.end("time_limit")


async def _hang_up_after(leg: Leg, story_seconds: float) -> None:
    await leg.pace.wait(story_seconds)
    leg.hang_up("callee")
