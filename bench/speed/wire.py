"""Frames and signatures as the carrier and an agent server send them."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

PUBLIC = "wss://ringback.test"
PUBLIC_HTTP = "https://ringback.test"
WORDS = "Of course, I will look that up for you right now and tell you what we have on Thursday afternoon, thank you."
SAID = "Could you tell me whether there is anything on Thursday afternoon?"


def tokens(count: int) -> list[str]:
    """An answer in so many pieces."""
    words = (WORDS.split(" ") * (count // 20 + 1))[:count]
    return [f"{word} " for word in words]


def sign(token: str, url: str, form: Iterable[tuple[str, str]] = ()) -> str:
    """The carrier's signature of a request."""
    signed = url + "".join(name + value for name, value in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def carrier_call_id(call_id: str) -> str:
    """What the carrier calls this call."""
    return f"CA{hashlib.sha256(call_id.encode()).hexdigest()[:32]}"


def relay_path(call_id: str, attempt_id: str) -> str:
    """Where a call's relay connects."""
    return f"/twilio/relay/{call_id}/{attempt_id}"


def voice_path(call_id: str, attempt_id: str) -> str:
    """Where the carrier asks for instructions when the callee answers."""
    return f"/twilio/voice/{call_id}/{attempt_id}"


def setup(call_id: str) -> str:
    """The relay's first frame."""
    sid = carrier_call_id(call_id)
    return json.dumps({"type": "setup", "sessionId": f"VX{sid[2:]}", "callSid": sid})


def read(text: str | bytes) -> dict[str, Any]:
    """A frame."""
    frame: dict[str, Any] = json.loads(text)
    return frame


def info(name: str, value: str) -> str:
    """Something that happened at the relay."""
    return json.dumps({"type": "info", "name": name, "value": value})


def prompt(words: str) -> str:
    """The callee said something."""
    return json.dumps({"type": "prompt", "voicePrompt": words, "lang": "en-US", "last": True})


def ask(response_id: int) -> str:
    """The same, already in the agent protocol: for a relay that only forwards."""
    transcript = [{"role": "agent", "content": WORDS}, {"role": "user", "content": SAID}]
    return json.dumps({"interaction_type": "response_required", "response_id": response_id, "transcript": transcript})


def response(response_id: int, content: str, *, complete: bool) -> str:
    """A piece of the agent's answer."""
    frame = {"response_id": response_id, "content": content, "content_complete": complete}
    return json.dumps({"response_type": "response", **frame})


def config() -> str:
    """An agent server that wants everything."""
    return json.dumps({"response_type": "config", "config": {"auto_reconnect": True, "call_details": True}})


def no_reminders() -> str:
    """An agent server that speaks only when spoken to: every answer that a callee hears is to what it said."""
    return json.dumps({"response_type": "update_agent", "agent_config": {"reminder_max_count": 0}})


def ping() -> str:
    """A sign of life."""
    return json.dumps({"response_type": "ping_pong", "timestamp": 0})


def form_of(fields: Mapping[str, str]) -> bytes:
    """A form's body."""
    return urlencode(fields).encode()
