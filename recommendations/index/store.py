"""Where artifacts are kept: Django's storage ``index``, a folder by default, a bucket if the settings say so."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage, storages

from recommendations.index.artifact import MANIFEST, BadArtifact, open_artifact

_FOLDER_MODE = 0o755  # a temporary directory is its maker's alone; web and worker may run as different users
_ABANDONED_SECONDS = 3600


def publish(tenant: str, name: str, directory: Path) -> None:
    """Copy a sealed artifact into the storage; its manifest goes last, so a half copy is never taken for a whole."""
    for path in sorted(directory.iterdir(), key=lambda path: (path.name == MANIFEST, path.name)):
        with path.open("rb") as file:
            put(f"{tenant}/{name}/{path.name}", File(file))


def put(path: str, file: File) -> None:
    """Store one file in place of an older one, in storages too that give the second of a name another name."""
    storage = _storage()
    stored = storage.save(path, file)
    if stored != path:
        storage.delete(stored)
        storage.delete(path)
        file.seek(0)
        storage.save(path, file)


def fetch(tenant: str, name: str) -> Path:
    """Return a local directory with the artifact; one in a bucket is copied beside the process first."""
    storage, folder = _storage(), f"{tenant}/{name}"
    try:
        return Path(storage.path(folder))
    except NotImplementedError:
        return _download(storage, folder)


def check(tenant: str, name: str) -> None:
    """Read an artifact through, as who serves it will; raises BadArtifact."""
    open_artifact(fetch(tenant, name), tenant=tenant)


def names(tenant: str) -> set[str]:
    """Return what the storage has of the tenant, whole artifacts or not."""
    return set(_listed(tenant)[0])


def remove(tenant: str, name: str) -> None:
    """Delete an artifact, manifest first. Processes that still map it keep their pages."""
    storage, folder = _storage(), f"{tenant}/{name}"
    for file in sorted(_listed(folder)[1], key=lambda file: file != MANIFEST):
        storage.delete(f"{folder}/{file}")
    if storage.exists(folder):  # a folder; buckets have none
        storage.delete(folder)
    shutil.rmtree(_cache() / folder, ignore_errors=True)


@contextmanager
def scratch(tenant: str) -> Iterator[Path]:
    """Give a directory to build in; what a killed build leaves there is found by :func:`clear_scratch`."""
    _scratch(tenant).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_scratch(tenant)) as directory:
        yield Path(directory)


def clear_scratch(tenant: str) -> None:
    """Remove what killed builds left on this machine. Call it before a build, as the tenant's only builder."""
    shutil.rmtree(_scratch(tenant), ignore_errors=True)


def _download(storage: Storage, folder: str) -> Path:
    target = _cache() / folder
    if (target / MANIFEST).exists():
        os.utime(target)
        return target
    files = _listed(folder)[1]
    if MANIFEST not in files:
        raise BadArtifact(f"{folder} is not in the storage.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".") as aside:
        for name in files:
            with storage.open(f"{folder}/{name}") as source, (Path(aside) / name).open("wb") as copy:
                shutil.copyfileobj(source, copy)
        Path(aside).chmod(_FOLDER_MODE)
        _move(Path(aside), target)
    _forget_old_copies(target.parent)
    return target


def _move(aside: Path, target: Path) -> None:
    """Rename in one step, so that nobody meets half a copy. Where another process was quicker, its copy is as good."""
    try:
        aside.rename(target)
    except OSError:
        if not (target / MANIFEST).exists():
            raise
    else:
        aside.mkdir()  # for whoever made the temporary directory and will remove it


def _forget_old_copies(directory: Path) -> None:
    """Keep as many copies as versions: one that is just being opened is among the latest. Killed downloads go, too."""
    ages = {path: time.time() - path.stat().st_mtime for path in directory.iterdir()}
    copies = sorted((path for path in ages if path.name[0] != "."), key=lambda path: ages[path])
    abandoned = [path for path in ages if path.name[0] == "." and ages[path] > _ABANDONED_SECONDS]
    for path in copies[settings.INDEX_VERSIONS_KEPT :] + abandoned:
        shutil.rmtree(path, ignore_errors=True)


def _listed(folder: str) -> tuple[list[str], list[str]]:
    try:
        return _storage().listdir(folder)
    except FileNotFoundError:
        return [], []


def _storage() -> Storage:
    return storages["index"]


def _cache() -> Path:
    return settings.VAR_DIR / "index-cache"


def _scratch(tenant: str) -> Path:
    return settings.VAR_DIR / "index-scratch" / tenant
