"""Who makes the call that is being answered, told by its metadata and its address."""

from contextvars import ContextVar
from urllib.parse import unquote

import grpc

from sdr.accounts import access
from sdr.accounts.access import Access

# gRPC runs every call in a context of its own, streams included: nothing is left over for the thread's next call.
_current: ContextVar[Access] = ContextVar("sdr_rpc_caller")


def current() -> Access:
    """Return the caller of this call; raises LookupError outside of one."""
    return _current.get()


def identify(context: grpc.ServicerContext) -> Access:
    """Find out who calls and keep it for :func:`current`; raises ``Unauthenticated``."""
    metadata = dict(context.invocation_metadata())
    caller = access.authenticate(metadata.get("authorization"), remote_address(context.peer()))
    _current.set(caller)
    return caller


def remote_address(peer: str) -> str | None:
    """Return the IP address of a gRPC peer (``ipv4:127.0.0.1:5000``, ``ipv6:%5B::1%5D:5000``), None of any other."""
    family, _, host_and_port = unquote(peer).partition(":")
    if family not in ("ipv4", "ipv6"):
        return None
    return host_and_port.rpartition(":")[0].strip("[]")
