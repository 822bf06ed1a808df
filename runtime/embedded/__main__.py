"""`python -m runtime.embedded up|demo`: the whole of Ringback on this machine, without accounts or containers."""

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from runtime.embedded.demo import DemoFailedError, demonstrate
from runtime.embedded.engines import EngineMissingError
from runtime.embedded.gateway_client import CALLER, GatewayError, connected
from runtime.embedded.part import PartFailedError
from runtime.embedded.run_folder import FolderInUseError
from runtime.embedded.stack import EmbeddedStack, StackOptions
from runtime.leaving import leave

_RESTARTS = 5
_DEMO_SPEED = 3.0  # a call of a few turns in 10 to 20 s
_FAULT, _NOT_POSSIBLE_HERE, _INTERRUPTED = 1, 2, 130


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def _up(options: StackOptions, *, demo: bool, keep: bool) -> None:
    begun = time.monotonic()
    _say(f"Starting Temporal, MongoDB, the simulator, the example agent, gateway and worker in {options.run_dir} …")
    async with EmbeddedStack(options) as stack:
        async with connected(stack.addresses) as client:
            await client.ensure_example(stack.addresses.agent_llm_url)
        _say(f"Up after {time.monotonic() - begun:.1f} s.\n{_where(stack)}")
        if demo:
            await _unless_a_part_dies(stack, demonstrate(stack, _say))
        if keep:
            _say(_what_now())
            await stack.supervise(restarts=_RESTARTS, say=_say)
        _say("Taking everything down. The call is kept: make up shows it again at the same address.")


async def _unless_a_part_dies(stack: EmbeddedStack, work: Coroutine[Any, Any, None]) -> None:
    working = asyncio.create_task(work)
    watching = asyncio.create_task(stack.supervise(restarts=0, say=_say))
    try:
        done, _ = await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        working.cancel()
        watching.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)


def _where(stack: EmbeddedStack) -> str:
    at = stack.addresses
    rows = {
        "Web UI": f"{at.temporal_ui_url}/namespaces/{at.temporal_namespace}/workflows",
        "HTTP API": f"{at.gateway_url}/docs",
        "API key": at.api_key,
        "Temporal": at.temporal_address,
        "MongoDB": f"{at.mongodb_uri} ({at.mongodb_database})",
        "Simulator": at.simulator_url,
        "Agent": at.agent_llm_url,
        "Logs": str(stack.folder.logs),
        "Join it": f". {stack.folder.stack_env}",
    }
    return "\n".join(f"{name:<10} {value}" for name, value in rows.items())


def _what_now() -> str:
    return (
        f"Place a call:  .venv/bin/python starter.py dial --from {CALLER} --to +14155550101 --watch\n"
        "Ctrl-C takes everything down."
    )


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m runtime.embedded", description=__doc__)
    parser.add_argument("what", choices=["up", "demo"], help="keep it running, or place one call and take it down")
    parser.add_argument("--run-dir", type=Path, default=Path(".run"), help="where data and logs go (default: .run)")
    parser.add_argument("--keep", action="store_true", help="demo: leave the stack up afterwards")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--gateways", type=int, default=1)
    parser.add_argument("--speed", type=float, default=None, help="how fast the pretend callees live")
    return parser.parse_args()


async def _until_told_to_stop(asked: argparse.Namespace) -> None:
    task = asyncio.current_task()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel if task else sys.exit)
    demo = asked.what == "demo"
    options = StackOptions(
        run_dir=asked.run_dir,
        workers=asked.workers,
        gateways=asked.gateways,
        speed=asked.speed or (_DEMO_SPEED if demo else 1.0),
    )
    await _up(options, demo=demo, keep=asked.keep or not demo)


def main() -> int:
    """Run the stack; answers the exit code: 0 done, 1 something failed, 2 it cannot start here, 130 interrupted."""
    asked = _parsed()
    try:
        asyncio.run(_until_told_to_stop(asked))
    except asyncio.CancelledError:
        _say("Everything is down.")
        return 0 if asked.what == "up" else _INTERRUPTED
    except (EngineMissingError, FolderInUseError) as error:
        _say(f"Cannot start: {error}")
        return _NOT_POSSIBLE_HERE
    except (PartFailedError, GatewayError, DemoFailedError) as error:
        _say(f"Failed: {error}")
        return _FAULT
    return 0


if __name__ == "__main__":
    leave(main())
