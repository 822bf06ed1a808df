"""`webhooks` and `redeliver`: what became of a call's webhooks, and sending them again."""

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from calls.delivery_object import nothing_to_redeliver, webhook_object
from calls.notices import CallEvent
from calls.ports.delivery_store import Delivery
from runtime.command_line.call_views import moment
from runtime.command_line.exits import CommandError, Exit
from runtime.command_line.parts import Parts
from runtime.command_line.screen import Screen, clean
from runtime.command_line.session import AsJson, CallId, session_of

Event = Annotated[
    CallEvent | None, typer.Option(metavar="EVENT", help="This one alone, for example CallHandler.CallEnded.")
]


def add_to(app: typer.Typer) -> None:
    """Give the command line these commands."""
    app.command()(webhooks)
    app.command()(redeliver)


def webhooks(context: typer.Context, call_id: CallId, as_json: AsJson = False) -> None:
    """List a call's webhooks, and how each attempt to deliver them went."""

    async def work(parts: Parts, screen: Screen) -> Exit:
        stored = await parts.known_call(call_id)
        kept = await parts.deliveries.of_call(stored.order.call_id)
        screen.give({"webhooks": [webhook_object(one) for one in kept]}, _table(kept) if kept else "no webhooks")
        return Exit.OK

    session_of(context).run(work, as_json=as_json)


def redeliver(context: typer.Context, call_id: CallId, event: Event = None, as_json: AsJson = False) -> None:
    """Send a call's webhooks again, delivered or given up, to the address that the agent has now."""

    async def work(parts: Parts, screen: Screen) -> Exit:
        own_id = (await parts.known_call(call_id)).order.call_id
        control = await parts.control()
        count = await parts.deliveries.put_again(own_id, event)
        if not count:
            raise CommandError(nothing_to_redeliver(own_id, event), Exit.NOT_FOUND)
        await control.deliver_webhooks(own_id)
        said = f"sending {count} webhook{'s' if count > 1 else ''} again; see: starter.py webhooks {own_id}"
        screen.give({"call_id": own_id, "redelivering": count}, said)
        return Exit.OK

    session_of(context).run(work, as_json=as_json)


def _table(kept: list[Delivery]) -> Table:
    table = Table("Event", "Status", "Happened", "Attempts", "Last attempt", "Trace id", box=None)
    for one in kept:
        last = one.attempts[-1] if one.attempts else None
        went = (last.error or "taken") if last else ""
        table.add_row(
            one.notice.event.value,
            one.status.value,
            moment(one.notice.at) or "",
            str(one.attempt_count),
            Text(clean(f"{moment(last.at)}: {went}" if last else "")),
            one.notice.trace_id,
        )
    return table
