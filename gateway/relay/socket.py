"""The websocket route that the carrier's relay connects to.

An ASGI server should limit frames to a few times `MAX_FRAME_BYTES`, beyond which they are counted as bad and not read
(uvicorn: `ws_max_size`; a longer one closes the relay, and the call goes on over a fresh one), and use no compression.
"""

import asyncio
import logging
from contextlib import suppress

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from calls.ports.pages import StoreUnavailableError
from gateway.relay.ports import RelayVerifier, SessionPlan
from gateway.relay.pulses import Pulses
from gateway.relay.session import POLICY_VIOLATION, RelaySession
from gateway.relay.sessions import Sessions
from gateway.relay.surroundings import Surroundings

log = logging.getLogger(__name__)

PATH = "/relay/{call_id}/{attempt_id}"
_TAKE_OVER_SECONDS = 2.0
_TRY_AGAIN_LATER = 1013


class RelayEndpoint:
    """Verifies a handshake, loads the call, and runs its session."""

    def __init__(
        self,
        *,
        verifier: RelayVerifier,
        sessions: Sessions,
        around: Surroundings,
    ) -> None:
        self._verifier = verifier
        self._sessions = sessions
        self._around = around
        self._pulses = Pulses(around.store, around.pacing.pulse_every, around.wall)

    def route(self) -> WebSocketRoute:
        """The route to put into an application."""
        return WebSocketRoute(PATH, self.serve)

    async def serve(self, websocket: WebSocket) -> None:
        """One handshake and, if it is the carrier's and the call's, one session."""
        call_id = websocket.path_params["call_id"]
        attempt_id = websocket.path_params["attempt_id"]
        if not self._verifier.verify(_raw_path(websocket), websocket.headers):
            log.warning("a relay handshake without a valid signature was refused", extra={"call_id": call_id})
            await websocket.close()  # before accepting, this answers 403
            return
        socket = StarletteSocket(websocket)
        plan = await self._admit(socket, call_id, attempt_id)
        if plan is None or self._sessions.is_draining:
            await socket.close(_TRY_AGAIN_LATER)
            return
        session = RelaySession(plan, attempt_id, socket, self._around, self._pulses)
        self._sessions.add(session)
        try:
            await session.run()
        finally:
            self._sessions.remove(session)

    async def _admit(self, socket: "StarletteSocket", call_id: str, attempt_id: str) -> SessionPlan | None:
        """The plan of a relay that may talk, which is accepted then. Beside a live one it must be that one's heir.

        Another may have come up while it waited for its plan, so that is looked at again until nothing has changed.
        """
        followed: RelaySession | None = None
        while not self._sessions.is_draining:
            older = self._sessions.find(call_id)
            if older is not None and older is not followed:
                if not await self._follows(older, socket):
                    return None
                followed = older
            plan = await self._load(call_id, attempt_id)
            if plan is None:
                return None
            await socket.accept()
            if self._sessions.find(call_id) in (None, followed):
                return plan
        return None

    async def _follows(self, older: RelaySession, socket: "StarletteSocket") -> bool:
        """Whether this relay names the carrier call of the live one: a handshake alone can be replayed."""
        await socket.accept()
        first: str | bytes | None = None
        with suppress(TimeoutError):
            async with asyncio.timeout(self._around.pacing.setup_within):
                first = await socket.look()
        if first is not None and older.is_followed_by(first):
            return True
        log.warning("a second relay that did not name the carrier call was refused", extra={"call_id": older.call_id})
        await socket.close(POLICY_VIOLATION)
        return False

    async def _load(self, call_id: str, attempt_id: str) -> SessionPlan | None:
        # The older session stores its last words first, so that they are loaded and not numbered twice.
        await self._sessions.take_over(call_id, _TAKE_OVER_SECONDS)
        try:
            return await self._around.store.load(call_id, attempt_id)
        except StoreUnavailableError:
            log.exception("the call of a relay could not be loaded", extra={"call_id": call_id})
            return None


class StarletteSocket:
    """A RelaySocket over Starlette's websocket."""

    __slots__ = ("_first", "_is_closed", "_takes_nothing", "_websocket")

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._is_closed = False  # and all that it sent before was read
        self._takes_nothing = False
        self._first: str | bytes | None = None

    async def accept(self) -> None:
        """Take the handshake, unless that has happened."""
        if self._websocket.application_state is WebSocketState.CONNECTING:
            await self._websocket.accept()

    async def look(self) -> str | bytes | None:
        """The next message, which stays the next one."""
        self._first = await self.receive()
        return self._first

    async def receive(self) -> str | bytes | None:
        """The next message, None once the relay closed and everything that it sent before was given."""
        if self._first is not None:
            first, self._first = self._first, None
            return first
        if self._is_closed:
            return None
        message = await self._websocket.receive()
        if message["type"] != "websocket.receive":
            self._is_closed = self._takes_nothing = True
            return None
        text = message.get("text")
        if isinstance(text, str):
            return text
        data = message.get("bytes")
        return data if isinstance(data, bytes) else b""

    async def send(self, text: str) -> None:
        """Send a text message, unless the relay closed."""
        if self._takes_nothing or self._websocket.application_state is not WebSocketState.CONNECTED:
            return
        try:
            await self._websocket.send({"type": "websocket.send", "text": text})
        except WebSocketDisconnect:
            self._takes_nothing = True  # what it said before may be unread

    async def close(self, code: int) -> None:
        """Close, unless that has happened; what was not accepted yet is refused."""
        if not self._takes_nothing and self._websocket.application_state is not WebSocketState.DISCONNECTED:
            with suppress(WebSocketDisconnect):
                await self._websocket.close(code)


def _raw_path(websocket: WebSocket) -> str:
    raw = websocket.scope.get("raw_path") or websocket.scope["path"].encode()
    path = raw.decode("ascii", "replace")
    query = websocket.scope.get("query_string", b"").decode("ascii", "replace")
    return f"{path}?{query}" if query else path
