"""`end`, `transfer` and `cancel-redial`: ask a running call for something, and say what it answered."""

import asyncio
import secrets
from typing import Annotated

import typer
from temporalio.service import RPCError, RPCStatusCode

from calls.ports.pages import StoreUnavailableError
from gateway.ports import EngineUnavailableError
from runtime.command_line.exits import CommandError, Exit
from runtime.command_line.parts import Parts
from runtime.command_line.reading import read
from runtime.command_line.screen import Screen
from runtime.command_line.session import AsJson, CallId, session_of
from workflows.messages import END, Ack, EndRequest, TransferRequest
from workflows.names import workflow_id

_SIGNAL_PATIENCE_SECONDS = 3.0
_OPTIONS = {"to_number": "--to", "request_id": "--request-id", "note": "--note"}

Note = Annotated[str, typer.Option(help="Why; kept in the call's record.")]
RequestId = Annotated[str, typer.Option(help="The same one again changes nothing.")]
Target = Annotated[str, typer.Option("--to", help="The number to hand the callee to, E.164.")]


def add_to(app: typer.Typer) -> None:
    """Give the command line these commands."""
    app.command()(end)
    app.command()(transfer)
    app.command()(cancel_redial)


def end(
    context: typer.Context, call_id: CallId, note: Note = "", request_id: RequestId = "", as_json: AsJson = False
) -> None:
    """End a call, whatever it is doing: queued, ringing, talking or being transferred."""

    async def work(parts: Parts, screen: Screen) -> Exit:
        request = read(EndRequest, {"request_id": request_id or secrets.token_hex(8), "note": note}, _OPTIONS)
        own_id = await _own_id(parts, screen, call_id)
        control = await parts.control()
        try:
            ack = await control.end(own_id, request)
        except EngineUnavailableError:
            await _queue_end(parts, own_id, request)
            said = f"no worker answered; the end of call {own_id} is queued and happens as soon as one is up"
            screen.give({"call_id": own_id, "accepted": True, "queued": True, "why": ""}, said)
            return Exit.OK
        return _answer(screen, own_id, ack, f"call {own_id} is ending")

    session_of(context).run(work, as_json=as_json)


def transfer(
    context: typer.Context, call_id: CallId, to_number: Target, request_id: RequestId = "", as_json: AsJson = False
) -> None:
    """Hand the callee to another number; an unanswered transfer brings them back to the agent."""

    async def work(parts: Parts, screen: Screen) -> Exit:
        asked = {"to_number": to_number, "request_id": request_id or secrets.token_hex(8)}
        request = read(TransferRequest, asked, _OPTIONS)
        own_id = await _own_id(parts, screen, call_id)
        control = await parts.control()
        try:
            ack = await control.transfer(own_id, request)
        except EngineUnavailableError as error:
            why = f"{error}. Whether the call will be transferred is unknown; ask: starter.py status {own_id}"
            raise CommandError(why, Exit.UNREACHABLE) from error
        return _answer(screen, own_id, ack, f"call {own_id} is being transferred to {to_number}")

    session_of(context).run(work, as_json=as_json)


def cancel_redial(context: typer.Context, call_id: CallId, as_json: AsJson = False) -> None:
    """Let no further redial follow a call. Works while it is up, while a redial waits, and on a redial's own id."""

    async def work(parts: Parts, screen: Screen) -> Exit:
        stored = await parts.known_call(call_id)
        ack = await (await parts.control()).cancel_redials(stored.order)
        own_id = stored.order.call_id
        return _answer(screen, own_id, ack, f"no further redial follows call {own_id}")

    session_of(context).run(work, as_json=as_json)


async def _own_id(parts: Parts, screen: Screen, call_id: str) -> str:
    """The call's own call_id. A call can be steered without the store, by its call_id."""
    try:
        return (await parts.known_call(call_id)).order.call_id
    except StoreUnavailableError as error:
        screen.remark(f"{error}; asking Temporal alone, which knows a call by its call_id only")
        return call_id


async def _queue_end(parts: Parts, call_id: str, request: EndRequest) -> None:
    """Leave the request with Temporal, which keeps it until a worker comes; the same request id counts once."""
    client = await parts.engine()
    call = client.get_workflow_handle(workflow_id(call_id))
    try:
        async with asyncio.timeout(_SIGNAL_PATIENCE_SECONDS):  # the client retries beyond a time-out of its own
            await call.signal(END, request)
    except TimeoutError as error:
        raise EngineUnavailableError(f"end of call {call_id}: Temporal did not answer") from error
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise CommandError(f"call {call_id} is over", Exit.NOT_WELL) from error
        raise EngineUnavailableError(f"end of call {call_id}: Temporal did not answer: {error}") from error


def _answer(screen: Screen, call_id: str, ack: Ack, done: str) -> Exit:
    said = {"call_id": call_id, "accepted": ack.accepted, "queued": False, "why": ack.why}
    screen.give(said, done if ack.accepted else f"call {call_id} did not accept: {ack.why}")
    return Exit.OK if ack.accepted else Exit.NOT_WELL
