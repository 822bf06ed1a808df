"""`do-not-call …`: the numbers that are never rung."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from calls.ports.do_not_call import DoNotCall
from runtime.command_line.exits import CommandError, Exit
from runtime.command_line.parts import Parts
from runtime.command_line.reading import read
from runtime.command_line.screen import Screen, clean
from runtime.command_line.session import AsJson, Limit, PageToken, session_of

_OPTIONS = {"phone_number": "NUMBER", "note": "--note"}

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="E.164, for example +14155550101.")]
Note = Annotated[str | None, typer.Option(help="Why, for people.")]


def add_to(app: typer.Typer) -> None:
    """Give the command line these commands."""
    noun = typer.Typer(help="The numbers that are never rung, whoever asks.", no_args_is_help=True)
    noun.command("list")(list_numbers)
    for command in (add, remove):
        noun.command()(command)
    app.add_typer(noun, name="do-not-call")


def list_numbers(
    context: typer.Context, limit: Limit = 100, page_token: PageToken = None, as_json: AsJson = False
) -> None:
    """List the numbers, in the order in which they were added."""

    async def work(parts: Parts, screen: Screen) -> Exit:
        page = await parts.do_not_call.page(page_size=limit, page_token=page_token)
        table = Table("Number", "Since", "Note", box=None)
        for listed in page.items:
            since = listed.added_at.isoformat(" ", "seconds")
            table.add_row(listed.phone_number, since, Text(clean(listed.note or "")))
        objects = [listed.model_dump(mode="json") for listed in page.items]
        given = {"do_not_call": objects, "next_page_token": page.next_page_token, "total_count": page.total}
        screen.page(given, table if objects else "nobody is on the do-not-call list", len(objects))
        return Exit.OK

    session_of(context).run(work, as_json=as_json)


def add(context: typer.Context, number: Number, *, note: Note = None, as_json: AsJson = False) -> None:
    """Never ring this number again; one that is listed already stays as it is."""

    async def work(parts: Parts, screen: Screen) -> Exit:
        wanted = read(DoNotCall, {"phone_number": number, "note": note}, _OPTIONS)
        if spelling := parts.screening.numbering.facts(number).written:
            raise CommandError(f"{number} is not how that number is written: use {spelling}", Exit.BAD_INPUT)
        await parts.make_indexes()
        added = await parts.do_not_call.add(wanted, datetime.now(UTC))
        what = "is never rung from now on" if added.is_new else "was on the do-not-call list already"
        screen.give(added.listed.model_dump(mode="json"), f"{number} {what}")
        return Exit.OK

    session_of(context).run(work, as_json=as_json)


def remove(context: typer.Context, number: Number, as_json: AsJson = False) -> None:
    """Let a number be rung again."""

    async def work(parts: Parts, screen: Screen) -> Exit:
        if not await parts.do_not_call.remove(number):
            raise CommandError(f"{number} is not on the do-not-call list", Exit.NOT_FOUND)
        screen.give({"phone_number": number, "removed": True}, f"{number} may be rung again")
        return Exit.OK

    session_of(context).run(work, as_json=as_json)
