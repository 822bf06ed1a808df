"""Who may use the API: holders of a key, or of one call's access token."""

import hashlib
import hmac
from collections.abc import Iterable
from typing import NoReturn

from fastapi import HTTPException, Request


class ApiKeys:
    """The accepted API keys, known only by their SHA-256 digests (hex)."""

    def __init__(self, sha256s: Iterable[str]) -> None:
        self._digests = tuple(digest.encode() for digest in sha256s)

    def accept(self, key: str) -> bool:
        """Whether a key is one of ours; takes equally long whichever it is."""
        digest = hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest().encode()
        matches = [hmac.compare_digest(digest, known) for known in self._digests]
        return any(matches)


def bearer(request: Request) -> str | None:
    """The key in `Authorization: Bearer <key>`; None when there is none."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" and key.strip() else None


def refuse_stranger(detail: str) -> NoReturn:
    """Answer 401."""
    raise HTTPException(401, detail, headers={"WWW-Authenticate": "Bearer"})


class KeyHolder:
    """A dependency that lets nobody in without a valid API key."""

    def __init__(self, keys: ApiKeys) -> None:
        self._keys = keys

    async def __call__(self, request: Request) -> None:
        """Raise 401 unless the request carries a valid key."""
        key = bearer(request)
        if key is None:
            refuse_stranger("an API key is needed: Authorization: Bearer <key>")
        if not self._keys.accept(key):
            refuse_stranger("the API key is not valid")
