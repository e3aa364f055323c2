"""Ranks, scale and interval of the placebo test, by hand and against published figures."""

from __future__ import annotations

import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import nnls

from evaltools.effects import placebo
from evaltools.effects.design import Floats
from evaltools.errors import DesignError

# --- who is treated in turn -----------------------------------------------------------------------


def test_every_set_is_treated_once_and_the_real_one_first() -> None:
    found = placebo.assignments(np.array([2, 4, 5]), 2, "A, B").tolist()
    assert found == [[0, 1], [0, 2], [0, 4], [0, 5], [1, 2], [1, 4], [1, 5], [2, 4], [2, 5], [4, 5]]
    assert placebo.assignments(np.array([1, 3]), 1, "A").tolist() == [[0], [1], [3]]
    assert placebo.assignments(np.array([], dtype=int), 1, "A").tolist() == [[0]]


@pytest.mark.parametrize(("n", "k", "expected"), [(17, 1, 17), (17, 2, 136), (17, 3, 680)])
def test_seventeen_areas_have_this_many_assignments(n: int, k: int, expected: int) -> None:
    assert placebo.assignments(np.arange(k, n), k, "A").shape == (expected, k)


def test_more_assignments_than_can_be_enumerated_are_refused() -> None:
    able = np.arange(3, 68)
    assert len(placebo.assignments(able[:-1], 3, "A, B, C")) == math.comb(67, 3) < 50_000
    message = (
        r"areas A, B, C: 50116 assignments of 3 among 68 areas, at most 50000 are enumerated; "
        "name fewer areas"
    )
    with pytest.raises(DesignError, match=message):
        placebo.assignments(able, 3, "A, B, C")


# --- what makes estimates comparable --------------------------------------------------------------


def test_spread_finds_the_part_that_falls_with_size() -> None:
    sizes = np.array([10.0, 20, 40, 80, 160])
    planted = 0.01 + 0.7 / sizes
    signs = np.array([1, -1, 1, 1, -1])
    np.testing.assert_allclose(placebo.spread(signs * np.sqrt(planted), sizes), planted)


def test_spread_of_equally_noisy_areas_is_one_for_all() -> None:
    found = placebo.spread(np.array([0.2, -0.2, 0.2, -0.2]), np.array([10.0, 20, 30, 900]))
    np.testing.assert_allclose(found, 0.04)


def test_spread_that_would_grow_with_size_is_the_mean() -> None:
    single, sizes = np.array([0.01, 0.02, 0.1, 0.3]), np.array([10.0, 20, 100, 300])
    np.testing.assert_allclose(placebo.spread(single, sizes), (single**2).mean())


def test_spread_is_above_zero_whatever_the_estimates() -> None:
    rng = np.random.default_rng(4)
    for _ in range(50):
        sizes = rng.uniform(1, 500, 8)
        found = placebo.spread(rng.standard_normal(8) * sizes ** rng.uniform(-2, 1), sizes)
        assert (found > 0).all()
        assert (np.diff(found[np.argsort(sizes)]) <= 1e-12 * found.max()).all()
    assert (placebo.spread(np.zeros(3), np.ones(3)) > 0).all()


def test_spread_follows_the_areas_and_not_the_unit_of_size() -> None:
    rng = np.random.default_rng(5)
    single, sizes, order = rng.standard_normal(9), rng.uniform(1, 100, 9), rng.permutation(9)
    found = placebo.spread(single, sizes)
    np.testing.assert_allclose(placebo.spread(single[order], sizes[order]), found[order])
    np.testing.assert_allclose(placebo.spread(single, sizes / 1000), found)
    np.testing.assert_allclose(placebo.spread(3 * single, sizes), 9 * found)


def test_error_of_a_set_weighs_its_areas_by_size() -> None:
    single, sizes = np.array([0.2, -0.2, 0.2]), np.array([10.0, 30, 60])  # all 0.04
    found = placebo.errors(np.array([[0, 1], [1, 2]]), single, sizes)
    by_hand = [0.2 * math.hypot(0.25, 0.75), 0.2 * math.hypot(1 / 3, 2 / 3)]
    assert found.tolist() == pytest.approx(by_hand)
    alone = placebo.errors(np.array([[0], [1], [2]]), single, sizes)
    assert alone.tolist() == pytest.approx([0.2] * 3)


# --- ranks ----------------------------------------------------------------------------------------


