"""pytest plugin: Postgres, Valkey and a Kafka broker of this run's own, started before Django reads its settings.

They live in a temporary directory, so tests run beside a stack, beside each other, and never near anybody's data.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from sdr.embedded import engines, locks, registry

PREFIX = "sdr-test-"
SETTINGS = {
    # Empty is stronger than unset: a developer's .env must not lead the tests to real servers.
    "DATABASE_URL": "",
    "REDIS_URL": "",
    "REDIS_HOST": "",
    "KAFKA_BOOTSTRAP_SERVERS": "",
    "DEBUG": "1",
    "SECRET_KEY": "for-tests-only-" + "0123456789" * 5,
    "ALLOWED_HOSTS": "*",
    "API_KEYS_REQUIRED": "0",
    "LOG_LEVEL": "warning",
    "LOG_FORMAT": "console",
}


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    # A wrapper runs before pytest-django's own hook, which imports the settings.
    if not early_config.known_args_namespace.help:
        early_config.add_cleanup(_stop)
        _start()
    return (yield)


def _start() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that `kill` cleans up as Ctrl-C does
    _clear_after_killed_runs()
    # 0711: when we are root, Postgres runs under another account and must get through.
    var_dir = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    var_dir.chmod(0o711)
    (var_dir / "static").mkdir()  # WhiteNoise warns of a missing one, and warnings are errors here
    os.environ.update(SETTINGS, VAR_DIR=str(var_dir))
    engines.acquire(var_dir, engines.MODULES, command="pytest", durable=False)
    os.environ["CELERY_BROKER_URL"] = registry.read_state(var_dir).engines["valkey"].url


def _stop() -> None:
    var_dir = Path(os.environ["VAR_DIR"])
    if var_dir.exists():
        engines.release(var_dir, regardless=True)
        shutil.rmtree(var_dir)


def _clear_after_killed_runs() -> None:
    """Stop the engines and remove the directories of test runs whose pytest was killed."""
    temporary = Path(tempfile.gettempdir())
    with locks.exclusive(temporary / f"{PREFIX}{os.geteuid()}.lock"):  # two runs may begin at once
        for var_dir in temporary.glob(f"{PREFIX}*-*"):
            pid = int(var_dir.name.removeprefix(PREFIX).split("-")[0])
            if var_dir.stat().st_uid == os.geteuid() and not psutil.pid_exists(pid):
                engines.release(var_dir, regardless=True)
                shutil.rmtree(var_dir)
