"""What the world answers to a story on stage, and the verbs that read it: activities of the real ones' names."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.models import (
    Admission,
    Adoption,
    CallingTime,
    CarrierWord,
    DialOrder,
    DialOutcome,
    DialResult,
    Extension,
    LiveCall,
    LookUp,
    MachineCheck,
    MachineDecision,
    RecordingOrder,
    RecordingOutcome,
    RegisterAnswer,
    Registration,
    TransferOrder,
    Watch,
)
from calls.facts import MachineAction
from calls.model import CallOrder, CallPlan
from calls.policy import Policy
from calls.ports.admissions import Turn
from calls.records import Progress

CARRIER_CALL = "CA" + "0" * 32


@dataclass
class Script:
    """What the world answers, and what it was asked."""

    plan: CallPlan = field(default_factory=lambda: CallPlan(agent_id="a" * 24, agent_name="Rita", policy=Policy()))
    registration: Registration = Registration.CREATED
    first_registrations: list[Registration] = field(default_factory=list)
    """What the first tries to register are told, one after the other."""
    admissions: list[Admission] = field(default_factory=list)
    """What a call is told that asks for its turn, one after the other; afterwards that it is admitted."""
    dials: list[DialOutcome] = field(default_factory=list)
    found: CarrierWord | None = None
    carrier_says: list[CarrierWord] = field(default_factory=list)
    hours_begin_in: timedelta | None = timedelta(0)
    """How long a callee may not be rung yet; None when their hours never come."""
    first_hours_fail: bool = False
    """Whether those cannot be found at the first asking."""
    machine: MachineDecision | None = field(
        default_factory=lambda: MachineDecision(action=MachineAction.PROCEED, answered_by="human", why="no machine")
    )
    recording: RecordingOutcome = field(default_factory=RecordingOutcome)
    is_withdrawn: bool = True
    """Whether a registration that is given up had not happened."""
    store_is_away: timedelta | None = None
    """How long the store does not answer the first time a registration is given up."""
    broken: set[str] = field(default_factory=set)
    broken_for: dict[str, timedelta] = field(default_factory=dict)
    """Verbs that fail at their first attempt, and how long the second one is away."""
    asked: list[tuple[str, Any]] = field(default_factory=list)
    saved: list[Progress] = field(default_factory=list)
    announced: list[bool] = field(default_factory=list)
    """Whether each save was to be announced."""
    on_dial: Callable[[], Awaitable[None]] | None = None
    """What happens while the carrier is asked to dial."""
    on_hang_up: Any = None
    on_save: Callable[[Progress], Awaitable[None]] | None = None
    """What happens while a record is written."""
    was_asked: asyncio.Event = field(default_factory=asyncio.Event)

    def times(self, verb: str) -> int:
        """How often a verb was asked for."""
        return sum(name == verb for name, _ in self.asked)

    def note(self, verb: str, what: Any) -> None:
        self.asked.append((verb, what))
        self.was_asked.set()
        if (away := self.broken_for.pop(verb, None)) is not None:
            raise ApplicationError(f"{verb} is broken for now", next_retry_delay=away)
        if verb in self.broken:
            raise ApplicationError(f"{verb} is broken", non_retryable=True)

    def next_admission(self) -> Admission:
        """The next thing that a waiting call is told; the last one is repeated while it says to wait."""
        waits_on = len(self.admissions) == 1 and self.admissions[0].turn is Turn.WAITING
        return self.admissions[0] if waits_on else self.admissions.pop(0) if self.admissions else ADMITTED


ADMITTED = Admission(turn=Turn.ADMITTED)
ACCEPTED = DialOutcome(result=DialResult.ACCEPTED, carrier_call_id=CARRIER_CALL)


class ScriptedVerbs:
    """Activities of the real ones' names, over a script."""

    def __init__(self, script: Script) -> None:
        self._script = script

    @activity.defn
    async def register_call(self, order: CallOrder) -> RegisterAnswer:
        self._script.note("register_call", order)
        first = self._script.first_registrations
        outcome = first.pop(0) if first else self._script.registration
        return RegisterAnswer(outcome=outcome, plan=self._script.plan if outcome is Registration.CREATED else None)

    @activity.defn
    async def give_up_registration(self, order: CallOrder) -> bool:
        self._script.note("give_up_registration", order)
        if self._script.store_is_away is not None and activity.info().attempt == 1:
            raise ApplicationError("the store is away", next_retry_delay=self._script.store_is_away)
        return self._script.is_withdrawn

    @activity.defn
    async def save_progress(self, call_id: str, progress: Progress) -> None:
        self._script.note("save_progress", call_id)
        self._script.saved.append(progress)
        self._script.announced.append(False)
        if self._script.on_save:
            await self._script.on_save(progress)

    @activity.defn
    async def save_and_announce(self, call_id: str, progress: Progress) -> None:
        self._script.note("save_and_announce", call_id)
        self._script.saved.append(progress)
        self._script.announced.append(True)

    @activity.defn
    async def ask_admission(self, call_id: str) -> Admission:
        self._script.note("ask_admission", call_id)
        return self._script.next_admission()

    @activity.defn
    async def await_admission(self, call_id: str) -> Admission:
        """Waits as a retry, because a running activity would hold the skipped clock."""
        self._script.note("await_admission", call_id)
        if (said := self._script.next_admission()).turn is Turn.WAITING:
            raise ApplicationError("still waiting", next_retry_delay=timedelta(seconds=10))
        return said

    @activity.defn
    async def dial(self, order: DialOrder) -> DialOutcome:
        self._script.note("dial", order)
        if self._script.on_dial:
            await self._script.on_dial()
        return self._script.dials.pop(0) if self._script.dials else ACCEPTED

    @activity.defn
    async def find_calling_time(self, wish: CallingTime) -> datetime | None:
        self._script.note("find_calling_time", wish)
        if self._script.first_hours_fail and activity.info().is_local:
            raise ApplicationError("stood still", non_retryable=True)
        wait = self._script.hours_begin_in
        return None if wait is None else wish.at + wait

    @activity.defn
    async def find_dialled_call(self, look_up: LookUp) -> CarrierWord | None:
        self._script.note("find_dialled_call", look_up)
        return self._script.found

    @activity.defn
    async def ask_carrier(self, asked: LiveCall | str) -> CarrierWord:
        self._script.note("ask_carrier", asked)
        carrier_call_id = asked if isinstance(asked, str) else asked.carrier_call_id
        said = self._script.carrier_says
        if not said:
            return CarrierWord(known=True, carrier_call_id=carrier_call_id, status="unheard-of")
        return said.pop(0) if len(said) > 1 else said[0]

    @activity.defn
    async def hang_up(self, carrier_call_id: str) -> bool:
        self._script.note("hang_up", carrier_call_id)
        if self._script.on_hang_up:
            await self._script.on_hang_up()
        return True

    @activity.defn
    async def start_transfer(self, order: TransferOrder) -> bool:
        self._script.note("start_transfer", order)
        return True

    @activity.defn
    async def leave_message(self, call: LiveCall) -> bool:
        self._script.note("leave_message", call)
        return True

    @activity.defn
    async def adopt_call(self, adoption: Adoption) -> bool:
        self._script.note("adopt_call", adoption)
        return True

    @activity.defn
    async def extend_time_limit(self, extension: Extension) -> None:
        self._script.note("extend_time_limit", extension)

    @activity.defn
    async def stop_recording(self, carrier_call_id: str) -> bool:
        self._script.note("stop_recording", carrier_call_id)
        return True

    @activity.defn
    async def check_answering_machine(self, check: MachineCheck) -> MachineDecision:
        self._script.note("check_answering_machine", check)
        if self._script.machine is None:
            raise ApplicationError("still weighing", next_retry_delay=timedelta(seconds=30))
        return self._script.machine

    @activity.defn
    async def monitor_conversation(self, watch: Watch) -> CarrierWord | None:
        """Waits as a retry, because a running activity would hold the skipped clock."""
        self._script.note("monitor_conversation", watch)
        raise ApplicationError("still watching", next_retry_delay=timedelta(hours=9))

    @activity.defn
    async def archive_recording(self, order: RecordingOrder) -> RecordingOutcome:
        self._script.note("archive_recording", order)
        return self._script.recording

    @activity.defn
    async def archive_transcript(self, call_id: str) -> int:
        self._script.note("archive_transcript", call_id)
        return 4
