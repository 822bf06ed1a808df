"""What a call is: the request it came from, the plan it follows, the facts known about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from calls.agents import E164, Voicemail
from calls.calling_hours import CallingHours
from calls.facts import EvidenceValue, Fact, TransferFact
from calls.limits import Limit, WhenFull
from calls.policy import Policy
from calls.reasons import FinishReason
from calls.redial_policy import RedialPolicy
from calls.words import Direction, Party

F = TypeVar("F", bound=Fact)
T = TypeVar("T", bound=TransferFact)

INBOUND_ATTEMPT: Final = "inbound"
"""The attempt id of every call that came in: nobody dialled it, and its carrier call is the only one."""


class CallRequest(BaseModel):
    """What a client asked for, in the HTTP contract's own words, with the optional call id left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    from_number: E164
    to_number: E164
    direction: Direction
    override_ai_agent_id: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    pia_llm_dynamic_data: dict[str, Any] = Field(default_factory=dict)
    redial: RedialPolicy | None = Field(default=None, exclude_if=lambda redial: redial is None)
    """Left out where it was not asked for: such a request has the digest, and the form, that it always had."""


class TurnedAway(BaseModel):
    """Why a call that came in gets no agent. The caller hears a message, or the call is rejected."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    reason: FinishReason
    by: Party
    evidence: dict[str, EvidenceValue] = Field(default_factory=dict)


class Arrival(BaseModel):
    """How a call came in."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    carrier_call_id: str
    at: datetime
    turned_away: TurnedAway | None = None
    always_recorded: bool = False
    """Whether a registration that comes too late is made up for. Orders from before that was so lack it."""


class CallOrder(BaseModel):
    """One request to place a call, or one call that came in, with the ids it was given. Input of the call's workflow.

    `id` is the record's own id (24 hex digits), `request_id` tells two requests for one call id apart, and
    `request_sha256` is the digest of the request's content, by which a repetition is known.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    call_id: str
    request_id: str
    request_sha256: str
    request: CallRequest
    arrival: Arrival | None = None
    """How the call came in; None for a call to dial. It is no part of the record."""
    redial_of: str | None = None
    """The call id of the first call, if this one is a redial of it."""
    redial_number: int | None = None
    """Which redial this is; counts from 1."""
    redial_series: str | None = None
    """The request id of the first call, which the redials' own derive from."""


class CallPlan(BaseModel):
    """How this call is to be carried out: read from agent and deployment once, when the call is registered."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    agent_id: str
    agent_name: str
    policy: Policy
    voicemail: Voicemail = Voicemail()
    record: bool = True
    records_to_the_bridge: bool = False
    """Whether the recording stops when a transfer is bridged. Calls from before that was so lack it."""
    transfer_allow_list: tuple[str, ...] | None = None
    webhooks: bool = False
    """Whether the agent's owner is told what happens to the call."""
    turned_away: FinishReason | None = None
    """Set for a call that came in and gets no agent: what its record will say."""
    limits: tuple[Limit, ...] = ()
    """What it must find room in before it is dialled; none for a call that nobody counts."""
    when_full: WhenFull = WhenFull.QUEUE
    declined_means: FinishReason = FinishReason.CALL_FAILED
    """What a call ended as that the carrier failed with a SIP code for declined, unwanted or rejected."""
    keeps_decisions: bool = False
    """Whether an end that we decide is in the history before it is on record. Calls from before that was so lack it."""
    transfers_go_first: bool = False
    """Whether what the talk comes to gives way to a transfer under way. Calls from before that was so lack it."""
    asks_for_a_slot_again: bool = False
    """Whether a call whose wait for a slot is over asks once more. Calls from before that was so lack it."""
    lost_dials_stay_lost: bool = False
    """Whether a lost dial is the reason whatever the carrier tells later. Calls from before that was so lack it."""
    calling_hours: CallingHours | None = None
    """When its callee may be rung, by the callee's clock; None is at any time."""


@dataclass(frozen=True, slots=True)
class Call:
    """An order and everything known about it. Facts are kept by key; the order they came in does not matter."""

    order: CallOrder
    plan: CallPlan | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)

    def fact(self, of: type[F]) -> F | None:
        """The one fact of a kind that occurs once per call."""
        known = self.facts.get(of.kind)
        return known if isinstance(known, of) else None

    def knows(self, of: type[Fact]) -> bool:
        """Whether a fact of this kind is known."""
        return of.kind in self.facts

    def transfer(self, of: type[T], request_id: str) -> T | None:
        """The fact of this kind about one transfer."""
        known = self.facts.get(f"{of.kind}:{request_id}")
        return known if isinstance(known, of) else None

    def all_of(self, of: type[F]) -> tuple[F, ...]:
        """Every fact of a kind that may occur more than once, earliest first."""
        return tuple(sorted((f for f in self.facts.values() if isinstance(f, of)), key=lambda f: (f.at, f.key)))

    @property
    def carrier_call_id(self) -> str | None:
        """The carrier's id of this call, as soon as anything has told it."""
        from_facts = (
            getattr(f, "carrier_call_id", None) for f in self.facts.values() if not isinstance(f, TransferFact)
        )
        return min((known for known in from_facts if known), default=None)
