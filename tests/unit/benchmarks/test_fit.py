"""The fitted exponent is the one that the figures have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import _fit

SIZES = [10_000, 25_000, 50_000, 105_542]


@given(st.floats(0, 3), st.floats(1e-6, 1e6))
def test_what_grows_by_a_power_is_fitted_exactly(power, factor):
    assert _fit.exponent(SIZES, [factor * size**power for size in SIZES]) == pytest.approx(power, abs=1e-6)


def test_a_fixed_part_lowers_the_exponent():
    assert 1 < _fit.exponent(SIZES, [1e7 + size**2 for size in SIZES]) < 2
