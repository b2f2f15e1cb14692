import threading

import orjson
import pytest
from django.db import connection, transaction
from kombu.exceptions import OperationalError

from catalog.models import Category, Product
from catalog.services import delete_products, restore_products
from recommendations import serving
from recommendations.index import registry
from recommendations.index.build import build_index
from recommendations.index.overlay import store
from recommendations.index.overlay.folding import Folding, folded_in
from recommendations.index.overlay.follower import Follower
from recommendations.models import OverlaySegment
from recommendations.services import ProductQuery, TrendingQuery, recommend_for_product, trending_products
from sdr.accounts.models import Tenant
from sdr.exceptions import NotFound
from tests.eventually import eventually
from tests.integration.recommendations.shop import TEA, YOGA, Shop
from tests.integration.recommendations.test_build import neighbours_of
from tests.integration.recommendations.test_holder import spoil


@pytest.fixture
def look(indexed_shop, catch_up, holder):
    """Return the index as a serving process has it once all is followed."""
    holder.current("default")

    def run():
        catch_up()
        holder.refresh()
        return holder.current("default").index

    return run


def card_of(index, sku):
    return orjson.loads(index.card(index.row_of(None, sku)))


def edit(sku, **fields):
    assert Product.objects.filter(sku=sku).update(**fields) == 1


def somebody_waits_for_a_lock():
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return cursor.fetchone() is not None


def in_another_thread(work):
    """Run ``work`` with a database connection of its own, to its end."""

    def run():
        work()
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def test_a_new_product_is_source_and_candidate(look, indexed_shop):
    indexed_shop.put({"sku": "new kettle", "name": "New enamel kettle", "category": TEA, "tags": ["kettle", "enamel"]})
    index = look()
    assert "old kettle" in neighbours_of(index, "new kettle")[:2]
    assert "new kettle" in neighbours_of(index, "old kettle")[:2]
    assert card_of(index, "new kettle")["category_path"] == TEA


def test_an_edited_text_moves_its_neighbours(look, indexed_shop):
    indexed_shop.put({"sku": "strap", "name": "Enamel kettle", "category": TEA, "tags": ["kettle", "enamel"]})
    index = look()
    assert "mat" not in neighbours_of(index, "strap")
    assert "strap" not in neighbours_of(index, "mat")
    assert "strap" in neighbours_of(index, "old kettle")[:2]


def test_price_stock_rating_and_image_show_at_once(look, indexed_shop):
    Product.objects.filter(sku="teapot").update(
        price=12, in_stock=False, rating=5, rating_count=900, image_url="https://shop.example/teapot.jpg"
    )
    index = look()
    card, row = card_of(index, "teapot"), index.row_of(None, "teapot")
    assert (card["price"], card["in_stock"], card["rating"]) == (12, False, 5.0)
    assert card["image_url"] == "https://shop.example/teapot.jpg"
    assert (float(index.catalogue.prices[row]), bool(index.catalogue.in_stock[row])) == (12.0, False)
    assert int(index.catalogue.best_rated[0]) == row
    assert not OverlaySegment.objects.filter(n_products__gt=1)


def test_a_deleted_product_is_gone_at_once_and_comes_back(look, indexed_shop):
    before = neighbours_of(look(), "teapot")
    delete_products(Product.all_objects.filter(sku="kettle/red"))
    delete_products(Product.all_objects.filter(sku="kettle/blue"))
    index = look()
    assert index.row_of(None, "kettle/red") is None
    assert index.row_of(indexed_shop.id_of("teapot"), None) is not None
    assert "kettle/red" not in neighbours_of(index, "teapot")
    restore_products(Product.all_objects.filter(sku__startswith="kettle/"))
    assert sorted(neighbours_of(look(), "teapot")) == sorted(before)


def test_variants_come_leave_and_found_groups(look, indexed_shop):
    def variants(index, sku):
        group = index.catalogue.groups[[index.row_of(None, sku)]]
        return {orjson.loads(index.card(row))["sku"] for row in index.catalogue.variants_of(group)[0].tolist()}

    indexed_shop.put({"sku": "kettle/green", "name": "Enamel kettle, green", "variant_group": "kettle"})
    assert variants(look(), "kettle/green") == {"kettle/red", "kettle/blue", "kettle/green"}
    edit("kettle/red", variant_group=None)
    edit("mat", variant_group="yoga")
    edit("strap", variant_group="yoga")
    index = look()
    assert variants(index, "kettle/red") == {"kettle/red"}
    assert variants(index, "mat") == {"mat", "strap"}


