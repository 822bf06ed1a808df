"""`agents …`: who talks to the callees."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from calls.agents import Agent, AgentSettings, VoicemailAction
from runtime.command_line.exits import CommandError, Exit
from runtime.command_line.parts import Parts
from runtime.command_line.reading import json_object, read
from runtime.command_line.screen import Screen, clean, rows
from runtime.command_line.session import AsJson, Limit, PageToken, session_of

_OPTIONS = {"ai_agent_name": "--name", "llm_websocket_url": "--llm-url", "welcome_message": "--welcome"}
_HTTPS = "https://"
_SECURE = ("wss://", _HTTPS)

AgentId = Annotated[str, typer.Argument(metavar="AGENT_ID", help="24 hexadecimal digits.")]
Name = Annotated[str | None, typer.Option(help="What the agent is called.")]
Url = Annotated[str | None, typer.Option("--llm-url", help="Its server: a websocket address; the call id is added.")]
Welcome = Annotated[str | None, typer.Option(help="What it says first; left out, its server begins.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FIELD=VALUE", help="Any field of an agent, e.g. ring_timeout_seconds=20."),
]
File = Annotated[Path | None, typer.Option(help="A JSON object with fields of an agent, - for stdin; options win.")]


def add_to(app: typer.Typer) -> None:
    """Give the command line these commands."""
    noun = typer.Typer(help="Agents: who talks to the callees.", no_args_is_help=True)
    noun.command("list")(list_agents)
    for command in (show, add, change, put, delete):
        noun.command()(command)
    app.add_typer(noun, name="agents")


def list_agents(
    context: typer.Context, limit: Limit = 100, page_token: PageToken = None, as_json: AsJson = False
) -> None:
    """List agents, in the order of their creation."""

    async def work(parts: Parts, screen: Screen) -> Exit:
        page = await parts.agents.agents(page_size=limit, page_token=page_token)
        objects = [agent.model_dump(mode="json") for agent in page.items]
        table = Table("Agent", "Name", "Server", box=None)
        for agent in page.items:
            table.add_row(agent.ai_agent_id, Text(clean(agent.ai_agent_name)), Text(clean(agent.llm_websocket_url)))
        given = {"ai_agents": objects, "next_page_token": page.next_page_token, "total_count": page.total}
        screen.page(given, table if objects else "no agents", len(objects))
        return Exit.OK

    session_of(context).run(work, as_json=as_json)


def show(context: typer.Context, agent_id: AgentId, as_json: AsJson = False) -> None:
    """Show an agent."""

    async def work(parts: Parts, screen: Screen) -> Exit:
        return _give(screen, await parts.agents.agent(agent_id), agent_id)

    session_of(context).run(work, as_json=as_json)


def add(
    context: typer.Context,
    *,
    name: Name = None,
    llm_url: Url = None,
    welcome: Welcome = None,
    settings: Settings = None,
    file: File = None,
    as_json: AsJson = False,
) -> None:
    """Add an agent."""

    async def work(parts: Parts, screen: Screen) -> Exit:
        wanted = _wanted(parts, _fields(file, settings, name=name, llm_url=llm_url, welcome=welcome))
        await parts.make_indexes()
        agent = await parts.agents.add_agent(wanted)
        return _give(screen, agent, agent.ai_agent_id)

    session_of(context).run(work, as_json=as_json)


def change(
    context: typer.Context,
    agent_id: AgentId,
    *,
    name: Name = None,
    llm_url: Url = None,
    welcome: Welcome = None,
    settings: Settings = None,
    file: File = None,
    as_json: AsJson = False,
) -> None:
    """Change some of an agent's settings and leave the others (FIELD=null resets one). Calls under way keep theirs."""

    async def work(parts: Parts, screen: Screen) -> Exit:
        changed = _fields(file, settings, name=name, llm_url=llm_url, welcome=welcome)
        known = await parts.agents.agent(agent_id)
        if known is None:
            return _give(screen, None, agent_id)
        fields = {**known.model_dump(mode="json", exclude={"ai_agent_id"}), **changed}
        wanted = _wanted(parts, {field: value for field, value in fields.items() if value is not None})
        return _give(screen, await parts.agents.put_agent(agent_id, wanted), agent_id)

    session_of(context).run(work, as_json=as_json)


