"""Where an agent server listens for one call, and how that may be shown."""

from urllib.parse import quote, urlsplit, urlunsplit

_SCHEMES = {"https": "wss", "http": "ws", "wss": "wss", "ws": "ws"}


class BadAgentAddressError(ValueError):
    """The configured address is no websocket address."""


def address_of_call(url: str, call_id: str) -> str:
    """The agent's configured `url` plus the call id, with one slash between; http schemes become websocket ones.

    A query stays behind the path: some servers take their secret there.
    """
    parts = urlsplit(url)
    scheme = _SCHEMES.get(parts.scheme.lower())
    if scheme is None or not parts.hostname:
        raise BadAgentAddressError("an agent server's address starts with wss://, ws://, https:// or http://")
    path = f"{parts.path.rstrip('/')}/{quote(call_id, safe='')}"
    return urlunsplit((scheme, parts.netloc, path, parts.query, ""))


def shown(url: str) -> str:
    """The host of an address, for logs: its path, query and user part may hold a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or '?'}/…"
