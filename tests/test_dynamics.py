"""Period by period: what is planted shows where it was planted, and noise stays in its band."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import statsmodels.api as sm

from evaltools.effects import did, dynamics
from evaltools.effects.design import Floats, Panel
from evaltools.errors import DesignError
from panel_samples import build, mixed, noise, thousands, turned

SEED = 20240131


@pytest.fixture(scope="module")
def twenty_one_areas() -> Panel:
    return noise(np.random.default_rng(SEED), 21, 12)


@pytest.fixture(scope="module")
def two_treated() -> Panel:
    return noise(np.random.default_rng(SEED), 9, 10, k=2)


def others_path(made: Panel, own: list[int]) -> Floats:
    """Period factors of the other areas alone, by statsmodels."""
    counts, base = (np.delete(part, own, axis=0) for part in (made.counts, made.exposure))
    area, period = (axis.ravel() for axis in np.indices(counts.shape))
    columns = [area == place for place in range(len(counts))]
    columns += [period == place for place in range(1, counts.shape[1])]
    found = sm.GLM(
        counts.ravel(),
        np.column_stack(columns).astype(float),
        family=sm.families.Poisson(),
        offset=np.log(base.ravel()),
    ).fit(tol=1e-14, maxiter=200)
    return np.exp(np.r_[0.0, found.params[len(counts) :]])


# --- event study ----------------------------------------------------------------------------------


def test_constant_ratio_gives_ones() -> None:
    """All areas move alike, whatever their level and base: nothing to be seen."""
    path = np.array([10.0, 12, 8, 20, 5, 9])
    counts = np.array([3.0, 1, 2, 5, 1])[:, None] * path
    exposure = np.array([1000.0, 700, 500, 3000, 80])[:, None] * np.ones(6)
    found = dynamics.event_study(build(counts, exposure, before=4))
    np.testing.assert_allclose(found.table["ratio"], 1.0)
    assert found.table["period"].tolist() == ["2001", "2002", "2003", "2004", "2005", "2006"]
    assert found.table["after"].tolist() == [False] * 4 + [True] * 2


def test_ratios_are_worked_out_by_hand() -> None:
    """Two treated areas against two others that double: own rate over theirs, before is one."""
    own = [[10.0, 30, 20, 40], [10, 10, 20, 40]]
    others = [[50.0, 50, 50, 100], [10, 10, 10, 20], [30, 30, 30, 60]]
    found = dynamics.event_study(build(np.array(own + others), before=3, k=2))
    mean = (20 + 40 + 40) / 3
    by_hand = [20 / mean, 40 / mean, 40 / mean, 80 / 2 / mean]
    assert found.table["ratio"].tolist() == pytest.approx(by_hand)
    assert found.n == math.comb(5, 2)


def test_planted_effect_shows_after_and_not_before() -> None:
    made = noise(np.random.default_rng(SEED), 21, 12)
    counts = made.counts.copy()
    counts[0] = 0.02 * made.exposure[0] * others_path(made, [0])
    counts[0, made.after] *= 0.5
    found = dynamics.event_study(replace(made, counts=counts))
    np.testing.assert_allclose(found.table["ratio"], np.where(made.after, 0.5, 1.0), rtol=1e-7)
    table = found.table
    inside = (table["low"] <= table["ratio"]) & (table["ratio"] <= table["high"])
    assert inside[~made.after].all()
    assert not inside[made.after].any()
    assert found.rank == found.n == 21


@pytest.mark.parametrize("level", [0.9, 0.52])
def test_band_holds_the_share_of_areas_that_the_level_asks_for(
    twenty_one_areas: Panel, level: float
) -> None:
    inside, moves = [], []
    for row in range(21):
        found = dynamics.event_study(turned(twenty_one_areas, [row]), level=level)
        logs, reach = np.log(found.table["ratio"]).abs(), np.log(found.table["high"])
        np.testing.assert_allclose(np.log(found.table["low"]), -reach)
        inside.append(logs <= reach * (1 + 1e-9))
        moves.append(found.rank)
    shares = np.mean(inside, axis=0)
    # the band is that of the twenty others, so that it tells nothing of the area itself
    assert shares == pytest.approx([(math.ceil(19 * level) + 1) / 21] * 12)
    assert sorted(moves) == list(range(1, 22))  # without an effect each rank is equally likely
    assert (found.level, found.p) == (level, moves[-1] / 21)


def test_movement_before_the_start_gets_the_first_rank(twenty_one_areas: Panel) -> None:
    counts = twenty_one_areas.counts.copy()
    counts[0, [0, 2, 4]] *= 4
    assert dynamics.event_study(replace(twenty_one_areas, counts=counts)).rank == 1


def test_period_without_a_case_has_the_ratio_nought_and_no_infinity(two_treated: Panel) -> None:
    counts = two_treated.counts.copy()
    counts[:2, 3] = 0
    found = dynamics.event_study(replace(two_treated, counts=counts))
    assert found.table["ratio"][3] == 0
    assert np.isfinite(found.table[["low", "high"]]).all(axis=None)


# --- pre-trend ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["twenty_one_areas", "two_treated"])
def test_slope_equals_the_glm_of_statsmodels(name: str, request: pytest.FixtureRequest) -> None:
    made: Panel = request.getfixturevalue(name)
    own, before = list(range(len(made.starts))), ~made.after
    offset = made.exposure[own].sum(0) * others_path(made, own)
    design = sm.add_constant(np.arange(float(before.sum())))
    theirs = sm.GLM(
        made.counts[own].sum(0)[before],
        design,
        family=sm.families.Poisson(),
        offset=np.log(offset[before]),
    ).fit(tol=1e-14)
    found = dynamics.pre_trend(made)
    assert math.log(found.ratio_per_period) == pytest.approx(theirs.params[1], abs=1e-8)


def test_rank_is_that_of_the_slopes_over_their_quasi_poisson_errors(two_treated: Panel) -> None:
    before, sizes = ~two_treated.after, []
    design = sm.add_constant(np.arange(float(before.sum())))
    for own in combinations(range(9), 2):
        rows = list(own)
        offset = two_treated.exposure[rows].sum(0) * others_path(two_treated, rows)
        found = sm.GLM(
            two_treated.counts[rows].sum(0)[before],
            design,
            family=sm.families.Poisson(),
            offset=np.log(offset[before]),
        ).fit(tol=1e-14)
        scale = max(1.0, found.pearson_chi2 / found.df_resid)
        sizes.append(abs(found.tvalues[1]) / math.sqrt(scale))
    ours = [dynamics.pre_trend(turned(two_treated, own)) for own in combinations(range(9), 2)]
    by_size = (-np.array(sizes)).argsort().argsort() + 1
    assert [one.rank for one in ours] == by_size.tolist()


@pytest.mark.parametrize("factor", [1.2, 0.8])
@pytest.mark.parametrize("k", [1, 2])
def test_planted_drift_gets_the_first_rank(factor: float, k: int) -> None:
    made = noise(np.random.default_rng(SEED), 12, 14, k=k)
    counts = made.counts.copy()
    path = 0.1 * made.exposure[:k] * others_path(made, list(range(k)))
    counts[:k] = path * factor ** np.arange(14)
    found = dynamics.pre_trend(replace(made, counts=counts))
    assert found.ratio_per_period == pytest.approx(factor, rel=1e-6)
    assert (found.rank, found.n) == (1, math.comb(12, k))


def test_without_drift_every_rank_is_equally_likely() -> None:
    made = noise(np.random.default_rng(SEED), 13, 12)
    ranks = [dynamics.pre_trend(turned(made, [row])).rank for row in range(13)]
    assert sorted(ranks) == list(range(1, 14))


def test_areas_with_cases_in_one_period_only_have_no_slope() -> None:
    made = noise(np.random.default_rng(5), 12, 8)
    counts = made.counts.copy()
    counts[3, :3] = 0
    counts[4, 1:4] = 0
    counts[5, :2] = 0
    assert dynamics.pre_trend(replace(made, counts=counts)).n == 10


def test_pre_trend_refuses_a_single_period_with_cases() -> None:
    made = noise(np.random.default_rng(5), 12, 8)
    counts = made.counts.copy()
    counts[0, :3] = 0
    message = (
        r"area A00: 1 periods before 2005 have a case; the pre-trend needs at least 2, so merge"
    )
    with pytest.raises(DesignError, match=message) as refused:
        dynamics.pre_trend(replace(made, counts=counts))
    assert refused.value.german == "Vor dem Beginn gibt es zu wenige Zeiträume mit Fällen."


# --- sets that cannot be followed -----------------------------------------------------------------


def only_in(row: int | slice, *periods: int, k: int = 1) -> Panel:
    """Twelve areas of which one alone has cases in some periods."""
    made = noise(np.random.default_rng(5), 12, 8, k=k)
    counts = made.counts.copy()
    kept = counts[row][..., list(periods)].copy()
    counts[:, list(periods)] = 0
    counts[row, list(periods)] = kept
    return replace(made, counts=counts)


@pytest.mark.parametrize("period", [1, 6])
def test_area_that_alone_has_cases_in_a_period_is_no_placebo(period: int) -> None:
    made = only_in(4, period)
    found = dynamics.event_study(made)
    assert found.n == 11
    assert np.isfinite(found.table[["ratio", "low", "high"]]).all(axis=None)
    drift = dynamics.pre_trend(made)
    assert drift.n == (11 if period < 4 else 12)  # the slope looks at the time before alone
    assert math.isfinite(drift.ratio_per_period)


def test_pair_that_alone_has_cases_in_a_period_is_no_placebo() -> None:
    made = only_in(slice(4, 6), 1, k=2)
    assert dynamics.event_study(made).n == math.comb(12, 2) - 1
    assert dynamics.pre_trend(made).n == math.comb(12, 2) - 1


@pytest.mark.parametrize("estimate", [dynamics.event_study, dynamics.pre_trend])
def test_treated_area_that_alone_has_cases_in_a_period_is_refused(
    estimate: Callable[[Panel], object],
) -> None:
    with pytest.raises(DesignError, match=r"comparison of area A00: no case in 2002;") as refused:
        estimate(only_in(0, 1))
    assert refused.value.german == "In den Vergleichsräumen gibt es zu wenige Fälle."


# --- leave two out --------------------------------------------------------------------------------


def test_leave_two_out_is_worked_out_pair_by_pair() -> None:
    """Each of a triple against the areas outside it, in units of its own error."""
    made = noise(np.random.default_rng(19), 7, 6, ratio=0.8)
    rare = np.array([30, 3, 1, 12, 2, 5, 1])[:, None]  # the rarer the cases, the noisier the area
    made = replace(made, counts=np.random.default_rng(19).poisson(made.counts / rare) + 1.0)
    error, after = did.placebos(made).error, made.after
    assert error.max() > 1.5 * error.min()
    lost = []
    for pair in combinations(range(1, 7), 2):
        triple = [0, *pair]
        base = made.exposure * others_path(made, triple)
        ratio = made.counts[:, after].sum(1) / base[:, after].sum(1)
        ratio /= made.counts[:, ~after].sum(1) / base[:, ~after].sum(1)
        sizes = np.abs(np.log(ratio)) / error
        lost.append(sizes[0] <= max(sizes[list(pair)]))
    assert dynamics.leave_two_out(made) == pytest.approx(np.mean(lost))
    assert 0 < np.mean(lost) < 1


def test_large_effect_loses_no_pair() -> None:
    made = noise(np.random.default_rng(SEED), 12, 8, ratio=0.2)
    assert dynamics.leave_two_out(made) == 0


def test_areas_that_cannot_be_treated_enter_no_pair() -> None:
    made = noise(np.random.default_rng(22), 9, 8)
    counts = made.counts.copy()
    counts[4, made.after] = 0
    share = dynamics.leave_two_out(replace(made, counts=counts))
    assert share * math.comb(7, 2) == pytest.approx(round(share * math.comb(7, 2)))


@pytest.mark.parametrize(
    ("n", "k", "message"),
    [
        (12, 2, r"area A00, A01: leaving two out needs one treated area and at least 5 that could"),
        (4, 1, r"area A00: leaving two out .* at least 5 that could be; name more areas under"),
    ],
)
def test_leave_two_out_refuses_several_treated_or_few_areas(n: int, k: int, message: str) -> None:
    with pytest.raises(DesignError, match=message) as refused:
        dynamics.leave_two_out(noise(np.random.default_rng(5), n, 8, k=k))
    german = "Für das Auslassen je zweier Räume gibt es zu wenige Räume."
    assert refused.value.german == german
    assert 0 <= dynamics.leave_two_out(noise(np.random.default_rng(5), 5, 8)) <= 1


# --- all three ------------------------------------------------------------------------------------


def summary(made: Panel) -> list[float]:
    event, drift = dynamics.event_study(made), dynamics.pre_trend(made)
    table = event.table[["ratio", "low", "high"]].to_numpy().ravel()
    shares = [dynamics.leave_two_out(made)] if len(made.starts) == 1 else []
    return [*table, event.rank, event.n, drift.ratio_per_period, drift.rank, drift.n, *shares]


@pytest.mark.parametrize("name", ["twenty_one_areas", "two_treated"])
@pytest.mark.parametrize("change", [mixed, thousands])
def test_order_names_and_units_do_not_matter(
    name: str, change: Callable[[Panel], Panel], request: pytest.FixtureRequest
) -> None:
    made: Panel = request.getfixturevalue(name)
    assert summary(change(made)) == pytest.approx(summary(made), rel=1e-7)


@pytest.mark.parametrize(
    "estimate", [dynamics.event_study, dynamics.pre_trend, dynamics.leave_two_out]
)
def test_different_starts_are_refused(estimate: Callable[[Panel], object]) -> None:
    made = replace(noise(np.random.default_rng(4), 12, 8, k=2), starts=("2005", "2006"))
    with pytest.raises(DesignError, match=r"areas A00, A01 start at 2005, 2006: .*staggered"):
        estimate(made)


def test_panel_is_left_as_it_was(twenty_one_areas: Panel) -> None:
    counts, exposure = twenty_one_areas.counts.copy(), twenty_one_areas.exposure.copy()
    summary(twenty_one_areas)
    np.testing.assert_array_equal(twenty_one_areas.counts, counts)
    np.testing.assert_array_equal(twenty_one_areas.exposure, exposure)
