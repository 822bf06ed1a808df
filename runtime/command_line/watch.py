"""`watch`: a call's timeline, live, to its end.

The record and the messages are read four times a second; what only the workflow was told (ringing, for one) comes
from its history by long poll. Without Temporal the rest is still shown.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import typer
from rich.text import Text
from temporalio.service import RPCError, RPCStatusCode

from calls.ports.pages import StoreUnavailableError
from calls.records import StoredCall
from calls.words import CallStatus, Role
from runtime.command_line.exits import Exit
from runtime.command_line.history import History
from runtime.command_line.parts import Parts
from runtime.command_line.screen import Screen, clean
from runtime.command_line.session import AsJson, CallId, session_of
from runtime.command_line.timeline import MESSAGE, Happening, of_messages, of_record
from runtime.wiring.engine import EngineUnreachableError

_LOOK_EVERY_SECONDS = 0.25
_HISTORY_WITHIN_SECONDS = 4.0
_RECORDING_WITHIN_SECONDS = 30.0
"""How long after its end a call is watched for its recording; a recording may take longer than anybody looks."""
_STORE_AWAY_SECONDS = 30.0
"""How long the store may be away before watching is given up; an election takes a tenth of it."""
_STYLES = {"ended": "bold green", "error": "bold red", "answered": "cyan", "connected": "cyan", "ringing": "yellow"}


def add_to(app: typer.Typer) -> None:
    """Give the command line this command."""
    app.command()(watch)


def watch(context: typer.Context, call_id: CallId, as_json: AsJson = False) -> None:
    """Follow a call to its end: what happens, and every word when it was said. --json gives an object a line."""

    async def work(parts: Parts, screen: Screen) -> Exit:
        return await follow(parts, screen, await parts.known_call(call_id))

    session_of(context).run(work, as_json=as_json)


async def follow(parts: Parts, screen: Screen, stored: StoredCall) -> Exit:
    """Show a call's timeline until it is over; whether it ended well. Leaves the call alone when interrupted."""
    call_id = stored.order.call_id
    screen.show(Text.assemble(("Call    ", "dim"), call_id))
    screen.show(Text.assemble(("Web UI  ", "dim"), parts.web_ui(call_id)))
    watching = _Watching(parts, screen, stored)
    try:
        async with watching.listening():
            stored = await watching.to_the_end()
    except asyncio.CancelledError:
        again = f"watch it again: starter.py watch {call_id}; end it: starter.py end {call_id}"
        screen.remark(f"left call {call_id} alone, it goes on ({again})")
        raise
    if screen.as_json:
        call = parts.call_object(stored, await parts.calls.messages(call_id))
        screen.give({"event": "record", "call": call}, "")
    return Exit.OK if stored.progress.status is CallStatus.ENDED else Exit.NOT_WELL


class _Watching:
    def __init__(self, parts: Parts, screen: Screen, stored: StoredCall) -> None:
        self._parts = parts
        self._screen = screen
        self._stored = stored
        self._heard: list[Happening] = []
        self._told: set[str] = set()

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Hear what the workflow is told, if Temporal can be asked."""
        history = await self._history()
        listener = asyncio.create_task(self._listen(history)) if history else None
        try:
            yield
        finally:
            if listener:
                listener.cancel()
                await asyncio.gather(listener, return_exceptions=True)

    async def _history(self) -> History | None:
        try:
            history = History(await self._parts.engine(), self._stored.order.call_id)
            async with asyncio.timeout(_HISTORY_WITHIN_SECONDS):
                self._heard += await history.past()
        except (EngineUnreachableError, RPCError, TimeoutError) as error:
            self._missed(error)
            return None
        return history

    async def _listen(self, history: History) -> None:
        try:
            async for happening in history:
                self._heard.append(happening)
        except RPCError as error:
            self._missed(error)

    def _missed(self, error: Exception) -> None:
        """Say what is not shown; a call older than Temporal's retention is no trouble."""
        if not (isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND):
            self._screen.remark(f"without Temporal only the record is shown: {error or 'no answer'}")

    async def to_the_end(self) -> StoredCall:
        """Show what happens until the record is complete, or its recording has taken too long."""
        clock = asyncio.get_running_loop().time
        give_up_at: float | None = None
        with self._screen.status_line("looking") as line:
            while True:
                for happening in sorted([*self._hear(), *await self._look()], key=lambda each: each.at):
                    self._tell(happening)
                if _is_settled(self._stored):
                    return self._stored
                if self._stored.progress.finish_reason:
                    give_up_at = give_up_at or clock() + _RECORDING_WITHIN_SECONDS
                if give_up_at and clock() > give_up_at:
                    call_id = self._stored.order.call_id
                    self._screen.remark(f"the recording is not here yet; later: starter.py recording {call_id}")
                    return self._stored
                line.update(_now(self._stored))
                await asyncio.sleep(_LOOK_EVERY_SECONDS)

    def _hear(self) -> list[Happening]:
        heard, self._heard = self._heard, []
        return heard

    async def _look(self) -> list[Happening]:
        """What the record and the messages tell; the messages are read last, so that none is missing at the end."""
        call_id = self._stored.order.call_id
        stored, messages = await self._patiently(call_id)
        self._stored = stored
        return [*of_record(stored, datetime.now(UTC)), *of_messages(messages)]

    async def _patiently(self, call_id: str) -> tuple[StoredCall, list[Any]]:
        give_up_at = asyncio.get_running_loop().time() + _STORE_AWAY_SECONDS
        while True:
            try:
                return await self._parts.known_call(call_id), await self._parts.calls.messages(call_id)
            except StoreUnavailableError as error:
                if asyncio.get_running_loop().time() > give_up_at:
                    raise
                self._screen.remark(f"{error}; still watching")
                await asyncio.sleep(_LOOK_EVERY_SECONDS)

    def _tell(self, happening: Happening) -> None:
        if happening.key in self._told:
            return
        self._told.add(happening.key)
        since = max(0.0, (happening.at - self._stored.registered_at).total_seconds())
        said = {"event": happening.event, "at": happening.at.isoformat(), "seconds": round(since, 3), **happening.more}
        if happening.text and happening.event != MESSAGE:
            said["text"] = happening.text
        self._screen.give(said, _line(happening, since))


def _is_settled(stored: StoredCall) -> bool:
    """Whether nothing follows that anybody would wait for."""
    known = stored.progress
    return known.finish_reason is not None and (known.complete or known.recording.status != "expected")


def _line(happening: Happening, since: float) -> Text:
    name, style = happening.event.replace("_", " "), _STYLES.get(happening.event, "")
    if happening.event == MESSAGE:
        name = happening.more["role"]
        style = "blue" if name == Role.AGENT else "green"
    return Text.assemble((f"{since:7.1f} s  ", "dim"), (f"{name:<14}", style), clean(happening.text))


def _now(stored: StoredCall) -> str:
    known = stored.progress
    if known.finish_reason:
        return "waiting for the recording"
    begun = known.answer_time or stored.registered_at
    return f"{known.status.value} for {(datetime.now(UTC) - begun).total_seconds():.0f} s"
