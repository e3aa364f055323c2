"""Rates before and after: sum over sum of what is known."""

from __future__ import annotations

import dataclasses
import math

import pandas as pd
import pytest

from evaltools.errors import DesignError
from evaltools.measures.change import Change, change


@pytest.fixture
def three_years() -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "period": ["2016", "2017", "2018", "2018"],
            "numerator": [10, 99, 6, None],
            "denominator": [100, 100, 50, 50],
        }
    )
    return frame.astype({"numerator": "Float64", "denominator": "Float64"})


def test_change_is_sum_over_sum_of_what_is_known(three_years: pd.DataFrame) -> None:
    found = change("Bund", three_years, start="2018", left_out=("2017",))
    assert (found.count_before, found.base_before) == (10, 100)
    assert (found.count_after, found.base_after) == (6, 50)
    assert found.ratio == pytest.approx(1.2)


def test_change_does_not_depend_on_order_or_unit(three_years: pd.DataFrame) -> None:
    other = three_years.iloc[::-1].assign(denominator=three_years["denominator"] / 1000)
    found = change("Bund", other, start="2018", left_out=("2017",))
    assert found.ratio == pytest.approx(1.2)


def test_change_refuses_one_side_only(three_years: pd.DataFrame) -> None:
    with pytest.raises(DesignError, match=r"Bund: nothing is known on one side of 2019"):
        change("Bund", three_years, start="2019")


def test_change_leaves_the_frame_as_it_was(three_years: pd.DataFrame) -> None:
    before = three_years.copy(deep=True)
    change("Bund", three_years, start="2018", left_out=("2017",))
    pd.testing.assert_frame_equal(three_years, before)


def test_rates_are_count_over_base_on_either_side(three_years: pd.DataFrame) -> None:
    found = change("Bund", three_years, start="2018")
    assert (found.before, found.after) == (109 / 200, 6 / 50)
    assert found.ratio == pytest.approx(found.after / found.before)
    assert found.label == "Bund"


def test_ratio_is_nan_when_nothing_was_counted_before() -> None:
    assert math.isnan(Change("Bund", 0, 5, 100, 100).ratio)
    assert Change("Bund", 5, 0, 100, 100).ratio == 0


def test_change_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Change("Bund", 1, 1, 1, 1).count_after = 2  # type: ignore[misc]
