"""The verifier against the vendor's published vectors and against what forgers and proxies do."""

import pytest

from adapters.twilio.signature import SignatureVerifier, parse_form
from adapters.twilio.urls import CallbackUrls
from simulator.signature import sign

TOKEN = "12345"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
PATH = "/myapp.php?foo=1&bar=2"
FORM = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
    ("Caller", "+14158675309"),
]
REPEATED = [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")]
SIGNED = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
BODY = b'{"property": "value", "boolean": true}'
DIGEST = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
BODY_SIGNED = "a9nBmqA0ju/hNViExpshrM61xv4="


def _at(base: str = "https://mycompany.com") -> SignatureVerifier:
    return SignatureVerifier(TOKEN, CallbackUrls(base))


@pytest.mark.parametrize(
    ("url", "form", "signature"),
    [
        (URL, FORM, SIGNED),
        (URL, FORM, "kvajT1Ptam85bY51eRf/AJRuM3w="),  # signed with :443
        ("https://mycompany.com:443/myapp.php?foo=1&bar=2", FORM, SIGNED),  # signed without it
        ("http://mycompany.com:1234/myapp.php?foo=1&bar=2", FORM, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
        ("http://mycompany.com/myapp.php?foo=1&bar=2", FORM, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        (URL, REPEATED, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
        ("wss://phone.example.net/relay/fixture", [], "WsTV5ZFt90aewyLxea2KGAHOx/U="),
    ],
)
def test_published_vectors(url: str, form: list[tuple[str, str]], signature: str) -> None:
    """Every published vector verifies, with and without the default port, repeated fields included."""
    assert _at().verify_url(url, form, signature)


@pytest.mark.parametrize(
    ("path", "form", "signature"),
    [
        (PATH, FORM, ""),
        (PATH, FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8"),
        (PATH, FORM, "Ünsigned"),
        (PATH, FORM, "\ud800"),
        (PATH, FORM[:-1], SIGNED),
        (PATH, [*FORM, ("Extra", "")], SIGNED),
        (PATH + "&x=1", FORM, SIGNED),
        ("/other" + PATH, FORM, SIGNED),
    ],
)
def test_forgeries(path: str, form: list[tuple[str, str]], signature: str) -> None:
    """A changed field, path or signature does not verify, and odd signatures are no error."""
    assert not _at().verify_form(path, form, signature)
    assert _at().verify_form(PATH, FORM, SIGNED)


def test_another_token_does_not_verify() -> None:
    """Only the account's own token signs."""
    assert not SignatureVerifier("54321", CallbackUrls("https://mycompany.com")).verify_form(PATH, FORM, SIGNED)


def test_blank_and_repeated_fields_survive_parsing() -> None:
    """A form is parsed as it was signed: blank values kept, repeated names kept, percent signs decoded."""
    fields = parse_form(b"FromCity=&Digits=1&Digits=2&To=%2B1415&Name=A+B%C3%A4")
    assert fields == [("FromCity", ""), ("Digits", "1"), ("Digits", "2"), ("To", "+1415"), ("Name", "A Bä")]
    signature = sign(TOKEN, "https://a.test/x", fields)
    assert _at("https://a.test").verify_form("/x", fields, signature)
    without_blank = [field for field in fields if field[1]]
    assert not _at("https://a.test").verify_form("/x", without_blank, signature)


def test_a_body_is_signed_by_its_digest() -> None:
    """A body that is no form verifies by the digest in its URL, and only as it was sent."""
    path = f"{PATH}&bodySHA256={DIGEST}"
    assert _at().verify_body(path, BODY, BODY_SIGNED)
    assert not _at().verify_body(path, BODY + b" ", BODY_SIGNED)
    assert not _at().verify_body(PATH, BODY, SIGNED)
    assert not _at().verify_body(f"{path}&bodySHA256={DIGEST}", BODY, BODY_SIGNED)


def test_a_handshake_is_signed_with_its_own_scheme() -> None:
    """The relay's handshake verifies over the wss URL of our settings, whatever host its headers name."""
    verifier = SignatureVerifier(TOKEN, CallbackUrls("https://phone.example.net"))
    signature = {"x-twilio-signature": "WsTV5ZFt90aewyLxea2KGAHOx/U=", "host": "evil.test"}
    assert verifier.verify("/relay/fixture", signature)
    assert not verifier.verify("/relay/fixture2", signature)
    assert not verifier.verify("/relay/fixture", {})
    https = sign(TOKEN, "https://phone.example.net/relay/fixture")
    assert not verifier.verify("/relay/fixture", {"x-twilio-signature": https})


@pytest.mark.parametrize(
    "base", ["https://user:pw@a.test", "https://[::1]", "https://a.test/prefix", "https://a.test/"]
)
def test_unusual_bases(base: str) -> None:
    """Credentials, IPv6, a path prefix and a trailing slash in the public base are signed as they were given."""
    signature = sign(TOKEN, base.rstrip("/") + "/x#rc=5&rp=all", FORM)
    assert _at(base).verify_form("/x", FORM, signature)


@pytest.mark.parametrize("base", ["https://user:pw@a.test", "https://[::1]", "https://a.test"])
def test_the_default_port_may_be_signed(base: str) -> None:
    """A signature made with the default port verifies too, also beside credentials and IPv6."""
    assert _at(base).verify_form("/x", FORM, sign(TOKEN, f"{base}:443/x", FORM))
    assert _at(f"{base}:443").verify_form("/x", FORM, sign(TOKEN, f"{base}/x", FORM))
    assert not _at(f"{base}:8443").verify_form("/x", FORM, sign(TOKEN, f"{base}/x", FORM))
