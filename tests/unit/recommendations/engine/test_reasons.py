import pytest

from recommendations.engine.reasons import ReasonCode, sentence


@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_is_a_sentence(code):
    text = sentence(code, "Teapots", "Enamel kettle")
    assert text[0].isupper()
    assert "{" not in text


def test_behaviour_names_the_product_that_led_here():
    assert sentence(ReasonCode.BEHAVIOUR, "Teapots", "Enamel kettle") == "Because you looked at Enamel kettle"


def test_what_was_looked_at_itself_says_so():
    assert sentence(ReasonCode.BEHAVIOUR, "Teapots") == "You looked at this recently"


def test_a_trend_names_its_category():
    assert sentence(ReasonCode.TRENDING, "Teapots") == "Trending in Teapots"


def test_a_category_is_taken_as_it_is():
    assert sentence(ReasonCode.TRENDING, "{0} & {category}") == "Trending in {0} & {category}"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (ReasonCode.ALSO_VIEWED, "Viewed next by shoppers who viewed Enamel kettle"),
        (ReasonCode.BOUGHT_TOGETHER, "Bought together with Enamel kettle"),
        (ReasonCode.BOUGHT_AFTER, "Bought by shoppers who viewed Enamel kettle"),
    ],
)
def test_lists_name_the_product_whose_they_are(code, text):
    assert sentence(code, "Teapots", "Enamel kettle") == text


def test_codes_are_what_the_contract_says():
    assert {code.value for code in ReasonCode} == {
        "similar", "trending", "behaviour", "preference", "also_viewed", "bought_together", "bought_after", "popular",
        "best_rated", "new",
    }  # fmt: skip
