"""Bad requests: what a clumsy or hostile customer sends, and the answer that each must get."""

import json
from typing import NamedTuple

DIAL, END_NOBODY = "/v1/calls/dial-outbound-phone-call", "/v1/calls/nobody-{marker}/end"
CALLER, UNBOUND = "+14155550100", "+14155550199"


class BadRequest(NamedTuple):
    """One kind: the HTTP status it must get, and the path and body it has. `{…}` are filled in for each request."""

    status: int
    body: str
    path: str = DIAL
    keyed: bool = True


def _body(**changed: object) -> str:
    usual: dict[str, object] = {
        "from_number": CALLER,
        "to_number": "<to>",
        "direction": "outbound",
        "call_id": "<marker>",
        "override_ai_agent_id": "<agent>",
    }
    return json.dumps(usual | changed)


MISCHIEF: dict[str, BadRequest] = {
    "number is not E.164": BadRequest(422, _body(to_number="02055550000")),
    "calls itself": BadRequest(422, _body(to_number=CALLER)),
    "unknown agent": BadRequest(404, _body(override_ai_agent_id="0123456789abcdef01234567")),
    "number without an agent": BadRequest(422, _body(from_number=UNBOUND, override_ai_agent_id=None)),
    "unknown field": BadRequest(422, _body(voice="alto")),
    "inbound cannot be dialled": BadRequest(422, _body(direction="inbound")),
    "call id with a space": BadRequest(422, _body(call_id="<marker> x")),
    "call id like a record id": BadRequest(422, _body(call_id="0123456789abcdef01234567")),
    "metadata too large": BadRequest(422, _body(metadata={"text": "x" * 60_000})),
    "body too large": BadRequest(413, _body(metadata={"text": "x" * 300_000})),
    "wrong type": BadRequest(422, _body(metadata="text")),
    "not JSON": BadRequest(422, _body()[:-1]),
    "the same key twice": BadRequest(422, '{"direction": "outbound", ' + _body()[1:]),
    "NaN": BadRequest(422, _body(metadata={"n": float("nan")})),
    "no key": BadRequest(401, _body(), keyed=False),
    "end of no call": BadRequest(404, "{}", END_NOBODY),
}


def filled(text: str, *, marker: str, to_number: str, agent: str) -> str:
    """A path or body for one request. Nothing of it may be found anywhere afterwards."""
    return (
        text.replace("<marker>", marker)
        .replace("{marker}", marker)
        .replace("<to>", to_number)
        .replace("<agent>", agent)
    )
