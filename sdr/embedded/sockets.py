"""Where unix sockets go, and which TCP ports are free."""

import hashlib
import os
import shutil
import socket
import tempfile
from pathlib import Path

from sdr.embedded.errors import EngineError

MAX_PATH_BYTES = 103  # of a socket's address on macOS; Linux takes four more
LONGEST_NAME = "/.s.PGSQL.5432.lock"


def directory_for(data_dir: Path) -> Path:
    """Return ``data_dir``, or a short directory in its place where its path is too long for a socket."""
    if len(os.fsencode(data_dir)) + len(LONGEST_NAME) < MAX_PATH_BYTES:
        return data_dir
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"sdr-{name}-{os.geteuid()}"


def make_directory(directory: Path, account: str | None) -> None:
    """See to it that the directory is there and closed to others. Raises EngineError if it is somebody else's."""
    directory.mkdir(mode=0o700, exist_ok=True)
    if account:
        shutil.chown(directory, user=account)
    elif directory.stat().st_uid != os.geteuid():
        raise EngineError(f"{directory} belongs to somebody else: remove it, or set VAR_DIR to a shorter path.")


def free_port() -> int:
    """Return a loopback port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_free(host: str, port: int) -> bool:
    """Return whether a server could bind ``host:port``."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
