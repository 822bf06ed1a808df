"""Which addresses of customers' servers this deployment may be given."""

import ipaddress
from urllib.parse import urlsplit


def insecurity(url: str, *schemes: str) -> str | None:
    """Why a server must not be reached at this address; names are looked at again when connecting."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "is not an address"
    if parts.scheme not in schemes:
        allowed = " or ".join(f"{scheme}://" for scheme in schemes)
        return f"must start with {allowed}; the deployment does not allow insecure servers"
    if not parts.hostname or parts.hostname == "localhost" or parts.hostname.endswith(".localhost"):
        return "must name a host that is not this machine"
    try:
        address = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return None
    return None if address.is_global else "must not be an address of a private network"
