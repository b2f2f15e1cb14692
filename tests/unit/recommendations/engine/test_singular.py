import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine.singular import singular


@pytest.mark.parametrize(
    ("plural", "term"),
    [
        ("jackets", "jacket"),
        ("dresses", "dress"),
        ("boxes", "box"),
        ("watches", "watch"),
        ("brushes", "brush"),
        ("batteries", "battery"),
        ("shoes", "shoe"),
        ("pillowcases", "pillowcase"),
        ("trousers", "trouser"),
    ],
)
def test_a_plural_and_its_singular_are_one_term(plural, term):
    assert singular(plural) == singular(term) == term


@pytest.mark.parametrize("word", ["glass", "citrus", "gas", "tv", "4k", "jersey", "58", "mass", "cactus"])
def test_what_is_no_plural_stays(word):
    assert singular(word) == word


@given(st.text(alphabet="abeihosxyz", max_size=12))
def test_no_word_becomes_longer_or_empty(word):
    assert len(singular(word)) <= len(word)
    assert bool(singular(word)) == bool(word)
