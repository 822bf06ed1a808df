"""`status`, `list` and `transcript`: reading the records."""

from typing import Annotated

import typer
from rich.text import Text

from calls.call_object import message_object
from calls.ports.call_store import CallFilter
from calls.reasons import FinishReason
from calls.words import CallStatus
from runtime.command_line.call_views import card, listed, spoken
from runtime.command_line.exits import Exit
from runtime.command_line.parts import Parts
from runtime.command_line.screen import Screen
from runtime.command_line.session import AsJson, CallId, Limit, PageToken, session_of

Statuses = Annotated[list[CallStatus] | None, typer.Option("--status", help="Only calls with this status.")]
Reasons = Annotated[
    list[FinishReason] | None,
    typer.Option("--reason", metavar="REASON", help="Only calls that ended so, e.g. line_busy."),
]
From = Annotated[str | None, typer.Option("--from", help="Only calls from this number.")]
To = Annotated[str | None, typer.Option("--to", help="Only calls to this number.")]
Agents = Annotated[list[str] | None, typer.Option("--agent", metavar="ID", help="Only calls of this agent.")]


def add_to(app: typer.Typer) -> None:
    """Give the command line these commands."""
    app.command()(status)
    app.command("list")(list_calls)
    app.command()(transcript)


def status(context: typer.Context, call_id: CallId, as_json: AsJson = False) -> None:
    """Show a call's record as it is now."""

    async def work(parts: Parts, screen: Screen) -> Exit:
        stored = await parts.known_call(call_id)
        messages = await parts.calls.messages(stored.order.call_id)
        call = parts.call_object(stored, messages)
        screen.give(call, card(stored, web_ui=call["web_ui_url"], messages=len(messages)))
        return Exit.OK

    session_of(context).run(work, as_json=as_json)


def list_calls(
    context: typer.Context,
    *,
    statuses: Statuses = None,
    reasons: Reasons = None,
    to_number: To = None,
    from_number: From = None,
    agents: Agents = None,
    limit: Limit = 20,
    page_token: PageToken = None,
    as_json: AsJson = False,
) -> None:
    """List calls, newest first. An option given twice means either."""

    async def work(parts: Parts, screen: Screen) -> Exit:
        where = CallFilter(
            agent_ids=tuple(agents or ()),
            statuses=tuple(statuses or ()),
            finish_reasons=tuple(reasons or ()),
            to_number=to_number,
            from_number=from_number,
            page_size=limit,
            page_token=page_token,
        )
        page = await parts.calls.page(where)
        messages = await parts.calls.messages_of([stored.order.call_id for stored in page.items])
        calls = [parts.call_object(stored, messages.get(stored.order.call_id, [])) for stored in page.items]
        given = {"calls": calls, "next_page_token": page.next_page_token, "total_count": page.total}
        screen.page(given, listed(page.items) if page.items else "no calls", len(calls))
        return Exit.OK

    session_of(context).run(work, as_json=as_json)


def transcript(context: typer.Context, call_id: CallId, as_json: AsJson = False) -> None:
    """Show what was said, so far."""

    async def work(parts: Parts, screen: Screen) -> Exit:
        own_id = (await parts.known_call(call_id)).order.call_id
        messages = await parts.calls.messages(own_id)
        objects = [message_object(message).model_dump(mode="json") for message in messages]
        text = Text("\n").join(spoken(message) for message in messages) if messages else "nothing was said"
        screen.give({"call_id": own_id, "messages": objects}, text)
        return Exit.OK

    session_of(context).run(work, as_json=as_json)
