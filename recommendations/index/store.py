"""Where artifacts are kept: Django's storage ``index``, a folder by default, a bucket if the settings say so."""

import shutil
import tempfile
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage, storages

from recommendations.index.artifact import CARDS, MANIFEST, BadArtifact


def publish(tenant: str, version: str, directory: Path) -> None:
    """Copy a sealed artifact into the storage; its manifest goes last, so a half copy is never taken for a whole."""
    names = sorted((path.name for path in directory.iterdir()), key=lambda name: name == MANIFEST)
    for name in names:
        with (directory / name).open("rb") as file:
            _storage().save(f"{tenant}/{version}/{name}", File(file))


def fetch(tenant: str, version: str) -> Path:
    """Return a local directory with the artifact; one in a bucket is copied beside the process first."""
    storage, folder = _storage(), f"{tenant}/{version}"
    try:
        return Path(storage.path(folder))
    except NotImplementedError:
        return _download(storage, folder)


def remove(tenant: str, version: str) -> None:
    """Delete an artifact, manifest first. Processes that still map it keep their pages."""
    storage, folder = _storage(), f"{tenant}/{version}"
    _, names = storage.listdir(folder) if storage.exists(folder) else ([], [])
    for name in sorted(names, key=lambda name: name != MANIFEST):
        storage.delete(f"{folder}/{name}")
    if storage.exists(folder):  # a folder; buckets have none
        storage.delete(folder)


def _download(storage: Storage, folder: str) -> Path:
    target = settings.VAR_DIR / "index-cache" / folder
    if (target / MANIFEST).exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    _, names = storage.listdir(folder)
    if CARDS not in names:
        raise BadArtifact(f"{folder} is not in the storage.")
    with tempfile.TemporaryDirectory(dir=target.parent) as aside:
        for name in names:
            with storage.open(f"{folder}/{name}") as source, (Path(aside) / name).open("wb") as copy:
                shutil.copyfileobj(source, copy)
        shutil.copytree(aside, target, dirs_exist_ok=True)
    return target


def _storage() -> Storage:
    return storages["index"]
