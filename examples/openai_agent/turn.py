"""One turn of the agent: the model's words as they come, then what it decided."""

import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any

from examples.openai_agent.completions import Completions, Text, ToolCall
from examples.openai_agent.prompting import END_CALL, TRANSFER, tools

Send = Callable[[dict[str, Any]], Awaitable[None]]

GOODBYE = "Goodbye."
CONNECTING = "One moment, I am putting you through."
NOTHING = "Sorry, could you say that again?"
MAX_CHARACTERS = 2000  # two minutes of speech; a model that does not stop is stopped


class Turn:
    """The answer to one request."""

    def __init__(self, response_id: int, transfer_number: str | None, send: Send) -> None:
        self._response_id = response_id
        self._transfer_number = transfer_number
        self._send = send
        self._has_spoken = False

    async def run(self, model: Completions, chat: Sequence[dict[str, Any]]) -> None:
        """Speak the model's answer, and act on its tools once it is whole. Raises ModelError."""
        used: list[ToolCall] = []
        length = 0
        async with aclosing(model.stream(chat, tools(may_transfer=self._transfer_number is not None))) as answer:
            async for piece in answer:
                if isinstance(piece, Text):
                    await self.say(piece.content)
                    length += len(piece.content)
                    if length > MAX_CHARACTERS:
                        break
                else:
                    used.append(piece)
        await self._act({call.name: call for call in used})

    async def _act(self, used: dict[str, ToolCall]) -> None:
        if call := used.get(END_CALL):
            await self._use(call, GOODBYE)
            await self.complete(end_call=True)
        elif self._transfer_number is not None and (call := used.get(TRANSFER)):
            await self._use(call, CONNECTING)
            await self.complete(transfer_number=self._transfer_number)
        else:
            if not self._has_spoken:
                await self.say(NOTHING)  # a turn without a word would leave the callee in silence
            await self.complete()

    async def _use(self, call: ToolCall, otherwise: str) -> None:
        await self._send(
            {
                "response_type": "tool_call_invocation",
                "tool_call_id": call.tool_call_id,
                "name": call.name,
                "arguments": json.dumps(call.arguments),
            }
        )
        if not self._has_spoken:
            await self.say(str(call.arguments.get("say") or otherwise))

    async def say(self, content: str) -> None:
        """Speak a piece."""
        self._has_spoken = self._has_spoken or bool(content.strip())
        await self._respond(content, complete=False)

    async def complete(self, *, end_call: bool = False, transfer_number: str | None = None) -> None:
        """The turn is over; ending and transferring follow once its words were spoken."""
        await self._respond("", complete=True, end_call=end_call, transfer_number=transfer_number)

    async def _respond(
        self, content: str, *, complete: bool, end_call: bool = False, transfer_number: str | None = None
    ) -> None:
        await self._send(
            {
                "response_type": "response",
                "response_id": self._response_id,
                "content": content,
                "content_complete": complete,
                "end_call": end_call,
                "transfer_number": transfer_number,
            }
        )
