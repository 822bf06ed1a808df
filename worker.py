"""Start a worker: `python worker.py`. It tells the calls' stories; run as many as you like."""

import asyncio
import signal
import sys

from runtime.leaving import leave
from runtime.logs import configure
from runtime.settings import ConfigurationError, WorkerSettings, load_settings
from runtime.wiring.engine import EngineUnreachableError
from runtime.wiring.store import StoreMissingError
from runtime.wiring.worker import run


async def _main(settings: WorkerSettings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await run(settings, stop)


def main() -> int:
    """Run until SIGTERM or SIGINT; 0 after a clean stop, 1 when it could not start, 2 when a setting is wrong."""
    try:
        settings = load_settings("worker")
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    configure(settings.log_level, settings.log_format, "worker")
    try:
        asyncio.run(_main(settings))
    except (EngineUnreachableError, StoreMissingError) as error:
        sys.stderr.write(f"the worker cannot start: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    leave(main())
