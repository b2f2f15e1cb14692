"""Where a load generator may send to."""

import ipaddress
from urllib.parse import SplitResult, urlsplit

from sdr.exceptions import InvalidInput


def split_url(url: str) -> SplitResult:
    """Return the parts of an http(s) URL; raises InvalidInput."""
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise InvalidInput("url", f"{url!r} is no address such as http://127.0.0.1:5000")
    return parts


def is_loopback(host: str) -> bool:
    """Return whether ``host`` is this machine by its very spelling: a name server could say anything."""
    host = host.strip("[]").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def bootstrap_hosts(servers: str) -> list[str]:
    """Return the hosts of Kafka's ``host:port,host:port``."""
    return [server.strip().rpartition("://")[2].rpartition(":")[0] for server in servers.split(",") if server.strip()]
