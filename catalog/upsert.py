"""The one statement behind every bulk write of products."""

from typing import NamedTuple

import msgspec
from django.db import connection, reset_queries

from catalog.rows import ProductRow


class Counts(NamedTuple):
    created: int
    updated: int


# What a new product has where its row says nothing.
_DEFAULTS = {
    "currency": "",
    "rating_count": 0,
    "tags": [],
    "description": "",
    "image_url": "",
    "in_stock": True,
    "is_active": True,
    "attributes": {},
}
_COLUMNS = (
    "name",
    "category_id",
    "price",
    "currency",
    "rating",
    "rating_count",
    "tags",
    "description",
    "image_url",
    "in_stock",
    "is_active",
    "variant_group",
    "attributes",
    "deleted_at",
)


def _columns(prefix: str) -> str:
    return ", ".join(prefix + column for column in _COLUMNS)


# jsonb_populate_record lays a row over the stored product, so what the row leaves out stays. Only products that differ
# reach the INSERT: loading a file again locks nothing, writes nothing and burns no ids. The order by SKU makes two
# loads at once wait for each other instead of deadlocking. LATERAL ... LIMIT 1 holds the planner to the index: before
# the first ANALYZE it would sort the whole table for each batch.
_UPSERT = f"""
WITH upserted AS (
    INSERT INTO catalog_product (tenant_id, sku, {_columns("")})
    SELECT %(tenant_id)s, incoming.row ->> 'sku', {_columns("merged.")}
    FROM jsonb_array_elements(%(rows)s::jsonb) AS incoming (row)
    LEFT JOIN catalog_category category
        ON category.tenant_id = %(tenant_id)s AND category.path = incoming.row ->> 'category'
    LEFT JOIN LATERAL (
        SELECT product FROM catalog_product AS product
        WHERE product.tenant_id = %(tenant_id)s AND product.sku = incoming.row ->> 'sku' LIMIT 1
    ) AS stored ON true
    CROSS JOIN LATERAL jsonb_populate_record(
        stored.product,
        CASE WHEN (stored.product).id IS NULL THEN %(defaults)s::jsonb ELSE '{{}}' END
        || incoming.row
        || CASE WHEN incoming.row ? 'category' THEN jsonb_build_object('category_id', category.id) ELSE '{{}}' END
        || '{{"deleted_at": null}}'
    ) AS merged
    WHERE (stored.product).id IS NULL OR ({_columns("(stored.product).")}) IS DISTINCT FROM ({_columns("merged.")})
    ORDER BY incoming.row ->> 'sku'
    ON CONFLICT (tenant_id, sku) DO UPDATE SET ({_columns("")}) = ROW ({_columns("excluded.")})
    RETURNING xmax = 0 AS is_new
)
SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM upserted
"""  # noqa: S608  nothing but the column names above is pasted in


def upsert(tenant_id: int, rows: list[ProductRow]) -> Counts:
    """Write rows of distinct SKUs, whose categories exist; those that change nothing are left alone."""
    parameters: dict[str, int | str] = {
        "tenant_id": tenant_id,
        "rows": msgspec.json.encode(rows).decode(),
        "defaults": msgspec.json.encode(_DEFAULTS).decode(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, parameters)
        counts = Counts(*cursor.fetchone())
    reset_queries()  # under DEBUG, Django keeps every statement: a load would keep the whole catalogue
    return counts
