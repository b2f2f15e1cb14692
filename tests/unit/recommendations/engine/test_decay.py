import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine import decay
from tests.unit.recommendations.factories import NOW


def score(weight, at, half_life_seconds):
    return np.array([np.log(weight) + decay.rate_constant(half_life_seconds) * at])


@pytest.mark.parametrize("half_life_seconds", [60.0, decay.HOUR_SECONDS, decay.WEEK_SECONDS])
def test_one_half_life_halves_the_weight(half_life_seconds):
    found = decay.weights_at(score(8.0, NOW, half_life_seconds), NOW + half_life_seconds, half_life_seconds)
    assert found == pytest.approx(4.0, rel=1e-6)


def test_nothing_weighs_nothing():
    assert decay.weights_at(np.array([-np.inf]), NOW, decay.HOUR_SECONDS) == 0


@given(st.floats(0.1, 100), st.floats(0.1, 100), st.floats(0, 7 * 86400))
def test_the_order_of_two_scores_never_changes(one, other, later):
    scores = np.concatenate([score(one, NOW, decay.HOUR_SECONDS), score(other, NOW - 100, decay.HOUR_SECONDS)])
    now, then = (decay.weights_at(scores, NOW + delay, decay.HOUR_SECONDS) for delay in (0, later))
    assert (now[0] > now[1]) == (then[0] > then[1])
