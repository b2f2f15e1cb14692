import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine import decay
from recommendations.evaluation.log import Interactions
from recommendations.evaluation.trends import hotness_of
from tests.unit.recommendations.factories import NOW, Item, click, make_catalogue, make_shop

ITEMS = [Item(category=category) for category in ("Home > Tea", "Home > Tea", "Garden", None)]
DAY = 24 * 3600.0


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 6 * DAY)), min_size=1, max_size=12))
def test_the_trends_are_those_that_events_leave_one_by_one(steps):
    rows, ages = (np.array(column) for column in zip(*steps, strict=True))
    found = hotness_of(Interactions.of(np.zeros(len(rows)), rows, NOW - ages), make_catalogue(ITEMS), NOW)
    live = make_shop(ITEMS).hotness
    for row, age in steps:
        click(live, row, at=NOW - age)
    assert found.hour == pytest.approx(live.hour)
    assert found.week == pytest.approx(live.week)
    assert found.clicks.tolist() == live.clicks.tolist()
    for hot, live_hot in zip(found.hot, live.hot, strict=True):
        assert set(hot) == set(live_hot)
        # Sums in another order differ in their last bit, which may decide between products that are equally hot.
        assert found.hour[hot] == pytest.approx(live.hour[live_hot])


def test_another_half_life_is_read_as_what_it_leaves():
    log = Interactions.of([0, 0], [0, 1], [NOW - DAY, NOW])
    hotness = hotness_of(log, make_catalogue(ITEMS), NOW, half_life_seconds=DAY)
    assert decay.weights_at(hotness.hour[:2], NOW, decay.HOUR_SECONDS) == pytest.approx([0.5, 1.0])


def test_what_has_faded_is_not_hot():
    log = Interactions.of([0, 0], [0, 1], [NOW - 80 * DAY, NOW])
    assert hotness_of(log, make_catalogue(ITEMS), NOW).hot[-1].tolist() == [1]
