"""`recording`: fetch a call's recording from the archive."""

import asyncio
import hashlib
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from calls.records import RecordingEntry, StoredCall
from runtime.command_line.exits import CommandError, Exit
from runtime.command_line.parts import Parts
from runtime.command_line.screen import Screen
from runtime.command_line.session import AsJson, CallId, session_of

_STDOUT = Path("-")

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Where to; CALL_ID.wav here unless said, - for stdout."),
]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that is there already.")]


def add_to(app: typer.Typer) -> None:
    """Give the command line this command."""
    app.command()(recording)


def recording(
    context: typer.Context, call_id: CallId, output: Output = None, force: Force = False, as_json: AsJson = False
) -> None:
    """Save a call's recording, a WAV file."""

    async def work(parts: Parts, screen: Screen) -> Exit:
        if output == _STDOUT and as_json:
            raise CommandError("--output - and --json both want stdout: choose one", Exit.BAD_INPUT)
        stored = await parts.known_call(call_id)
        target = output or Path(f"{stored.order.call_id}.wav")
        if target != _STDOUT:
            _check(target, force=force)
        entry, archive_id = _archived(stored)
        if target == _STDOUT:
            await _stream(parts, archive_id, entry, sys.stdout.buffer.write)
            return Exit.OK
        await _save(parts, archive_id, entry, target)
        given = {"call_id": stored.order.call_id, "file": os.fspath(target), "size_bytes": entry.size_bytes}
        screen.give({**given, "sha256": entry.sha256}, Text(f"{target} ({(entry.size_bytes or 0) / 1024:.0f} kB)"))
        return Exit.OK

    session_of(context).run(work, as_json=as_json)


def _archived(stored: StoredCall) -> tuple[RecordingEntry, str]:
    """The recording's entry and where it lies. Raises CommandError when it is not in the archive."""
    entry = stored.progress.recording
    if entry.archive_id is not None:
        return entry, entry.archive_id
    call_id = stored.order.call_id
    if entry.status == "expected":
        raise CommandError(f"the recording of call {call_id} is not here yet: ask again in a while", Exit.NOT_WELL)
    raise CommandError(f"call {call_id} has no recording", Exit.NOT_FOUND)


def _check(target: Path, *, force: bool) -> None:
    if target.is_dir() or not target.absolute().parent.is_dir():
        raise CommandError(f"--output: {target} cannot be written: not a file in a folder that exists", Exit.BAD_INPUT)
    if target.exists() and not force:
        raise CommandError(f"{target} is there already: choose another --output, or --force", Exit.CONFLICT)


async def _save(parts: Parts, archive_id: str, entry: RecordingEntry, target: Path) -> None:
    """Write beside the target first, so that it is whole or not there."""
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        file = await asyncio.to_thread(unfinished.open, "xb")
        with file:
            await _stream(parts, archive_id, entry, file.write)
        await asyncio.to_thread(unfinished.replace, target)
    except OSError as error:
        raise CommandError(f"--output: {target} cannot be written: {error.strerror}", Exit.BAD_INPUT) from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


async def _stream(parts: Parts, archive_id: str, entry: RecordingEntry, write: Callable[[bytes], object]) -> None:
    """The recording in chunks, compared with its record at the end."""
    digest = hashlib.sha256()
    try:
        async for piece in parts.archive.read(archive_id):
            digest.update(piece)
            await asyncio.to_thread(write, piece)
    except LookupError:
        raise CommandError("the recording is not in the archive any more", Exit.NOT_FOUND) from None
    if entry.sha256 is not None and digest.hexdigest() != entry.sha256:
        raise CommandError("the archive gave something else than the record says: checksums differ", Exit.NOT_WELL)
