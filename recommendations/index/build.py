"""From the catalogue to a published artifact: read, extract features, find neighbours, seal, register."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from django.conf import settings
from django.db import connection, transaction
from numpy.typing import NDArray
from scipy import sparse

from catalog import selectors
from recommendations import profiles
from recommendations.engine.catalogue import rows_by_rating, shrunken_mean_rating
from recommendations.engine.feature_parameters import FeatureParameters
from recommendations.engine.features import Features, extract_features
from recommendations.engine.neighbours import NeighbourParameters, Neighbours, find_neighbours_of_rows
from recommendations.index import store
from recommendations.index.artifact import CARDS, FORMAT, Manifest, seal, write_arrays
from recommendations.index.naming import new_name
from recommendations.index.reading import CategoryPlaces, Columns, place_categories, read_columns
from recommendations.models import IndexVersion
from sdr.accounts.models import Tenant

Progress = Callable[[str, int, int], None]


def silent(_step: str, _done: int, _total: int) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An index that lacks its neighbours: every other array and the cards are in a directory."""

    marker: int
    manifest: Manifest
    vectors: sparse.csr_matrix


def build_index(tenant: Tenant, *, on_progress: Progress = silent) -> IndexVersion:
    """Build and publish an index of the tenant's catalogue as it is now; activating it is the registry's business.

    ``on_progress`` is told the step, how much of it is done and of how much (products, then groups).
    """
    started = time.perf_counter()
    with store.scratch(tenant.slug) as directory:
        draft = write_draft(tenant, directory, on_progress)
        neighbours = neighbours_of(draft, range(draft.vectors.shape[0]), on_progress)
        version = finish(tenant, draft, neighbours, directory, on_progress)
    version.build_seconds = time.perf_counter() - started
    version.save()
    return version


def write_draft(tenant: Tenant, directory: Path, on_progress: Progress) -> Draft:
    """Read the catalogue as of one instant, and write all that there is to say of each product alone."""
    on_progress("read", 0, 1)
    marker, tree, columns = _read_catalogue(tenant)
    on_progress("read", 1, 1)
    on_progress("features", 0, 1)
    made_with = profiles.features_of(tenant)
    features = extract_features(texts_of(columns), made_with)
    write_arrays(directory, arrays_of(tree, columns, features))
    (directory / CARDS).write_bytes(columns.cards)
    on_progress("features", 1, 1)
    return Draft(marker, manifest_of(tenant.slug, tree, columns, features, made_with), features.vectors)


def neighbours_of(draft: Draft, rows: range, on_progress: Progress) -> Neighbours:
    return find_neighbours_of_rows(
        draft.vectors,
        rows,
        NeighbourParameters(),
        threads=settings.INDEX_BUILD_THREADS,
        on_progress=lambda done, total: on_progress("neighbours", done, total),
    )


def finish(
    tenant: Tenant, draft: Draft, neighbours: Neighbours, directory: Path, on_progress: Progress
) -> IndexVersion:
    """Add the neighbours to the draft in ``directory``, seal and publish it, and return its row, not saved yet."""
    on_progress("publish", 0, 1)
    write_arrays(directory, {"neighbour_ids": neighbours.ids, "neighbour_scores": neighbours.scores})
    name = new_name()
    checksum = seal(directory, msgspec.structs.replace(draft.manifest, version=name))
    store.publish(tenant.slug, name, directory)
    on_progress("publish", 1, 1)
    return IndexVersion(
        tenant=tenant,
        artifact_name=name,
        checksum=checksum,
        parameters=draft.manifest.parameters,
        n_products=draft.manifest.n_products,
        artifact_bytes=sum(path.stat().st_size for path in directory.iterdir()),
        catalogue_marker=draft.marker,
    )


def _read_catalogue(tenant: Tenant) -> tuple[int, CategoryPlaces, Columns]:
    """Read everything as of one instant, so that the marker says exactly what is in."""
    with transaction.atomic(durable=False), connection.cursor() as cursor:
        if not connection.savepoint_ids:  # inside a caller's transaction the level is already set
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        marker = selectors.snapshot_marker()
        tree = place_categories(selectors.categories(tenant.pk))
        return marker, tree, read_columns(selectors.products_for_index(tenant.pk), tree.places)


def texts_of(columns: Columns) -> dict[str, list[str]]:
    fields = [texts.fields() for texts in columns.texts]
    return {name: [field[name] for field in fields] for name in ("category", "tags", "description", "name")}


def parameters(features: FeatureParameters | None = None) -> dict[str, Any]:
    """Return what an index is made with, as JSON: a version with other parameters is outdated."""
    made_with = {
        "format": FORMAT,
        "features": asdict(features or FeatureParameters()),
        "neighbours": asdict(NeighbourParameters()),
    }
    return json.loads(json.dumps(made_with))


def manifest_of(
    tenant: str, tree: CategoryPlaces, columns: Columns, features: Features, made_with: FeatureParameters
) -> Manifest:
    ratings = np.array(columns.ratings, dtype=np.float32)
    return Manifest(
        format=FORMAT,
        tenant=tenant,
        version="",  # it has one when it is whole
        parameters=parameters(made_with),
        n_products=len(columns.product_ids),
        n_terms=len(features.terms),
        mean_rating=shrunken_mean_rating(ratings, np.array(columns.rating_counts, dtype=np.int64)),
        categories=tree.entries,
        files={},
    )


def arrays_of(tree: CategoryPlaces, columns: Columns, features: Features) -> dict[str, NDArray[Any]]:
    groups = np.array(columns.groups, dtype=np.int32)
    ratings = np.array(columns.ratings, dtype=np.float32)
    counts = np.array(columns.rating_counts, dtype=np.int64)
    created_at = np.array(columns.created_at, dtype=np.float64)
    rows = np.arange(len(groups), dtype=np.int32)
    sku_hashes = np.array(columns.sku_hashes, dtype=np.uint64)
    by_sku = np.argsort(sku_hashes, kind="stable").astype(np.int32)
    return {
        "product_ids": np.array(columns.product_ids, dtype=np.int64),
        "sku_hashes": sku_hashes[by_sku],
        "sku_rows": by_sku,
        "groups": groups,
        "group_keys": np.array(columns.group_keys, dtype=np.int64),
        "group_starts": np.concatenate([[0], np.cumsum(np.bincount(groups, minlength=len(columns.texts)))]),
        "group_rows": np.argsort(groups, kind="stable").astype(np.int32),
        "categories": np.array(columns.categories, dtype=np.int32),
        "tree_parents": np.array(tree.parents, dtype=np.int32),
        "tree_ends": np.array(tree.ends, dtype=np.int32),
        "prices": np.array(columns.prices, dtype=np.float64),
        "ratings": ratings,
        "rating_counts": counts,
        "created_at": created_at,
        "in_stock": np.array(columns.in_stock, dtype=np.bool_),
        "is_active": np.array(columns.is_active, dtype=np.bool_),
        "best_rated": rows_by_rating(ratings, counts),
        "newest": rows[np.lexsort((rows, -created_at))],
        "revisions": np.array(columns.revisions, dtype=np.int64),
        "card_starts": np.array([0, *columns.card_ends], dtype=np.int64),
        "vector_indptr": features.vectors.indptr.astype(np.int64),
        "vector_indices": features.vectors.indices.astype(np.int32),
        "vector_data": features.vectors.data.astype(np.float32),
        "terms": features.terms.astype(np.str_) if len(features.terms) else np.empty(0, dtype="<U1"),
        "idf": features.idf,
    }
