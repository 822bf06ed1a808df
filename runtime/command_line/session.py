"""Running one command: parts opened and closed around it, its end turned into an exit code."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, NoReturn

import typer

from runtime.command_line.exits import EXPECTED, Exit, code_of
from runtime.command_line.parts import OpenParts, Parts
from runtime.command_line.screen import Screen

CallId = Annotated[str, typer.Argument(metavar="CALL_ID", help="The call's call_id or _id.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout, and nothing else there.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")]
PageToken = Annotated[str | None, typer.Option(help="Where the page before said that the next one begins.")]

Work = Callable[[Parts, Screen], Awaitable[Exit]]


class Session:
    """Runs commands over the parts that the wiring opens."""

    def __init__(self, open_parts: OpenParts) -> None:
        self._open_parts = open_parts

    def run(self, work: Work, *, as_json: bool) -> NoReturn:
        """Do one command's work and end with its exit code. Faults of ours pass, with their traceback."""
        screen = Screen(as_json=as_json)
        try:
            code = asyncio.run(self._with_parts(work, screen))
        except EXPECTED as error:
            code = code_of(error)
            screen.fault(str(error), code)
        except BrokenPipeError:
            code = Exit.UNREAD
        raise typer.Exit(code)

    async def _with_parts(self, work: Work, screen: Screen) -> Exit:
        try:
            async with self._open_parts() as parts:
                code = await work(parts, screen)
        except EXPECTED:
            if is_interrupted():
                raise asyncio.CancelledError from None
            raise
        if is_interrupted():
            raise asyncio.CancelledError
        return code


def is_interrupted() -> bool:
    """Whether Ctrl-C was pressed: the Temporal SDK turns the cancellation that it causes into an error of its own."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def session_of(context: typer.Context) -> Session:
    """The session that the command line was started with."""
    session = context.obj
    if not isinstance(session, Session):
        raise TypeError("the command line is started with a session")
    return session
