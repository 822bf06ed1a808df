"""The addresses, and that a route made of the same template finds the ids again."""

import pytest
from starlette.routing import Match, Route

from adapters.twilio import urls
from adapters.twilio.urls import CallbackUrls

URLS = CallbackUrls("https://calls.test/base/")
ODD = ("Order-7.b_1", "a1", "t1")
ADDRESSES = {
    urls.INBOUND: URLS.inbound(),
    urls.VOICE: URLS.voice(*ODD[:2]),
    urls.STATUS: URLS.status(*ODD[:2]),
    urls.MACHINE: URLS.machine(*ODD[:2]),
    urls.RECORDING: URLS.recording(*ODD[:2]),
    urls.RELAY: URLS.relay(*ODD[:2]),
    urls.RELAY_ENDED: URLS.relay_ended(*ODD[:2]),
    urls.RESUME: URLS.resume(*ODD[:2]),
    urls.TRANSFER: URLS.transfer(*ODD),
    urls.TRANSFER_LEG: URLS.transfer_leg(*ODD),
    urls.TRANSFER_ENDED: URLS.transfer_ended(*ODD),
    urls.VOICEMAIL: URLS.voicemail(*ODD[:2]),
}


def test_every_template_has_an_address() -> None:
    """No route is without a method that makes its address."""
    templates = {value for name, value in vars(urls).items() if name.isupper() and not name.startswith("_")}
    assert templates == set(ADDRESSES)


@pytest.mark.parametrize(("template", "address"), ADDRESSES.items())
def test_routes_find_the_ids_again(template: str, address: str) -> None:
    """The path of an address, below the public base, matches its own template and no other."""
    path = address.partition("/base")[2].partition("#")[0]
    matching = {}
    for candidate in ADDRESSES:
        match, found = Route(candidate, lambda _: None).matches({"type": "http", "method": "GET", "path": path})
        if match is Match.FULL:
            matching[candidate] = found["path_params"]
    assert list(matching) == [template]
    assert tuple(matching[template].values()) == ODD[: len(matching[template])]


def test_callbacks_are_tried_again_and_the_relay_is_a_websocket() -> None:
    """Callback addresses ask for further attempts; the relay's is a secure websocket without a fragment."""
    relay = ADDRESSES[urls.RELAY]
    assert relay == "wss://calls.test/base/twilio/relay/Order-7.b_1/a1"
    assert all(address.endswith("#rc=5&rp=all") for address in ADDRESSES.values() if address != relay)
    assert CallbackUrls("http://127.0.0.1:8080").relay("c", "a") == "ws://127.0.0.1:8080/twilio/relay/c/a"


def test_ids_cannot_leave_their_segment() -> None:
    """Whatever an id holds, it stays one segment of the path."""
    assert URLS.voice("../x?y#z", "a b").startswith("https://calls.test/base/twilio/voice/..%2Fx%3Fy%23z/a%20b#")
