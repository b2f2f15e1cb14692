"""Segments in Postgres: few per version, because each new one swallows those before it that are not much larger."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from django.db import connection, transaction

from recommendations.index.overlay.segment import Segment, decode, encode, joined
from recommendations.models import IndexVersion, OverlaySegment

# The first half of a Postgres advisory lock's key; the second is the tenant's id.
_WRITE_LOCK = 5_348

Segments = Mapping[int, Segment]
"""All segments of one version by number, in the order of their numbers."""


class SomebodyElseWrote(Exception):
    """The segments are not those that the new one was made from: read them again."""


class Followed(NamedTuple):
    """One tenant's active version, and what its overlay is made of."""

    tenant: str
    version: str
    checksum: str
    version_id: int
    numbers: tuple[int, ...]


def active(tenants: Collection[str]) -> list[Followed]:
    """Return the active version of each of ``tenants`` that has one, with its segments' numbers: one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT tenant.slug, version.artifact_name, version.checksum, version.id,
                ARRAY(SELECT number FROM recommendations_overlaysegment
                      WHERE version_id = version.id ORDER BY number)
            FROM recommendations_indexversion AS version
            JOIN accounts_tenant AS tenant ON tenant.id = version.tenant_id
            WHERE version.status = 'active' AND tenant.slug = ANY(%s)
            """,
            [list(tenants)],
        )
        rows = cursor.fetchall()
    return [Followed(slug, name, checksum, pk, tuple(numbers)) for slug, name, checksum, pk, numbers in rows]


def read(version_id: int, held: Segments) -> Segments:
    """Return the segments there are now; those that are ``held`` already are not sent again. Raises BadSegment."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT number, CASE WHEN number = ANY(%s) THEN NULL ELSE payload END
            FROM recommendations_overlaysegment WHERE version_id = %s ORDER BY number
            """,
            [list(held), version_id],
        )
        rows = cursor.fetchall()
    return {number: held[number] if payload is None else decode(bytes(payload)) for number, payload in rows}


def marker(version: IndexVersion) -> int | None:
    """Return up to where the change log is in the version's segments, None if it has none."""
    return OverlaySegment.objects.filter(version=version).order_by("-number").values_list("marker", flat=True).first()


def lock(tenant_id: int) -> None:
    """Keep everybody else from writing the tenant's segments until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_WRITE_LOCK, tenant_id])


def append(version: IndexVersion, segment: Segment, *, marker: int, held: Segments) -> Segments:
    """Write ``segment`` after those ``held``, and return what there is then.

    It swallows the last ones while they are at most twice its size, so n edits make no more than log n segments, and
    none is written more than log n times. Raises SomebodyElseWrote, and writes nothing then.
    """
    kept = dict(held)
    parts = [segment]
    while kept and _size(next(reversed(kept.values()))) <= 2 * sum(map(_size, parts)):
        parts.insert(0, kept.popitem()[1])
    payload, number = encode(joined(parts)), max(held, default=0) + 1
    with transaction.atomic():
        lock(version.tenant_id)
        rows = OverlaySegment.objects.filter(version=version)
        if set(rows.values_list("number", flat=True)) != set(held):
            raise SomebodyElseWrote
        rows.exclude(number__in=kept).delete()
        whole = decode(payload)
        OverlaySegment.objects.create(
            version=version, number=number, marker=marker, n_products=len(whole.products), payload=payload
        )
    return {**kept, number: whole}


def _size(segment: Segment) -> int:
    return len(segment.products) + len(segment.groups) + 1
