"""Who makes the call that is being answered, told by its metadata and its address."""

from contextvars import ContextVar
from functools import lru_cache
from urllib.parse import unquote

import grpc

from sdr import addresses
from sdr.accounts import entrance
from sdr.accounts.callers import Access
from sdr.accounts.entrance import Call

# gRPC runs every call in a context of its own, streams included: nothing is left over for the thread's next call.
_current: ContextVar[Access] = ContextVar("sdr_rpc_caller")


def current() -> Access:
    """Return the caller of this call; raises LookupError outside of one."""
    return _current.get()


def identify(context: grpc.ServicerContext) -> Access:
    """Find out who calls and keep it for :func:`current`; raises ``Unauthenticated`` or ``RateLimited``."""
    caller = _current.get(None)  # there is one where the call is answered for the second time, see ``sdr.patience``
    if caller is None:
        caller, _ = entrance.admit(_call(context))
        _current.set(caller)
    return caller


def _call(context: grpc.ServicerContext) -> Call:
    metadata = dict(context.invocation_metadata())
    peer, forwarded_for = remote_address(context.peer()), metadata.get("x-forwarded-for")
    return Call(
        authorization=metadata.get("authorization"),
        address=addresses.client_address(peer, forwarded_for),
        origin=metadata.get("origin"),
        is_forwarded=forwarded_for is not None and not addresses.is_trusted(peer),
    )


# A connection's calls all come from the same peer.
@lru_cache(4096)
def remote_address(peer: str) -> str | None:
    """Return the IP address of a gRPC peer (``ipv4:127.0.0.1:5000``, ``ipv6:%5B::1%5D:5000``), None of any other."""
    family, _, host_and_port = unquote(peer).partition(":")
    if family not in ("ipv4", "ipv6"):
        return None
    return host_and_port.rpartition(":")[0].strip("[]")
