"""What is in Valkey, compared with what is to be: nothing lost, nothing doubled."""

import struct

import msgpack
import pytest

from events.live import keys
from events.live.sequences import keys as sequence_keys
from tests.integration.kills.expected import clicks_of, learned_from, week_of

TENANT = "default"
AT_ONCE = 1000


def counted(client):
    return {int(p): int(n) for p, n in client.hgetall(keys.clicks(TENANT)).items()}


def assert_counted(client, events, logs):
    """Every counter and every trend."""
    expected, found = clicks_of(events), counted(client)
    lost = {product: n - found.get(product, 0) for product, n in expected.items() if found.get(product, 0) < n}
    doubled = {product: n - expected[product] for product, n in found.items() if n > expected[product]}
    assert (lost, doubled) == ({}, {}), logs
    trend = {int(p): s for p, s in client.zrange(keys.trend_week(TENANT), 0, -1, withscores=True)}
    assert trend == pytest.approx(week_of(events), rel=1e-9)


def assert_learned(client, events, logs):
    """Every session and every list, as they are when the events are learned in this order; and no other."""
    oracle = learned_from(events)
    # A doubled step would teach nothing, but it would stand here.
    sessions = {name: [n for met in steps for n in met] for name, steps in oracle.sessions.items() if steps}
    assert {name: msgpack.unpackb(p) for name, p in _found(client, sequence_keys.NAMES["session"])} == sessions, logs
    for kind, prefix in sequence_keys.LISTS.items():
        expected = {product: rows for (of, product), rows in oracle.lists.items() if of is kind and rows}
        found = {int(product): list(struct.iter_unpack("<dqi", p)) for product, p in _found(client, prefix)}
        n_followed = {product: {row.product_id: row.count for row in rows} for product, rows in expected.items()}
        assert {product: {p: n for _, p, n in rows} for product, rows in found.items()} == n_followed, logs
        scores = {(product, row.product_id): row.score for product, rows in expected.items() for row in rows}
        assert {(product, p): s for product, rows in found.items() for s, p, _ in rows} == pytest.approx(
            scores, rel=0, abs=1e-6
        )


def _found(client, prefix):
    """Return what follows the prefix, and the value, of every key that begins with it."""
    prefix = sequence_keys.space(TENANT) + prefix
    names = list(client.scan_iter(match=f"{prefix}*", count=AT_ONCE))
    for first in range(0, len(names), AT_ONCE):
        part = names[first : first + AT_ONCE]
        for name, packed in zip(part, client.mget(part), strict=True):
            yield name.decode().removeprefix(prefix), packed
