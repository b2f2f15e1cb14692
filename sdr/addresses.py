"""Where a call comes from, when there may be proxies in between."""

import ipaddress
from functools import lru_cache

from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def client_address(peer: str | None, forwarded_for: str | None) -> str | None:
    """Return the address that the call came from, as far as those we trust can tell.

    ``peer`` is who connected; ``forwarded_for`` the X-Forwarded-For header, which anybody can send: it is read from its
    end and only as long as ``TRUSTED_PROXIES`` wrote it.
    """
    address = peer
    hops = forwarded_for.split(",") if forwarded_for and settings.TRUSTED_PROXIES else []
    while hops and is_trusted(address):
        address = hops.pop().strip()
    return address


@lru_cache(maxsize=4096)
def is_loopback(address: str | None) -> bool:
    parsed = _parsed(address)
    return parsed is not None and parsed.is_loopback


def is_trusted(address: str | None) -> bool:
    """Return whether the address is one of ``TRUSTED_PROXIES``."""
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in _networks(tuple(settings.TRUSTED_PROXIES)))


@lru_cache(maxsize=4096)
def subscriber(address: str | None) -> str:
    """Return what one subscriber has to himself: an IPv4 address, or the first 64 bits of an IPv6 address."""
    parsed = _parsed(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


@lru_cache(maxsize=4)
def _networks(names: tuple[str, ...]) -> list[Network]:
    return [ipaddress.ip_network(name) for name in names]


def _parsed(address: str | None) -> Address | None:
    try:
        parsed = ipaddress.ip_address((address or "").strip("[]"))
    except ValueError:  # a unix socket, or what somebody wrote into a header
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
