import os
import tempfile
import time
from pathlib import Path

import orjson
import prometheus_client
import pytest

from events.broker.base import Partition
from events.live import keys
from events.live.progress import Progress
from recommendations import serving
from recommendations.engine.kernel import ranking
from recommendations.services import ProductQuery, recommend_for_product
from sdr import connections
from sdr.accounts.models import Tenant
from sdr.embedded import valkey
from sdr.exceptions import IndexNotReady
from tests.eventually import eventually
from tests.integration.recommendations.shop import TEA, Shop


@pytest.fixture
def own_valkey(settings):
    """A Valkey that this test may stop."""
    with tempfile.TemporaryDirectory(dir=os.environ["VAR_DIR"]) as directory:
        engine = valkey.start(Path(directory), durable=False)
        settings.REDIS_URL = engine.url
        yield engine
        serving.stop()
        connections.redis_client().close()
        valkey.stop(engine)


@pytest.mark.parametrize(("compiled", "told"), [(object(), 0), (None, 1)])
def test_a_process_tells_whether_it_ranks_in_c(monkeypatch, compiled, told):
    monkeypatch.setattr(ranking, "_ranking_in_c", lambda: compiled)
    with pytest.raises(IndexNotReady):
        serving.current("nobody")
    assert prometheus_client.REGISTRY.get_sample_value("sdr_ranks_in_numpy") == told


def test_clicks_arrive_as_they_are_made(indexed_shop):
    indexed_shop.until_live()
    indexed_shop.click("wok", times=3)
    eventually(lambda: indexed_shop.clicks_seen("wok") == 3, seconds=2)
    indexed_shop.click("wok")
    eventually(lambda: indexed_shop.clicks_seen("wok") == 4, seconds=2)


def test_the_first_answer_of_a_process_knows_earlier_clicks(indexed_shop):
    indexed_shop.click("wok", times=3)
    _, lacking = indexed_shop.serving()
    assert lacking == []
    assert indexed_shop.clicks_seen("wok") == 3


def test_clicks_lift_what_was_clicked(indexed_shop):
    # Two that read alike to the query, of which the first stands before the second by its id alone.
    lid = {"name": "Enamel kettle lid", "category": TEA, "tags": ["enamel"]}
    indexed_shop.put({"sku": "lid 1"} | lid, {"sku": "lid 2"} | lid)
    indexed_shop.rebuild()
    indexed_shop.until_live()
    query = ProductQuery("default", indexed_shop.tenant.pk, sku="kettle/red", limit=8)

    def places():
        skus = [orjson.loads(item.card)["sku"] for item in recommend_for_product(query).items]
        return skus.index("lid 1"), skus.index("lid 2")

    first, second = places()
    assert first < second
    indexed_shop.click("lid 2", times=50)
    eventually(lambda: places()[1] <= first < places()[0], seconds=2)


def test_an_index_that_is_exchanged_keeps_its_live_values(indexed_shop):
    indexed_shop.click("wok", times=3)
    indexed_shop.click("mat")
    eventually(lambda: indexed_shop.clicks_seen("wok") == 3)
    indexed_shop.put({"sku": "new", "name": "New"})
    name = indexed_shop.rebuild().artifact_name

    def values_in_the_new_index():
        assert indexed_shop.clicks_seen("wok") == 3  # at no moment are they missing
        return indexed_shop.serving()[0].index.version == name

    eventually(values_in_the_new_index)
    assert indexed_shop.clicks_seen("mat") == 1


def test_clicks_made_before_a_product_was_indexed_are_there_when_it_is(indexed_shop):
    indexed_shop.until_live()
    indexed_shop.put({"sku": "new", "name": "New"})
    indexed_shop.click("new", times=2)
    indexed_shop.rebuild()
    eventually(lambda: indexed_shop.clicks_seen("new") == 2)


def test_a_feed_that_was_trimmed_meanwhile_is_made_up_for(indexed_shop):
    indexed_shop.click("wok")
    eventually(lambda: indexed_shop.clicks_seen("wok") == 1)
    client = connections.redis_client()
    with client.pipeline() as at_once:  # the entry that would have told of this click is gone
        at_once.xtrim(keys.feed("default"), maxlen=0)
        at_once.hset(keys.clicks("default"), str(indexed_shop.id_of("wok")), 40)
        at_once.execute()
    eventually(lambda: indexed_shop.clicks_seen("wok") == 40)


