"""Telling Twilio's requests from anybody's, by the signature over their URL and form.

The URL is rebuilt from our own settings and the raw path, never from headers. A signature has no date: a replayed
request passes, so callbacks must change nothing when they come twice.
"""

import hmac
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from urllib.parse import SplitResult, parse_qs, parse_qsl, urlsplit

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # the SDK ships no types

from adapters.twilio.urls import CallbackUrls

SIGNATURE_HEADER = "x-twilio-signature"

_DEFAULT_PORTS = {"https": 443, "http": 80, "wss": 443, "ws": 80}

Pairs = list[tuple[str, str]]


def parse_form(body: bytes) -> Pairs:
    """A form's fields as signed: in any order, repeated names and blank values kept. Raises ValueError."""
    return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=1000)


class SignatureVerifier:
    """Verifies requests that claim to come from the account with this auth token."""

    def __init__(self, auth_token: str, urls: CallbackUrls) -> None:
        self._validator = RequestValidator(auth_token)
        self._urls = urls

    def verify_form(self, path: str, fields: Iterable[tuple[str, str]], signature: str) -> bool:
        """Whether a form posted to this raw path (with its query) is signed."""
        return self.verify_url(self._urls.signed(path), fields, signature)

    def verify_body(self, path: str, body: bytes, signature: str) -> bool:
        """Whether a body that is no form is signed: by its digest, which is part of the URL."""
        url = self._urls.signed(path)
        digests = parse_qs(urlsplit(url).query).get("bodySHA256", [])
        is_whole = len(digests) == 1 and _same(digests[0], sha256(body).hexdigest())
        return is_whole and self.verify_url(url, (), signature)

    def verify(self, path: str, headers: Mapping[str, str]) -> bool:
        """Whether a websocket handshake on this raw path is signed. Header names are lower case."""
        return self.verify_url(self._urls.signed_handshake(path), (), headers.get(SIGNATURE_HEADER, ""))

    def verify_url(self, url: str, fields: Iterable[tuple[str, str]], signature: str) -> bool:
        """Whether a request to this full URL is signed, with or without the default port in it."""
        form = _Form(fields)
        signatures = [self._validator.compute_signature(spelling, form) for spelling in _spellings(url)]
        return any([_same(computed, signature) for computed in signatures])  # noqa: C419 - no early end to time


class _Form:
    """A form as the SDK's validator reads one: it asks `getlist` for repeated names."""

    def __init__(self, fields: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in fields:
            self._values.setdefault(name, []).append(value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def getlist(self, name: str) -> list[str]:
        return self._values[name]


def _spellings(url: str) -> list[str]:
    """The URL as it stands and with its default port added or taken away; Twilio signs either. No fragment."""
    parts = urlsplit(url)._replace(fragment="")
    default = _DEFAULT_PORTS.get(parts.scheme)
    if parts.port is None:
        return [parts.geturl(), _with_host(parts, f"{_host(parts)}:{default}")]
    return [parts.geturl(), _with_host(parts, _host(parts))] if parts.port == default else [parts.geturl()]


def _host(parts: SplitResult) -> str:
    """User and host without the port, brackets of IPv6 kept."""
    user, at, host = parts.netloc.rpartition("@")
    bare = host[: -len(f":{parts.port}")] if parts.port is not None else host
    return f"{user}{at}{bare}"


def _with_host(parts: SplitResult, netloc: str) -> str:
    return parts._replace(netloc=netloc).geturl()


def _same(one: str, other: str) -> bool:
    """Compare in constant time; as bytes, because a forged signature need not be ASCII."""
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))
