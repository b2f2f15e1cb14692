"""What a merchandiser is told of the recommendations beside a product."""

import pytest
from celery import current_app
from django.contrib.auth.models import Permission
from django.urls import reverse
from kombu.pools import producers

from recommendations import tasks
from sdr.accounts.models import User
from tests.factories import make_staff, make_tenant
from tests.integration.recommendations.shop import Shop

LIST = "/admin/catalog/product/"


@pytest.fixture
def signed_in(client, tenant):
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


def page(client, shop, sku, **query):
    url = reverse("admin:catalog_product_show_recommendations", args=[shop.id_of(sku)])
    return client.get(url, query)


def test_it_lists_what_is_shown_with_reasons_and_the_terms_of_each_score(signed_in, indexed_shop):
    indexed_shop.until_live()
    answer = page(signed_in, indexed_shop, "wok")
    places = answer.context["places"]
    text = answer.content.decode()
    assert answer.status_code == 200
    assert [place["card"]["name"] in text and place["item"].reason in text for place in places] == [True] * len(places)
    scored = next(place for place in places if place["terms"])
    assert sum(term["contribution"] for term in scored["terms"]) == pytest.approx(scored["item"].score, abs=1e-4)


def test_it_says_why_another_product_is_not_there(signed_in, indexed_shop):
    assert "out_of_stock" in page(signed_in, indexed_shop, "teapot", candidate_sku="old kettle").content.decode()
    assert "stands at place" in page(signed_in, indexed_shop, "teapot", candidate_sku="gooseneck").content.decode()
    assert page(signed_in, indexed_shop, "teapot", candidate_sku="<b>").context["candidate_problem"]
    assert "<b>" not in page(signed_in, indexed_shop, "teapot", candidate_sku="<b>").content.decode()


def test_it_can_be_asked_for_one_signal_alone(signed_in, indexed_shop):
    indexed_shop.follow("teapot", {"mat": 9.0})
    shown = {name: page(signed_in, indexed_shop, "teapot", strategy=name) for name in ("also_viewed", "similar", "<b>")}
    firsts = {name: answer.context["places"][0]["card"]["sku"] for name, answer in shown.items()}
    assert firsts == {"also_viewed": "mat", "similar": "kettle/red", "<b>": "mat"}
    assert "Viewed next by shoppers who viewed Enamel teapot" in shown["also_viewed"].content.decode()
    assert '<option value="similar" selected>' in shown["similar"].content.decode()


def test_without_an_index_it_says_what_it_lacks(signed_in, shop):
    answer = page(signed_in, shop, "wok")
    assert answer.status_code == 200
    assert answer.context.get("problem") or answer.context["degraded"]


def test_the_products_of_another_shop_are_not_shown(client, indexed_shop):
    staff = make_staff(tenant=make_tenant())
    staff.user_permissions.set(Permission.objects.filter(content_type__app_label="catalog"))
    client.force_login(staff)
    assert page(client, indexed_shop, "wok").status_code == 404


def test_staff_who_may_not_look_at_products_are_turned_away(client, indexed_shop):
    client.force_login(make_staff(tenant=indexed_shop.tenant))
    assert page(client, indexed_shop, "wok").status_code == 403


def reindex(client, shop: Shop) -> list[str]:
    chosen = {"action": "reindex", "_selected_action": [shop.id_of("wok"), shop.id_of("mat")]}
    return [str(message) for message in client.post(LIST, chosen, follow=True).context["messages"]]


def test_a_rebuild_is_asked_for_once_for_each_shop(signed_in, shop, monkeypatch):
    asked = []
    monkeypatch.setattr(tasks, "ask_for_rebuild", asked.append)
    [message] = reindex(signed_in, shop)
    assert asked == [shop.tenant.slug]
    assert message.startswith(f"{shop.tenant.name}: the ")


def test_without_the_queue_it_says_that_nothing_was_started(signed_in, shop, monkeypatch):
    nowhere = current_app.connection_for_write("redis://127.0.0.1:1/0")
    monkeypatch.setattr(current_app.amqp, "_producer_pool", producers[nowhere])
    [message] = reindex(signed_in, shop)
    assert "nothing was started" in message
