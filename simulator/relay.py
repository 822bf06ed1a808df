"""The carrier's side of a ConversationRelay: a websocket client that hears the agent and speaks for the callee."""

import asyncio
import contextlib
import json
import logging
import time
from collections import deque
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from simulator.callee import Callee
from simulator.ids import new_sid
from simulator.ledger import RelaySessionRecord
from simulator.leg import Leg
from simulator.outside import HostRefusedError
from simulator.relay_ends import COMPLETED, CROWDED, DEAF, LOST, MALFORMED, UNREACHABLE, RelayEnd
from simulator.relay_frames import DigitsFrame, EndFrame, PlayFrame, TextFrame, read
from simulator.request import Direction
from simulator.signature import sign
from simulator.speaker import Speaker
from simulator.stories import RelayTrouble
from simulator.switchboard import Switchboard
from simulator.tasks import Tasks
from simulator.twiml import Relay

log = logging.getLogger(__name__)

USER_AGENT = "Jetty/11.0.24"
STRIKES = 10
GREETING_SECONDS = 0.2
"""Silence between setup and the first token of the greeting."""
FRAME_LIMIT = 1024 * 1024
RECONNECTS, RECONNECT_SECONDS = 5, 1.0
"""With applicationReconnect: attempts, and story seconds before each. A guess: only the feature is documented."""
REPLAYED = 500
"""How many events are kept for the application while its socket is away (changelog of 2026-10-28)."""


