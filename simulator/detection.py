"""Answering-machine detection: what the verdict is, when it comes, and whom it is told."""

import asyncio
import time

from simulator.leg import Leg
from simulator.request import Detection
from simulator.stories import Ear, Verdict
from simulator.switchboard import Switchboard

SWAPPED = {Ear.HUMAN: Ear.MACHINE, Ear.MACHINE: Ear.HUMAN}


def answered_by(verdict: Verdict, ear: Ear, *, until_message_end: bool) -> str:
    """Name the verdict as the wire does."""
    if ear is not Ear.MACHINE:
        return ear.value
    if not until_message_end:
        return "machine_start"
    return "machine_end_beep" if verdict.beep else "machine_end_silence"


def verdict_of(board: Switchboard, leg: Leg, detection: Detection) -> tuple[str, float] | None:
    """Give the verdict and the real seconds from the answer until it; None when it never comes."""
    verdict, callee = leg.story.verdict, leg.request.person
    if verdict.missing or board.dice.falls("amd_missing", callee):
        return None
    ear = SWAPPED.get(verdict.hears, verdict.hears) if board.dice.falls("amd_wrong", callee) else verdict.hears
    waits_for_end = detection.until_message_end and ear is Ear.MACHINE
    story_seconds = verdict.end_of_greeting_seconds if waits_for_end else verdict.delay_seconds
    seconds = board.pace.real(story_seconds)
    name = answered_by(verdict, ear, until_message_end=detection.until_message_end)
    if seconds > detection.timeout_seconds:
        seconds, name = detection.timeout_seconds, "machine_end_other" if waits_for_end else "unknown"
    if board.dice.concerns(callee):
        seconds += board.dice.faults.amd_late_seconds
    return name, seconds


async def detect_now(board: Switchboard, leg: Leg, detection: Detection) -> list[tuple[str, str]]:
    """Hold the call until the verdict; give the fields that the instructions request then carries."""
    found = verdict_of(board, leg, detection)
    if found is None:
        await leg.wait_real(detection.timeout_seconds)
        found = ("unknown", detection.timeout_seconds)
    else:
        await leg.wait_real(found[1])
    return _enter(leg, *found)


async def detect_aside(board: Switchboard, leg: Leg, detection: Detection) -> None:
    """Bring the verdict while the call goes on. After a hangup none comes, except one that a fault made late."""
    found = verdict_of(board, leg, detection)
    if found is None:
        leg.note("verdict missing")
        return
    name, seconds = found
    await asyncio.sleep(seconds)
    late = board.dice.faults.amd_late_seconds > 0 and board.dice.concerns(leg.request.person)
    if not leg.live and not late:
        return
    form = [("CallSid", leg.sid), ("AccountSid", board.account.sid), *_enter(leg, name, seconds)]
    board.callbacks.send(leg, "amd", name, detection.callback, form)


def _enter(leg: Leg, name: str, seconds: float) -> list[tuple[str, str]]:
    leg.record.answered_by = name
    leg.note("verdict", answered_by=name, after=time.time() - (leg.record.answered_at or 0))
    return [("AnsweredBy", name), ("MachineDetectionDuration", str(int(leg.pace.story(seconds) * 1000)))]
