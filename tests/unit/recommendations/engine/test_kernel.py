"""What C ranks is what NumPy ranks; and C is asked nothing that would have it read beyond its arrays."""

from contextlib import contextmanager
from dataclasses import replace
from struct import Struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine.filters import Filter, Rule
from recommendations.engine.kernel import build, library, ranking
from recommendations.engine.pages import Shop, beside_product, for_user
from recommendations.engine.patched_similarity import FreshGroups, patched_similarity
from recommendations.engine.ragged import Ragged
from recommendations.engine.shopper import Shopper
from recommendations.engine.weights import ScoringWeights
from tests.unit.recommendations.engine.test_pages import asked, limits
from tests.unit.recommendations.factories import NOW, Item, click, make_shop

NOBODY = Ragged.of([(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32))])
ITEMS = [Item(text) for text in ("copper kettle", "copper pan", "steel kettle", "yoga mat")]


def beside_first(shop, filtering=None, limit=5, shopper=None):
    filtering = filtering or Filter()
    filtering = replace(filtering, left_out={**filtering.left_out, Rule.ITSELF: {int(shop.catalogue.groups[0])}})
    return beside_product(shop, 0, filtering, limit, NOW, shopper or Shopper())


@contextmanager
def in_numpy():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "library", lambda: None)
        yield


def anew(shop):
    """The same shop, of which nothing was worked out yet."""
    return Shop(shop.catalogue, shop.similarity, shop.hotness, replace(shop.weights))


def in_arrays(shop, *arguments):
    with in_numpy():
        return beside_first(anew(shop), *arguments)


def edited(shop, group):
    """The same shop, in which the text of ``group`` was replaced by the same one: found where edits are."""
    terms, weights = shop.similarity.vector(group)
    near, cosines = shop.similarity.neighbours(group)
    own = np.array([group], dtype=np.int64)
    fresh = FreshGroups(own, own * 0, Ragged.of([(terms, weights)]), Ragged.of([(near, cosines)]), NOBODY)
    patched = patched_similarity(shop.similarity, fresh, len(shop.catalogue.group_starts) - 1)
    return Shop(shop.catalogue, patched, shop.hotness, shop.weights)


def test_the_library_was_built():
    assert library.library() is not None, "make kernel"


@given(asked(), limits)
def test_c_makes_the_list_that_arrays_make_with_its_reasons(question, limit):
    shop, shopper, filtering = question
    for who in (Shopper(trail=shopper.trail), shopper):
        assert beside_first(shop, filtering, limit, who) == in_arrays(shop, filtering, limit, who)


@given(asked(), limits, st.integers(0, 100))
def test_so_it_does_where_texts_were_edited_since(question, limit, group):
    shop, shopper, filtering = question
    shop = edited(shop, group % (len(shop.catalogue.group_starts) - 1))
    assert beside_first(shop, filtering, limit, shopper) == in_arrays(shop, filtering, limit, shopper)


@given(asked(), limits)
def test_so_it_does_on_a_users_page(question, limit):
    shop, shopper, filtering = question
    in_c = for_user(shop, shopper, filtering, limit, NOW)
    with in_numpy():
        assert for_user(anew(shop), shopper, filtering, limit, NOW) == in_c


def test_nothing_leads_to_itself_even_if_it_is_not_left_out():
    shop = make_shop(ITEMS, clicks=[0, 0])
    assert beside_product(shop, 0, Filter(), 2, NOW)[0].row != 0


def test_a_click_is_seen_by_the_next_call():
    shop = make_shop(ITEMS, weights=ScoringWeights(content=0.2, trend=0.8))
    assert beside_first(shop)[0].row != 3
    click(shop.hotness, 3, weight=50.0)
    assert beside_first(shop)[0].row == 3


@pytest.mark.parametrize("beyond", [99, -7])
def test_a_group_that_the_index_does_not_have_is_an_error_and_leaves_nothing_behind(beyond):
    shop = make_shop(ITEMS, clicks=[3])
    before = beside_first(shop)
    with pytest.raises(IndexError):
        beside_first(shop, Filter({Rule.EXCLUDED: {1, beyond}}))
    assert beside_first(shop) == before


def test_a_term_that_the_index_does_not_have_is_an_error_and_leaves_nothing_behind():
    shop = make_shop(ITEMS, clicks=[3])
    before = beside_first(shop)
    shop.similarity.indices[-1] += 1000
    with pytest.raises(IndexError):
        beside_first(shop)
    shop.similarity.indices[-1] -= 1000
    assert beside_first(shop) == before


def test_an_array_that_c_would_misread_is_refused():
    shop = make_shop(ITEMS)
    misread = replace(shop.catalogue, prices=shop.catalogue.prices.astype(np.float32))
    shop = Shop(misread, shop.similarity, shop.hotness, shop.weights)
    with pytest.raises(TypeError, match="float64, and no other of float32"):
        beside_first(shop)


def test_arrays_of_different_lengths_are_refused():
    shop = make_shop(ITEMS)
    shorter = replace(shop.catalogue, prices=shop.catalogue.prices[:-1])
    with pytest.raises(ValueError, match="4 products in 4 groups"):
        beside_first(Shop(shorter, shop.similarity, shop.hotness, shop.weights))


def test_a_library_made_for_another_python_side_is_not_called(monkeypatch):
    monkeypatch.setattr(ranking, "_PLACE", Struct("=3q5d"))
    assert make_shop(ITEMS).ranker is None


def test_a_compiler_from_a_wheel_compiles_for_any_machine(monkeypatch):
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(build.shutil, "which", lambda _: None)
    monkeypatch.setattr(build.importlib.util, "find_spec", lambda _: object())
    assert build.compiler()[1:] == ["-m", "ziglang", "cc", "-mcpu=baseline"]


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    path = tmp_path / "ranking-new.so"
    monkeypatch.setattr(build, "library_path", lambda: path)
    monkeypatch.setattr(build, "HERE", tmp_path)
    return path


def test_a_new_library_takes_the_place_of_an_older_one_and_is_compiled_without_a_warning(elsewhere, capfd):
    older = elsewhere.with_name("ranking-old.so")
    older.touch()
    assert build.build() == 0
    assert capfd.readouterr().err == ""
    assert list(elsewhere.parent.iterdir()) == [elsewhere]
    assert build.build() == 0  # at once


def test_without_a_compiler_it_says_what_that_means(elsewhere, monkeypatch, capsys):
    monkeypatch.setattr(build, "compiler", list)
    assert build.build() == 1
    assert "ranking stays in NumPy" in capsys.readouterr().err
    assert not elsewhere.exists()


def test_what_cannot_be_compiled_leaves_nothing_behind(elsewhere, monkeypatch):
    monkeypatch.setenv("CC", "false")
    assert build.build() == 1
    assert not list(elsewhere.parent.iterdir())


def test_without_the_library_it_says_so_once_and_ranks_in_arrays(monkeypatch, tmp_path, caplog):
    monkeypatch.setattr(library, "PATH", tmp_path / "nothing.so")
    library.library.cache_clear()
    try:
        assert [library.library(), library.library()] == [None, None]
        assert caplog.text.count("make kernel") == 1
        assert beside_first(make_shop(ITEMS, clicks=[3]))
    finally:
        library.library.cache_clear()
