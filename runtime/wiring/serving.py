"""The HTTP server of a gateway, with what relays and proxies need of it."""

import contextlib
import logging
import signal
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp
from typing_extensions import override

from gateway.relay.relay_line import MAX_FRAME_BYTES

LONGEST_FRAME_BYTES = 4 * MAX_FRAME_BYTES
"""A frame beyond it closes its relay; one that is merely too long is counted as bad, and the relay goes on."""
PING_SECONDS, PONG_SECONDS = 4.0, 5.0
"""A relay that went away without a word is noticed before the agent speaks to nobody."""
KEEP_ALIVE_SECONDS = 75
"""Longer than proxies and carriers keep an idle connection, or a request meets one that just closed."""
GRACE_SECONDS = 5
"""How long requests may go on after a stop; by then all calls are handed over."""

log = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """Leaves the exit code to its caller: uvicorn ends itself once more by the signal that had stopped it."""

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def serve(app: ASGIApp, host: str, port: int) -> bool:
    """Serve until SIGTERM or SIGINT; whether it had started. What was in the way is in the log. Blocks."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        ws="websockets-sansio",
        ws_per_message_deflate=False,  # 45 kB a conversation, and nothing saved on short frames
        ws_max_size=LONGEST_FRAME_BYTES,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PONG_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        access_log=False,
        log_config=None,
    )
    server = _Server(config)
    try:
        server.run()
    except SystemExit:  # it could not start, and has said why
        if not server.lifespan.should_exit:
            advice = "set RINGBACK_GATEWAY_HOST and RINGBACK_GATEWAY_PORT to an address that is free"
            log.error("the gateway cannot start: it cannot listen at %s:%d: %s", host, port, advice)  # noqa: TRY400 - uvicorn's exit
    return server.started
