"""The load generator against the run's own servers: what it says was acknowledged is what is counted."""

import gzip
import io
import os
import re
import signal
import threading
import uuid
from collections import Counter
from itertools import islice

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Category, Product
from events.broker.source import KafkaSource
from events.broker.topics import ensure_topics
from events.kinds import TOPICS, Kind
from events.live import keys
from events.live.redis import RedisLiveState
from events.pipeline import Pipeline
from events.simulation import planning
from events.simulation.backlog import Backlog
from events.simulation.options import Options
from events.sinks.live import LiveSink
from events.skus import SkuResolver
from events.tenants import TenantDirectory
from sdr.accounts import access
from sdr.accounts.models import Tenant
from tests.eventually import eventually

pytestmark = pytest.mark.django_db(transaction=True)

HEADER = "user_id,session_id,sku,kind,occurred_at\n"


@pytest.fixture(autouse=True)
def _static_root(settings):
    # Whitenoise warns where nobody has collected static files.
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)


@pytest.fixture
def tenant():
    """A tenant of this test alone: the broker's log outlives a test."""
    return Tenant.objects.create(slug=f"t-{uuid.uuid4().hex[:8]}", name="Test")


@pytest.fixture
def products(tenant):
    categories = [Category.objects.create(tenant=tenant, name=name) for name in ("Knives", "Boards", "Pans")]
    rows = [Product(tenant=tenant, sku=f"P-{n}", name=f"Product {n}", category=categories[n % 3]) for n in range(30)]
    return Product.objects.bulk_create(rows)


@pytest.fixture
def key(tenant):
    return access.create_key(tenant, ["events:write"])[1]


@pytest.fixture
def pipeline(tenant, redis_client):
    ensure_topics()
    source = KafkaSource(f"test-{uuid.uuid4()}", TOPICS)
    yield Pipeline(source, LiveSink(RedisLiveState(), TenantDirectory(), SkuResolver()))
    source.close()


@pytest.fixture
def counted(pipeline, tenant, redis_client):
    """Wait until the clicks in Redis are those: product id → how many."""

    def counted(expected):
        def clicks():
            pipeline.step()
            return {int(p): int(n) for p, n in redis_client.hgetall(keys.clicks(tenant.slug)).items()}

        eventually(lambda: clicks().items() >= expected.items())
        assert clicks() == expected

    return counted


def simulate(tenant, *, out=None, err=None, **options):
    """Run the command, and return its last word."""
    out = out or io.StringIO()
    call_command("simulate_shoppers", tenant=tenant.slug, stdout=out, stderr=err or io.StringIO(), **options)
    return out.getvalue()


def clicks_of(tenant, n, **options):
    """What the first ``n`` events click on, from the plan that every run with these options follows."""
    actions = islice(planning.shoppers(Options(tenant=tenant.slug, via="kafka", url="", **options)), n)
    return Counter(action.product_id for action in actions if action.kind is Kind.CLICK)


def test_every_event_sent_to_kafka_is_acknowledged_and_counted_once(tenant, products, counted):
    said = simulate(tenant, via="kafka", rate=3000, count=2500, seed=11)
    assert "sent 2,500  acknowledged 2,500  rejected 0  unknown 0" in said
    counted(clicks_of(tenant, 2500, seed=11))


def test_every_event_sent_over_rest_is_acknowledged_and_counted_once(tenant, products, key, live_server, counted):
    said = simulate(tenant, url=live_server.url, api_key=key, rate=500, count=400, seed=3, connections=2)
    assert "sent 400  acknowledged 400  rejected 0  unknown 0" in said
    counted(clicks_of(tenant, 400, seed=3))


def test_the_same_seed_twice_counts_twice(tenant, products, counted):
    for _ in range(2):
        simulate(tenant, via="kafka", rate=5000, count=300, seed=5)
    once = clicks_of(tenant, 300, seed=5)
    counted({product: 2 * n for product, n in once.items()})


def test_without_a_key_that_is_known_everything_is_rejected_and_the_status_says_so(tenant, products, live_server):
    out = io.StringIO()
    with pytest.raises(CommandError, match="acknowledged"):
        simulate(tenant, url=live_server.url, api_key="sdr_wrong", rate=500, count=50, out=out)
    assert "sent 50  acknowledged 0  rejected 50" in out.getvalue()
    assert "50 × HTTP 401: This API key is unknown" in out.getvalue()


def test_where_nobody_listens_it_says_how_to_start_sdr(tenant, products):
    with pytest.raises(CommandError, match="make up"):
        simulate(tenant, url="http://127.0.0.1:9", api_key="sdr_x", count=5)


