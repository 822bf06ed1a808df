"""The websocket side: one connection per call, frames as the custom-LLM websocket protocol has them."""

import asyncio
import json
import logging
import time
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from examples.openai_agent.completions import Completions, ModelError
from examples.openai_agent.prompting import GREET, REMIND, Brief, messages
from examples.openai_agent.turn import Turn

log = logging.getLogger("openai_agent")

CONFIG = {"auto_reconnect": True, "call_details": True, "transcript_with_tool_calls": False}
PING_SECONDS = 2.0
FAILURES = 3  # answers in a row that the model owed; then the callee is released
SORRY = "Sorry, I did not get that. Could you say it again?"
GIVE_UP = "I am sorry, something is wrong on our side. We will call you again. Goodbye."


async def start(host: str, port: int, model: Completions, brief: Brief) -> Server:
    """Listen; `port` 0 takes a free one."""

    async def talk(socket: ServerConnection) -> None:
        await Talk(socket, model, brief).run()

    return await serve(talk, host, port, process_request=_answer_http, compression=None)


async def _answer_http(socket: ServerConnection, request: Request) -> Response | None:
    if request.path == "/healthz":
        return socket.respond(HTTPStatus.OK, "ok\n")
    if not request.path.startswith("/llm/"):
        return socket.respond(HTTPStatus.NOT_FOUND, "agents answer at /llm/{call_id}\n")
    return None


class Talk:
    """One call: answers the newest request, and drops the model's answer to any older one."""

    def __init__(self, socket: ServerConnection, model: Completions, brief: Brief) -> None:
        self._socket = socket
        self._model = model
        self._brief = brief
        self._known: dict[str, Any] = {}
        self._failures = 0
        self._answering: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Serve the call until the other side closes the socket."""
        pinging = asyncio.create_task(self._ping())
        try:
            await self._send({"response_type": "config", "config": CONFIG})
            async for text in self._socket:
                self._take(json.loads(text))
        except ConnectionClosed:
            log.info("the connection broke")
        finally:
            pinging.cancel()
            if self._answering is not None:
                self._answering.cancel()

    def _take(self, frame: dict[str, Any]) -> None:
        match frame.get("interaction_type"):
            case "call_details":
                self._known = frame["call"].get("retell_llm_dynamic_variables") or {}
                self._answer(0, [], GREET)
            case "response_required":
                self._answer(frame["response_id"], frame["transcript"], None)
            case "reminder_required":
                self._answer(frame["response_id"], frame["transcript"], REMIND)
            case _:
                pass  # ping_pong and update_only ask for nothing

    def _answer(self, response_id: int, transcript: list[dict[str, Any]], note: str | None) -> None:
        """Answer from now on this request alone; a request that is under way at the model is dropped."""
        if self._answering is not None:
            self._answering.cancel()
        self._answering = asyncio.create_task(self._speak(response_id, transcript, note))

    async def _speak(self, response_id: int, transcript: list[dict[str, Any]], note: str | None) -> None:
        turn = Turn(response_id, self._brief.transfer_number, self._send)
        if response_id == 0 and self._brief.greeting is not None:
            await turn.say(self._brief.greeting)
            await turn.complete()
            return
        try:
            await turn.run(self._model, messages(self._brief, self._known, transcript, note))
            self._failures = 0
        except ModelError as error:
            log.warning("no answer: %s", error)
            self._failures += 1
            gives_up = self._failures >= FAILURES
            await turn.say(GIVE_UP if gives_up else SORRY)
            await turn.complete(end_call=gives_up)

    async def _ping(self) -> None:
        while True:
            await self._send({"response_type": "ping_pong", "timestamp": int(time.time() * 1000)})
            await asyncio.sleep(PING_SECONDS)

    async def _send(self, frame: dict[str, Any]) -> None:
        try:
            await self._socket.send(json.dumps(frame))
        except ConnectionClosed:
            log.debug("not sent, the connection is closed")
