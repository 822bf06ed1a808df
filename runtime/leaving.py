"""Leaving at once: how a process that has spoken to Temporal ends with the exit code that it means."""

import contextlib
import os
import sys
from typing import NoReturn


def leave(code: int) -> NoReturn:
    """End the process, now: the Temporal SDK may abort the interpreter on its way out (temporalio/sdk-python#300)."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