def test_a_category_is_renamed_moved_and_made(look, indexed_shop):
    home = Category.objects.get(path="Home")
    home.name = "Zuhause"
    home.save()
    indexed_shop.put({"sku": "rope", "name": "Rope", "category": "Garden > Ropes"})
    index = look()
    assert card_of(index, "teapot")["category_path"] == "Zuhause > Kitchen > Tea"
    (tea,) = index.categories_named("Zuhause > Kitchen > Tea")
    assert index.category_of(index.row_of(None, "teapot")).path == "Zuhause > Kitchen > Tea"
    assert index.category_of(index.row_of(None, "mat")).path == YOGA
    assert index.categories_named("Home > Kitchen > Tea") == []
    assert index.category_of(index.row_of(None, "rope")).path == "Garden > Ropes"
    (zuhause,) = index.categories_named("Zuhause")
    assert index.catalogue.tree.contains(zuhause, index.catalogue.categories[[index.row_of(None, "teapot")]]).all()
    assert tea in range(zuhause, int(index.catalogue.tree.ends[zuhause]))


@pytest.mark.parametrize("fields", [{"name": "茶碗 \U0001f375 ẞ"}, {"name": "?"}, {"name": "x" * 500}])
def test_texts_without_a_known_word_are_shown_all_the_same(look, indexed_shop, fields):
    indexed_shop.put({"sku": "odd"} | fields)
    index = look()
    assert card_of(index, "odd")["name"] == fields["name"]
    assert neighbours_of(index, "odd") == []


def test_an_answer_changes_within_the_process(indexed_shop, catch_up):
    query = ProductQuery("default", indexed_shop.tenant.pk, sku="kettle/red", limit=10)

    def skus():
        return [orjson.loads(item.card)["sku"] for item in recommend_for_product(query).items]

    assert "new kettle" not in skus()
    indexed_shop.put({"sku": "new kettle", "name": "Enamel kettle", "category": TEA, "tags": ["kettle", "enamel"]})
    catch_up()
    eventually(lambda: skus()[0] == "new kettle", seconds=5)
    delete_products(Product.all_objects.filter(sku__in=["new kettle", "kettle/red"]))
    catch_up()

    def is_unknown():
        try:
            recommend_for_product(query)
        except NotFound:
            return True
        return False

    eventually(is_unknown, seconds=5)


def test_clicks_on_a_product_are_kept_when_it_is_folded_in(indexed_shop, catch_up):
    indexed_shop.until_live()
    indexed_shop.put({"sku": "new", "name": "New pan", "category": "Home > Kitchen > Pans"})
    indexed_shop.click("new", times=20)
    indexed_shop.click("wok")
    eventually(lambda: indexed_shop.clicks_seen("wok") == 1)
    catch_up()
    eventually(lambda: indexed_shop.clicks_seen("new") == 20)
    hot = trending_products(TrendingQuery("default", indexed_shop.tenant.pk, category="Pans"))
    assert orjson.loads(hot[0].card)["sku"] == "new"


def test_an_edit_during_a_build_is_in_the_new_index_from_the_first_moment(look, indexed_shop, holder):
    version = build_index(indexed_shop.tenant)
    indexed_shop.put({"sku": "late", "name": "Late kettle", "tags": ["kettle"]})
    edit("mat", price=1)
    assert card_of(look(), "late")["name"] == "Late kettle"  # in the old index
    with folded_in(version):
        registry.activate(version)
    holder.refresh()
    index = holder.current("default").index
    assert index.version == version.artifact_name
    assert card_of(index, "mat")["price"] == 1
    assert "old kettle" in neighbours_of(index, "late")
    assert card_of(look(), "late")["name"] == "Late kettle"


def test_nobody_writes_segments_while_a_version_is_activated(indexed_shop):
    edit("mat", price=2)
    old = registry.active_version("default")
    folding, version = Folding(old), build_index(indexed_shop.tenant)
    thread = threading.Thread(target=lambda: (folding.step(), connection.close()))
    with folded_in(version):
        thread.start()
        eventually(somebody_waits_for_a_lock)
        assert not OverlaySegment.objects.filter(version=old).exists()
        registry.activate(version)
    thread.join()
    assert OverlaySegment.objects.filter(version=old).exists()


def test_a_change_that_commits_late_is_not_missed(look, indexed_shop):
    """Its transaction began before one that is already folded in."""
    began, may_commit = threading.Event(), threading.Event()

    def edit_slowly():
        with transaction.atomic():
            Product.objects.filter(sku="mat").update(price=77)
            began.set()
            may_commit.wait(20)
        connection.close()

    thread = threading.Thread(target=edit_slowly)
    thread.start()
    began.wait(20)
    edit("wok", price=5)
    assert card_of(look(), "wok")["price"] == 5
    may_commit.set()
    thread.join()
    assert card_of(look(), "mat")["price"] == 77


