"""``python -m simulator``: serve the pretend carrier on loopback."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from simulator.account import Account, parse_resolve
from simulator.app import create
from simulator.ids import PUBLIC_NUMBER_PREFIX


class Server(uvicorn.Server):
    """Says where it listens once it does, and stops quietly with exit status 0."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start and print the one line that callers wait for."""
        await super().startup(sockets)
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            typer.echo(f"simulator listening on http://{host}:{port}")

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT without raising them again."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def main(  # noqa: PLR0917 - a command line has as many parameters as options
    account_sid: Annotated[str, typer.Option(envvar="SIMULATOR_ACCOUNT_SID", help="AC and 32 hex digits")],
    auth_token: Annotated[str, typer.Option(envvar="SIMULATOR_AUTH_TOKEN")],
    host: Annotated[str, typer.Option(envvar="SIMULATOR_HOST")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="SIMULATOR_PORT", help="0 takes a free one")] = 0,
    resolve: Annotated[
        list[str] | None,
        typer.Option(
            envvar="SIMULATOR_RESOLVE", help="https://public.test=http://127.0.0.1:8000, repeated or with commas"
        ),
    ] = None,
    cps: Annotated[float, typer.Option(envvar="SIMULATOR_CPS", min=0.01, help="calls started per second")] = 1.0,
    speed: Annotated[float, typer.Option(envvar="SIMULATOR_SPEED", min=0.01, help="story seconds per second")] = 1.0,
    seed: Annotated[int, typer.Option(envvar="SIMULATOR_SEED")] = 0,
    concurrency_limit: Annotated[int | None, typer.Option(envvar="SIMULATOR_CONCURRENCY_LIMIT", min=1)] = None,
    ledger: Annotated[Path | None, typer.Option(envvar="SIMULATOR_LEDGER", help="append every event here")] = None,
    api_origin: Annotated[
        str, typer.Option(envvar="SIMULATOR_API_ORIGIN", help="what recording URLs begin with")
    ] = "https://api.twilio.com",
    owned_prefix: Annotated[
        str, typer.Option(envvar="SIMULATOR_OWNED_PREFIX", help="numbers that calls may come from")
    ] = PUBLIC_NUMBER_PREFIX,
    log_level: Annotated[str, typer.Option(envvar="SIMULATOR_LOG_LEVEL")] = "info",
) -> None:
    """Pretend to be a carrier with one account."""
    logging.basicConfig(level=log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    pairs = [pair for value in resolve or [] for pair in value.split(",") if pair.strip()]
    try:
        table = parse_resolve(pairs)
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong), param_hint="--resolve") from wrong
    account = Account(
        sid=account_sid,
        auth_token=auth_token,
        cps=cps,
        speed=speed,
        seed=seed,
        concurrency_limit=concurrency_limit,
        resolve=table,
        ledger=ledger,
        owned_prefix=owned_prefix,
        api_origin=api_origin.rstrip("/"),
    )
    _serve(account, host, port, log_level.lower())


def _serve(account: Account, host: str, port: int, log_level: str) -> None:
    config = uvicorn.Config(
        create(account),
        access_log=False,
        log_level=log_level,
        log_config=None,
        timeout_keep_alive=75,  # a client gives up idle connections long before its carrier does
        timeout_graceful_shutdown=1,
    )
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:  # named, or asyncio leaves TCP_NODELAY off
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        asyncio.run(Server(config).serve(sockets=[listener]))


if __name__ == "__main__":
    typer.run(main)
