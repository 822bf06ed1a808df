"""All that happens in a conversation because time passes.

Rules of this file
1. What `run_clocks` does at a deadline, `next_deadline` announces: after a tick the deadline is gone or later.
2. Silence is only counted while nobody speaks and no transfer is under way.
"""

from conversation.agent_frames import ping_frame
from conversation.agent_link import Loss
from conversation.callee import Callee
from conversation.effects import SendAgent
from conversation.floor import Floor


def run_clocks(floor: Floor, callee: Callee, now: float) -> Loss | None:
    """Do what is due; the loss of the agent server is returned, for the conversation to answer."""
    callee.run_clocks(now)
    _run_playback(floor, now)
    _run_transfer(floor, now)
    _run_turn(floor, now)
    _run_silence(floor, now)
    return None if floor.is_over else _run_link(floor, now)


def next_deadline(floor: Floor, callee: Callee, now: float) -> float | None:
    """The earliest of all that is due."""
    deadlines = [
        callee.keys_at,
        callee.wordless_at,
        floor.playback.deadline() if floor.is_relay_up else None,
        floor.transfer_until,
        floor.asking.deadline() if floor.is_free_to_ask else None,
        floor.leave_by,
        callee.words_due_at if floor.leave_by is not None else None,
        _stall_at(floor),
        _reminder_at(floor, now),
        _silence_at(floor, now),
        *floor.link.deadlines(),
    ]
    return min((deadline for deadline in deadlines if deadline is not None), default=None)


def _run_link(floor: Floor, now: float) -> Loss | None:
    floor.link.wait_over(now)
    if floor.link.ping_is_due(now):
        floor.effects.append(SendAgent(ping_frame(int(floor.record.wall(now).timestamp() * 1000))))
    return floor.link.lapse(now)


def _run_playback(floor: Floor, now: float) -> None:
    deadline = floor.playback.deadline()
    if floor.is_relay_up and deadline is not None and now >= deadline:
        floor.keep(floor.playback.expire(now), now)


def _run_transfer(floor: Floor, now: float) -> None:
    if floor.transfer_until is not None and now >= floor.transfer_until:
        floor.transfer_failed(now)


def _run_turn(floor: Floor, now: float) -> None:
    """The watchdog of a turn: nothing came, so nudge once; it broke off, so the floor is the callee's meanwhile."""
    due = _stall_at(floor)
    turn = floor.turns.current
    if due is None or turn is None or now < due:
        return
    if turn.chunk_at is None:
        floor.asking.want(is_reminder=True)
    else:
        floor.close(turn, now)
        turn.may_go_on = True


def _run_silence(floor: Floor, now: float) -> None:
    reminder = _reminder_at(floor, now)
    if reminder is not None and now >= reminder:
        floor.silence.reminders += 1
        floor.asking.want(is_reminder=True)
    silence = _silence_at(floor, now)
    if silence is not None and now >= silence and (outcome := floor.silence.expired(now)) is not None:
        floor.end(outcome, now)


def _stall_at(floor: Floor) -> float | None:
    turn = floor.turns.current
    if turn is None or not turn.is_open or not floor.is_relay_up or not floor.link.is_open:
        return None
    if turn.chunk_at is not None:  # what is still being spoken has not broken off
        spoken_at = turn.chunk_at if floor.playback.is_quiet else floor.playback.progress_at
        return max(turn.chunk_at, spoken_at) + floor.plan.turn_watchdog_seconds
    if turn.is_reminder or floor.asking.wish is not None:
        return None
    return turn.opened_at + floor.plan.turn_watchdog_seconds


def _reminder_at(floor: Floor, now: float) -> float | None:
    turn = floor.turns.current
    if floor.asking.wish is not None or not _may_be_silent(floor) or (turn is not None and turn.is_open):
        return None
    return floor.silence.reminder_at(turn.closed_at if turn is not None else 0.0, now)


def _silence_at(floor: Floor, now: float) -> float | None:
    return floor.silence.ends_at(now) if _may_be_silent(floor) else None


def _may_be_silent(floor: Floor) -> bool:
    return floor.is_quiet and floor.transfer_until is None and floor.ending is None
