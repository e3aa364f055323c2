"""Means, shares and differences of answers, as published elsewhere; few persons get no interval."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import DesignError
from evaltools.measures import scales

# Student 1908, table on p. 20 (doi:10.1093/biomet/6.1.1): hours of sleep gained; R's `sleep`
FIRST = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
SECOND = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
WIDE = (-10.0, 10.0)


def test_welch_gives_the_interval_that_r_prints_for_student_s_sleep() -> None:
    low, high = scales.welch(SECOND, FIRST, WIDE)
    assert (round(low, 7), round(high, 7)) == (-3.3654832, 0.2054832)


def test_the_mean_has_the_interval_that_r_prints_for_student_s_sleep() -> None:
    found = scales.mean(FIRST, WIDE)
    assert (found.n, round(found.mean, 2), round(found.sd, 6)) == (10, 0.75, 1.789010)
    assert (round(found.low, 7), round(found.high, 7)) == (-0.5297804, 2.0297804)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_newcombe_s_table(k: int, n: int, low: float, high: float) -> None:
    """Newcombe 1998, table I, method 3 (score interval)."""
    found = scales.wilson(k, n)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)
    assert found.share == k / n


def test_intervals_end_where_the_scale_ends() -> None:
    high = scales.mean(np.array([5.0, 5, 5, 5, 4]), (1, 5))
    assert high.high == 5 and 4 < high.low < 4.8
    ends = scales.welch(np.array([1.0, 1, 1, 1, 2]), np.array([5.0, 5, 5, 5, 1]), (1, 5))
    assert ends[1] == 4


def test_few_or_equal_answers_have_no_interval() -> None:
    four, same = np.array([1.0, 2, 4, 5]), np.full(9, 3.0)
    for values in (four, same):
        assert math.isnan(scales.mean(values, (1, 5)).low)
        assert math.isnan(scales.welch(values, FIRST, WIDE)[0])
        assert math.isnan(scales.welch(FIRST, values, WIDE)[1])
    assert not math.isnan(scales.mean(np.array([1.0, 2, 4, 5, 5]), (1, 5)).low)
    assert math.isnan(scales.wilson(2, 4).low) and scales.wilson(2, 4).share == 0.5


def test_nobody_and_one_person() -> None:
    none = scales.mean(np.array([]), (1, 5))
    assert none.n == 0 and math.isnan(none.mean) and math.isnan(none.sd)
    one = scales.mean(np.array([4.0]), (1, 5))
    assert one.mean == 4 and math.isnan(one.sd)
    assert math.isnan(scales.wilson(0, 0).share)


def test_top_two_counts_the_two_highest_points() -> None:
    found = scales.top_two(np.array([1.0, 3, 4, 5, 5]), (1, 5), "x")
    assert (found.k, found.n) == (3, 5)


@pytest.mark.parametrize(
    ("values", "scale"),
    [([3.5], (1, 5)), ([0.2], (0, 1.5)), ([1.0], (1, 2)), ([1.5], (0.5, 5.5))],
)
def test_top_two_refuses_scales_without_points(
    values: list[float], scale: tuple[float, float]
) -> None:
    with pytest.raises(DesignError, match="whole answers and at least 3 points"):
        scales.top_two(np.array(values), scale, "x")


def test_rescaling_keeps_the_ends() -> None:
    found = scales.rescaled(np.array([1.0, 2.5, 4]), (1, 4), (0, 100))
    assert found.tolist() == [0, 50, 100]
    with pytest.raises(DesignError, match="scale 5 to 1"):
        scales.rescaled(found, (0, 100), (5, 1))


def _rows(agreement: list[float | None], low: list[float], high: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"agreement": agreement, "scale_min": low, "scale_max": high})


def test_answers_are_known_ones_on_one_scale() -> None:
    rows = _rows([2, None, 5], [1] * 3, [5] * 3)
    scale, values = scales.answers(rows, "x")
    assert scale == (1, 5) and values.tolist() == [2, 5]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (_rows([2, 3], [1, 1], [5, 6]), "scales 1 to 5; 1 to 6"),
        (_rows([2], [5], [1]), "scales 5 to 1"),
        (_rows([6], [1], [5]), "outside the scale 1 to 5"),
        (_rows([0], [1], [5]), "outside the scale 1 to 5"),
        (_rows([], [], []), "scales none"),
    ],
)
def test_answers_that_do_not_fit_are_refused(rows: pd.DataFrame, message: str) -> None:
    with pytest.raises(DesignError, match=message):
        scales.answers(rows, "x")
