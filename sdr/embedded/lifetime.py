"""Postgres and Valkey for the life of one command, so that every `manage.py` command just works.

This runs before Django reads its settings, which then find the engines through `run/engines.json`.
"""

import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sdr.embedded import locks, signals, wheels
from sdr.embedded.environment import Named, read_environment
from sdr.embedded.errors import EngineError

NO_KAFKA = "No Kafka: set KAFKA_BOOTSTRAP_SERVERS or run `make up` first"
STACK = "runstack"
WITHOUT_ENGINES = frozenset({
    "check", "collectstatic", "compilemessages", "diffsettings", "findstatic", "generateproto", "healthcheck", "help",
    "makemessages", "makemigrations", "spectacular", "startapp", "startproject", "version", "waitfor",
})  # fmt: skip
# Commands that an option brings to the servers, or keeps from them.
BY_OPTION: dict[str, Callable[[list[str]], bool]] = {
    "evaluate": lambda argv: "--live" not in argv,
}


# With these options a command has servers of its own, whichever the environment names, and leaves nothing behind.
OWN_SERVERS: dict[str, Callable[[list[str]], bool]] = {
    "evaluate": lambda argv: "--live" in argv,
}
OWN_PREFIX = "sdr-own-"
# What leads to a shop's servers and files. Empty is stronger than unset: no `.env` must lead there.
_OWN_SETTINGS = {
    "DATABASE_URL": "", "REDIS_URL": "", "REDIS_HOST": "", "KAFKA_BOOTSTRAP_SERVERS": "",
    "CELERY_BROKER_URL": "memory://", "INDEX_STORAGE": "", "INDEX_STORAGE_OPTIONS": "{}",
}  # fmt: skip


@contextmanager
def engines_for(argv: list[str]) -> Iterator[None]:
    """Run the block, the command ``argv``, with every engine it needs that no variable names."""
    if needs_none(argv):
        yield
        return
    try:
        with _way(argv)(argv):
            yield
    except EngineError as error:
        raise SystemExit(f"manage.py {argv[0]}: {error}") from error
    except KeyboardInterrupt as interrupt:
        raise SystemExit(128 + signal.SIGINT) from interrupt


def needs_none(argv: list[str]) -> bool:
    """Return whether the command reads and writes no server."""
    if not argv or argv[0] in WITHOUT_ENGINES or not {"-h", "--help", "--version"}.isdisjoint(argv):
        return True
    return argv[0] in BY_OPTION and BY_OPTION[argv[0]](argv)


def has_own_servers() -> bool:
    """Return whether this process' servers and files are its own, and go with it."""
    return Path(os.environ.get("VAR_DIR", "")).name.startswith(OWN_PREFIX)


def require_kafka() -> None:
    """Raise CommandError where a command needs Kafka and there is none."""
    from django.conf import settings
    from django.core.management import CommandError

    if not settings.KAFKA_BOOTSTRAP_SERVERS:
        raise CommandError(NO_KAFKA)


def _way(argv: list[str]) -> Callable[[list[str]], AbstractContextManager[None]]:
    if argv[0] == STACK:
        return _the_stacks
    return _its_own if argv[0] in OWN_SERVERS and OWN_SERVERS[argv[0]](argv) else _a_commands


@contextmanager
def _its_own(argv: list[str]) -> Iterator[None]:
    """All engines, Kafka too, in a directory that is removed at the end."""
    wheels.refuse_without(wheels.PACKAGES)
    from sdr.embedded import engines  # stands on packages that a production installation lacks

    signals.exit_on_sigterm()
    var_dir = Path(tempfile.mkdtemp(prefix=OWN_PREFIX))
    var_dir.chmod(0o711)  # when we are root, Postgres runs under another account and must get through
    (metrics := var_dir / "metrics").mkdir()
    os.environ.update(_OWN_SETTINGS, VAR_DIR=str(var_dir), PROMETHEUS_MULTIPROC_DIR=str(metrics))
    os.environ["SECRET_KEY"] = secrets.token_urlsafe(50)
    os.environ.setdefault("LOG_LEVEL", "warning")  # what servers and consumers say of their start is nobody's news
    try:
        engines.acquire(var_dir, wheels.PACKAGES, command=f"manage.py {argv[0]}", durable=False)
        yield
    finally:
        engines.release(var_dir, regardless=True)
        shutil.rmtree(var_dir)


@contextmanager
def _a_commands(argv: list[str]) -> Iterator[None]:
    """Postgres and Valkey, attached to or started; stopped unless another command or a stack still needs them."""
    named = read_environment()
    names = named.missing - {"kafka"}
    with _held(named, names, command=f"manage.py {argv[0]}", regardless=False):
        yield


@contextmanager
def _the_stacks(argv: list[str]) -> Iterator[None]:
    """All engines, Kafka too, for the one stack of this VAR_DIR; its end is theirs."""
    named = read_environment()
    with _only_stack(named.var_dir), _held(named, named.missing, command=f"manage.py {argv[0]}", regardless=True):
        yield


@contextmanager
def _held(named: Named, names: set[str], *, command: str, regardless: bool) -> Iterator[None]:
    if not names:
        yield
        return
    wheels.refuse_without(names)
    from sdr.embedded import engines  # stands on packages that a production installation lacks

    signals.exit_on_sigterm()
    try:
        engines.acquire(named.var_dir, names, command=command)
        yield
    finally:
        engines.release(named.var_dir, regardless=regardless)


@contextmanager
def _only_stack(var_dir: Path) -> Iterator[None]:
    path = var_dir / "run" / "stack.lock"
    try:
        with locks.exclusive(path, wait=False):
            yield
    except BlockingIOError as error:
        raise EngineError(
            f"a stack already runs on {var_dir} (pid {locks.holder_of(path)}). Stop it with Ctrl-C there or with "
            f"`kill {locks.holder_of(path)}`, or set VAR_DIR, PORT and GRPC_PORT to run a second one."
        ) from error
