"""Which addresses belong to the public internet: others could make us reach into our own network (SSRF)."""

import ipaddress


class PrivateAddressError(OSError):
    """The host is, or its name leads to, an address that only we can reach."""


def refuse_private(address: str) -> None:
    """Raises PrivateAddressError for whatever is no address of the public internet."""
    known = ipaddress.ip_address(address.partition("%")[0])
    mapped = known.ipv4_mapped if isinstance(known, ipaddress.IPv6Address) else None
    if not (mapped or known).is_global or known.is_multicast:
        raise PrivateAddressError("the address belongs to a private network")


def refuse_private_literal(host: str) -> None:
    """The same for a host that is an address itself, which no resolver is asked about."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return
    refuse_private(host)
