"""From the log to what follows what: which events are steps, and of which session."""

import pytest

from events.broker.base import Partition
from events.broker.memory import MemoryBroker, MemorySource
from events.kinds import TOPICS, USER_BEHAVIOR, Kind, topic_of
from events.live.sequences.kinds import Following
from events.live.sequences.memory import MemorySequences
from events.pipeline import Pipeline
from events.sinks.sequences import SequenceSink
from tests.unit.events.factories import START, make_event, make_record
from tests.unit.events.test_pipeline import Skus, Tenants, work_off


class Shop:
    def __init__(self):
        self.broker, self.state = MemoryBroker(), MemorySequences()
        self.broker.now_ms = int(START * 1000)

    def send(self, product_id, kind=Kind.CLICK, **fields):
        event = make_event(product_id, kind=kind, **fields)
        self.broker.append(Partition(topic_of(event.kind), 0), make_record(event).value)

    def learn(self):
        source = MemorySource(self.broker, TOPICS)
        sink = SequenceSink(self.state, Tenants(default=1, other=2, heavy=3), Skus(A=7))
        work_off(Pipeline(source, sink), source)

    def met(self, session="s:s-1", tenant="default"):
        return [met.product_id for met in self.state.session(tenant, session)]


@pytest.fixture
def shop():
    return Shop()


def test_what_is_met_is_a_step_and_what_is_judged_or_put_back_is_none(shop):
    for product, kind in enumerate(Kind, start=1):
        shop.send(product, kind, at=START + product)
    shop.learn()
    met = [product for product, kind in enumerate(Kind, start=1) if product not in (4, 7, 8)]
    assert shop.met() == met
    assert [list(Kind)[product - 1] for product in (4, 7, 8)] == ["remove_from_cart", "rating", "dislike"]


def test_a_session_goes_by_its_own_name_and_a_user_without_one_by_the_users(shop):
    shop.send(1, user_id="u-7")
    shop.learn()
    assert (shop.met("s:s-1"), shop.met("u:u-7")) == ([1], [])
    shop.send(2, user_id="u-7", session_id=None)
    shop.learn()
    assert (shop.met("s:s-1"), shop.met("u:u-7")) == ([1], [2])


def test_clicks_and_purchases_of_one_session_meet_whichever_topic_is_read_first(shop):
    shop.send(9, Kind.PURCHASE, at=START + 5)
    shop.send(1, at=START)
    shop.send(2, at=START + 1)
    shop.learn()
    assert shop.met() == [1, 2, 9]
    assert shop.state.following("default", Following.ENDED, 1).product_ids.tolist() == [9]


def test_products_by_sku_are_learned_and_other_tenants_are_apart(shop):
    shop.send(None, sku="A")
    shop.send(1, tenant="other")
    shop.learn()
    assert (shop.met(), shop.met(tenant="other")) == ([7], [1])


def test_a_kind_weighs_what_the_tenant_says(shop):
    for tenant in ("default", "heavy"):
        shop.send(1, tenant=tenant)
        shop.send(2, tenant=tenant)
    shop.learn()
    scores = [shop.state.following(tenant, Following.VIEWED, 1).scores[0] for tenant in ("heavy", "default")]
    assert scores[0] - scores[1] == pytest.approx(2.302585)


def test_restarts_and_a_second_group_of_events_teach_each_once(shop):
    for product in (1, 2):
        shop.send(product, at=START + product)
    shop.learn()
    shop.learn()
    shop.send(3, Kind.ADD_TO_CART, at=START + 3)
    shop.learn()
    assert shop.met() == [1, 2, 3]
    assert shop.state.following("default", Following.VIEWED, 1).counts.tolist() == [1, 1]
    assert shop.state.offsets(["default"], [f"{USER_BEHAVIOR}@first/0"])["default", f"{USER_BEHAVIOR}@first/0"] == 1
