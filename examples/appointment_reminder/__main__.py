"""`python -m examples.appointment_reminder --host 127.0.0.1 --port 0`."""

import argparse
import asyncio
import os
import signal

from examples.appointment_reminder.server import start


async def _serve(host: str, port: int, transfer_number: str) -> None:
    server = await start(host, port, transfer_number)
    bound_host, bound_port = server.sockets[0].getsockname()[:2]
    print(f"agent server listening on ws://{bound_host}:{bound_port}/llm", flush=True)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()
    server.close()
    await server.wait_closed()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="appointment_reminder", description=__doc__)
    parser.add_argument("--host", default=os.environ.get("AGENT_HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("AGENT_PORT", "8091")))
    parser.add_argument(
        "--transfer-number",
        default=os.environ.get("AGENT_TRANSFER_NUMBER", "+14155550110"),
        help="where a callee who wants a human is put through to",
    )
    return parser.parse_args()


if __name__ == "__main__":
    asked = _parse()
    asyncio.run(_serve(asked.host, asked.port, asked.transfer_number))
