"""The whole life of one call: of one that the API asked for, and of one that comes in."""

import time

from simulator.detection import detect_aside, detect_now
from simulator.interpreter import Interpreter
from simulator.leg import Instructions, InterruptedCallError, Leg
from simulator.request import CallRequest
from simulator.ringing import report_end, ring
from simulator.stories import Outcome
from simulator.switchboard import Switchboard


def place(board: Switchboard, request: CallRequest) -> Leg:
    """Accept a call; it is queued, and its life goes on by itself."""
    leg = board.add(request)
    delay = board.reserve_start()
    leg.record.queue_milliseconds = int(delay * 1000)
    board.tasks.spawn(live(board, leg, delay), f"call {leg.sid}")
    return leg


async def live(board: Switchboard, leg: Leg, queue_seconds: float) -> None:
    """Queue, ring, talk, report."""
    if await _leave_queue(leg, queue_seconds) and await ring(board, leg):
        await _talk(board, leg)
    await report_end(board, leg)


def come_in(board: Switchboard, request: CallRequest) -> Leg:
    """Let somebody call the account; their story is the one of their own number."""
    leg = board.add(request)
    board.tasks.spawn(live_inbound(board, leg), f"call {leg.sid}")
    return leg


async def live_inbound(board: Switchboard, leg: Leg) -> None:
    """Ring, ask for instructions, talk, report."""
    leg.record.initiated_at = leg.record.ringing_at = time.time()
    leg.become("ringing")
    await Interpreter(board, leg).run(Instructions(leg.request.url, leg.request.method), [])
    leg.end("carrier")
    await report_end(board, leg)


async def _leave_queue(leg: Leg, seconds: float) -> bool:
    stuck = leg.story.outcome is Outcome.STUCK
    try:
        await leg.wait_real(24 * 3600 if stuck else seconds)
    except InterruptedCallError:
        return False
    if stuck:
        leg.end("queue", "canceled", None)
    return leg.live


async def _talk(board: Switchboard, leg: Leg) -> None:
    request, extra = leg.request, list[tuple[str, str]]()
    if request.recording:
        wish = request.recording
        board.recordings.start(
            leg, source="OutboundAPI", channels=wish.channels, track=wish.track, callback=wish.callback
        )
    first: Instructions | None = Instructions(request.url, request.method, request.twiml)
    if request.detection and request.detection.asynchronous:
        board.tasks.spawn(detect_aside(board, leg, request.detection), f"verdict {leg.sid}")
    elif request.detection:
        try:
            extra = await detect_now(board, leg, request.detection)
        except InterruptedCallError:
            first = leg.take_redirection()
    if first is not None and leg.live:
        await Interpreter(board, leg).run(first, extra)
    leg.end("carrier")