class RelaySession:
    """One websocket of one call, from handshake to close."""

    def __init__(self, board: Switchboard, leg: Leg, noun: Relay) -> None:
        self.session_id = new_sid("VX")
        self._board = board
        self._leg = leg
        self._noun = noun
        self._tasks = Tasks()
        self._over: asyncio.Future[RelayEnd] = asyncio.get_running_loop().create_future()
        self._socket: ClientConnection | None = None
        self._strikes = 0
        self._unsent: deque[dict[str, Any]] | None = None
        self._trouble = leg.story.relay
        self._record = RelaySessionRecord(session_id=self.session_id, url=noun.url)
        rule = noun.get("interruptible", "any")
        self._speaker = Speaker(leg, self._send, events=noun.get("events"), interruptible=rule)  # type: ignore[arg-type]
        self._callee = Callee(leg, self._speaker, self._send, noun)

    @property
    def seconds(self) -> int:
        """Whole seconds the socket was up."""
        opened, closed = self._record.opened_at, self._record.closed_at
        return 0 if opened is None else round((closed or time.time()) - opened)

    async def run(self) -> RelayEnd:
        """Hold the session until either side, the call or a fault ends it."""
        self._leg.record.relay_sessions.append(self._record)
        end = CROWDED if self._trouble is RelayTrouble.CROWDED else UNREACHABLE
        if self._trouble is RelayTrouble.MUTE:
            await self._leg.interruption.wait()
            end = COMPLETED
        elif self._trouble is not RelayTrouble.CROWDED and await self._connect():
            try:
                end = await self._hold()
            finally:
                await self._shut(end if self._over.done() or self._leg.interruption.is_set() else LOST)
        self._record.ended_as = end.status
        self._leg.note("relay ended", session=self.session_id, status=end.status, error_code=end.error_code)
        return end

    async def _connect(self) -> bool:
        refused = self._trouble is RelayTrouble.REFUSED
        if refused or self._board.dice.falls("relay_refused", self._leg.request.person):
            self._board.alert(self._leg, 64102, "Unable to connect to the websocket", self._noun.url)
            return False
        try:
            address = urlsplit(self._board.outside.address(self._noun.url))
            signature = sign(self._board.account.auth_token, self._noun.url)
            public = urlsplit(self._noun.url)._replace(scheme="ws", fragment="")
            self._socket = await connect(
                urlunsplit(public._replace(path=address.path)),
                host=address.hostname,
                port=address.port or 80,
                compression=None,
                user_agent_header=USER_AGENT,
                additional_headers={
                    "X-Twilio-Signature": signature,
                    "x-amzn-bedrock-agentcore-runtime-custom-twilio-signature": signature,
                },
                open_timeout=5,
                close_timeout=1,
                ping_interval=None,
                max_size=FRAME_LIMIT,
                proxy=None,
            )
        except (HostRefusedError, OSError, TimeoutError, WebSocketException) as failed:
            log.warning("relay of %s cannot connect: %s", self._leg.sid, failed)
            self._board.alert(self._leg, 64102, f"Unable to connect to the websocket: {failed}", self._noun.url)
            return False
        self._record.opened_at = self._record.opened_at or time.time()
        return True

    async def _hold(self) -> RelayEnd:
        await self._send(self._setup())
        if self._trouble is RelayTrouble.GARBLED:
            await self._garble()
        self._tasks.spawn(self._listen(), f"relay listen {self._leg.sid}")
        self._tasks.spawn(self._speaker.run(), f"relay speak {self._leg.sid}")
        self._tasks.spawn(self._converse(), f"relay callee {self._leg.sid}")
        self._tasks.spawn(self._doom(), f"relay doom {self._leg.sid}")
        stopped: asyncio.Future[Any] = asyncio.ensure_future(self._leg.interruption.wait())
        over: asyncio.Future[Any] = self._over
        try:
            await asyncio.wait({stopped, over}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
        return self._over.result() if self._over.done() else COMPLETED

    async def _shut(self, end: RelayEnd) -> None:
        await self._speaker.cut(tell=False, quiet=True)
        await self._tasks.close()
        socket = self._socket
        if socket is None:
            return
        if end.close_code is None:
            socket.transport.abort()
            await socket.wait_closed()
        else:
            await socket.close(end.close_code, end.close_reason)
        self._record.closed_at = time.time()
        self._record.close_code = end.close_code or socket.close_code

    def _setup(self) -> dict[str, Any]:
        inbound = self._leg.request.direction is Direction.INBOUND
        return {
            "type": "setup",
            "sessionId": self.session_id,
            "callSid": self._leg.sid,
            "parentCallSid": self._leg.request.parent_sid or "",
            "from": self._leg.request.from_,
            "to": self._leg.request.to,
            "forwardedFrom": "",
            "callerName": "",
            "direction": self._leg.request.direction.value,
            "callType": "PSTN",
            "callStatus": "RINGING" if inbound and len(self._leg.record.relay_sessions) == 1 else "IN_PROGRESS",
            "accountSid": self._board.account.sid,
            "customParameters": self._noun.parameters,
        }

    async def _converse(self) -> None:
        if self._trouble is RelayTrouble.DEAF:
            await self._leg.pace.wait(GREETING_SECONDS)
            self._finish(DEAF)
            return
        if greeting := self._noun.get("welcomeGreeting"):
            await self._leg.pace.wait(GREETING_SECONDS)
            rule = self._noun.get("welcomeGreetingInterruptible", "any")
            await self._speaker.text(
                TextFrame.model_validate({"type": "text", "token": greeting, "last": True, "interruptible": rule})
            )
        await self._callee.converse()

    async def _garble(self) -> None:
        """Send what is no frame, more often than any reader should bear."""
        if self._socket is not None:
            with contextlib.suppress(ConnectionClosed):
                for _ in range(2 * STRIKES):
                    await self._socket.send('{"type": "prompt", "voicePr')

    async def _listen(self) -> None:
        while self._socket is not None:
            with contextlib.suppress(ConnectionClosed):
                async for raw in self._socket:
                    self._record.frames_received += 1
                    await self._take(raw)
            if not await self._reconnected():
                break
        self._finish(LOST)

    async def _reconnected(self) -> bool:
        """With applicationReconnect, come back by ourselves and replay what could not be told meanwhile."""
        if self._noun.get("applicationReconnect") != "true" or self._over.done():
            return False
        self._unsent = deque(maxlen=REPLAYED)
        for _ in range(RECONNECTS):
            await self._leg.pace.wait(RECONNECT_SECONDS)
            if await self._connect() and self._socket is not None:
                self._leg.note("relay reconnected", session=self.session_id)
                await self._write(self._setup())
                while self._unsent:  # what happens meanwhile has to wait for its turn
                    await self._write(self._unsent.popleft())
                self._unsent = None
                return True
        return False

    async def _take(self, raw: str | bytes) -> None:
        frame = read(raw)
        if frame is None:
            await self._strike(raw)
            return
        self._strikes = 0
        match frame:
            case TextFrame():
                await self._speaker.text(frame)
            case PlayFrame():
                await self._speaker.play(frame)
            case DigitsFrame():
                await self._speaker.digits(frame)
            case EndFrame():
                self._finish(RelayEnd("ended", handoff=frame.handoffData, action_after=(0.6, 0.8)))
            case _:
                log.debug("%s frame has no effect here", frame.type)

    async def _strike(self, raw: str | bytes) -> None:
        self._strikes += 1
        self._record.invalid_frames += 1
        shown = raw if isinstance(raw, str) else repr(raw)
        self._leg.note("invalid frame", frame=shown[:200])
        await self._send({"type": "error", "description": f"Invalid message received, code: 64107, {shown}"})
        if self._strikes >= STRIKES:
            self._finish(MALFORMED)

    async def _doom(self) -> None:
        """Lose the socket when the story or a fault says so."""
        faults, story = self._board.dice.faults, self._leg.story
        if faults.relay_killed_after_seconds is not None and self._board.dice.concerns(self._leg.request.person):
            await asyncio.sleep(faults.relay_killed_after_seconds)
            self._finish(LOST)
        elif story.relay_drops_after_seconds is not None and self._leg.relay_drops < story.relay_drops:
            await self._leg.pace.wait(story.relay_drops_after_seconds)
            self._leg.relay_drops += 1
            self._finish(LOST)

    def _finish(self, end: RelayEnd) -> None:
        if not self._over.done():
            self._over.set_result(end)

    async def _send(self, frame: dict[str, Any]) -> None:
        if self._unsent is not None:
            self._unsent.append(frame)
        else:
            await self._write(frame)

    async def _write(self, frame: dict[str, Any]) -> None:
        if self._socket is not None:
            with contextlib.suppress(ConnectionClosed):
                await self._socket.send(json.dumps(frame))
                self._record.frames_sent += 1