def test_a_bulk_load_shows_its_cards_and_asks_for_one_rebuild(look, indexed_shop, asked_for, settings):
    settings.OVERLAY_MIN_PRODUCTS = 10
    indexed_shop.put(*({"sku": f"bulk {n}", "name": "Bulk kettle", "tags": ["kettle"]} for n in range(30)))
    index = look()
    assert card_of(index, "bulk 29")["name"] == "Bulk kettle"
    assert neighbours_of(index, "bulk 29") == []
    edit("bulk 0", price=4)
    assert card_of(look(), "bulk 0")["price"] == 4
    assert asked_for == ["default"]
    indexed_shop.rebuild()
    assert "bulk 1" in neighbours_of(look(), "bulk 29")
    edit("bulk 0", price=5)
    assert card_of(look(), "bulk 0")["price"] == 5
    assert asked_for == ["default"]


def test_without_a_broker_following_goes_on(look, indexed_shop, settings, monkeypatch):
    from recommendations.index.overlay import follower as module

    def nobody_listens(*_args, **_options):
        raise OperationalError

    monkeypatch.setattr(module.rebuild_index, "apply_async", nobody_listens)
    settings.OVERLAY_MIN_PRODUCTS = 0
    settings.OVERLAY_MAX_SHARE = 0
    edit("mat", price=3)
    assert card_of(look(), "mat")["price"] == 3


def test_an_index_that_cannot_be_read_is_asked_for_anew(indexed_shop, catch_up, asked_for):
    spoil(registry.active_version("default"))
    edit("mat", price=3)
    catch_up()
    assert asked_for == ["default"]


def test_many_edits_leave_few_segments(look, indexed_shop):
    for n in range(20):
        indexed_shop.put({"sku": f"new {n}", "name": "New"})
        look()
    index = look()
    numbers = list(OverlaySegment.objects.values_list("n_products", flat=True))
    assert sum(numbers) == 20
    assert len(numbers) <= 5
    assert {f"new {n}" for n in range(20)} <= {orjson.loads(index.card(row))["sku"] for row in range(32)}


def test_one_of_two_followers_leads_and_the_other_takes_over(indexed_shop, follower, asked_for):
    follower.step()
    assert follower.leads() == {indexed_shop.tenant.pk}
    other, seen = Follower(), []
    in_another_thread(lambda: (other.step(), seen.append(other.leads())))
    assert seen == [set()]
    connection.close()
    in_another_thread(lambda: (other.step(), seen.append(other.leads())))
    assert seen[-1] == {indexed_shop.tenant.pk}


def test_a_tenant_that_is_switched_off_is_left_to_itself(indexed_shop, follower):
    follower.step()
    Tenant.objects.update(is_active=False)
    follower.step()
    assert follower.leads() == set()


def test_each_tenant_is_followed_for_itself(indexed_shop, catch_up, holder):
    other = Shop(Tenant.objects.create(slug="other", name="Other"), [{"sku": "mat", "name": "Mat"}])
    other.rebuild()
    Product.objects.filter(tenant=other.tenant).update(price=8)
    catch_up()
    assert card_of(holder.current("other").index, "mat")["price"] == 8
    assert card_of(holder.current("default").index, "mat")["price"] is None


def test_segments_of_somebody_else_are_read_before_more_are_written(look, indexed_shop, follower):
    edit("mat", price=1)
    look()
    edit("wok", price=2)
    Folding(registry.active_version("default")).finish()  # a leader that believed it still was
    edit("strap", price=3)
    index = look()
    assert [card_of(index, sku)["price"] for sku in ("mat", "wok", "strap")] == [1, 2, 3]


def test_a_bad_segment_leaves_the_last_overlay_serving(look, indexed_shop, holder):
    edit("mat", price=1)
    look()
    version = registry.active_version("default")
    OverlaySegment.objects.create(version=version, number=99, marker=1, n_products=1, payload=b"nonsense")
    holder.refresh()
    assert card_of(holder.current("default").index, "mat")["price"] == 1
    assert store.active(["default"])[0].numbers[-1] == 99


def test_segments_go_with_their_version(look, indexed_shop, settings):
    settings.INDEX_VERSIONS_KEPT = 1
    edit("mat", price=1)
    look()
    assert OverlaySegment.objects.count() == 1
    indexed_shop.rebuild()
    assert OverlaySegment.objects.count() == 0


def test_what_is_served_outlives_postgres(look, indexed_shop, holder, settings):
    edit("mat", price=1)
    look()
    connection.close()
    there, connection.settings_dict["NAME"] = connection.settings_dict["NAME"], "no such database"
    try:
        holder.refresh()
    finally:
        connection.close()
        connection.settings_dict["NAME"] = there
    assert card_of(holder.current("default").index, "mat")["price"] == 1
    serving.stop()