def test_an_empty_catalogue_and_an_unknown_tenant_are_named(tenant):
    with pytest.raises(CommandError, match="load_catalog"):
        simulate(tenant, via="kafka", count=5)
    with pytest.raises(CommandError, match="no tenant 'nobody'"):
        call_command("simulate_shoppers", tenant="nobody", via="kafka", count=5)


def test_a_dry_run_prints_sessions_and_sends_nothing(tenant, products):
    said = simulate(tenant, via="kafka", dry_run=True, seed=2, url="http://example.com")
    assert said.count("session sim-2-s") == 5
    assert re.search(r"^  view \d+$", said, re.MULTILINE)
    assert said == simulate(tenant, via="rest", dry_run=True, seed=2)


def test_ctrl_c_ends_it_with_the_summary(tenant, products):
    before, out, err = signal.getsignal(signal.SIGINT), io.StringIO(), io.StringIO()

    def interrupt():
        eventually(lambda: "consumer lag" in err.getvalue())
        os.kill(os.getpid(), signal.SIGINT)

    interrupting = threading.Thread(target=interrupt)
    interrupting.start()
    said = simulate(tenant, via="kafka", rate=200, out=out, err=err)
    interrupting.join()
    n_sent, n_acknowledged = re.search(r"sent (\d+)  acknowledged (\d+)  rejected 0  unknown 0 in", said).groups()
    assert n_sent == n_acknowledged
    assert int(n_sent) > 100
    assert signal.getsignal(signal.SIGINT) is before


def test_the_consumers_lag_falls_to_zero(tenant, products, pipeline):
    simulate(tenant, via="kafka", rate=5000, count=500)
    backlog = Backlog(RedisLiveState(), tenant.slug)
    assert backlog.n_events() >= 500

    def caught_up():
        pipeline.step()
        pipeline.advance()
        return backlog.n_events() == 0

    eventually(caught_up)
    backlog.close()


def test_recorded_clicks_come_again_as_if_they_happened_now(tenant, products, tmp_path, counted, redis_client):
    rows = [
        ",s-1,P-0,click,2014-04-01T00:00:00.000Z",
        ",s-1,P-1,click,2014-04-01T00:01:00.000Z",
        "u-1,,P-0,click,2014-04-01T00:02:00.000Z",
        "u-1,,nowhere,click,2014-04-01T00:02:30.000Z",
        "u-1,,P-2,purchase,2014-04-01T00:03:00.000Z",
    ]
    file = tmp_path / "recorded.csv.gz"
    file.write_bytes(gzip.compress((HEADER + "\n".join(rows)).encode()))
    said = simulate(tenant, via="kafka", replay=str(file), speed_up=600)
    assert "sent 4  acknowledged 4" in said
    assert "not in the catalogue 1" in said
    counted({products[0].pk: 2, products[1].pk: 1})

    key = keys.recent(tenant.slug, "s:s-1")
    met_at = [redis_client.zscore(key, str(product.pk)) for product in products[:2]]
    assert met_at[1] - met_at[0] == pytest.approx(60_000 / 600, abs=1)  # milliseconds


def test_a_recording_of_another_shop_is_said_to_be_one(tenant, products, tmp_path):
    file = tmp_path / "recorded.csv"
    file.write_text(HEADER + ",s,nowhere,click,2014-04-01T00:00:00Z\n")
    with pytest.raises(CommandError, match="--keep-unknown"):
        simulate(tenant, via="kafka", replay=str(file))
    assert "sent 1  acknowledged 1" in simulate(tenant, via="kafka", replay=str(file), keep_unknown=True)


def test_a_bad_row_is_reported_and_the_rest_is_sent(tenant, products, tmp_path):
    file, out = tmp_path / "recorded.csv", io.StringIO()
    file.write_text(HEADER + ",s,P-0,click,2014-04-01T00:00:00Z\n,s,P-0,stare,2014-04-01T00:00:00Z\n")
    with pytest.raises(CommandError):
        simulate(tenant, via="kafka", replay=str(file), rate=1000, out=out)
    assert "sent 1  acknowledged 1" in out.getvalue()
    assert "bad rows 1" in out.getvalue()
    assert "recorded.csv, line 3: kind" in out.getvalue()


def test_a_missing_file_is_named(tenant):
    with pytest.raises(CommandError, match=r"no file 'nowhere\.csv'"):
        simulate(tenant, via="kafka", replay="nowhere.csv")


@pytest.mark.data
@pytest.mark.parametrize("name", ["hm", "online_retail", "rsc15_test", "rsc15_train"])
def test_the_real_recordings_are_read_and_sent(data_dir, tenant, name):
    file = data_dir / "interactions" / f"{name}.csv.gz"
    said = simulate(tenant, via="kafka", replay=str(file), rate=5000, count=2000, keep_unknown=True)
    assert "sent 2,000  acknowledged 2,000  rejected 0  unknown 0" in said
