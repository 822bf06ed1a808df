"""The signature against the vectors that the vendor publishes with its own library."""

import pytest

from simulator.signature import body_digest, sign

TOKEN = "12345"
FORM = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
    ("Caller", "+14158675309"),
]
BODY = b'{"property": "value", "boolean": true}'
DIGEST = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"


@pytest.mark.parametrize(
    ("url", "form", "signature"),
    [
        ("https://mycompany.com/myapp.php?foo=1&bar=2", FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ("https://mycompany.com:443/myapp.php?foo=1&bar=2", FORM, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        ("http://mycompany.com:1234/myapp.php?foo=1&bar=2", FORM, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
        ("http://mycompany.com:80/myapp.php?foo=1&bar=2", FORM, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        (
            "https://mycompany.com/myapp.php?foo=1&bar=2",
            [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")],
            "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
        ),
        (f"https://mycompany.com/myapp.php?foo=1&bar=2&bodySHA256={DIGEST}", [], "a9nBmqA0ju/hNViExpshrM61xv4="),
    ],
)
def test_published_vectors(url: str, form: list[tuple[str, str]], signature: str) -> None:
    """Every published vector comes out as published."""
    assert sign(TOKEN, url, form) == signature


def test_a_websocket_is_signed_with_its_own_scheme_and_without_fields() -> None:
    """The relay's handshake signs the wss URL; the https form of it gives another signature."""
    url = "wss://phone.example.net/relay/fixture"
    assert sign(TOKEN, url) == "WsTV5ZFt90aewyLxea2KGAHOx/U="
    assert sign(TOKEN, url.replace("wss", "https")) != sign(TOKEN, url)


def test_the_fragment_is_not_signed() -> None:
    """Connection overrides in the fragment do not change the signature."""
    assert sign(TOKEN, "https://a.test/x#rc=5&rp=all", FORM) == sign(TOKEN, "https://a.test/x", FORM)


def test_the_body_digest_is_the_published_one() -> None:
    """A JSON body's digest is the hex SHA-256 of its bytes."""
    assert body_digest(BODY) == DIGEST
