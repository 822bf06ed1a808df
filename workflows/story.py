"""The one thing every step of a call shares: what is known, how to wait, how the record follows.

Signals and updates only `learn`; steps wait with `until` and act. Every wait also wakes when the call's end is due,
so no step can sleep through it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.models import CarrierWord, LiveCall
from activities.telephony import Telephony
from calls import facts as f
from calls.closing import decide
from calls.facts import Fact
from calls.lifecycle import bridged, is_over, record
from calls.model import Call, CallPlan
from calls.policy import Policy
from workflows import options
from workflows.inspection import Inspection


class Story:
    """One call being told: its facts so far, and the plumbing that its steps need."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.inspection = Inspection()
        self._learnt_at: dict[str, datetime] = {}

    @property
    def plan(self) -> CallPlan:
        """The call's plan; known from its registration on."""
        if self.call.plan is None:
            raise AssertionError("a call has a plan from its registration on")
        return self.call.plan

    @property
    def policy(self) -> Policy:
        """The call's timers."""
        return self.plan.policy

    @property
    def attempt_id(self) -> str:
        """The dial attempt's id; empty before the dial. A call that came in has one too, always the same."""
        attempted = self.call.fact(f.DialAttempted) or self.call.fact(f.CallReceived)
        return attempted.attempt_id if attempted else ""

    def learn(self, fact: Fact, *, since: datetime | None = None) -> None:
        """Know one more fact. Word of another carrier call, and repetitions, change nothing.

        Timers count from `since`; from now, unless told otherwise.
        """
        before = self.call
        self.call = record(before, fact)
        if self.call is not before:
            self._learnt_at[fact.key] = since or workflow.now()
            self.inspection.show(self.call)

    def knows(self, kind: type[Fact]) -> bool:
        """Whether a fact of this kind is known."""
        return self.call.knows(kind)

    def learnt(self, *kinds: type[Fact]) -> datetime:
        """When the first known of these kinds was learnt; now, when none is.

        Timers count from here and not from a fact's own time: that one is told by another machine's clock.
        """
        return next((self._learnt_at[kind.kind] for kind in kinds if kind.kind in self._learnt_at), workflow.now())

    def is_ending(self) -> bool:
        """Whether the agent's part is over, or a known cause calls for its end."""
        call = self.call
        return is_over(call) or bridged(call) is not None or call.knows(f.Closing) or self._decided()

    def _decided(self) -> bool:
        return decide(self.call, workflow.now()) is not None

    def close(self) -> None:
        """Decide to end the call, if a known cause calls for it; from here on its reason cannot be renamed."""
        if closing := decide(self.call, workflow.now()):
            self.learn(closing)

    async def until(self, reached: Callable[[], bool], *, by: datetime | None, leads_to: str) -> bool:
        """Wait until something is reached, the call's end is due, or the time is up.

        Returns whether the time ran out with neither. `leads_to` names the timer in the history: what it ends in.
        """
        return await self.strictly_until(lambda: reached() or self.is_ending(), by=by, leads_to=leads_to)

    async def strictly_until(self, reached: Callable[[], bool], *, by: datetime | None, leads_to: str) -> bool:
        """As `until`, but not woken by the call's end."""
        timeout = None if by is None else max(timedelta(0), by - workflow.now())
        try:
            await workflow.wait_condition(reached, timeout=timeout, timeout_summary=leads_to)
        except TimeoutError:
            return not reached()
        return False

    async def ask_carrier(self, why: str, *, was_it_connected: bool = False) -> None:
        """Learn what the carrier says of the call now: callbacks get lost, and so is what a gateway knew that died."""
        carrier_call_id = self.call.carrier_call_id
        if carrier_call_id is None:
            return
        ours = LiveCall(call_id=self.call.order.call_id, attempt_id=self.attempt_id, carrier_call_id=carrier_call_id)
        try:
            said = await workflow.execute_activity_method(
                Telephony.ask_carrier,
                ours if was_it_connected else carrier_call_id,
                summary=f"Ask the carrier: {why}",
                **options.ASK,
            )
        except ActivityError:
            return  # it did not answer for a minute: what is known must do
        self.hear(said)

    def hear(self, said: CarrierWord) -> None:
        """Learn the facts in the carrier's own word about a call."""
        about: dict[str, Any] = {
            "at": workflow.now(),
            "carrier_call_id": said.carrier_call_id,
            "attempt_id": self.attempt_id,
        }
        if said.relay_was_up_at is not None and not self.knows(f.ConversationStarted):
            connected = {**about, "at": said.relay_was_up_at}
            self.learn(f.ConversationStarted(**connected, relay_session_id=said.relay_session_id))
        end = said.end if said.known else f.CarrierEnd.FAILED
        if end is not None:
            self.learn(
                f.CallCompleted(
                    **about,
                    carrier_status=end,
                    duration_seconds=said.duration_seconds,
                    answered_by=said.answered_by,
                    asked=True,
                    conversation_lost=said.conversation_lost,
                )
            )
        elif said.status == "in-progress":
            self.learn(f.CallAnswered(**about))
        elif said.status == "ringing":
            self.learn(f.CallRinging(**about))
