"""Access tokens: each opens one call's recording and live view to whoever holds it, for a while."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta


class AccessTokens:
    """Makes and checks access tokens, `<expiry as seconds since 1970>.<HMAC-SHA256, base64url>`."""

    def __init__(self, secret: str, *, lifetime: timedelta) -> None:
        self._secret = secret.encode()
        self._lifetime = lifetime

    def give(self, record_id: str, now: datetime) -> str:
        """A token for the call with this `_id`, good from now for the lifetime."""
        expiry = int((now + self._lifetime).timestamp())
        return f"{expiry}.{self._signature(record_id, expiry)}"

    def opens(self, token: str, record_id: str, now: datetime) -> bool:
        """Whether a token was given for this very call and is still good."""
        expiry, _, signature = token.partition(".")
        if not (expiry.isascii() and expiry.isdecimal() and len(expiry) <= len("9999999999")):
            return False
        expected = self._signature(record_id, int(expiry))
        is_ours = hmac.compare_digest(signature.encode(errors="replace"), expected.encode())
        return is_ours and now.timestamp() < int(expiry)

    def _signature(self, record_id: str, expiry: int) -> str:
        # The prefix keeps these apart from anything else that may ever be signed with the same secret.
        message = f"call-access:{record_id}:{expiry}".encode()
        digest = hmac.new(self._secret, message, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")
