"""A file that is fresh for as long as a process does its work, for whoever watches over processes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

EVERY_SECONDS = 10.0
"""How often the work is looked at. A file that is three times as old says that it is not done."""
_PATIENCE_SECONDS = 10.0

log = logging.getLogger("ringback.alive")


async def keep_fresh(file: Path, check: Callable[[], Awaitable[None]], every: float = EVERY_SECONDS) -> None:
    """Touch the file after each check that raises nothing, until cancelled; then it is gone.

    A check that fails says so in the log, once, and leaves the file to age.
    """
    was_well = True
    try:
        while True:
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    await check()
                await asyncio.to_thread(file.touch)
                was_well = True
            except (ConnectionError, TimeoutError) as error:
                if was_well:
                    log.warning("not well: %s", error or "no answer")
                was_well = False
            await asyncio.sleep(every)
    finally:
        file.unlink(missing_ok=True)  # noqa: ASYNC240 - the process is leaving
