"""One build by all workers: the features are extracted once, and each worker finds the neighbours of some rows.

The draft (everything but neighbours) and the blocks' results are folders in the storage, beside the artifacts; the
build's row says which blocks are done, and whoever does the last one may join them. Whatever is cut where, every row's
neighbours are the same bits, so the artifact is the one that a single process would have made.
"""

import io
import math
import shutil
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import F
from numpy.typing import NDArray
from scipy import sparse

from recommendations.engine.neighbours import Neighbours
from recommendations.index import store
from recommendations.index.artifact import MANIFEST, Artifact, open_artifact, seal
from recommendations.index.build import Draft, finish, neighbours_of, silent
from recommendations.index.lease import Lease, beating
from recommendations.index.naming import new_name
from recommendations.models import IndexBuild, IndexVersion
from sdr.accounts.models import Tenant

# How long a spread build may go without a word: its blocks may wait in a queue behind other work.
PATIENCE_SECONDS = 600
MAX_ATTEMPTS = 3

Send = Callable[[str, uuid.UUID, Sequence[int]], None]
"""Has the tenant's blocks of these numbers computed by somebody, or, where none is named, the build joined."""


def is_worth_it(draft: Draft) -> bool:
    return draft.vectors.shape[0] > settings.INDEX_SPREAD_FROM


def spread(tenant: Tenant, lease: Lease, draft: Draft, directory: Path, send: Send) -> None:
    """Publish the draft and send its blocks out; the lease lives on with them."""
    name = f"{new_name()}.draft"
    seal(directory, msgspec.structs.replace(draft.manifest, version=name))
    store.publish(tenant.slug, name, directory)
    n_rows = draft.vectors.shape[0]
    n_blocks = math.ceil(n_rows / settings.INDEX_BLOCK_ROWS)
    lease.progress = ("", 0, 0)  # from here on the workers tell it
    lease.row.update(
        draft_name=name, catalogue_marker=draft.marker, n_blocks=n_blocks, step="neighbours", n_done=0, n_total=n_rows
    )
    lease.hold_for(PATIENCE_SECONDS)
    send(tenant.slug, lease.token, range(n_blocks))
    lease.is_handed_on = True


def compute(tenant: Tenant, token: uuid.UUID, number: int) -> bool:
    """Find the neighbours of one block's rows; return whether it was the last, so that the build may be joined.

    A block that is done already, or whose build has ended, is nothing to do.
    """
    lease = Lease(tenant.pk, token)
    build = lease.row.first()
    if build is None or number in build.blocks_done:
        return False
    with beating(lease):
        draft = _open_draft(tenant, build)
        rows = _rows_of_block(number, build)
        _put_block(tenant, build, number, neighbours_of(draft, rows, silent))
    return _is_last(lease, number, len(rows))


def join(tenant: Tenant, lease: Lease, build: IndexBuild) -> IndexVersion:
    """Put the blocks together, publish the artifact and register it."""
    draft = _open_draft(tenant, build)
    blocks = [_get_block(tenant, build, number) for number in range(build.n_blocks)]
    neighbours = Neighbours(np.concatenate([ids for ids, _ in blocks]), np.concatenate([s for _, s in blocks]))
    with store.scratch(tenant.slug) as directory:
        for path in store.fetch(tenant.slug, build.draft_name).iterdir():
            if path.name != MANIFEST:
                shutil.copyfile(path, directory / path.name)
        version = finish(tenant, draft, neighbours, directory, lease.report)
    version.build_seconds = build.seconds
    version.save()
    return version


def clear(tenant: Tenant, build: IndexBuild) -> None:
    """Remove what only the build needed."""
    for name in (build.draft_name, _blocks_name(build)):
        store.remove(tenant.slug, name)


def give_up(tenant: Tenant, token: uuid.UUID, reason: str) -> None:
    """End the build without a result and free the place."""
    Lease(tenant.pk, token).release(reason)


def mend(tenant: Tenant, send: Send) -> None:
    """Send out again what a build did not hear of for too long, a few times; then end it, so that another can begin."""
    silent_builds = IndexBuild.objects.silent().filter(tenant=tenant)
    for build in silent_builds:
        lease = Lease(tenant.pk, build.token)
        if not build.n_blocks or build.n_attempts + 1 >= MAX_ATTEMPTS:
            lease.release("The process that built it fell silent.")
        elif silent_builds.filter(token=build.token).update(n_attempts=F("n_attempts") + 1):
            lease.hold_for(PATIENCE_SECONDS)
            send(tenant.slug, build.token, sorted(set(range(build.n_blocks)) - set(build.blocks_done)))


def _is_last(lease: Lease, number: int, n_rows: int) -> bool:
    with transaction.atomic():
        build = lease.row.select_for_update().first()
        if build is None or number in build.blocks_done:  # somebody who was thought dead has done it, too
            return False
        build.blocks_done.append(number)
        build.n_done += n_rows
        build.save(update_fields=["blocks_done", "n_done"])
    lease.hold_for(PATIENCE_SECONDS)
    return len(build.blocks_done) == build.n_blocks


def _rows_of_block(number: int, build: IndexBuild) -> range:
    """Return the block's rows; by its number alone, for the workers' settings may differ."""
    first, last = (build.n_total * at // build.n_blocks for at in (number, number + 1))
    return range(first, last)


def _open_draft(tenant: Tenant, build: IndexBuild) -> Draft:
    artifact = open_artifact(store.fetch(tenant.slug, build.draft_name), tenant=tenant.slug)
    return Draft(build.catalogue_marker, artifact.manifest, _vectors(artifact))


def _vectors(artifact: Artifact) -> sparse.csr_matrix:
    arrays, n_terms = artifact.arrays, artifact.manifest.n_terms
    indptr = arrays["vector_indptr"].astype(np.int32)
    return sparse.csr_matrix(
        (np.array(arrays["vector_data"]), np.array(arrays["vector_indices"]), indptr), (len(indptr) - 1, n_terms)
    )


def _put_block(tenant: Tenant, build: IndexBuild, number: int, found: Neighbours) -> None:
    for part, array in (("ids", found.ids), ("scores", found.scores)):
        buffer = io.BytesIO()
        np.save(buffer, array, allow_pickle=False)
        store.put(_block_path(tenant, build, number, part), ContentFile(buffer.getvalue()))


def _get_block(tenant: Tenant, build: IndexBuild, number: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    arrays = []
    for part in ("ids", "scores"):
        with storages["index"].open(_block_path(tenant, build, number, part)) as file:
            arrays.append(np.load(io.BytesIO(file.read()), allow_pickle=False))
    return arrays[0], arrays[1]


def _block_path(tenant: Tenant, build: IndexBuild, number: int, part: str) -> str:
    return f"{tenant.slug}/{_blocks_name(build)}/{number}-{part}.npy"


def _blocks_name(build: IndexBuild) -> str:
    return build.draft_name.replace(".draft", ".blocks")
