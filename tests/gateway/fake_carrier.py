"""The carrier as far as its callbacks go: it signs with its own library, over the public address."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import httpx
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # the SDK ships no types

from tests.gateway.conftest import CALLEE, CALLER, PUBLIC, TOKEN, Rig

SID = "CA" + "1" * 32
OTHER_SID = "CA" + "2" * 32
CHILD_SID = "CA" + "3" * 32
RECORDING_SID = "RE" + "4" * 32
BLANKS = {f"{end}{part}": "" for end in ("From", "To") for part in ("City", "State", "Zip", "Country")}


@dataclass
class FakeCarrier:
    """Posts signed forms to a gateway by way of a host that is not the one it signs for."""

    rig: Rig
    call_id: str = "call-1"
    attempt_id: str = "attempt-1"

    async def register(self) -> None:
        """Let the call exist."""
        await self.rig.register(self.call_id)

    async def post(
        self, what: str, *, sid: str = SID, request_id: str = "", query: str = "", **form: Any
    ) -> httpx.Response:
        """Post one of the callbacks of this attempt; fields that are None are left out."""
        path = f"/twilio/{what}/{self.call_id}/{self.attempt_id}" + (f"/{request_id}" if request_id else "") + query
        fields = {
            "CallSid": sid,
            "From": CALLER,
            "To": CALLEE,
            "CallStatus": "in-progress",
            "Direction": "outbound-api",
            **BLANKS,
            **form,
        }
        return await self.send(path, {name: value for name, value in fields.items() if value is not None})

    async def send(self, path: str, fields: dict[str, str], signature: str | None = None) -> httpx.Response:
        """Post any form, signed unless a signature is given."""
        if signature is None:
            signature = self.sign(path, fields)
        headers = {b"X-Twilio-Signature": signature.encode(), b"Content-Type": b"application/x-www-form-urlencoded"}
        return await self.rig.stranger.post(path, content=urlencode(fields), headers=headers)

    def sign(self, path: str, fields: dict[str, str]) -> str:
        """The signature of a form posted to this path of the public address."""
        return str(RequestValidator(TOKEN).compute_signature(PUBLIC + path, fields))

    async def answer(self, sid: str = SID) -> httpx.Response:
        """The callee answers: ask for instructions."""
        return await self.post("voice", sid=sid)

    async def late(self) -> list[str]:
        """The kinds of what was noted late."""
        rows = await self.rig.database.late_facts.find({"call_id": self.call_id}).to_list(length=None)
        return [row["kind"] for row in rows]


def verbs(answer: httpx.Response) -> list[str]:
    """The verbs of a document of instructions."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/xml")
    return [element.tag for element in ET.fromstring(answer.text)]  # noqa: S314 - our own answer


def action(answer: httpx.Response) -> str:
    """The path and query that the Connect verb's action names, as it will be asked."""
    found = re.search(r'action="([^"#]+)', answer.text)
    assert found
    return found.group(1).removeprefix(PUBLIC)
