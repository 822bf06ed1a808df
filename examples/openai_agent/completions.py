"""Streamed chat completions of any endpoint that has OpenAI's `/chat/completions`."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import aiohttp

ATTEMPTS = 2  # a second one only while nothing was said yet; a callee waits no longer than that
PAUSE_SECONDS = 0.3
MAX_LINE_BYTES = 1024 * 1024
TOO_MANY_REQUESTS, SERVER_ERROR = 429, 500


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of what the model says."""

    content: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model uses a tool; what it gave that is no JSON object counts as no arguments."""

    tool_call_id: str
    name: str
    arguments: dict[str, Any]


class ModelError(Exception):
    """The endpoint gave no answer, or an unusable one; the text holds no key. `is_passing`: again may help."""

    def __init__(self, text: str, *, is_passing: bool) -> None:
        super().__init__(text)
        self.is_passing = is_passing


class Completions:
    """Asks one model at one endpoint. Durations in seconds."""

    def __init__(self, http: aiohttp.ClientSession, base_url: str, model: str, key: str | None) -> None:
        self._http = http
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._model = model
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._timeout = aiohttp.ClientTimeout(total=60, sock_connect=5, sock_read=15)

    async def stream(
        self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]
    ) -> AsyncGenerator[Text | ToolCall, None]:
        """The answer as it comes, its tool calls last. Cancelling drops the request. Raises ModelError."""
        body: dict[str, Any] = {"model": self._model, "messages": list(messages), "stream": True}
        if tools:
            body["tools"] = list(tools)
        for attempt in range(1, ATTEMPTS + 1):
            has_begun = False
            try:
                async with aclosing(self._attempt(body)) as pieces:
                    async for piece in pieces:
                        has_begun = True
                        yield piece
            except ModelError as error:
                if has_begun or attempt == ATTEMPTS or not error.is_passing:
                    raise
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                return

    async def _attempt(self, body: dict[str, Any]) -> AsyncGenerator[Text | ToolCall, None]:
        calls: dict[int, dict[str, str]] = {}
        try:
            async with self._http.post(
                self._url,
                json=body,
                headers=self._headers,
                timeout=self._timeout,
                read_bufsize=MAX_LINE_BYTES,
                allow_redirects=False,  # a redirect would carry the key elsewhere
            ) as response:
                if not response.ok or response.status >= 300:  # noqa: PLR2004  # redirects start there
                    again = response.status == TOO_MANY_REQUESTS or response.status >= SERVER_ERROR
                    raise ModelError(f"the endpoint answered HTTP {response.status}", is_passing=again)
                async for delta in _deltas(response.content):
                    if content := delta.get("content"):
                        yield Text(str(content))
                    _collect(calls, delta.get("tool_calls") or [])
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ModelError(f"the endpoint could not be read: {type(error).__name__}", is_passing=True) from error
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise ModelError("the endpoint's stream is no chat completion", is_passing=False) from error
        for call in calls.values():
            yield ToolCall(call["id"], call["name"], _arguments(call["arguments"]))


async def _deltas(lines: aiohttp.StreamReader) -> AsyncIterator[dict[str, Any]]:
    """The deltas of a stream of server-sent events."""
    async for line in lines:
        name, _, value = line.decode().strip().partition(":")
        if name != "data":
            continue  # comments keep the connection alive, and other fields say nothing here
        if value.strip() == "[DONE]":
            return
        event = json.loads(value)
        if event.get("error"):
            raise ModelError("the endpoint broke its answer off", is_passing=True)
        for choice in (event.get("choices") or [])[:1]:
            yield choice.get("delta") or {}


def _collect(calls: dict[int, dict[str, str]], pieces: Sequence[dict[str, Any]]) -> None:
    """Tool calls come in pieces: the id and the name once, the arguments bit by bit."""
    for piece in pieces:
        # Some servers give whole calls without an index.
        call = calls.setdefault(piece.get("index") or 0, {"id": "", "name": "", "arguments": ""})
        function = piece.get("function") or {}
        call["id"] = call["id"] or piece.get("id") or ""
        call["name"] = call["name"] or function.get("name") or ""
        call["arguments"] += function.get("arguments") or ""


def _arguments(text: str) -> dict[str, Any]:
    try:
        arguments = json.loads(text or "{}")
    except ValueError:
        return {}
    return arguments if isinstance(arguments, dict) else {}
