"""Leaving a talk to another process, at a moment that cuts nobody's words off.

Rules of this file
1. Whoever speaks is let finish, agent and callee, until the patience ends; no new turn is asked for meanwhile.
2. A talk that is about to end anyway, or to be transferred, does that instead.
3. What the relay still tells after we left is kept: whoever goes on reads it from the record.
"""

from conversation.callee import Callee
from conversation.effects import CloseAgent, LeaveRelay
from conversation.floor import Floor
from conversation.relay_frames import end_frame

HANDOFF_HAND_OVER = '{"hand_over":true}'
"""Comes back with the carrier's question what to do next: connect the callee again, to whoever answers."""

GOING_AWAY = 1001


def leave_if_possible(floor: Floor, callee: Callee, now: float) -> None:
    """End the relay session for another one, if that was asked for and this is the moment."""
    if floor.leave_by is None or floor.is_over:
        return
    if now < floor.leave_by and _is_somebody_speaking(floor, callee, now):
        return
    floor.has_left = floor.is_over = True
    floor.keep(floor.playback.abandon(now), now)
    floor.effects += [CloseAgent(GOING_AWAY), LeaveRelay(end_frame(HANDOFF_HAND_OVER))]


def _is_somebody_speaking(floor: Floor, callee: Callee, now: float) -> bool:
    if not floor.is_relay_up:
        return False
    turn = floor.turns.current
    is_agent_speaking = turn is not None and turn.is_open and turn.has_words
    is_something_due = floor.ending is not None or floor.transfer_until is not None
    return is_agent_speaking or is_something_due or not floor.is_quiet or callee.owes_words(now)
