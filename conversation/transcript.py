"""What was really said, in order: the record's messages, and the transcript as the agent server is told it."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from calls.records import Message
from calls.words import Role
from conversation.agent_frames import ToolAnswered, ToolInvoked
from conversation.wire import encode

UNINTELLIGIBLE = "(unintelligible audio)"

_TOOL_CHARACTERS = 32_768  # of one call's arguments, or of its result
_ALL_TOOLS_CHARACTERS = 262_144  # the whole goes to the agent server with every question, and many take 1 MiB at most


class Transcript:
    """The messages of one call, each numbered once; its entries are kept as JSON, ready to be sent."""

    __slots__ = ("_entries", "_has_tools", "_spoken", "_tools", "_tools_size", "_unanswered", "next_seq")

    def __init__(self, messages: Iterable[Message] = ()) -> None:
        self._entries: list[str] = []  # speech and tool calls; only kept once there is a tool call
        self._spoken: list[str] = []
        self._has_tools = False
        self._tools: deque[str] = deque()
        self._tools_size = 0
        self.next_seq = 0
        self._unanswered: list[datetime] = []  # when the callee's words began that no words of the agent follow
        for message in sorted(messages, key=lambda message: message.seq):
            self._append(message)

    def add(
        self,
        role: Role,
        content: str,
        started_at: datetime,
        ended_at: datetime,
        *,
        interrupted: bool = False,
        injected: bool = False,
        response_id: int | None = None,
    ) -> Message:
        """Number and keep a finished utterance, or an injected note.

        `content` holds only what was spoken; `response_id` is the request that an agent's utterance answers.
        """
        extra: dict[str, Any] = {}
        if interrupted:
            extra["interrupted"] = True
        if injected:
            extra["injected"] = True
        if response_id is not None:
            extra["response_id"] = response_id
        message = Message(self.next_seq, role, content, started_at, ended_at, extra)
        self._append(message)
        return message

    def add_tool(self, frame: ToolInvoked | ToolAnswered) -> None:
        """Keep a tool call beside the speech, for servers that want it told back: shortened, and the latest alone."""
        if isinstance(frame, ToolInvoked):
            entry = {"role": "tool_call_invocation", "tool_call_id": frame.tool_call_id, "name": frame.name}
            entry["arguments"] = frame.arguments[:_TOOL_CHARACTERS]
        else:
            entry = {
                "role": "tool_call_result",
                "tool_call_id": frame.tool_call_id,
                "content": frame.content[:_TOOL_CHARACTERS],
            }
        if not self._has_tools:
            self._has_tools = True
            self._entries = list(self._spoken)
        text = encode(entry)
        self._entries.append(text)
        self._tools.append(text)
        self._tools_size += len(text)
        while self._tools_size > _ALL_TOOLS_CHARACTERS:
            oldest = self._tools.popleft()
            self._entries.remove(oldest)
            self._tools_size -= len(oldest)

    @property
    def user_spoke_last(self) -> bool:
        """Whether the callee's words, or a note, stand at the end."""
        return bool(self._unanswered)

    def entries(self, speaking: str = "", began: datetime | None = None) -> list[str]:
        """The transcript, entry by entry, as JSON; `speaking` is what of an unfinished agent's turn was heard.

        What the callee said since it `began` stands behind it: that is what is to be answered.
        """
        place = self._place_of_words_that_began(began)
        return _with_unfinished(self._spoken, speaking, place)

    def entries_with_tools(self, speaking: str = "", began: datetime | None = None) -> list[str]:
        """The same with tool calls where they happened."""
        if not self._has_tools:
            return self.entries(speaking, began)
        place = self._place_of_words_that_began(began)
        after = self._spoken[place] if place < len(self._spoken) else None
        return _with_unfinished(self._entries, speaking, _place_of(after, self._entries))

    def _place_of_words_that_began(self, at: datetime | None) -> int:
        return len(self._spoken) - sum(at is not None and began >= at for began in self._unanswered)

    def _append(self, message: Message) -> None:
        self.next_seq = message.seq + 1
        entry = encode({"role": message.role.value, "content": message.content})
        if message.role is Role.USER:
            self._unanswered.append(message.started_at)
        else:  # what the callee spoke over is no answer to it: it is told before, though it was over later
            self._unanswered = [began for began in self._unanswered if began > message.started_at]
        place = len(self._spoken) - (len(self._unanswered) if message.role is not Role.USER else 0)
        if self._has_tools:
            after = self._spoken[place] if place < len(self._spoken) else None
            self._entries.insert(_place_of(after, self._entries), entry)
        self._spoken.insert(place, entry)


def _place_of(entry: str | None, entries: list[str]) -> int:
    """Where this very entry stands; None is behind the last."""
    return next((place for place in reversed(range(len(entries))) if entries[place] is entry), len(entries))


def _with_unfinished(entries: list[str], speaking: str, place: int) -> list[str]:
    if not speaking:
        return entries
    entry = encode({"role": Role.AGENT.value, "content": speaking})
    return [*entries[:place], entry, *entries[place:]]
