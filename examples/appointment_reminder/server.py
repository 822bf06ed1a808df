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

from examples.appointment_reminder.dialogue import Answer, Dialogue

log = logging.getLogger("appointment_reminder")

CONFIG = {"auto_reconnect": True, "call_details": True, "transcript_with_tool_calls": False}
PING_SECONDS = 2.0
TOKEN_SECONDS = 0.02  # a language model does not answer all at once; neither does this


async def start(host: str, port: int, transfer_number: str) -> Server:
    """Listen; `port` 0 takes a free one."""

    async def talk(socket: ServerConnection) -> None:
        await Talk(socket, transfer_number).run()

    return await serve(talk, host, port, process_request=_answer_http, compression=None)


async def _answer_http(socket: ServerConnection, request: Request) -> Response | None:
    if request.path == "/healthz":
        return socket.respond(HTTPStatus.OK, "ok\n")
    if not request.path.startswith("/llm/"):
        return socket.respond(HTTPStatus.NOT_FOUND, "agents answer at /llm/{call_id}\n")
    return None


class Talk:
    """One call: reads frames, answers the newest request, drops the answers nobody wants any more."""

    def __init__(self, socket: ServerConnection, transfer_number: str) -> None:
        self._socket = socket
        self._dialogue = Dialogue(transfer_number)
        self._speaking: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Serve the call until the other side closes the socket."""
        await self._send({"response_type": "config", "config": CONFIG})
        pinging = asyncio.create_task(self._ping())
        try:
            async for text in self._socket:
                await self._take(json.loads(text))
        except ConnectionClosed:
            log.info("the connection broke")
        finally:
            pinging.cancel()
            if self._speaking is not None:
                self._speaking.cancel()

    async def _take(self, frame: dict[str, Any]) -> None:
        match frame.get("interaction_type"):
            case "call_details":
                # After a reconnect the talk is under way and a greeting would be out of place; the other side drops it.
                variables = frame["call"].get("retell_llm_dynamic_variables") or {}
                await self._say(0, self._dialogue.first_words(variables.get("customer_name")))
            case "response_required":
                said = next(
                    (entry["content"] for entry in reversed(frame["transcript"]) if entry["role"] == "user"), ""
                )
                await self._say(frame["response_id"], self._dialogue.answer(said))
            case "reminder_required":
                await self._say(frame["response_id"], self._dialogue.reminder())
            case _:
                pass  # ping_pong and update_only ask for nothing

    async def _say(self, response_id: int, answer: Answer) -> None:
        if self._speaking is not None:
            self._speaking.cancel()
        self._speaking = asyncio.create_task(self._stream(response_id, answer))

    async def _stream(self, response_id: int, answer: Answer) -> None:
        if answer.voicemail:
            await self._send({"response_type": "metadata", "metadata": {"voicemail_detected": True}})
        words = answer.words.split(" ")
        for start in range(0, len(words), 3):
            last = start + 3 >= len(words)
            await self._send(
                {
                    "response_type": "response",
                    "response_id": response_id,
                    "content": " ".join(words[start : start + 3]) + ("" if last else " "),
                    "content_complete": last,
                    "end_call": answer.end_call and last,
                    "transfer_number": answer.transfer_number if last else None,
                }
            )
            await asyncio.sleep(TOKEN_SECONDS)

    async def _ping(self) -> None:
        while True:
            await self._send({"response_type": "ping_pong", "timestamp": int(time.time() * 1000)})
            await asyncio.sleep(PING_SECONDS)

    async def _send(self, frame: dict[str, Any]) -> None:
        try:
            await self._socket.send(json.dumps(frame))
        except ConnectionClosed:
            log.debug("not sent, the connection is closed")
