"""Bounds under unlike trends, by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evaltools.effects import did, dynamics, sensitivity
from evaltools.effects.dynamics import EventStudy
from evaltools.errors import DesignError
from panel_samples import build, mixed, noise, thousands
from release_samples import effect


def event(*before: float, n_after: int = 3) -> EventStudy:
    """Event study with these log ratios before the start, and a fall by a fifth after."""
    ratios = [*np.exp(before), *[0.8] * n_after]
    table = pd.DataFrame({"period": [str(2001 + n) for n in range(len(ratios))], "ratio": ratios})
    table = table.assign(low=0.9, high=1.1, after=[False] * len(before) + [True] * n_after)
    return EventStudy(table, 0.9, 3, 17)


# The periods before sway around one and end there; their largest step is 0.2.
SWAYING = (0.1, -0.1, 0.0)


def test_bounds_are_worked_out_by_hand() -> None:
    """Three periods before and after: their middles are three steps of 0.2 times mbar apart."""
    made = effect(estimate=0.6, low=0.5, high=0.7, left_out_periods=())
    found = sensitivity.relative_magnitudes(made, event(*SWAYING), mbars=(0, 0.5, 1))
    assert found.largest_step == pytest.approx(0.2)
    assert found.table["mbar"].tolist() == [0, 0.5, 1]
    assert found.table["low"].tolist() == pytest.approx([0.5 * math.exp(-r) for r in (0, 0.3, 0.6)])
    assert found.table["high"].tolist() == pytest.approx([0.7 * math.exp(r) for r in (0, 0.3, 0.6)])
    assert found.breakdown == pytest.approx(-math.log(0.7) / 0.6)
    one = sensitivity.relative_magnitudes(made, event(*SWAYING, n_after=1), mbars=(1,))
    drift = math.exp(-0.6) / np.mean(np.exp([0, -0.2, -0.4]))
    assert one.table["high"][0] == pytest.approx(0.7 / drift)


@pytest.mark.parametrize(("low", "high", "touching"), [(0.5, 0.7, "high"), (1.2, 1.9, "low")])
def test_breakdown_is_where_the_bounds_touch_one(low: float, high: float, touching: str) -> None:
    made, before = effect(low=low, high=high), event(*SWAYING)
    edge = sensitivity.relative_magnitudes(made, before).breakdown
    table = sensitivity.relative_magnitudes(made, before, mbars=(edge,)).table
    assert table[touching][0] == pytest.approx(1.0)
    wider = sensitivity.relative_magnitudes(made, before, mbars=(0.99 * edge, 1.01 * edge)).table
    assert [row.low <= 1 <= row.high for row in wider.itertuples()] == [False, True]


@pytest.mark.parametrize(("low", "high"), [(0.8, 1.1), (0.0, math.inf), (0.8, 1.0)])
def test_nothing_breaks_down_that_never_excluded_one(low: float, high: float) -> None:
    made = effect(low=low, high=high)
    assert sensitivity.relative_magnitudes(made, event(*SWAYING)).breakdown == 0


def test_steady_periods_before_leave_the_interval_as_it_is() -> None:
    made = effect(low=0.5, high=0.7)
    found = sensitivity.relative_magnitudes(made, event(0.0, 0.0, 0.0))
    assert (found.table["low"] == 0.5).all()
    assert (found.table["high"] == 0.7).all()
    assert found.breakdown == math.inf


def test_bounds_widen_with_every_multiple() -> None:
    table = sensitivity.relative_magnitudes(effect(), event(0.1, -0.2, 0.0)).table
    assert table["mbar"].tolist() == list(sensitivity.MBARS)
    assert (np.diff(table["low"]) < 0).all()
    assert (np.diff(table["high"]) > 0).all()
    assert table.loc[0, ["low", "high"]].tolist() == pytest.approx([0.7, 0.9])


def test_bounds_do_not_depend_on_order_names_or_unit() -> None:
    made = noise(np.random.default_rng(3), 12, 8, ratio=0.6)
    tables = [
        sensitivity.relative_magnitudes(
            did.rate_ratio(one, measure="x"), dynamics.event_study(one)
        ).table
        for one in (made, mixed(made), thousands(made))
    ]
    for other in tables[1:]:
        np.testing.assert_allclose(other, tables[0], rtol=1e-7)


@pytest.mark.parametrize(
    ("changed", "before", "n"),
    [({"scale": "difference"}, SWAYING, 3), ({}, (0.1,), 1), ({}, (0.1, -math.inf), 1)],
)
def test_bounds_refuse_differences_and_too_few_periods(
    changed: dict[str, str], before: tuple[float, ...], n: int
) -> None:
    message = (
        r"inanspruchnahme_lokal, area SR01: bounds need a ratio and at least 2 periods with cases "
        rf"before the start, there are {n}; deliver earlier periods"
    )
    with pytest.raises(DesignError, match=message):
        sensitivity.relative_magnitudes(effect(**changed), event(*before))


@pytest.mark.parametrize(
    ("left_out", "apart"),
    [((), 3), (("2004",), 4), (("2004", "2005"), 5), (("2000", "2002"), 3), (("2006", "2009"), 3)],
)
def test_periods_left_out_before_the_start_are_steps_as_well(
    left_out: tuple[str, ...], apart: int
) -> None:
    """2001 to 2003 before, the start in 2006: what lies between went on drifting."""
    made = effect(low=0.5, high=0.7, start="2006", left_out_periods=left_out)
    found = sensitivity.relative_magnitudes(made, event(*SWAYING), mbars=(1,))
    assert found.table["high"][0] == pytest.approx(0.7 * math.exp(0.2 * apart))
    assert found.breakdown == pytest.approx(-math.log(0.7) / (0.2 * apart))


@pytest.mark.parametrize("drift", [-0.05, 0.05])
def test_drift_that_only_goes_on_is_not_excluded_at_its_own_step(drift: float) -> None:
    counts = np.full((12, 12), 1000.0)
    counts[0] = 1000 * np.exp(drift * np.arange(12))
    made = build(counts, before=8)
    found = sensitivity.relative_magnitudes(
        did.rate_ratio(made, measure="x"), dynamics.event_study(made), mbars=(0, 0.9, 1)
    )
    assert found.largest_step == pytest.approx(0.05)
    inside = [row.low <= 1 <= row.high for row in found.table.itertuples()]
    assert inside == [False, False, True]
    assert 0.9 < found.breakdown <= 1


def test_what_is_given_is_left_as_it_was() -> None:
    seen = event(*SWAYING)
    table = seen.table.copy(deep=True)
    made = effect()
    sensitivity.relative_magnitudes(made, seen)
    pd.testing.assert_frame_equal(seen.table, table)
    assert replace(made) == made
