"""Everything that a gateway is made of, given to it by whoever starts it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from calls.access_tokens import AccessTokens
from calls.call_object import Rendering
from calls.ports.agent_store import AgentStore
from calls.ports.archive import RecordingArchive
from calls.ports.call_store import CallStore
from calls.ports.delivery_store import DeliveryStore
from calls.ports.do_not_call import DoNotCallList
from calls.ports.numbering import Numbering
from gateway.auth import ApiKeys
from gateway.callbacks.carrier_side import CarrierSide
from gateway.callbacks.inbound_side import InboundSide
from gateway.once_told import OnceTold
from gateway.ports import CallControl
from gateway.relay.head_start import HeadStart

Clock = Callable[[], datetime]
Check = Callable[[], Awaitable[None]]
"""Returns when the thing it looks at is well, and raises ConnectionError, with what is wrong, when it is not."""


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayParts:
    """The ports and settings of one gateway. `checks` are what `/readyz` looks at, by name."""

    calls: CallStore
    agents: AgentStore
    archive: RecordingArchive
    deliveries: DeliveryStore
    do_not_call: DoNotCallList
    numbering: Numbering
    control: CallControl
    keys: ApiKeys
    carrier: CarrierSide
    inbound: InboundSide
    tokens: AccessTokens
    rendering: Rendering
    told: OnceTold = field(default_factory=OnceTold)
    head_start: HeadStart | None = None
    """Connects to the agent server while the carrier is still connecting its relay."""
    checks: Mapping[str, Check] = field(default_factory=dict)
    check_seconds: float = 3.0
    now: Clock = utc_now
    allow_insecure_agent_urls: bool = False
    is_leaving: Callable[[], bool] = lambda: False
    """Whether this process is about to stop and hands its calls over: it is not ready, and connects nobody."""
