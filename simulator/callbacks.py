"""Status and recording callbacks: the exact keys, and what can happen to a callback on its way."""

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.faults import Dice
from simulator.ids import API_VERSION, rfc2822
from simulator.ledger import CallbackSent
from simulator.leg import Leg
from simulator.outside import Outside, Reply
from simulator.request import Callback
from simulator.tasks import Tasks

Pairs = list[tuple[str, str]]
Alert = Callable[[Leg, int, str, str], None]
EVENT_STATUS = {"initiated": "initiated", "ringing": "ringing", "answered": "in-progress"}
GEO = ("City", "State", "Zip", "Country")
ATTESTED = ("ringing", "answered")
"""The events that carry StirStatus."""
CALLBACK_FAILED = 15003
ORDER_PATIENCE = 1.0
"""Real seconds that a callback waits for the one before it."""
REORDER_PATIENCE = 5.0
"""Real seconds that a held-back callback waits for the one after it."""


def call_form(account_sid: str, leg: Leg, status: str) -> Pairs:
    """Give the fields that every request about a call carries, geography empty as for unknown numbers."""
    ends = {"From": leg.request.from_, "To": leg.request.to, "Caller": leg.request.from_, "Called": leg.request.to}
    form = [
        ("CallSid", leg.sid),
        ("AccountSid", account_sid),
        *ends.items(),
        ("CallStatus", status),
        ("ApiVersion", API_VERSION),
        ("Direction", leg.request.direction.value),
    ]
    form += [(end + part, "") for end in ends for part in GEO]
    if leg.request.parent_sid:
        form.append(("ParentCallSid", leg.request.parent_sid))
    return form


def terminal_form(leg: Leg) -> Pairs:
    """Give the fields that only the last status callback of a call carries. Duration is in begun minutes."""
    form = [("CallDuration", str(leg.duration_seconds)), ("Duration", str(-(-leg.duration_seconds // 60)))]
    if leg.record.sip_code is not None:
        form.append(("SipResponseCode", str(leg.record.sip_code)))
    if leg.record.answered_by:
        form.append(("AnsweredBy", leg.record.answered_by))
    return form


@dataclass(frozen=True)
class Message:
    """One callback on its way."""

    kind: str
    name: str
    to: Callback
    form: Pairs
    sequence: int | None = None


@dataclass
class Turn:
    """Where one status callback of a call stands: its successor may go, and it has been delivered."""

    passed: asyncio.Event = field(default_factory=asyncio.Event)
    delivered: asyncio.Event = field(default_factory=asyncio.Event)


class Callbacks:
    """Sends callbacks, each as a request of its own: order of arrival is not promised."""

    def __init__(self, outside: Outside, tasks: Tasks, dice: Callable[[], Dice], alert: Alert) -> None:
        self._outside = outside
        self._alert = alert
        self._tasks = tasks
        self._dice = dice
        self._turns: dict[str, defaultdict[int, Turn]] = {}

    def report(self, account_sid: str, leg: Leg, event: str, extra: Pairs | None = None) -> None:
        """Report one event of a call's life, if it was subscribed to. Sequence numbers count subscribed events only."""
        if not leg.status_callback.url or event not in leg.status_callback.events:
            return
        number, leg.sequence = leg.sequence, leg.sequence + 1
        form = call_form(account_sid, leg, EVENT_STATUS.get(event, leg.status))
        form += [
            ("Timestamp", rfc2822(time.time())),
            ("CallbackSource", "call-progress-events"),
            ("SequenceNumber", str(number)),
        ]
        if event in ATTESTED:
            form.append(("StirStatus", "B"))
        if event == "completed":
            form += terminal_form(leg) + (extra or [])
        message = Message("status", event, leg.status_callback, form, number)
        self._tasks.spawn(self._status(leg, message, number), f"callback {event} {leg.sid}")

    def send(self, leg: Leg, kind: str, name: str, to: Callback, form: Pairs) -> None:
        """Send any other callback about a call in the background."""
        if to.url:
            self._tasks.spawn(self._deliver(leg, Message(kind, name, to, form)), f"callback {kind} {leg.sid}")

    async def _status(self, leg: Leg, message: Message, number: int) -> None:
        """Deliver in order, but never hold a callback back for long: an application may hang on the one before."""
        turns = self._turns.setdefault(leg.sid, defaultdict(Turn))
        mine = turns[number]
        if self._dice().scatters(leg.request.person):
            mine.passed.set()
        elif message.name != "completed" and self._dice().falls("callback_reorder", leg.request.person):
            mine.passed.set()
            await _settled(turns[number + 1].delivered, REORDER_PATIENCE)
        elif number > 0:
            await _settled(turns[number - 1].passed, ORDER_PATIENCE)
        try:
            await self._deliver(leg, message)
        finally:
            mine.passed.set()
            mine.delivered.set()
        if message.name == "completed":
            self._turns.pop(leg.sid, None)

    async def _deliver(self, leg: Leg, message: Message) -> None:
        dice, callee = self._dice(), leg.request.person
        if dice.falls("callback_drop", callee):
            _enter(leg, message, Reply(0, attempts=0, error="dropped by a fault"))
            return
        if dice.falls("callback_delay", callee):
            await asyncio.sleep(dice.faults.callback_delay_seconds)
        for reply in await self._send(dice, message, callee):
            _enter(leg, message, reply)
            if not reply.ok:
                warning = f"{message.kind} callback {message.name}: {reply.status} {reply.error}"
                self._alert(leg, CALLBACK_FAILED, warning, message.to.url)

    async def _send(self, dice: Dice, message: Message, callee: str) -> list[Reply]:
        to, faults = message.to, dice.faults
        copies = faults.callback_copies if dice.concerns(callee) else 1
        copies += dice.falls("callback_duplicate", callee)
        if dice.scatters(callee):
            after = [dice.lateness(faults.callback_scatter_seconds) for _ in range(copies)]
            return await self._outside.scatter(to.method, to.url, message.form, after)
        return await self._outside.send_copies(to.method, to.url, message.form, copies)


async def _settled(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def _enter(leg: Leg, message: Message, reply: Reply) -> None:
    sent = CallbackSent(
        kind=message.kind,
        name=message.name,
        url=message.to.url,
        sequence=message.sequence,
        at=time.time(),
        attempts=reply.attempts,
        status=reply.status,
        error=reply.error,
    )
    leg.record.callbacks.append(sent)
    leg.note("callback", **sent.model_dump(exclude={"at"}))
