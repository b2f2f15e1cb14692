"""The one statement behind every write of products."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

import msgspec
from django.db import connection, reset_queries

from catalog.rows import DEFAULTS, FIELDS, ProductRow


class Status(StrEnum):
    """What became of a row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


class Written(NamedTuple):
    id: int
    status: Status


_COLUMNS = [{"category": "category_id"}.get(field, field) for field in FIELDS if field != "sku"] + ["deleted_at"]


def _columns(prefix: str) -> str:
    return ", ".join(prefix + column for column in _COLUMNS)


# jsonb_populate_record lays a row over the stored product, so what the row leaves out stays. Only products that differ
# reach the INSERT: loading a file again locks nothing, writes nothing and burns no ids. The order by SKU makes two
# loads at once wait for each other instead of deadlocking. LATERAL ... LIMIT 1 holds the planner to the index: before
# the first ANALYZE it would sort the whole table for each batch. A product that somebody else wrote since this
# statement began to read is left alone, or what they wrote would be lost: revision and created_at tell.
_UPSERT = f"""
WITH incoming AS MATERIALIZED (
    SELECT rows.row ->> 'sku' AS sku, stored.product AS stored, merged,
        (stored.product).id IS NULL
            OR ({_columns("(stored.product).")}) IS DISTINCT FROM ({_columns("merged.")}) AS differs
    FROM jsonb_array_elements(%(rows)s::jsonb) AS rows (row)
    LEFT JOIN catalog_category category
        ON category.tenant_id = %(tenant_id)s AND category.path = rows.row ->> 'category'
    LEFT JOIN LATERAL (
        SELECT product FROM catalog_product AS product
        WHERE product.tenant_id = %(tenant_id)s AND product.sku = rows.row ->> 'sku' LIMIT 1
    ) AS stored ON true
    CROSS JOIN LATERAL jsonb_populate_record(
        stored.product,
        CASE WHEN (stored.product).id IS NULL THEN %(defaults)s::jsonb ELSE '{{}}' END
        || rows.row
        || CASE WHEN rows.row ? 'category' THEN jsonb_build_object('category_id', category.id) ELSE '{{}}' END
        || '{{"deleted_at": null}}'
    ) AS merged
), written AS (
    INSERT INTO catalog_product AS target (tenant_id, sku, revision, created_at, {_columns("")})
    SELECT %(tenant_id)s, sku, coalesce((stored).revision, 1),
        coalesce((stored).created_at, statement_timestamp()), {_columns("(merged).")}
    FROM incoming WHERE differs
    ORDER BY sku
    ON CONFLICT (tenant_id, sku) DO UPDATE SET ({_columns("")}) = ROW ({_columns("excluded.")})
        WHERE (target.revision, target.created_at) = (excluded.revision, excluded.created_at)
    RETURNING id, sku, xmax = 0 AS is_new
)
SELECT incoming.sku, coalesce(written.id, (stored).id),
    CASE WHEN NOT differs THEN 'unchanged' WHEN is_new THEN 'created' WHEN NOT is_new THEN 'updated' END
FROM incoming LEFT JOIN written USING (sku)
"""  # noqa: S608  nothing but the column names above is pasted in


def upsert(tenant_id: int, rows: Mapping[str, ProductRow]) -> dict[str, Written]:
    """Write rows by SKU, whose categories exist, and tell what became of each; what changes nothing is left alone."""
    written: dict[str, Written] = {}
    while len(written) < len(rows):  # a row that somebody was faster with is locked now: it will be written next
        written |= _try(tenant_id, [row for sku, row in rows.items() if sku not in written])
    reset_queries()  # under DEBUG, Django keeps every statement: a load would keep the whole catalogue
    return written


def _try(tenant_id: int, rows: list[ProductRow]) -> dict[str, Written]:
    parameters: dict[str, int | str] = {
        "tenant_id": tenant_id,
        "rows": msgspec.json.encode(rows).decode(),
        "defaults": msgspec.json.encode(DEFAULTS).decode(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, parameters)
        return {sku: Written(pk, Status(status)) for sku, pk, status in cursor.fetchall() if status}