def put(
    context: typer.Context,
    agent_id: AgentId,
    *,
    name: Name = None,
    llm_url: Url = None,
    welcome: Welcome = None,
    settings: Settings = None,
    file: File = None,
    as_json: AsJson = False,
) -> None:
    """Replace an agent's settings, all of them. Calls that are under way keep those they began with."""

    async def work(parts: Parts, screen: Screen) -> Exit:
        wanted = _wanted(parts, _fields(file, settings, name=name, llm_url=llm_url, welcome=welcome))
        return _give(screen, await parts.agents.put_agent(agent_id, wanted), agent_id)

    session_of(context).run(work, as_json=as_json)


def delete(context: typer.Context, agent_id: AgentId, as_json: AsJson = False) -> None:
    """Delete an agent to which no phone number is bound."""

    async def work(parts: Parts, screen: Screen) -> Exit:
        if not await parts.agents.delete_agent(agent_id):
            raise CommandError(f"there is no agent {agent_id}", Exit.NOT_FOUND)
        screen.give({"ai_agent_id": agent_id, "deleted": True}, f"agent {agent_id} is deleted")
        return Exit.OK

    session_of(context).run(work, as_json=as_json)


def _fields(file: Path | None, settings: list[str] | None, **options: str | None) -> dict[str, Any]:
    """The fields as they were typed: file, then --set, then the options of their own."""
    fields = json_object(_content(file), "--file") if file else {}
    for setting in settings or ():
        name, equals, value = setting.partition("=")
        if not equals:
            raise CommandError(f"--set: {setting!r} is not FIELD=VALUE", Exit.BAD_INPUT)
        fields[name.strip()] = _value(value)
    named = zip(("ai_agent_name", "llm_websocket_url", "welcome_message"), options.values(), strict=True)
    return {**fields, **{field: value for field, value in named if value is not None}}


def _value(typed: str) -> Any:
    """JSON, or else the text itself."""
    try:
        return json.loads(typed)
    except ValueError:
        return typed


def _content(file: Path) -> str:
    try:
        return sys.stdin.read() if file == Path("-") else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"--file: {file} cannot be read: {error}", Exit.BAD_INPUT) from None


def _wanted(parts: Parts, fields: dict[str, Any]) -> AgentSettings:
    """The settings, by the rules that the HTTP API has too."""
    wanted = read(AgentSettings, fields, _OPTIONS)
    if wanted.voicemail.action is VoicemailAction.LEAVE_MESSAGE and not wanted.voicemail.message:
        raise CommandError("voicemail.message: is needed for the voicemail action leave_message", Exit.BAD_INPUT)
    if not parts.allow_insecure_agent_urls and not wanted.llm_websocket_url.startswith(_SECURE):
        why = "--llm-url: must start with wss:// (RINGBACK_ALLOW_INSECURE_AGENT_URLS=true allows ws://)"
        raise CommandError(why, Exit.BAD_INPUT)
    if not parts.allow_insecure_agent_urls and not (wanted.webhook_url or _HTTPS).startswith(_HTTPS):
        why = "webhook_url: must start with https:// (RINGBACK_ALLOW_INSECURE_AGENT_URLS=true allows http://)"
        raise CommandError(why, Exit.BAD_INPUT)
    return wanted


def _give(screen: Screen, agent: Agent | None, agent_id: str) -> Exit:
    if agent is None:
        raise CommandError(f"there is no agent {agent_id}", Exit.NOT_FOUND)
    fields = agent.model_dump(mode="json")
    said = {name: json.dumps(value, ensure_ascii=False) for name, value in fields.items() if value is not None}
    screen.give(fields, rows({name: value.strip('"') for name, value in said.items()}))
    return Exit.OK