def test_rank_counts_ties_against_the_treated_area() -> None:
    assert placebo.rank(2.0, np.array([1.0, 2.0, 3.0])) == 3
    assert placebo.rank(4.0, np.array([1.0, 2.0, 3.0])) == 1
    assert placebo.rank(2.0, np.array([2.0 - 1e-12, 1.0])) == 2  # a tie but for rounding


def test_fall_rank_counts_deeper_falls_and_ties() -> None:
    others = np.array([-3.0, -2.0, 0.5, 4.0])
    assert [placebo.fall_rank(own, others) for own in (-4.0, -3.0, -2.5, 0.0, 1.0, 5.0)] == [
        *(1, 2, 2, 3, 4, 5),
    ]
    assert placebo.fall_rank(-2.0, np.array([-2.0 + 1e-12])) == 2
    assert placebo.fall_rank(2.0, np.array([2.0 + 1e-12])) == 2


def test_ranks_of_all_are_a_permutation_when_none_are_equal() -> None:
    drawn = np.random.default_rng(6).standard_normal(11)
    both = [
        [one(drawn[n], np.delete(drawn, n)) for n in range(11)]
        for one in (placebo.rank, placebo.fall_rank)
    ]
    assert [sorted(ranks) for ranks in both] == [list(range(1, 12))] * 2


# --- interval -------------------------------------------------------------------------------------


def test_sizes_that_are_none_leave_the_bound_open() -> None:
    def sizes(effect: float) -> np.ndarray:
        return np.r_[np.nan if effect > 0.35 else abs(effect) * 5, np.linspace(0.1, 2, 19)]

    low, high = placebo.inverted(sizes, 0.0, 0.9)
    assert low == pytest.approx(-0.38, abs=0.03)
    assert high == np.inf


def fixed(own: float, others: Floats) -> placebo.Callable[[float], Floats]:
    """Placebos that do not change when an effect is removed from the treated area."""
    return lambda effect: np.abs(np.r_[own - effect, others])


@pytest.mark.parametrize(("n_others", "reach"), [(9, 9), (18, 18), (19, 18), (28, 27), (29, 27)])
def test_interval_reaches_to_the_placebo_that_the_level_asks_for(n_others: int, reach: int) -> None:
    # n = 10 to 19: one of them is at most 10 %; n = 20 to 29: two; n = 30: three
    others = np.arange(1.0, n_others + 1) / 10
    low, high = placebo.inverted(fixed(-0.3, others), -0.3, 0.9)
    assert (low, high) == pytest.approx((-0.3 - reach / 10, -0.3 + reach / 10), abs=2e-4)


@pytest.mark.parametrize(
    ("n", "level", "bounded"),
    [(9, 0.9, False), (10, 0.9, True), (19, 0.95, False), (20, 0.95, True), (5, 0.8, True)],
)
def test_too_few_areas_leave_the_interval_open(n: int, level: float, bounded: bool) -> None:
    low, high = placebo.inverted(fixed(-0.3, np.linspace(0.1, 0.2, n - 1)), -0.3, level)
    assert (math.isfinite(low), math.isfinite(high)) == (bounded, bounded)


def test_bound_that_is_not_found_is_infinite() -> None:
    found = placebo.inverted(fixed(0.0, np.full(11, 50.0)), 0.0, 0.9)
    assert found == (-math.inf, math.inf)


def test_further_measures_widen_the_interval_to_their_sizes() -> None:
    others = np.linspace(0.1, 0.5, 11)
    alone = placebo.inverted(fixed(0.0, others), 0.0, 0.9)
    assert alone == pytest.approx((-0.5, 0.5), abs=2e-4)
    assert placebo.inverted(fixed(0.0, others), 0.0, 0.9, others / 2) == alone
    floor = np.r_[0.9, np.zeros(10)]
    wide = placebo.inverted(fixed(0.0, others), 0.0, 0.9, floor)
    assert wide == pytest.approx((-0.9, 0.9), abs=2e-4)


# --- leave two out --------------------------------------------------------------------------------


def test_pairs_that_hold_one_as_conspicuous_are_counted() -> None:
    own = np.array([2.0, 2.0, 2.0, 2.0])
    first, second = np.array([1.0, 3.0, 1.0, 2.0]), np.array([1.5, 0.0, 4.0, 0.0])
    assert placebo.leave_two_out(own, first, second) == 3 / 4
    assert placebo.leave_two_out(own, second, first) == 3 / 4
    assert placebo.leave_two_out(own * 9, first * 9, second * 9) == 3 / 4


