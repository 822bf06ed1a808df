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
from runtime.command_line.session import AsJson, session_of
from runtime.command_line.watch import follow
from workflows.placing import NumberNotBoundError, Placed, UnknownAgentError, place_call

_OPTIONS = {
    "from_number": "--from",
    "to_number": "--to",
    "call_id": "--call-id",
    "override_ai_agent_id": "--agent",
    "metadata": "--metadata",
    "pia_llm_dynamic_data": "--data",
}

From = Annotated[str, typer.Option("--from", help="The number that places the call, E.164.")]
To = Annotated[str, typer.Option("--to", help="The number that is called, E.164.")]
OwnId = Annotated[str | None, typer.Option("--call-id", help="Your own identifier; a repeated one dials nothing.")]
AgentId = Annotated[
    str | None, typer.Option("--agent", metavar="ID", help="The agent to use instead of the one bound to --from.")
]
Metadata = Annotated[str | None, typer.Option(metavar="JSON", help="An object that is stored and echoed.")]
Data = Annotated[str | None, typer.Option("--data", metavar="JSON", help="An object for the agent.")]
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
        }
        given = {name: value for name, value in typed.items() if value is not None}
        body = read(DialBody, {**given, "direction": Direction.OUTBOUND}, _OPTIONS)
        return await _place(parts, screen, order_of(body, datetime.now(UTC)), watch=watch)

    session_of(context).run(work, as_json=as_json)


async def _place(parts: Parts, screen: Screen, order: CallOrder, *, watch: bool) -> Exit:
    desk = await parts.desk()
    try:
        placed = await place_call(desk, order)
    except asyncio.CancelledError:
        screen.remark(await _interrupted(parts, order))
        raise
    except (UnknownAgentError, NumberNotBoundError) as error:
        raise CommandError(_in_options(str(error)), code_of(error)) from error
    call_id = placed.stored.order.call_id
    if not placed.created:
        screen.remark(f"call {call_id} was placed before by the same request: nothing was dialled")
    if watch:
        return await follow(parts, screen, placed.stored)
    messages = [] if placed.created else await parts.calls.messages(call_id)
    call = parts.call_object(placed.stored, messages)
    screen.give({**call, "created": placed.created}, _shown(placed, call))
    return Exit.OK


def _in_options(text: str) -> str:
    """A refusal in the words of this command."""
    return text.replace("from_number ", "--from ").replace("override_ai_agent_id", "--agent")


def _shown(placed: Placed, call: dict[str, Any]) -> Any:
    return card(placed.stored, web_ui=call["web_ui_url"])


async def _interrupted(parts: Parts, order: CallOrder) -> str:
    """Ctrl-C before the answer: take the request back, or say that it is too late for that."""
    try:
        withdrawn = await parts.calls.withdraw(order.request_id, datetime.now(UTC))
    except StoreUnavailableError:
        return f"interrupted; whether the call was placed: starter.py status {order.call_id}"
    if withdrawn:
        return "interrupted: nothing was dialled, and nothing will be"
    return f"interrupted, but the call was placed: starter.py watch {order.call_id}, or starter.py end {order.call_id}"
