import numpy as np
import orjson
import pytest
from django.core.files.storage import storages

from catalog.models import Category, Product
from recommendations.index import store
from recommendations.index.build import build_index
from recommendations.index.index import load_index
from sdr.accounts.models import Tenant
from tests.integration.recommendations.shop import ROWS, Shop


def index_of(shop):
    version = build_index(shop.tenant)
    return load_index(store.fetch(shop.tenant.slug, version.artifact_name), tenant=shop.tenant.slug)


def neighbours_of(index, sku):
    """The SKUs of the first variants of the neighbouring groups, nearest first."""
    near, _ = index.similarity.neighbours(int(index.catalogue.groups[index.row_of(None, sku)]))
    rows = [int(index.catalogue.group_rows[index.catalogue.group_starts[group]]) for group in near]
    return [orjson.loads(index.card(row))["sku"] for row in rows]


@pytest.fixture
def index(shop):
    return index_of(shop)


def test_products_that_read_alike_are_neighbours(index):
    near = neighbours_of(index, "kettle/red")
    # Inactive and out of stock are near, too: whether they are shown is decided per request.
    assert set(near[:4]) == {"old kettle", "no kettle", "teapot", "gooseneck"}
    assert "mat" not in near


def test_variants_are_one_group(index):
    catalogue = index.catalogue
    red, blue = (index.row_of(None, sku) for sku in ("kettle/red", "kettle/blue"))
    assert catalogue.groups[red] == catalogue.groups[blue]
    variants, _ = catalogue.variants_of(catalogue.groups[[red]])
    assert variants.tolist() == sorted([red, blue])
    assert len(catalogue.group_starts) - 1 == len(ROWS) - 1


def test_products_are_found_by_id_and_by_sku(index, shop):
    for row in ROWS:
        found = index.row_of(None, row["sku"])
        assert found == index.row_of(shop.id_of(row["sku"]), None)
        assert orjson.loads(index.card(found))["name"] == row["name"]


@pytest.mark.parametrize("sku", ["unknown", "", "KETTLE/RED", "kettle"])
def test_an_unknown_sku_has_no_row(index, sku):
    assert index.row_of(None, sku) is None


def test_cards_are_what_every_door_shows(index, shop):
    card = orjson.loads(index.card(index.row_of(None, "kettle/red")))
    assert card == {
        "id": shop.id_of("kettle/red"),
        "sku": "kettle/red",
        "name": "Enamel kettle, red",
        "category": "Tea",
        "category_path": "Home > Kitchen > Tea",
        "price": 39,
        "currency": "",
        "rating": 4.5,
        "tags": ["kettle", "enamel"],
        "description": "Whistles when the water boils.",
        "image_url": "",
        "in_stock": True,
    }


def test_categories_are_found_by_slug_path_and_name(index):
    (tea,) = index.categories_named("Home > Kitchen > Tea")
    assert index.categories_named("Tea") == [tea]
    assert index.categories_named(Category.objects.get(path="Home > Kitchen > Tea").slug) == [tea]
    assert index.categories_named("Uncategorised") == [len(index.artifact.manifest.categories) - 2]
    assert index.categories_named("") == index.categories_named("tea-cups") == []


def test_a_name_may_belong_to_several_categories(shop):
    shop.put({"sku": "tea towel", "name": "Towel", "category": "Garden > Tea"})
    assert len(index_of(shop).categories_named("Tea")) == 2


def test_ladders_run_from_best_and_from_newest(index):
    def skus(rows):
        return [orjson.loads(index.card(row))["sku"] for row in rows.tolist()]

    assert skus(index.catalogue.best_rated)[-1] == "mat"
    # A handful of good ratings does not outdo hundreds.
    assert skus(index.catalogue.best_rated)[0] == "gooseneck"
    assert sorted(skus(index.catalogue.newest)) == sorted(row["sku"] for row in ROWS)


def test_newest_come_first(shop):
    shop.put({"sku": "latest", "name": "Latest"})
    index = index_of(shop)
    assert index.catalogue.newest[0] == index.row_of(None, "latest")


def test_deleted_products_are_left_out_and_inactive_ones_marked(shop):
    Product.objects.filter(sku="teapot").update(deleted_at="2026-11-01T00:00:00Z")
    index = index_of(shop)
    assert index.row_of(None, "teapot") is None
    assert not index.catalogue.is_active[index.row_of(None, "no kettle")]


def test_a_version_tells_how_it_was_made(shop):
    version = build_index(shop.tenant)
    assert version.n_products == len(ROWS)
    assert version.build_seconds > 0
    assert version.parameters["neighbours"]["k"] == 100
    assert version.parameters["features"]["field_weights"]["name"] > 0


def test_one_catalogue_gives_one_index(shop):
    one, other = index_of(shop), index_of(shop)
    for name, array in one.artifact.arrays.items():
        np.testing.assert_array_equal(array, other.artifact.arrays[name])


def test_a_tenants_index_holds_its_own_products_only(shop):
    stranger = Shop(Tenant.objects.create(slug="other", name="Other"), [{"sku": "theirs", "name": "Enamel kettle"}])
    assert index_of(shop).row_of(stranger.id_of("theirs"), None) is None
    assert len(index_of(stranger).catalogue.vocabulary) == 1


@pytest.mark.parametrize("rows", [[], [{"sku": "!", "name": "?"}]])
def test_a_shop_without_products_or_words_has_an_index_too(tenant, rows):
    index = index_of(Shop(tenant, rows))
    assert len(index.catalogue.vocabulary) == len(rows)


def test_an_artifact_can_be_removed(shop):
    version = build_index(shop.tenant)
    store.remove(shop.tenant.slug, version.artifact_name)
    assert not storages["index"].exists(f"{shop.tenant.slug}/{version.artifact_name}")
    store.remove(shop.tenant.slug, version.artifact_name)