def outcome_only(columns: Floats, target: Floats) -> Floats:
    """Weights ≥ 0 with sum 1 that fit the target best: exact, one heavy row for the sum."""
    heavy = 1e4 * columns.max()
    system = np.vstack([columns, np.full(columns.shape[1], heavy)])
    weights = nnls(system, np.append(target, heavy))[0]
    return np.asarray(weights / weights.sum())


def test_proposition_99_as_published(shared: Path) -> None:
    """Lei & Sudijono 2024 (arXiv:2401.07152): 73 of 703 pairs, p = 0.10384.

    Synthetic control of outcomes alone, ratio of the mean squared errors after and before.
    """
    raw = pd.read_csv(shared / "published" / "prop99.csv")
    table = raw.pivot(index="State", columns="Year", values="PacksPerCapita")
    packs = table.loc[["California", *table.index.drop("California")]].to_numpy(float)
    before = np.array(table.columns) < 1989
    assert (before.sum(), len(packs)) == (19, 39)

    def ratio(row: int, donors: Floats) -> float:
        weights = outcome_only(donors[:, before].T, packs[row, before])
        error = (packs[row] - weights @ donors) ** 2
        return float(error[~before].mean() / error[before].mean())

    ratios = []
    for pair in combinations(range(1, 39), 2):
        donors = np.delete(packs, (0, *pair), axis=0)
        ratios.append([ratio(row, donors) for row in (0, *pair)])
    share = placebo.leave_two_out(*np.array(ratios).T)
    assert round(share * 703, 9) == 73
    assert share == pytest.approx(0.10384, abs=5e-6)


@pytest.mark.parametrize(("n", "offset"), [(39, 0.002), (17, 0.0125)])
def test_bound_allows_the_published_powered_offset(n: int, offset: float) -> None:
    """Lei & Sudijono 2024: the level may be raised by c(n, 5 %) at no cost, and by no more."""
    bound = placebo.leave_two_out_bound(n, 0.05)
    assert bound * n == pytest.approx(round(bound * n), abs=1e-9)
    assert placebo.leave_two_out_bound(n, 0.05 + offset - 1e-4) == bound
    assert placebo.leave_two_out_bound(n, 0.05 + offset + 5e-4) == pytest.approx(bound + 1 / n)


@pytest.mark.parametrize("n", [5, 12, 17, 39, 60])
def test_bound_holds_where_the_order_of_areas_does_not_depend_on_the_pair(n: int) -> None:
    sizes = np.arange(n)
    shares = []
    for own in range(n):
        first, second = np.array(list(combinations(np.delete(sizes, own), 2))).T
        shares.append(placebo.leave_two_out(np.full(len(first), own), first, second))
    for alpha in (0.01, 0.05, 0.1, 0.2):
        reached = np.mean(np.array(shares) <= alpha)
        assert reached <= placebo.leave_two_out_bound(n, alpha) + 1e-12


def test_bound_grows_with_the_level_and_stays_near_it() -> None:
    for n in (10, 17, 39, 200):
        bounds = [placebo.leave_two_out_bound(n, alpha) for alpha in np.linspace(0.01, 0.3, 30)]
        assert (np.diff(bounds) >= 0).all()
        assert all(0 <= bound <= 0.5 for bound in bounds)
    # with many areas the finer ranks cost next to nothing
    assert placebo.leave_two_out_bound(2000, 0.05) == pytest.approx(0.05, abs=0.003)


def test_arrays_are_left_as_they_were() -> None:
    rng = np.random.default_rng(8)
    single, sizes, other = rng.standard_normal(6), rng.uniform(1, 9, 6), rng.standard_normal(6)
    able = np.arange(1, 6)
    before = [array.copy() for array in (single, sizes, other, able)]
    placebo.spread(single, sizes)
    placebo.errors(placebo.assignments(able, 1, "A"), single, sizes)
    placebo.rank(1.0, single)
    placebo.fall_rank(1.0, single)
    placebo.inverted(lambda effect: np.abs(single - effect), 0.0, 0.7, other[1:])
    placebo.leave_two_out(single, sizes, other)
    for array, copy in zip((single, sizes, other, able), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_an_effect_that_cannot_be_fitted_leaves_the_bound_open() -> None:
    def sizes(effect: float) -> np.ndarray:
        if effect > 1:
            raise DesignError("the Poisson fit did not converge")
        return np.array([5.0 if effect < -0.5 else 0.0, *np.ones(10)])

    low, high = placebo.inverted(sizes, 0.0, 0.9)
    assert low == pytest.approx(-0.5, abs=1e-3)
    assert high == np.inf
