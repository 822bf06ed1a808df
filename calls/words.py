"""The small vocabularies that every room uses: status, direction, phase, party."""

from enum import StrEnum, unique


@unique
class CallStatus(StrEnum):
    """`call_status` of the HTTP contract."""

    REGISTERED = "registered"
    ONGOING = "ongoing"
    ENDED = "ended"
    ERROR = "error"


@unique
class Direction(StrEnum):
    """Who rings whom, seen from the agent."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


@unique
class Phase(StrEnum):
    """How far a call had come when something happened to it, in order."""

    REGISTERED = "registered"
    DIALLING = "dialling"
    RINGING = "ringing"
    ANSWERED = "answered"
    CONVERSATION = "conversation"
    TRANSFER = "transfer"
    WRAP_UP = "wrap-up"


@unique
class Party(StrEnum):
    """Whose doing something was."""

    CALLEE = "callee"
    CALLEE_SIDE = "callee side"
    AGENT = "agent"
    AGENT_SERVER = "agent server"
    OPERATOR = "operator"
    SYSTEM = "system"
    CARRIER = "carrier"
    ACCOUNT = "account"
    CUSTOMER = "customer"
    MEDIA = "media side"
    VOICE_PLATFORM = "voice platform"
    UNKNOWN = "unknown"


@unique
class Role(StrEnum):
    """Who spoke a message."""

    AGENT = "agent"
    USER = "user"
