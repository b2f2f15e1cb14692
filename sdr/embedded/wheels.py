"""The packages that carry the servers' binaries. None is imported: theirs have side effects at import."""

import importlib.util
from pathlib import Path


def are_installed(*packages: str) -> bool:
    return all(importlib.util.find_spec(package) for package in packages)


def directory(package: str) -> Path:
    """Return where an installed package's files are."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"The package {package} is not installed.")
    return Path(spec.origin).parent
