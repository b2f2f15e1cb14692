import pytest

from recommendations.engine.reasons import ReasonCode, sentence

GIVEN_TODAY = [
    ReasonCode.SIMILAR,
    ReasonCode.TRENDING,
    ReasonCode.POPULAR,
    ReasonCode.BEST_RATED,
    ReasonCode.NEW,
]


@pytest.mark.parametrize("code", GIVEN_TODAY)
def test_every_reason_that_is_given_is_a_sentence(code):
    text = sentence(code, "Teapots")
    assert text[0].isupper()
    assert "{" not in text


def test_a_trend_names_its_category():
    assert sentence(ReasonCode.TRENDING, "Teapots") == "Trending in Teapots"


def test_a_category_is_taken_as_it_is():
    assert sentence(ReasonCode.TRENDING, "{0} & {category}") == "Trending in {0} & {category}"


def test_codes_are_what_the_contract_says():
    assert {code.value for code in ReasonCode} == {
        "similar", "trending", "behaviour", "preference", "popular", "best_rated", "new",
    }  # fmt: skip
