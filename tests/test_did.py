"""The estimator equals a GLM, its rank counts the placebos, its interval inverts the test."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evaltools.effects import did, placebo
from evaltools.effects.design import Floats, Panel, panel
from evaltools.effects.results import Effect
from evaltools.errors import DesignError

RNG_SEED = 20240131


def build(counts: Floats, exposure: Floats | None = None, *, before: int) -> Panel:
    """Panel of areas A00, A01, … over 2001, 2002, …, the first one treated."""
    exposure = np.full(counts.shape, 1000.0) if exposure is None else exposure
    areas = tuple(f"A{place:02d}" for place in range(len(counts)))
    periods = tuple(str(2001 + n) for n in range(counts.shape[1]))
    return Panel(counts.astype(float), exposure, areas, periods, str(2001 + before), {}, ())


def noise(rng: np.random.Generator, n: int, periods: int, *, ratio: float = 1.0) -> Panel:
    """Counts around 60 with area levels and year shocks; `ratio` holds for A00 from the middle."""
    before = periods // 2
    mean = 60 * rng.uniform(0.4, 2, n)[:, None] * np.exp(0.1 * rng.standard_normal(periods))
    mean = mean * np.exp(0.1 * rng.standard_normal(mean.shape))
    mean[0, before:] *= ratio
    return build(rng.poisson(mean) + 1.0, before=before)


@pytest.fixture(scope="module")
def seventeen_areas() -> Panel:
    return noise(np.random.default_rng(RNG_SEED), 17, 12, ratio=0.8)


@pytest.fixture(scope="module")
def effect(seventeen_areas: Panel) -> Effect:
    return did.rate_ratio(seventeen_areas, measure="x")


# --- point and standard error ---------------------------------------------------------------------


def glm(counts: Floats, exposure: Floats, treated: int, after: np.ndarray) -> tuple[float, ...]:
    """Fit the same model with statsmodels: dummies, log offset, Pearson scale."""
    n, periods = counts.shape
    area, period = (axis.ravel() for axis in np.indices(counts.shape))
    columns = [area == place for place in range(n)]
    columns += [period == place for place in range(1, periods)]
    columns += [(area == treated) & after[period]]
    made = sm.GLM(
        counts.ravel(),
        np.column_stack(columns).astype(float),
        family=sm.families.Poisson(),
        offset=np.log(exposure.ravel()),
    ).fit(scale="X2", tol=1e-13, maxiter=200)
    return made.params[-1], made.bse[-1], made.scale


@st.composite
def panels(draw: st.DrawFn) -> tuple[Floats, Floats, int]:
    n, periods = draw(st.integers(3, 6)), draw(st.integers(3, 7))
    before = draw(st.integers(1, periods - 1))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    mean = draw(st.sampled_from([4, 30, 400]))
    exposure = rng.uniform(200, 5000, (n, periods))
    return rng.poisson(mean * rng.uniform(0.5, 2, (n, periods))) + 1.0, exposure, before


@settings(max_examples=40, deadline=None, derandomize=True)
@given(panels())
def test_fit_equals_the_glm_of_statsmodels(made: tuple[Floats, Floats, int]) -> None:
    counts, exposure, before = made
    after = np.arange(counts.shape[1]) >= before
    found = did.fit(counts, exposure, np.arange(len(counts)), after)
    for treated in range(len(counts)):
        point, error, scale = glm(counts, exposure, treated, after)
        assert found.log_ratio[treated] == pytest.approx(point, abs=1e-8)
        assert found.error[treated] == pytest.approx(error, rel=1e-8)
        assert found.dispersion[treated] == pytest.approx(scale, rel=1e-8)


def test_fit_of_two_periods_is_the_ratio_of_ratios_worked_out_by_hand() -> None:
    counts = np.array([[100.0, 60], [50, 55], [50, 45], [100, 100]])
    found = did.fit(counts, np.ones((4, 2)), np.array([0]), np.array([False, True]))
    pearson = (2 * 2.5**2 / 52.5 + 2 * 2.5**2 / 47.5) / 2  # 8 cells − 4 areas − 1 period − 1
    variance = pearson * (1 / 100 + 1 / 60 + 1 / 200 + 1 / 200)
    assert math.exp(found.log_ratio[0]) == pytest.approx((60 / 100) / (200 / 200), rel=1e-10)
    assert found.dispersion[0] == pytest.approx(pearson, rel=1e-10)
    assert found.error[0] == pytest.approx(math.sqrt(variance), rel=1e-10)
    np.testing.assert_allclose(found.expected[0, 1], [52.5, 52.5], rtol=1e-10)


@pytest.mark.parametrize(
    ("counts", "exposure", "message"),
    [
        ([[1, 1], [0, 0], [1, 1]], 1, r"no case in row 1 of the panel .* leave out or merge"),
        ([[1, 0], [1, 0], [1, 0]], 1, r"no case in column 1 of the panel .* at least one case"),
        ([[1, 1], [1, 1], [1, 1]], 0, r"a base of zero in row 0, 1, 2 of the panel"),
        ([[1, 2], [2, 1]], 1, r"2 areas × 2 periods leave no degree of freedom"),
    ],
)
def test_fit_refuses_what_has_no_estimate(
    counts: list[list[int]], exposure: float, message: str
) -> None:
    table = np.array(counts, dtype=float)
    with pytest.raises(DesignError, match=message):
        did.fit(
            table, np.full(table.shape, float(exposure)), np.array([0]), np.array([False, True])
        )


# --- published ------------------------------------------------------------------------------------


def test_organ_donations_of_california(shared: Path) -> None:
    """Kessler & Roth 2014: −0.022 and placebo rank 5 of 27 belong to the linear model of shares.

    Our estimator is a ratio of rates: California fell by 6.1 % against the others, and five states
    moved as much; the conclusion is the same (nothing stands out), the rank is not.
    """
    raw = pd.read_csv(shared / "published" / "organ_donations.csv")
    raw["period"] = raw["Quarter"].str[2:] + "-" + raw["Quarter"].str[:2]
    after = raw["period"] >= "2011-Q3"
    means = raw.groupby(["State", after])["Rate"].mean().unstack()
    rise = means[True] - means[False]
    linear = rise - (rise.sum() - rise) / (len(rise) - 1)
    assert linear["California"] == pytest.approx(-0.022, abs=5e-4)
    assert int((linear.abs() >= abs(linear["California"]) - 1e-12).sum()) == 5

    values = raw.rename(columns={"State": "area_id", "Rate": "numerator"}).assign(denominator=1.0)
    built = panel(
        values, treated="California", start="2011-Q3", comparison=sorted(set(raw["State"]))
    )
    found = did.rate_ratio(built, measure="Rate")
    assert found.estimate == pytest.approx(0.9392, abs=5e-5)
    assert (found.rank, found.n) == (6, 27)
    logs = found.placebos["estimate"].map(math.log).abs()
    assert int((logs >= logs[0] - 1e-12).sum()) == 6  # the studentising is not the reason


# --- rank and interval ----------------------------------------------------------------------------


def test_rank_counts_ties_against_the_treated_area() -> None:
    assert placebo.rank(2.0, np.array([1.0, 2.0, 3.0])) == 3
    assert placebo.rank(4.0, np.array([1.0, 2.0, 3.0])) == 1


@pytest.mark.parametrize(("n_others", "reach"), [(9, 9), (18, 18), (19, 18), (28, 27), (29, 27)])
def test_interval_reaches_to_the_placebo_that_the_level_asks_for(n_others: int, reach: int) -> None:
    # n = 10 to 19: one of them is at most 10 %; n = 20 to 29: two; n = 30: three
    sizes = np.arange(1.0, n_others + 1)
    low, high = placebo.interval(math.log(0.8), 0.01, sizes, 0.9)
    assert (low, high) == pytest.approx(
        (0.8 * math.exp(-0.01 * reach), 0.8 * math.exp(0.01 * reach))
    )


def test_fewer_than_ten_areas_leave_the_interval_open() -> None:
    assert placebo.interval(-0.5, 0.01, np.arange(1.0, 9.0), 0.9) == (0.0, math.inf)
    small = did.rate_ratio(noise(np.random.default_rng(1), 9, 8, ratio=0.3), measure="x")
    assert (small.low, small.high, small.rank) == (0.0, math.inf, 1)
    assert small.p == small.p_floor == 1 / 9


def test_every_assignment_is_a_fit_of_the_whole_panel(
    seventeen_areas: Panel, effect: Effect
) -> None:
    after = seventeen_areas.after
    counts, exposure = seventeen_areas.counts, seventeen_areas.exposure
    rows = [glm(counts, exposure, place, after) for place in range(len(counts))]
    points, errors = np.array(rows)[:, 0], np.array(rows)[:, 1]
    assert effect.placebos["area_id"].tolist() == list(seventeen_areas.areas)
    np.testing.assert_allclose(effect.placebos["estimate"], np.exp(points), rtol=1e-8)
    sizes = np.abs(points / errors)
    np.testing.assert_allclose(effect.placebos["studentised"].abs(), sizes, rtol=1e-7)
    assert effect.rank == (sizes >= sizes[0]).sum()
    assert (effect.n, effect.p_floor) == (17, 1 / 17)


def test_interval_inverts_the_test(seventeen_areas: Panel, effect: Effect) -> None:
    """An effect at a bound is just not rejected: the counts are shifted by it and fitted again."""
    sizes = effect.placebos["studentised"].abs().to_numpy()[1:]
    for bound, outward in ((effect.low, 1 / 1.001), (effect.high, 1.001)):
        for shift, rejected in ((bound, False), (bound * outward, True), (bound / outward, False)):
            counts = seventeen_areas.counts.copy()
            counts[0, seventeen_areas.after] /= shift
            again = did.fit(
                counts, seventeen_areas.exposure, np.array([0]), seventeen_areas.after
            ).log_ratio[0]
            assert again == pytest.approx(math.log(effect.estimate / shift), abs=1e-8)
            size = abs(math.log(effect.estimate / shift)) / effect.error
            assert (placebo.rank(size, sizes) / effect.n <= 0.1) == rejected


def test_p_of_ten_percent_and_interval_without_one_are_the_same_test() -> None:
    rng = np.random.default_rng(7)
    for ratio in (1.0, 0.95, 0.85, 0.7, 1.2):
        found = did.rate_ratio(noise(rng, 12, 8, ratio=ratio), measure="x")
        assert (found.p <= 0.1) == (not found.low <= 1 <= found.high)


def test_area_without_a_case_after_is_no_placebo() -> None:
    made = noise(np.random.default_rng(3), 12, 8)
    counts = made.counts.copy()
    counts[5, made.after] = 0
    found = did.rate_ratio(replace(made, counts=counts), measure="x")
    assert found.n == 11
    assert "A05" not in set(found.placebos["area_id"])


def test_counterfactual_has_the_counts_that_the_ratio_says(
    seventeen_areas: Panel, effect: Effect
) -> None:
    after = seventeen_areas.after
    observed, expected = effect.series["observed"], effect.series["counterfactual"]
    assert observed[after].sum() / expected[after].sum() == pytest.approx(effect.estimate)
    assert observed[~after].sum() == pytest.approx(expected[~after].sum())


def test_own_and_comparison_change_are_sum_over_sum(seventeen_areas: Panel, effect: Effect) -> None:
    sums = seventeen_areas.counts[1:, seventeen_areas.after].sum()
    assert effect.changes["comparison"].count_after == sums
    assert effect.changes["own"].base_before == 6000


# --- invariance -----------------------------------------------------------------------------------


def same(one: Effect, other: Effect) -> None:
    for name in ("estimate", "error", "low", "high", "rank", "n", "dispersion"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-8), name
    assert one.pre_trend.rank == other.pre_trend.rank
    assert one.pre_trend.ratio_per_period == pytest.approx(other.pre_trend.ratio_per_period)


def test_order_of_comparison_areas_does_not_matter(seventeen_areas: Panel, effect: Effect) -> None:
    order = [0, *np.random.default_rng(1).permutation(np.arange(1, 17))]
    mixed = replace(
        seventeen_areas,
        counts=seventeen_areas.counts[order],
        exposure=seventeen_areas.exposure[order],
        areas=tuple(f"neu-{place}" for place in order),
    )
    same(did.rate_ratio(mixed, measure="x"), effect)


def test_unit_of_the_population_does_not_matter(seventeen_areas: Panel, effect: Effect) -> None:
    thousands = replace(seventeen_areas, exposure=seventeen_areas.exposure / 1000)
    same(did.rate_ratio(thousands, measure="x"), effect)


def test_unit_of_the_counts_does_not_matter_for_the_judgement(
    seventeen_areas: Panel, effect: Effect
) -> None:
    shares = replace(seventeen_areas, counts=seventeen_areas.counts / 100)
    found = did.rate_ratio(shares, measure="x")
    assert (found.estimate, found.low, found.high, found.rank) == pytest.approx(
        (effect.estimate, effect.low, effect.high, effect.rank), rel=1e-8
    )


def test_panel_is_left_as_it_was() -> None:
    made = noise(np.random.default_rng(2), 12, 8)
    counts, exposure = made.counts.copy(), made.exposure.copy()
    did.rate_ratio(made, measure="x")
    did.pre_trend(made)
    did.fit(made.counts, made.exposure, np.array([0]), made.after)
    np.testing.assert_array_equal(made.counts, counts)
    np.testing.assert_array_equal(made.exposure, exposure)


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        (0, slice(0, 4), r"area A00, hze: no case before the start; .* merge areas or periods"),
        (0, slice(4, 8), r"area A00, hze: no case after the start; a ratio needs at least one"),
        (0, slice(0, 3), r"area A00: 1 periods before 2005 have a case; .* needs at least 2"),
        (slice(1, None), 6, r"comparison of area A00, hze: no case in 2007; every period"),
        (slice(1, None), slice(4, 8), r"comparison of area A00, hze: no case in 2005, 2006"),
    ],
)
def test_panels_without_cases_are_refused(
    rows: int | slice, columns: int | slice, message: str
) -> None:
    made = noise(np.random.default_rng(4), 12, 8)
    counts = made.counts.copy()
    counts[rows, columns] = 0
    with pytest.raises(DesignError, match=message):
        did.rate_ratio(replace(made, counts=counts), measure="hze")


def test_no_area_that_could_be_a_placebo_is_refused() -> None:
    counts = np.array([[5.0, 6, 5, 6], [4, 5, 0, 0], [0, 0, 4, 5]])
    with pytest.raises(DesignError, match=r"comparison of area A00, x: no case on both sides"):
        did.rate_ratio(build(counts, before=2), measure="x")


# --- pre-trend ------------------------------------------------------------------------------------


def drifting(rng: np.random.Generator, factor: float) -> Panel:
    made = noise(rng, 17, 14)
    mean = made.counts.mean(axis=1, keepdims=True) * np.ones(14)
    mean[0] *= factor ** np.arange(14)
    return replace(made, counts=rng.poisson(mean) + 1.0)


def test_planted_drift_gets_the_first_rank() -> None:
    rng = np.random.default_rng(RNG_SEED)
    for factor in (1.25, 0.8):
        found = did.pre_trend(drifting(rng, factor))
        assert (found.rank, found.n) == (1, 17)
        assert found.ratio_per_period == pytest.approx(factor, abs=0.06)


def test_no_drift_is_seldom_conspicuous() -> None:
    rng = np.random.default_rng(RNG_SEED)
    ranks = [did.pre_trend(drifting(rng, 1.0)).rank for _ in range(60)]
    # rank 1 of 17 has probability 1/17; 10 of 60 would happen by chance in one of 500 runs
    assert stats.binom.sf(9, 60, 1 / 17) < 0.005
    assert sum(rank == 1 for rank in ranks) <= 9


def test_slope_equals_the_glm_of_statsmodels() -> None:
    made = noise(np.random.default_rng(9), 12, 16)
    found = did.pre_trend(made)
    counts, pool = made.counts[:, :8], made.counts[1:, :8].sum(0)
    design = sm.add_constant(np.arange(8.0))
    plain = sm.GLM(
        counts[0], design, family=sm.families.Poisson(), offset=np.log(1000 * pool / 11_000)
    ).fit(tol=1e-13)
    assert math.log(found.ratio_per_period) == pytest.approx(plain.params[1], abs=1e-8)


def test_areas_with_cases_in_one_period_only_have_no_slope() -> None:
    made = noise(np.random.default_rng(5), 12, 8)
    counts = made.counts.copy()
    counts[3, :3] = 0
    counts[4, 1:4] = 0
    assert did.pre_trend(replace(made, counts=counts)).n == 10


def test_pre_trend_refuses_a_comparison_without_cases() -> None:
    made = noise(np.random.default_rng(5), 12, 8)
    counts = made.counts.copy()
    counts[1:, 1] = 0
    with pytest.raises(DesignError, match=r"comparison of area A00: no case in 2002; every period"):
        did.pre_trend(replace(made, counts=counts))


# --- several measures -----------------------------------------------------------------------------


def test_adjusted_rank_is_worked_out_by_hand(effect: Effect) -> None:
    def with_sizes(own: float, others: list[float], names: str) -> Effect:
        table = pd.DataFrame({"area_id": ["A00", *names], "studentised": [own, *others]})
        return replace(effect, placebos=table, rank=1, n=1 + len(others))

    one = with_sizes(-3.0, [1.0, -2.0, 2.5], "BCD")
    two = with_sizes(2.2, [-4.0, 0.5, 1.0], "BCD")
    found = did.adjusted({"one": one, "two": two})
    # largest of both: B 4.0, C 2.0, D 2.5
    assert (found["one"].rank, found["two"].rank) == (2, 3)
    assert found["one"].n == 4
    assert found["one"].family == ("one", "two")

    bare = with_sizes(2.2, [0.5], "C")  # B and D lack the second measure
    found = did.adjusted({"one": one, "two": bare})
    assert (found["one"].rank, found["one"].n) == (1, 4)
    assert (found["two"].rank, found["two"].n) == (1, 2)


def test_a_single_measure_is_not_adjusted(effect: Effect) -> None:
    assert did.adjusted({"one": effect}) == {"one": effect}
    assert did.adjusted({}) == {}


def test_adjusted_never_has_a_smaller_rank_or_a_narrower_interval() -> None:
    rng = np.random.default_rng(11)
    for draw in range(15):
        made = [noise(rng, 12, 8, ratio=rng.uniform(0.6, 1.1)) for _ in range(2)]
        if draw % 3 == 0:  # an area that can be treated for one measure only
            made[1].counts[4, made[1].after] = 0
        single = {str(n): did.rate_ratio(one, measure="x") for n, one in enumerate(made)}
        for name, found in did.adjusted(single).items():
            assert found.rank >= single[name].rank
            assert found.low <= single[name].low
            assert found.high >= single[name].high
            assert found.estimate == single[name].estimate
            assert single[name].family == ()


def test_family_wise_rejection_keeps_its_level() -> None:
    """60 cities of 17 areas without any effect, two measures that share half their noise."""
    rng = np.random.default_rng(RNG_SEED)
    rejected = 0
    for _ in range(60):
        level = 60 * rng.uniform(0.5, 2, 17)[:, None]
        shared = rng.standard_normal((17, 12))
        effects = {}
        for name in ("placements", "intensity"):
            own = 0.1 * (shared + rng.standard_normal((17, 12)))
            made = build(rng.poisson(level * np.exp(own)) + 1.0, before=6)
            effects[name] = did.rate_ratio(made, measure=name)
        rejected += any(found.p <= 0.1 for found in did.adjusted(effects).values())
    # At the nominal 10 % more than 12 of 60 have a probability below 1 %; with 17 areas the test
    # can only reject at 1/17, so some 4 are expected.
    assert stats.binom.sf(12, 60, 0.1) < 0.01
    assert rejected <= 12


# --- plain changes --------------------------------------------------------------------------------


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
    found = did.change("Bund", three_years, start="2018", left_out=("2017",))
    assert (found.count_before, found.base_before) == (10, 100)
    assert (found.count_after, found.base_after) == (6, 50)
    assert found.ratio == pytest.approx(1.2)


def test_change_does_not_depend_on_order_or_unit(three_years: pd.DataFrame) -> None:
    other = three_years.iloc[::-1].assign(denominator=three_years["denominator"] / 1000)
    found = did.change("Bund", other, start="2018", left_out=("2017",))
    assert found.ratio == pytest.approx(1.2)


def test_change_refuses_one_side_only(three_years: pd.DataFrame) -> None:
    with pytest.raises(DesignError, match=r"Bund: nothing is known on one side of 2019"):
        did.change("Bund", three_years, start="2019", left_out=())


def test_change_leaves_the_frame_as_it_was(three_years: pd.DataFrame) -> None:
    before = three_years.copy(deep=True)
    did.change("Bund", three_years, start="2018", left_out=("2017",))
    pd.testing.assert_frame_equal(three_years, before)


def test_without_an_effect_every_rank_is_equally_likely(seventeen_areas: Panel) -> None:
    """Whichever area is called treated, the ranks are a permutation: the test is exact."""
    n = len(seventeen_areas.areas)
    ranks = []
    for place in range(n):
        order = np.r_[place, np.delete(np.arange(n), place)]
        turned = replace(
            seventeen_areas,
            counts=seventeen_areas.counts[order],
            exposure=seventeen_areas.exposure[order],
            areas=tuple(seventeen_areas.areas[row] for row in order),
        )
        ranks.append(did.rate_ratio(turned, measure="x").rank)
    assert sorted(ranks) == list(range(1, n + 1))
