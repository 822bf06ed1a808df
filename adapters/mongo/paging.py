"""Page tokens: where the next page starts, opaque to whoever carries them."""

import base64
import binascii
import json
from typing import Any

from bson import ObjectId

from calls.ports.pages import BadPageTokenError


def token(listing: str, *start: str | int) -> str:
    """The token of a page that starts after this position of a listing."""
    return base64.urlsafe_b64encode(json.dumps([listing, *start]).encode()).decode().rstrip("=")


def position(page_token: str, listing: str, *kinds: type) -> list[Any]:
    """What a token of this listing was made of. Raises BadPageTokenError."""
    try:
        padded = page_token + "=" * (-len(page_token) % 4)
        start = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise BadPageTokenError("not a page token") from error
    if not isinstance(start, list) or [type(part) for part in start] != [str, *kinds] or start[0] != listing:
        raise BadPageTokenError("a page token of another listing")
    return start[1:]


def object_id(text: str) -> ObjectId | None:
    """The id written as 24 hex digits; None for any other text."""
    return ObjectId(text) if ObjectId.is_valid(text) else None
