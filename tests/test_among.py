"""One area's change among others: a published t, the two-sample test, the rank, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from evaltools.effects.among import among
from evaltools.errors import DesignError

CONTROLS = (0, -2, 5, 2, 1, 3, -4, -2)  # example of the R package psycho


def test_the_published_t_of_one_case_is_in_the_interval() -> None:
    found = among(10, CONTROLS)
    scale = (found.high - found.low) / 2 / stats.t.ppf(0.95, len(CONTROLS) - 1)
    assert found.difference / scale == pytest.approx(3.05, abs=0.005)


def test_it_is_the_two_sample_test_with_one_case() -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        others, own = rng.normal(size=7), float(rng.normal())
        found = among(own, others, level=0.95)
        test = stats.ttest_ind([own], others)
        assert (found.low > 0 or found.high < 0) == (test.pvalue < 0.05)
        assert test.confidence_interval(0.95).low == pytest.approx(found.low)


def test_rank_counts_ties_against_the_area_and_order_does_not_matter() -> None:
    assert among(3, (1, 2, 3, 4)).rank == 3
    assert among(5, (1, 2, 3, 4)).rank == 1
    assert among(5, (4, 1, 3, 2)) == among(5, (1, 2, 3, 4))
    assert among(5, (1, 2, 3, 4)).n == 5


def test_the_unit_only_scales() -> None:
    plain, cents = among(0.3, (0.1, 0.2, 0.0)), among(30, (10, 20, 0))
    assert cents.low == pytest.approx(100 * plain.low)


@pytest.mark.parametrize(
    ("own", "others", "said"),
    [
        (1, (1, 2), "at least 3"),
        (math.nan, (1, 2, 3), "not finite"),
        (1, (1, 2, math.nan), "not"),
        (1, (0.0,) * 9, "changed alike"),
    ],
)
def test_it_refuses_what_cannot_be_compared(
    own: float, others: tuple[float, ...], said: str
) -> None:
    with pytest.raises(DesignError, match=said):
        among(own, others)


def test_coverage_holds_where_the_own_area_asked_fewer() -> None:
    """Own noise of variance 1 beside others' 0.1: without `more`, 41 % of intervals would hold."""
    rng = np.random.default_rng(3)
    own, others = rng.normal(0, 1, 2000), rng.normal(0, math.sqrt(0.1), (2000, 12))
    for more, low, high in ((0.9, 0.88, 0.93), (0.0, 0.3, 0.6)):
        found = [among(one, row, more=more) for one, row in zip(own, others, strict=True)]
        assert low < np.mean([item.low <= 0 <= item.high for item in found]) < high


def test_false_alarms_stay_at_the_level() -> None:
    rng = np.random.default_rng(11)
    draws = rng.normal(size=(2000, 10))
    outside = [not (f.low <= 0 <= f.high) for f in (among(row[0], row[1:]) for row in draws)]
    assert np.mean(outside) == pytest.approx(0.10, abs=0.02)
