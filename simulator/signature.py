"""Signing of requests as the carrier does: base64 of HMAC-SHA1 over URL and form with the account's token.

Written from the published description and its vectors; it shares no code with the vendor's own library.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable


def sign(token: str, url: str, form: Iterable[tuple[str, str]] = ()) -> str:
    """Sign a URL (query included, fragment excluded) and the form that goes with it.

    Values of a repeated key count once each, sorted; empty values count. A websocket URL is signed with its ``wss://``.
    """
    values: dict[str, set[str]] = {}
    for key, value in form:
        values.setdefault(key, set()).add(value)
    signed = url.partition("#")[0] + "".join(key + value for key in sorted(values) for value in sorted(values[key]))
    digest = hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def body_digest(body: bytes) -> str:
    """Give the hex SHA-256 that a JSON callback carries as ``bodySHA256`` in its query."""
    return hashlib.sha256(body).hexdigest()
