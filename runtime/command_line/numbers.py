"""`numbers …`: the phone numbers that calls come from, and the agents bound to them."""

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from calls.agents import NumberSettings, PhoneNumber
from runtime.command_line.exits import CommandError, Exit
from runtime.command_line.parts import Parts
from runtime.command_line.reading import read
from runtime.command_line.screen import Screen, clean, rows
from runtime.command_line.session import AsJson, Limit, PageToken, session_of

_OPTIONS = {
    "phone_number": "NUMBER",
    "nickname": "--nickname",
    "outbound_ai_agent_id": "--agent",
    "inbound_ai_agent_id": "--inbound",
    "inbound_webhook_url": "--inbound-webhook",
}
_NOBODY = "none"
_HTTPS = "https://"

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="E.164, for example +14155550100.")]
Known = Annotated[str, typer.Argument(metavar="NUMBER", help="E.164, or its _id.")]
Nickname = Annotated[str | None, typer.Option(help="What people call it.")]
Outbound = Annotated[str | None, typer.Option("--agent", metavar="ID", help="Who talks on calls from this number.")]
Inbound = Annotated[
    str | None, typer.Option("--inbound", "--inbound-agent", metavar="ID", help="Who answers this number.")
]
Webhook = Annotated[
    str | None, typer.Option("--inbound-webhook", metavar="URL", help="Who is asked about each call to this number.")
]


def add_to(app: typer.Typer) -> None:
    """Give the command line these commands."""
    noun = typer.Typer(help="Phone numbers, and the agents bound to them.", no_args_is_help=True)
    noun.command("list")(list_numbers)
    for command in (show, add, bind, delete):
        noun.command()(command)
    app.add_typer(noun, name="numbers")


def list_numbers(
    context: typer.Context, limit: Limit = 100, page_token: PageToken = None, as_json: AsJson = False
) -> None:
    """List phone numbers, in the order of their creation."""

    async def work(parts: Parts, screen: Screen) -> Exit:
        page = await parts.agents.numbers(page_size=limit, page_token=page_token)
        objects = [_object(number) for number in page.items]
        table = Table("Number", "Nickname", "Agent", "Inbound agent", box=None)
        for number in page.items:
            bound = (number.outbound_ai_agent_id or "", number.inbound_ai_agent_id or "")
            table.add_row(number.phone_number, Text(clean(number.nickname or "")), *bound)
        given = {"phone_numbers": objects, "next_page_token": page.next_page_token, "total_count": page.total}
        screen.page(given, table if objects else "no phone numbers", len(objects))
        return Exit.OK

    session_of(context).run(work, as_json=as_json)


def show(context: typer.Context, number: Known, as_json: AsJson = False) -> None:
    """Show a phone number."""

    async def work(parts: Parts, screen: Screen) -> Exit:
        return _give(screen, await parts.agents.number(number), number)

    session_of(context).run(work, as_json=as_json)


def add(
    context: typer.Context,
    number: Number,
    *,
    nickname: Nickname = None,
    agent: Outbound = None,
    inbound: Inbound = None,
    inbound_webhook: Webhook = None,
    as_json: AsJson = False,
) -> None:
    """Add a phone number and bind agents to it."""

    async def work(parts: Parts, screen: Screen) -> Exit:
        fields = {"nickname": nickname, **_bindings(agent, inbound, inbound_webhook)}
        wanted = _wanted(parts, {"phone_number": number, **fields})
        await _check_agents(parts, wanted)
        await parts.make_indexes()
        return _give(screen, await parts.agents.add_number(wanted), number)

    session_of(context).run(work, as_json=as_json)


def bind(
    context: typer.Context,
    number: Known,
    *,
    agent: Outbound = None,
    inbound: Inbound = None,
    inbound_webhook: Webhook = None,
    nickname: Nickname = None,
    as_json: AsJson = False,
) -> None:
    """Bind agents to a phone number; `none` takes a binding away, what is left out stays."""

    async def work(parts: Parts, screen: Screen) -> Exit:
        known = await parts.agents.number(number)
        if known is None:
            raise CommandError(f"there is no phone number {number}", Exit.NOT_FOUND)
        asked = {"nickname": nickname, **_bindings(agent, inbound, inbound_webhook)}
        if not any(asked.values()):
            raise CommandError("give --agent, --inbound, --inbound-webhook or --nickname", Exit.BAD_INPUT)
        changes = {name: None if value == _NOBODY else value for name, value in asked.items() if value is not None}
        wanted = _wanted(parts, {**known.model_dump(exclude={"id"}), **changes})
        await _check_agents(parts, wanted)
        return _give(screen, await parts.agents.put_number(known.id, wanted), number)

    session_of(context).run(work, as_json=as_json)


def delete(context: typer.Context, number: Known, as_json: AsJson = False) -> None:
    """Forget a phone number."""

    async def work(parts: Parts, screen: Screen) -> Exit:
        if not await parts.agents.delete_number(number):
            raise CommandError(f"there is no phone number {number}", Exit.NOT_FOUND)
        screen.give({"phone_number": number, "deleted": True}, f"phone number {number} is forgotten")
        return Exit.OK

    session_of(context).run(work, as_json=as_json)


def _bindings(agent: str | None, inbound: str | None, inbound_webhook: str | None) -> dict[str, str | None]:
    return {
        "outbound_ai_agent_id": agent,
        "inbound_ai_agent_id": inbound,
        "inbound_webhook_url": inbound_webhook,
    }


def _wanted(parts: Parts, fields: dict[str, Any]) -> NumberSettings:
    """The settings, by the rules that the HTTP API has too."""
    wanted = read(NumberSettings, fields, _OPTIONS)
    if not parts.allow_insecure_agent_urls and not (wanted.inbound_webhook_url or _HTTPS).startswith(_HTTPS):
        why = "--inbound-webhook: must start with https:// (RINGBACK_ALLOW_INSECURE_AGENT_URLS=true allows http://)"
        raise CommandError(why, Exit.BAD_INPUT)
    return wanted


async def _check_agents(parts: Parts, wanted: NumberSettings) -> None:
    for field in ("outbound_ai_agent_id", "inbound_ai_agent_id"):
        agent_id = getattr(wanted, field)
        if agent_id is not None and await parts.agents.agent(agent_id) is None:
            raise CommandError(f"{_OPTIONS[field]}: there is no agent {agent_id}", Exit.NOT_FOUND)


def _object(number: PhoneNumber) -> dict[str, Any]:
    """As the HTTP API gives it."""
    return {"_id": number.id, **number.model_dump(mode="json", exclude={"id"})}


def _give(screen: Screen, number: PhoneNumber | None, asked: str) -> Exit:
    if number is None:
        raise CommandError(f"there is no phone number {asked}", Exit.NOT_FOUND)
    fields = _object(number)
    screen.give(fields, rows(fields))
    return Exit.OK
