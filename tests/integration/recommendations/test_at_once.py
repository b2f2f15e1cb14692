"""An answer that is worked out at once asks no server, whatever it is for: it is given up before it would."""

import socket

import pytest

from recommendations import serving
from recommendations.queries import ProductQuery, TrendingQuery, UserQuery
from recommendations.services import recommend_for_product, recommend_for_user, trending_products
from recommendations.shown import told
from sdr import metrics, patience
from sdr.accounts import entrance
from sdr.accounts.entrance import Call

# Who must not wait gives up, however busy the machine is, and does not answer without.
pytestmark = pytest.mark.usefixtures("_patient")
SOCKET_METHODS = ("connect", "connect_ex", "send", "sendall", "sendto", "recv", "recv_into")
NOBODYS = 10**12


@pytest.fixture
def _guarded(monkeypatch):
    """Have a server that is asked by a thread that must not wait be an error."""

    def guard(where, name):
        usual = getattr(where, name)

        def guarded(*args, **kwargs):
            assert patience._own.may_wait, f"{name} while nobody may wait"
            return usual(*args, **kwargs)

        monkeypatch.setattr(where, name, guarded, raising=False)

    for method in SOCKET_METHODS:
        guard(socket.socket, method)
    from django.db.backends.utils import CursorWrapper

    guard(CursorWrapper, "execute")


def questions(tenant):
    def product(**asked):
        return told(tenant.slug, recommend_for_product(ProductQuery(tenant.slug, tenant.pk, **asked)))

    return {
        "a product's page": lambda: product(sku="kettle/red"),
        "a shopper's": lambda: product(sku="kettle/red", user_id="u-7", session_id="s-9"),
        "a filtered one's": lambda: product(sku="wok", category="Tea", min_price=1.0, exclude=(1,), evidence=True),
        "that of a product which the index lacks": lambda: product(product_id=NOBODYS),
        "a user's": lambda: recommend_for_user(UserQuery(tenant.slug, tenant.pk, user_id="u-7")),
        "what trends": lambda: trending_products(TrendingQuery(tenant.slug, tenant.pk)),
        "a stranger's key": lambda: entrance.admit(Call("Bearer sdr_nobody", "127.0.0.1")),
    }


@pytest.mark.usefixtures("_guarded")
@pytest.mark.parametrize("is_warm", [False, True])
def test_nothing_that_is_done_at_once_asks_a_server(indexed_shop, is_warm):
    if is_warm:
        indexed_shop.until_live()
    else:
        serving.stop()
    gave_up = {name for name, ask in questions(indexed_shop.tenant).items() if not patience.at_once(ask)}
    wait = {"a shopper's", "that of a product which the index lacks", "a user's", "a stranger's key"}
    if is_warm:
        assert gave_up == wait | {"a product's page", "a filtered one's"}  # their lists are met for the first time
        recommend_for_product(ProductQuery("default", indexed_shop.tenant.pk, sku="kettle/red"))
        assert patience.at_once(questions(indexed_shop.tenant)["a product's page"])
    else:
        assert gave_up == questions(indexed_shop.tenant).keys()


def test_an_answer_that_was_given_up_is_not_counted(indexed_shop):
    indexed_shop.until_live()
    ask = questions(indexed_shop.tenant)["a shopper's"]
    before = n_answers()
    assert not patience.at_once(ask)
    assert n_answers() == before
    ask()
    assert n_answers() == (before[0] + 1, before[1] + 1)


def n_answers():
    live = metrics.MIRROR_REQUESTS.labels(result="live")
    (timed,) = (
        sample.value
        for family in metrics.RECOMMENDATION_SECONDS.collect()
        for sample in family.samples
        if sample.name.endswith("_count") and sample.labels["query"] == "product"
    )
    return live._value.get(), timed
