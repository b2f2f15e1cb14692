"""Following the change log: who has news, and which products changed."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.db import connection

from catalog.models import Product

# As text, the snapshot of a database in which nothing had happened yet.
_NOTHING_SEEN = "1:1:"

# ``transaction_id`` finds the entries in the index; the snapshot leaves out those that were seen, which a transaction
# that stays open for long would otherwise bring back again and again.
_UNSEEN = """
    transaction_id >= {marker} AND NOT pg_visible_in_snapshot(transaction_id::text::xid8, {snapshot}::pg_snapshot)
"""


class LogPosition(NamedTuple):
    """How far the log was read. ``marker`` is kept for the next process, ``snapshot`` only spares this one repeats."""

    marker: int
    snapshot: str = _NOTHING_SEEN


def now() -> LogPosition:
    """Return the position after all that is visible. Take it *before* reading, or in the same snapshot."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(s)::text::bigint, s::text FROM pg_current_snapshot() AS s")
        return LogPosition(*cursor.fetchone())


def tenants_with_news(positions: Mapping[int, LogPosition]) -> set[int]:
    """Return the tenants whose log goes on after their position: one probe of the index for each."""
    sql = f"""
        SELECT followed.tenant_id
        FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS followed (tenant_id, marker, snapshot)
        WHERE EXISTS (
            SELECT FROM catalog_productchange AS change
            WHERE change.tenant_id = followed.tenant_id AND {_UNSEEN.format(marker="marker", snapshot="snapshot")}
        )
    """  # noqa: S608  pasted in from above only
    markers, snapshots = [p.marker for p in positions.values()], [p.snapshot for p in positions.values()]
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(positions), markers, snapshots])
        return {tenant_id for (tenant_id,) in cursor.fetchall()}


def changed_products(tenant_id: int, since: LogPosition) -> list[int]:
    """Return the ids of the products that changed after ``since``, ascending; some may have been met before."""
    unseen = _UNSEEN.format(marker="%s", snapshot="%s")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT product_id FROM catalog_productchange WHERE tenant_id = %s AND {unseen} ORDER BY 1",  # noqa: S608
            [tenant_id, since.marker, since.snapshot],
        )
        return [product_id for (product_id,) in cursor.fetchall()]


def products_by_id(tenant_id: int, product_ids: Sequence[int]) -> list[Product]:
    """Return undeleted products, inactive ones too, with their categories; unknown ids are missing."""
    products = Product.objects.filter(tenant_id=tenant_id, pk__in=product_ids)
    return list(products.select_related("category").order_by("pk"))
