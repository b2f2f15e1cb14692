"""The ports of the stack must be free before anything is started for it."""

import importlib.util

from sdr.embedded import sockets
from sdr.stack.errors import StackError


def refuse_taken(ports: dict[str, int]) -> None:
    """Raise StackError for the first port, by the variable that sets it, that another process listens on."""
    for variable, port in ports.items():
        if not sockets.is_free("", port):
            way_out = f"Stop that process, or choose another port: {variable}={port + 1}."
            raise StackError(f"Port {port} is taken{_by_whom(port)}. {way_out}")


def _by_whom(port: int) -> str:
    """Return who listens, as far as this machine lets us see it."""
    if importlib.util.find_spec("psutil") is None:
        return ""
    import psutil

    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                return f" by pid {connection.pid} ({' '.join(psutil.Process(connection.pid).cmdline())[:80]})"
    except psutil.Error:
        return ""
    return ""
