"""A shop in Postgres and Valkey, and what tests do to it."""

import time
import uuid

import numpy as np
import orjson
from django.conf import settings

from catalog.models import Product
from catalog.rows import parse_json
from catalog.services import upsert_products
from events.live import copies
from events.live.base import Batch, LiveEvent, Step
from events.live.keys import wake_up
from events.live.redis import RedisLiveState
from events.live.sequences import keys, parameters
from events.live.sequences.kinds import Following
from events.live.sequences.lists import FollowingList, pack
from recommendations import serving
from recommendations.index.rebuild import rebuild
from recommendations.models import IndexVersion
from sdr.accounts.models import Tenant
from sdr.connections import redis_client
from tests.eventually import eventually

TEA, PANS, YOGA = "Home > Kitchen > Tea", "Home > Kitchen > Pans", "Sport > Yoga"
LOG = "product_clicks@test/0"

ROWS = [
    {"sku": "kettle/red", "name": "Enamel kettle, red", "category": TEA, "tags": ["kettle", "enamel"], "price": 39,
     "description": "Whistles when the water boils.", "rating": 4.5, "rating_count": 80, "variant_group": "kettle"},
    {"sku": "kettle/blue", "name": "Enamel kettle, blue", "category": TEA, "tags": ["kettle", "enamel"], "price": 39,
     "description": "Whistles when the water boils.", "rating": 4.4, "rating_count": 20, "variant_group": "kettle"},
    {"sku": "teapot", "name": "Enamel teapot", "category": TEA, "tags": ["teapot", "enamel"], "price": 29.5,
     "description": "Holds six cups, hot from the kettle."},
    {"sku": "gooseneck", "name": "Gooseneck kettle", "category": TEA, "tags": ["kettle", "steel"], "price": 64,
     "description": "Pours slowly, whistles never.", "rating": 4.8, "rating_count": 310},
    {"sku": "strainer", "name": "Tea strainer", "category": TEA, "tags": ["steel"], "description": "For loose leaves."},
    {"sku": "old kettle", "name": "Old enamel kettle", "category": TEA, "tags": ["kettle", "enamel"],
     "in_stock": False},
    {"sku": "no kettle", "name": "Withdrawn enamel kettle", "category": TEA, "tags": ["kettle"], "is_active": False},
    {"sku": "wok", "name": "Carbon steel wok", "category": PANS, "tags": ["pan", "steel"],
     "rating": 4.9, "rating_count": 9},
    {"sku": "skillet", "name": "Cast iron skillet", "category": PANS, "tags": ["pan", "iron"], "description": "Lasts."},
    {"sku": "mat", "name": "Yoga mat", "category": YOGA, "tags": ["mat", "cork"], "rating": 3.1, "rating_count": 55},
    {"sku": "strap", "name": "Stretching strap", "category": YOGA, "tags": ["cotton"]},
    {"sku": "gift", "name": "Gift voucher"},
]  # fmt: skip


class Shop:
    """One tenant's products, index and events."""

    def __init__(self, tenant: Tenant, rows: list[dict] | None = None) -> None:
        self.tenant = tenant
        self._n_events = 0
        self.put(*(ROWS if rows is None else rows))

    def put(self, *rows: dict) -> None:
        upsert_products(self.tenant.pk, [parse_json(orjson.dumps(row)) for row in rows])

    def id_of(self, sku: str) -> int:
        return Product.objects.get(tenant=self.tenant, sku=sku).pk

    def rebuild(self) -> IndexVersion:
        name = rebuild(self.tenant)
        return IndexVersion.objects.get(tenant=self.tenant, artifact_name=name)

    def click(self, sku: str, *, times: int = 1, shoppers: tuple[str, ...] = (), mark: str = "") -> None:
        """Let clicks arrive in the live state, as the consumer of the log writes them.

        ``shoppers``: ``u:<user id>`` or ``s:<session id>``; ``mark``: a kind that is noted of them, besides.
        """
        first, product_id = self._n_events, self.id_of(sku)
        self._n_events += times
        # Each a second after the one before: the order of a shopper's recent products is that of time.
        now = time.time() + self._n_events - 1000
        noted = f"{mark}:{product_id}" if mark else ""
        events = [
            LiveEvent(LOG, first + n, uuid.uuid4().bytes, product_id, 1.0, now, is_click=True,
                      shoppers=shoppers, is_met=mark != "dislike", mark=noted)
            for n in range(times)
        ]  # fmt: skip
        step = Step(LOG, expect=-1, next_offset=self._n_events, bucket=int(now // 600))
        RedisLiveState().apply(Batch(self.tenant.slug, [step], now, events))

    def prefer(self, user_id: str, **preferences: object) -> None:
        """Copy a user's preferences to where answers read them."""
        copies.begin_anew(self.tenant.slug, "1")
        copies.write(self.tenant.slug, {f"u:{user_id}": orjson.dumps(preferences)}, expect="1", after="2")

    def follow(
        self,
        sku: str,
        followers: dict[str | int, float],
        *,
        kind: Following = Following.VIEWED,
        times: int = 3,
        is_told: bool = True,
    ) -> None:
        """Write a list as if it was learned: what followed (by SKU or id), and what that weighs now."""
        grown = parameters.decay_rate(settings.SEQUENCE_HALF_LIFE_DAYS) * time.time()
        listed = FollowingList(
            np.array([self.id_of(one) if isinstance(one, str) else one for one in followers], dtype=np.int64),
            np.log(np.array(list(followers.values()))) + grown,
            np.full(len(followers), times, dtype=np.int32),
        )
        tenant, product_id = self.tenant.slug, self.id_of(sku)
        with redis_client().pipeline() as at_once:
            at_once.set(keys.following(tenant, kind, product_id), pack(listed))
            if is_told:
                at_once.xadd(self.sequence_feed, {"v": np.array([kind.number, product_id], dtype="<i8").tobytes()})
                at_once.publish(wake_up(tenant), b"")
            at_once.execute()

    @property
    def sequence_feed(self) -> str:
        return keys.feed(self.tenant.slug)

    def serving(self) -> tuple[serving.Serving, list[str]]:
        return serving.current(self.tenant.slug)

    def clicks_seen(self, sku: str) -> int:
        """Return how many clicks on the product have arrived in this process."""
        now, _ = self.serving()
        row = now.index.row_of(None, sku)
        return 0 if row is None else int(now.hotness.clicks[row])

    def until_live(self) -> None:
        eventually(lambda: not self.serving()[1])
