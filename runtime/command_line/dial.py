"""`dial`: place a call, and watch it if asked to."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from calls.model import CallOrder
from calls.ports.pages import StoreUnavailableError
from calls.words import Direction
from gateway.orders import DialBody, order_of
from runtime.command_line.call_views import card
from runtime.command_line.exits import CommandError, Exit, code_of
from runtime.command_line.parts import Parts
from runtime.command_line.reading import json_object, read
from runtime.command_line.screen import Screen
from runtime.command_line.session import AsJson, is_interrupted, session_of
from runtime.command_line.watch import follow
from workflows.placing import DestinationRefusedError, NumberNotBoundError, Placed, UnknownAgentError, place_call

_OPTIONS = {
    "from_number": "--from",
    "to_number": "--to",
    "call_id": "--call-id",
    "override_ai_agent_id": "--agent",
    "metadata": "--metadata",
    "pia_llm_dynamic_data": "--data",
    "redial": "--redial",
}

From = Annotated[str, typer.Option("--from", help="The number that places the call, E.164.")]
To = Annotated[str, typer.Option("--to", help="The number that is called, E.164.")]
OwnId = Annotated[str | None, typer.Option("--call-id", help="Your own identifier; a repeated one dials nothing.")]
AgentId = Annotated[
    str | None, typer.Option("--agent", metavar="ID", help="The agent to use instead of the one bound to --from.")
]
Metadata = Annotated[str | None, typer.Option(metavar="JSON", help="An object that is stored and echoed.")]
Data = Annotated[str | None, typer.Option("--data", metavar="JSON", help="An object for the agent.")]
Redial = Annotated[
    str | None,
    typer.Option(metavar="JSON", help='Call again when busy or unanswered: {"max_redials": 3} (docs/redials.md).'),
]
Watch = Annotated[bool, typer.Option("--watch", help="Follow the call to its end.")]


def add_to(app: typer.Typer) -> None:
    """Give the command line this command."""
    app.command()(dial)


def dial(
    context: typer.Context,
    *,
    from_number: From,
    to_number: To,
    call_id: OwnId = None,
    agent: AgentId = None,
    metadata: Metadata = None,
    data: Data = None,
    redial: Redial = None,
    watch: Watch = False,
    as_json: AsJson = False,
) -> None:
    """Place a call. No gateway needs to be up; the same --call-id again shows that call and dials nothing."""

    async def work(parts: Parts, screen: Screen) -> Exit:
        typed: dict[str, Any] = {
            "from_number": from_number,
            "to_number": to_number,
            "call_id": call_id,
            "override_ai_agent_id": agent,
            "metadata": json_object(metadata, "--metadata") if metadata is not None else None,
            "pia_llm_dynamic_data": json_object(data, "--data") if data is not None else None,
            "redial": json_object(redial, "--redial") if redial is not None else None,
        }
        given = {name: value for name, value in typed.items() if value is not None}
        body = read(DialBody, {**given, "direction": Direction.OUTBOUND}, _OPTIONS)
        return await _place(parts, screen, order_of(body, datetime.now(UTC)), watch=watch)

    session_of(context).run(work, as_json=as_json)


async def _place(parts: Parts, screen: Screen, order: CallOrder, *, watch: bool) -> Exit:
    placed = await _placed(parts, screen, order)
    if is_interrupted():
        raise asyncio.CancelledError
    call_id = placed.stored.order.call_id
    if not placed.created:
        screen.remark(f"call {call_id} was placed before by the same request: nothing was dialled")
    if watch:
        return await follow(parts, screen, placed.stored)
    messages = [] if placed.created else await parts.calls.messages(call_id)
    call = parts.call_object(placed.stored, messages)
    screen.give({**call, "created": placed.created}, card(placed.stored, web_ui=call["web_ui_url"]))
    return Exit.OK


async def _placed(parts: Parts, screen: Screen, order: CallOrder) -> Placed:
    """The call, placed. Whoever interrupts the placing is told what became of it."""
    desk = await parts.desk()
    try:
        return await place_call(desk, order)
    except (DestinationRefusedError, UnknownAgentError, NumberNotBoundError) as error:
        raise CommandError(_in_options(str(error)), code_of(error)) from error
    finally:
        if is_interrupted():
            screen.remark(await _became_of(parts, order))


async def _became_of(parts: Parts, order: CallOrder) -> str:
    """Take a request back that nobody waits for any more, or say that it is too late for that."""
    call_id = order.call_id
    try:
        withdrawn = await parts.calls.withdraw(order.request_id, datetime.now(UTC))
        placed_by_another = withdrawn and await parts.calls.find(call_id) is not None
    except StoreUnavailableError:
        return f"interrupted; whether the call was placed is unknown, ask: starter.py status {call_id}"
    if placed_by_another:
        return f"interrupted; another request had placed call {call_id}: starter.py watch {call_id}"
    if withdrawn:
        return "interrupted: the call was not placed and never will be"
    return f"interrupted, but the call was placed: starter.py watch {call_id}, or starter.py end {call_id}"


def _in_options(text: str) -> str:
    """A refusal in the words of this command."""
    return (
        text.replace("from_number ", "--from ")
        .replace("to_number ", "--to ")
        .replace("override_ai_agent_id", "--agent")
    )
