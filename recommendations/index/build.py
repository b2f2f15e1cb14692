"""From the catalogue to a published artifact: read, extract features, find neighbours, seal, register."""

import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from catalog import selectors
from recommendations.engine.catalogue import rows_by_rating, shrunken_mean_rating
from recommendations.engine.features import FeatureParameters, Features, extract_features
from recommendations.engine.neighbours import NeighbourParameters, Neighbours, find_neighbours
from recommendations.index import store
from recommendations.index.artifact import CARDS, FORMAT, Manifest, seal, write_arrays
from recommendations.index.reading import CategoryPlaces, Columns, place_categories, read_columns
from recommendations.models import IndexVersion
from sdr import clock
from sdr.accounts.models import Tenant

Progress = Callable[[str, int, int], None]


def silent(_step: str, _done: int, _total: int) -> None:
    """Report progress to nobody."""


def build_index(tenant: Tenant, *, threads: int = 2, on_progress: Progress = silent) -> IndexVersion:
    """Build and publish an index of the tenant's catalogue as it is now; activating it is the registry's business.

    ``on_progress`` is told the step, how much of it is done and of how much (products, then groups).
    """
    started = time.perf_counter()
    on_progress("read", 0, 1)
    marker, tree, columns = _read_catalogue(tenant)
    on_progress("read", 1, 1)
    on_progress("features", 0, 1)
    features = extract_features(_texts(columns), FeatureParameters())
    on_progress("features", 1, 1)
    neighbours = find_neighbours(
        features.vectors,
        NeighbourParameters(),
        threads=threads,
        on_progress=lambda done, total: on_progress("neighbours", done, total),
    )
    version = f"{clock.now():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    checksum = _publish(tenant.slug, version, tree, columns, features, neighbours)
    return IndexVersion.objects.create(
        tenant=tenant,
        artifact_name=version,
        checksum=checksum,
        parameters=_parameters(),
        n_products=len(columns.product_ids),
        build_seconds=time.perf_counter() - started,
        catalogue_marker=marker,
    )


def _read_catalogue(tenant: Tenant) -> tuple[int, CategoryPlaces, Columns]:
    """Read everything as of one instant, so that the marker says exactly what is in."""
    with transaction.atomic(durable=False), connection.cursor() as cursor:
        if not connection.savepoint_ids:  # inside a caller's transaction the level is already set
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        marker = selectors.snapshot_marker()
        tree = place_categories(selectors.categories(tenant.pk))
        return marker, tree, read_columns(selectors.products_for_index(tenant.pk), tree.places)


def _texts(columns: Columns) -> dict[str, list[str]]:
    fields = [texts.fields() for texts in columns.texts]
    return {name: [field[name] for field in fields] for name in ("category", "tags", "description", "name")}


def _parameters() -> dict[str, Any]:
    return {"features": asdict(FeatureParameters()), "neighbours": asdict(NeighbourParameters())}


def _publish(
    tenant: str, version: str, tree: CategoryPlaces, columns: Columns, features: Features, neighbours: Neighbours
) -> str:
    manifest = Manifest(
        format=FORMAT,
        tenant=tenant,
        version=version,
        parameters=_parameters(),
        n_products=len(columns.product_ids),
        n_terms=len(features.terms),
        mean_rating=shrunken_mean_rating(
            np.array(columns.ratings, dtype=np.float32), np.array(columns.rating_counts, dtype=np.int64)
        ),
        categories=tree.entries,
        files={},
    )
    with tempfile.TemporaryDirectory(prefix="sdr-index-") as aside:
        directory = Path(aside)
        write_arrays(directory, _arrays(tree, columns, features, neighbours))
        (directory / CARDS).write_bytes(columns.cards)
        checksum = seal(directory, manifest)
        store.publish(tenant, version, directory)
    return checksum


def _arrays(
    tree: CategoryPlaces, columns: Columns, features: Features, neighbours: Neighbours
) -> dict[str, NDArray[Any]]:
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
        "neighbour_ids": neighbours.ids,
        "neighbour_scores": neighbours.scores,
        "vector_indptr": features.vectors.indptr.astype(np.int64),
        "vector_indices": features.vectors.indices.astype(np.int32),
        "vector_data": features.vectors.data.astype(np.float32),
        "terms": features.terms.astype(np.str_) if len(features.terms) else np.empty(0, dtype="<U1"),
        "idf": features.idf,
    }
