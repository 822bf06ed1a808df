"""How a command ends: its exit code, which scripts may rely on, and the failures that lead to each."""

from collections.abc import Mapping
from enum import IntEnum, unique

from calls.ports.agent_store import AgentInUseError, NumberTakenError
from calls.ports.pages import BadPageTokenError, StoreRefusedError, StoreUnavailableError
from gateway.ports import EngineUnavailableError
from runtime.settings import ConfigurationError
from runtime.wiring.engine import EngineUnreachableError
from workflows.placing import (
    CallIdTakenError,
    DestinationRefusedError,
    NumberNotBoundError,
    PlacingUnavailableError,
    PlacingUndecidedError,
    UnknownAgentError,
)


@unique
class Exit(IntEnum):
    """The exit codes. 141 stands for 128 + SIGPIPE: nobody reads our output any more."""

    OK = 0
    NOT_WELL = 1
    BAD_INPUT = 2
    NOT_FOUND = 3
    CONFLICT = 4
    UNREACHABLE = 5
    FAULT = 70
    INTERRUPTED = 130
    UNREAD = 141


MEANINGS: Mapping[Exit, str] = {
    Exit.OK: "done; with watching: the call ended with status ended",
    Exit.NOT_WELL: "the call ended with status error, or what was asked is refused (the text says why)",
    Exit.BAD_INPUT: "wrong usage, wrong input or wrong settings; nothing was done",
    Exit.NOT_FOUND: "no such call, agent, number or recording",
    Exit.CONFLICT: "it exists already, differs, or is still in use",
    Exit.UNREACHABLE: "Temporal, MongoDB or a worker did not answer",
    Exit.FAULT: "a fault of ours; please report what it printed",
    Exit.INTERRUPTED: "interrupted with Ctrl-C; a call that is being watched goes on",
    Exit.UNREAD: "whoever read the output went away",
}


class CommandError(Exception):
    """A command cannot do what was asked; the text is for whoever asked."""

    def __init__(self, message: str, code: Exit) -> None:
        super().__init__(message)
        self.code = code


EXITS: Mapping[type[Exception], Exit] = {
    ConfigurationError: Exit.BAD_INPUT,
    NumberNotBoundError: Exit.BAD_INPUT,
    DestinationRefusedError: Exit.NOT_WELL,
    BadPageTokenError: Exit.BAD_INPUT,
    UnknownAgentError: Exit.NOT_FOUND,
    CallIdTakenError: Exit.CONFLICT,
    AgentInUseError: Exit.CONFLICT,
    NumberTakenError: Exit.CONFLICT,
    PlacingUnavailableError: Exit.UNREACHABLE,
    PlacingUndecidedError: Exit.UNREACHABLE,
    EngineUnreachableError: Exit.UNREACHABLE,
    EngineUnavailableError: Exit.UNREACHABLE,
    StoreRefusedError: Exit.BAD_INPUT,
    StoreUnavailableError: Exit.UNREACHABLE,
}

EXPECTED: tuple[type[Exception], ...] = (CommandError, *EXITS)
"""Failures that are told in a sentence; any other keeps its traceback."""


def code_of(error: Exception) -> Exit:
    """The exit code of a failure: its own, or its row's. Anything else is a fault of ours."""
    if isinstance(error, CommandError):
        return error.code
    return next((code for kind, code in EXITS.items() if isinstance(error, kind)), Exit.FAULT)
