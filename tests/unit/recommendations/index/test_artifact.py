import json

import numpy as np
import pytest

from recommendations.index.artifact import (
    CARDS,
    FORMAT,
    MANIFEST,
    BadArtifact,
    CategoryEntry,
    Manifest,
    open_artifact,
    seal,
    write_arrays,
)

ARRAYS = {
    "product_ids": np.arange(50, dtype=np.int64),
    "prices": np.linspace(0, 9, 50),
    "terms": np.array(["kettle", "théière"]),
    "nothing": np.empty(0, dtype=np.int32),
    "no_rows": np.empty((0, 100), dtype=np.float32),
}


def manifest(**fields):
    plain = {
        "format": FORMAT,
        "tenant": "shop",
        "version": "v1",
        "parameters": {"k": 100, "weights": {"name": 2.0}},
        "n_products": 50,
        "n_terms": 2,
        "mean_rating": 3.25,
        "categories": [CategoryEntry("Home", "home", "Home")],
        "files": {},
    }
    return Manifest(**(plain | fields))


def write_artifact(directory, cards=b'{"id":1}', **fields):
    directory.mkdir()
    write_arrays(directory, ARRAYS)
    (directory / CARDS).write_bytes(cards)
    seal(directory, manifest(**fields))
    return directory


@pytest.fixture
def artifact(tmp_path):
    return write_artifact(tmp_path / "v1")


def change_manifest(directory, **fields):
    path = directory / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def refused(directory, match=None, tenant="shop"):
    with pytest.raises(BadArtifact, match=match):
        open_artifact(directory, tenant=tenant)


def test_what_was_written_is_read(artifact):
    found = open_artifact(artifact, tenant="shop")
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found.arrays[name], array)
        assert found.arrays[name].dtype == array.dtype
    assert found.cards[:] == b'{"id":1}'
    assert (found.manifest.mean_rating, found.manifest.categories) == (3.25, [CategoryEntry("Home", "home", "Home")])


def test_arrays_are_mapped_and_cannot_be_written(artifact):
    ids = open_artifact(artifact, tenant="shop").arrays["product_ids"]
    assert isinstance(ids.base, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        ids[0] = 7


def test_a_shop_without_products_has_an_artifact_too(tmp_path):
    assert open_artifact(write_artifact(tmp_path / "v1", cards=b""), tenant="shop").cards == b""


def test_the_seal_tells_versions_apart(tmp_path):
    checksums = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        checksums.add(seal(tmp_path / name, manifest(version=name)))
    assert len(checksums) == 2


@pytest.mark.parametrize("name", ["product_ids.npy", CARDS, MANIFEST])
def test_a_truncated_file_is_refused(artifact, name):
    whole = (artifact / name).read_bytes()
    (artifact / name).write_bytes(whole[: len(whole) // 2])
    refused(artifact, name if name != MANIFEST else "cannot be read")


@pytest.mark.parametrize("name", ["prices.npy", CARDS])
def test_one_altered_bit_is_refused(artifact, name):
    content = bytearray((artifact / name).read_bytes())
    content[-1] ^= 1
    (artifact / name).write_bytes(content)
    refused(artifact, f"{name} is not what its checksum says")


@pytest.mark.parametrize("name", ["prices.npy", CARDS, MANIFEST])
def test_a_missing_file_is_refused(artifact, name):
    (artifact / name).unlink()
    refused(artifact, name)


def test_a_missing_directory_is_refused(tmp_path):
    refused(tmp_path / "v2", "v2 cannot be read")


def test_another_tenants_artifact_is_refused(artifact):
    refused(artifact, "belongs to the tenant shop", tenant="other")


def test_an_unknown_format_is_refused(artifact):
    change_manifest(artifact, format=FORMAT + 1)
    refused(artifact, f"format {FORMAT + 1}; this version of SDR reads {FORMAT}")


@pytest.mark.parametrize("name", ["../v1/prices.npy", "/etc/hostname", "..", ".", ""])
def test_files_outside_its_own_directory_are_refused(artifact, name):
    change_manifest(artifact, files={name: "0" * 64})
    refused(artifact, "names what its directory does not have")


def test_an_array_of_python_objects_is_refused(tmp_path):
    directory = tmp_path / "v1"
    directory.mkdir()
    np.save(directory / "terms.npy", np.array([{"code": "runs"}], dtype=object), allow_pickle=True)
    (directory / CARDS).write_bytes(b"")
    seal(directory, manifest())
    refused(directory, "cannot be read")


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\x00\xff", b'{"format": "1"}', b"{" * 100_000])
def test_a_manifest_that_is_none_is_refused(artifact, content):
    (artifact / MANIFEST).write_bytes(content)
    refused(artifact)
