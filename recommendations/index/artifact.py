"""An index on disk: plain arrays, product cards and one manifest. No pickle, so opening one runs no code of its own.

A directory holds ``<name>.npy`` per array, ``cards.bin`` (every product's JSON, one after the other) and
``manifest.json``, which is written last: without it, or with a checksum that is off, the artifact is refused.
"""

import hashlib
import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

FORMAT = 2
MANIFEST = "manifest.json"
CARDS = "cards.bin"
_CHUNK_BYTES = 1 << 20


class BadArtifact(Exception):
    """The artifact is truncated, altered, or not one of ours; the text says what was found."""


class CategoryEntry(msgspec.Struct, frozen=True):
    """A category as answers name it; entries stand in the tree's order."""

    name: str
    slug: str
    path: str


class Manifest(msgspec.Struct, frozen=True):
    """What an artifact holds. ``files`` maps each file's name to its SHA-256; the catalogue's own ids are in arrays."""

    format: int
    tenant: str
    version: str
    parameters: dict[str, Any]
    n_products: int
    n_terms: int
    mean_rating: float
    categories: list[CategoryEntry]
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class Artifact:
    """An opened artifact: its arrays are mapped read-only, so that all processes of a machine share their pages."""

    manifest: Manifest
    arrays: dict[str, NDArray[Any]]
    cards: mmap.mmap | bytes


def write_arrays(directory: Path, arrays: dict[str, NDArray[Any]]) -> None:
    for name, array in arrays.items():
        np.save(directory / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)


def seal(directory: Path, manifest: Manifest) -> str:
    """Checksum every file, write the manifest, and return the manifest's own checksum."""
    files = {path.name: _sha256(path) for path in sorted(directory.iterdir()) if path.name != MANIFEST}
    encoded = msgspec.json.format(msgspec.json.encode(msgspec.structs.replace(manifest, files=files)), indent=1)
    (directory / MANIFEST).write_bytes(encoded)
    return hashlib.sha256(encoded).hexdigest()


def open_artifact(directory: Path, *, tenant: str, checksum: str | None = None) -> Artifact:
    """Check and map an artifact. Reading it through for the checksums also warms it. Raises :class:`BadArtifact`.

    ``checksum``: the manifest's, as :func:`seal` gave it; None where nobody knows it.
    """
    try:
        if checksum is not None and _sha256(directory / MANIFEST) != checksum:
            raise BadArtifact(f"{MANIFEST} is not the one that was registered.")
        manifest = _read_manifest(directory, tenant)
        for name, expected in manifest.files.items():
            if _sha256(directory / name) != expected:
                raise BadArtifact(f"{name} is not what its checksum says.")
        arrays = dict(_map_arrays(directory, manifest))
        return Artifact(manifest, arrays, _map_bytes(directory / CARDS))
    except (OSError, ValueError, msgspec.DecodeError) as error:
        raise BadArtifact(f"{directory.name} cannot be read: {error}") from error


def _read_manifest(directory: Path, tenant: str) -> Manifest:
    manifest = msgspec.json.decode((directory / MANIFEST).read_bytes(), type=Manifest)
    if manifest.format != FORMAT:
        raise BadArtifact(f"It is of format {manifest.format}; this version of SDR reads {FORMAT}.")
    if manifest.tenant != tenant:
        raise BadArtifact(f"It belongs to the tenant {manifest.tenant}.")
    missing = {CARDS, *manifest.files} - {path.name for path in directory.iterdir()}
    if missing:  # a path that leads elsewhere is no name in its directory either
        raise BadArtifact(f"It names what its directory does not have: {', '.join(sorted(missing))}.")
    return manifest


def _map_arrays(directory: Path, manifest: Manifest) -> Iterator[tuple[str, NDArray[Any]]]:
    for name in manifest.files:
        if name.endswith(".npy"):
            mapped = np.load(directory / name, mmap_mode="r", allow_pickle=False)
            # A plain view of the same pages: each operation on a memmap costs microseconds of Python.
            yield name.removesuffix(".npy"), np.asarray(mapped)


def _map_bytes(path: Path) -> mmap.mmap | bytes:
    if path.stat().st_size == 0:
        return b""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