def test_an_emptied_live_state_is_followed(indexed_shop):
    indexed_shop.click("wok")
    eventually(lambda: indexed_shop.clicks_seen("wok") == 1)
    connections.redis_client().flushall()
    eventually(lambda: indexed_shop.clicks_seen("wok") == 0)


def test_each_tenant_has_its_own_clicks(indexed_shop):
    rows = [{"sku": "wok", "name": "Wok"}, {"sku": "pan", "name": "Pan"}]
    other = Shop(Tenant.objects.create(slug="other", name="Other"), rows)
    other.rebuild()
    indexed_shop.click("wok", times=2)
    other.click("wok")
    eventually(lambda: (indexed_shop.clicks_seen("wok"), other.clicks_seen("wok")) == (2, 1))


def test_without_redis_answers_say_so_and_go_on_from_the_last_values(own_valkey, indexed_shop):
    indexed_shop.click("wok", times=3)
    eventually(lambda: indexed_shop.clicks_seen("wok") == 3)
    valkey.stop(own_valkey)
    eventually(lambda: indexed_shop.serving()[1] == ["live_state"])
    assert indexed_shop.clicks_seen("wok") == 3
    answer = recommend_for_product(ProductQuery("default", indexed_shop.tenant.pk, sku="kettle/red"))
    assert (len(answer.items), answer.degraded) == (5, ["live_state", "sequences"])


def test_answers_say_that_the_consumers_are_behind_until_they_have_caught_up(indexed_shop):
    indexed_shop.until_live()
    Progress().report([Partition("product_clicks", 0)], 0.0)
    Progress().report([Partition("product_clicks", 1)], 3.5)
    eventually(lambda: indexed_shop.serving()[1] == ["live_lag"])
    Progress().report([Partition("product_clicks", 1)], 0.0)
    eventually(lambda: indexed_shop.serving()[1] == [])


def test_answers_say_that_a_consumer_has_fallen_silent(indexed_shop):
    indexed_shop.until_live()
    connections.redis_client().hset(keys.PROGRESS, "product_clicks/0", f"{time.time() - 60} 0.0")
    eventually(lambda: indexed_shop.serving()[1] == ["live_lag"])


def test_silence_of_shoppers_is_not_a_lag(indexed_shop):
    indexed_shop.until_live()
    Progress().report([Partition("product_clicks", 0)], 0.0)
    assert indexed_shop.serving()[1] == []


def test_what_a_consumer_left_in_another_shape_does_not_end_the_following(indexed_shop):
    connections.redis_client().set(keys.PROGRESS, "no hash")
    indexed_shop.until_live()
    indexed_shop.click("wok")
    eventually(lambda: indexed_shop.clicks_seen("wok") == 1)


def test_a_process_that_starts_without_redis_answers_at_once(indexed_shop, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    now, lacking = indexed_shop.serving()
    assert lacking == ["live_state"]
    assert now.index.row_of(None, "wok") is not None


def test_redis_that_comes_back_is_followed_again(indexed_shop, settings):
    there, settings.REDIS_URL = settings.REDIS_URL, "redis://127.0.0.1:1/0"
    assert indexed_shop.serving()[1] == ["live_state"]
    settings.REDIS_URL = there
    indexed_shop.click("wok")
    eventually(lambda: indexed_shop.serving()[1] == [] and indexed_shop.clicks_seen("wok") == 1)


def test_a_key_of_the_wrong_type_does_not_end_the_following(indexed_shop):
    connections.redis_client().set(keys.feed("default"), "not a stream")
    assert indexed_shop.serving()[1] == ["live_state"]
    connections.redis_client().delete(keys.feed("default"))
    indexed_shop.click("wok")
    eventually(lambda: indexed_shop.clicks_seen("wok") == 1)


def test_readiness_asks_for_an_index(shop):
    assert "rebuild_index" in serving.index_problem()
    shop.rebuild()
    assert serving.index_problem() is None


def test_the_threads_end_when_they_are_told_to(indexed_shop):
    indexed_shop.until_live()
    threads = serving._process.get()._threads
    serving.stop()
    assert [thread.is_alive() for thread in threads] == [False, False]


def test_an_unknown_tenant_has_no_index(indexed_shop):
    with pytest.raises(IndexNotReady):
        serving.current("nobody")


def test_the_age_of_what_serves_is_measured(indexed_shop):
    def age():
        return prometheus_client.REGISTRY.get_sample_value("sdr_index_age_seconds", {"tenant": "default"})

    indexed_shop.serving()
    first = eventually(age)
    assert 0 <= first < 600
    eventually(lambda: age() > first)
