"""From a server that leaves to the one that replaces it on the same port, without a failed call.

gRPC itself cancels calls that arrive in the moment of its good-bye (grpc/grpc#41785), so there must be nobody left to
call by then. The kernel sends new connections to the newer server (a filter on the sockets that share the port), and
those that exist end by their age: gRPC asks each caller to open another, and answers what is under way.
"""

import ctypes
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

# Connections live up to a tenth longer than their age, by gRPC's dice; then the last of them says good-bye.
JITTER, MARGIN_SECONDS = 1.1, 1.0
LOOK_AGAIN_SECONDS = 0.05
_SO_ATTACH_REUSEPORT_CBPF = 51  # Linux' <asm-generic/socket.h>; the socket module does not name it
_RETURN = 0x06  # BPF_RET | BPF_K


def give_away(port: int, n_ours: int) -> None:
    """Have new connections to ``port`` go to the servers that listen there since after us, if there are any.

    ``n_ours``: how many processes of ours listen there. Their sockets stand first, in the order in which they came;
    the filter names the next. While there is none, the kernel goes on as before.
    """
    if sys.platform != "linux":
        log.warning("new connections still come to the server that leaves: only Linux can send them on")
        return
    instruction = ctypes.create_string_buffer(struct.pack("HBBI", _RETURN, 0, 0, n_ours))
    program = struct.pack("HP", 1, ctypes.addressof(instruction))
    for ours in _sockets(port):
        if _listens(ours):
            ours.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_REUSEPORT_CBPF, program)


def wait_until_left(port: int, age_seconds: float, *, ends_early: bool) -> None:
    """Return when every connection to ``port`` of this process has ended by its age, or could have.

    ``ends_early``: as soon as none is left. Processes that share a port leave together, so that the filter's count
    stays right: for them the full time passes.
    """
    deadline = time.monotonic() + age_seconds * JITTER + MARGIN_SECONDS
    while (left := deadline - time.monotonic()) > 0 and not (ends_early and n_connections(port) == 0):
        threading.Event().wait(min(left, LOOK_AGAIN_SECONDS))


def n_connections(port: int) -> int:
    """Return how many connections to ``port`` this process holds."""
    return sum(not _listens(ours) for ours in _sockets(port))


def _listens(ours: socket.socket) -> bool:
    return bool(ours.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


def _sockets(port: int) -> Iterator[socket.socket]:
    """Yield this process's TCP sockets with ``port`` on our side; gRPC does not tell which are its own."""
    for descriptor in list(_descriptors().iterdir()):
        with suppress(OSError), _duplicate(int(descriptor.name)) as ours:
            if ours.family in (socket.AF_INET, socket.AF_INET6) and ours.getsockname()[1] == port:
                yield ours


@contextmanager
def _duplicate(descriptor: int) -> Iterator[socket.socket]:
    """Lend a socket of our own for the one behind ``descriptor``; raises OSError where that is none."""
    duplicate = os.dup(descriptor)
    try:
        ours = socket.socket(fileno=duplicate)
    except OSError:
        os.close(duplicate)  # a socket that could not be made does not
        raise
    with ours:
        yield ours


def _descriptors() -> Path:
    return Path("/proc/self/fd" if sys.platform == "linux" else "/dev/fd")
