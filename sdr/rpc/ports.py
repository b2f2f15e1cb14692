"""One port for several processes: held before they are forked, and given away to nobody else."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager


class AddressTakenError(Exception):
    """The server cannot listen on the address it was given."""

    def __init__(self, address: str) -> None:
        super().__init__(f"gRPC cannot listen on {address}: another server may have it.")


@contextmanager
def held(address: str, *, with_others: bool = False) -> Iterator[str]:
    """Hold ``address`` (``host:port``; port 0: any free one) for processes that share it; yield it with its port.

    Raises :class:`AddressTakenError` if anybody listens there already, also another server that shares its port: half
    of the calls would be its. ``with_others``: one that shares its port is welcome, for it is about to leave.
    """
    host = address.rpartition(":")[0]
    try:
        family, place = resolved(address)
        with closing(bound(family, place, is_shared=with_others)) as probe:
            place = (place[0], probe.getsockname()[1], *place[2:])
        # Bound but not listening, it keeps the port from others and takes no connection from the processes.
        holder = bound(family, place, is_shared=True)
    except (OSError, ValueError) as error:
        raise AddressTakenError(address) from error
    with closing(holder):
        yield f"{host}:{place[1]}"


def resolved(address: str) -> tuple[int, tuple[object, ...]]:
    """Return the family of ``host:port``, and what to bind; raises OSError, ValueError."""
    host, _, number = address.rpartition(":")
    host, port = host.strip("[]"), int(number)
    if host == "::" and not socket.has_dualstack_ipv6():
        host = "0.0.0.0"  # as gRPC reads it where there is no IPv6
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, place = found[0]
    return family, place


def bound(family: int, place: tuple[object, ...], *, is_shared: bool) -> socket.socket:
    """Return a socket that has the place, to itself or with others that share it; raises OSError."""
    holder = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family == socket.AF_INET6:
            holder.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        # Connections of an earlier server that are still closing are no reason to refuse.
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_shared:
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(place)
        if not is_shared:
            holder.listen()  # two sockets may be bound to a port, but only one may listen
    except BaseException:
        holder.close()
        raise
    return holder
