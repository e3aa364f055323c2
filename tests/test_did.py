"""The estimate equals a GLM, its rank is exact, its interval inverts the test."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from evaltools.effects import did, placebo
from evaltools.effects.design import Panel, panel
from evaltools.effects.results import Effect
from evaltools.errors import DesignError
from panel_samples import build, mixed, noise, thousands, turned

SEED = 20240131


@pytest.fixture(scope="module")
def seventeen_areas() -> Panel:
    return noise(np.random.default_rng(SEED), 17, 12, ratio=0.8)


@pytest.fixture(scope="module")
def two_treated() -> Panel:
    return noise(np.random.default_rng(SEED), 11, 8, ratio=0.7, k=2)


@pytest.fixture(scope="module")
def effect(seventeen_areas: Panel) -> Effect:
    return did.rate_ratio(seventeen_areas, measure="x")


@pytest.fixture(scope="module")
def effect_of_two(two_treated: Panel) -> Effect:
    return did.rate_ratio(two_treated, measure="x")


@pytest.fixture
def no_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the interval out where a test asks for ranks alone; it takes most of the time."""
    monkeypatch.setattr(placebo, "inverted", lambda *_: (-math.inf, math.inf))


def glm(made: Panel, treated: Sequence[int]) -> sm.GLM:
    """The same model by statsmodels: dummies, log offset, Pearson scale."""
    area, period = (axis.ravel() for axis in np.indices(made.counts.shape))
    columns = [area == place for place in range(len(made.areas))]
    columns += [period == place for place in range(1, len(made.periods))]
    columns += [np.isin(area, treated) & made.after[period]]
    return sm.GLM(
        made.counts.ravel(),
        np.column_stack(columns).astype(float),
        family=sm.families.Poisson(),
        offset=np.log(made.exposure.ravel()),
    ).fit(scale="X2", tol=1e-14, maxiter=200)


# --- estimate and placebos ------------------------------------------------------------------------


def test_four_areas_are_worked_out_by_hand() -> None:
    """Ratio of ratios; single ratios squared over 1 and 1 / size; rank by the studentised size."""
    counts = np.array([[50.0, 50, 50, 75], [20, 20, 20, 20], [30, 30, 30, 30], [40, 40, 40, 40]])
    found = did.rate_ratio(build(counts, before=3), measure="x")
    ratios = np.array(
        [
            (75 / 150) / (90 / 270),
            (20 / 60) / (145 / 360),
            (30 / 90) / (135 / 330),
            (40 / 120) / (125 / 300),
        ]
    )
    assert found.estimate == pytest.approx(ratios[0], rel=1e-9)
    np.testing.assert_allclose(found.placebos["estimate"], ratios, rtol=1e-9)
    error = np.sqrt(placebo.spread(np.log(ratios), counts.sum(1)))
    np.testing.assert_allclose(found.placebos["studentised"], np.log(ratios) / error, rtol=1e-9)
    assert found.error == pytest.approx(error[0])
    assert (found.rank, found.fall_rank, found.n) == (1, 4, 4)
    assert (found.low, found.high) == (0.0, math.inf)


@pytest.mark.parametrize("name", ["seventeen_areas", "two_treated"])
def test_every_assignment_is_a_fit_of_the_whole_panel(
    name: str, request: pytest.FixtureRequest
) -> None:
    made: Panel = request.getfixturevalue(name)
    found = did.placebos(made)
    assert found.sets.tolist() == [
        list(rows) for rows in combinations(range(len(made.areas)), len(made.starts))
    ]
    for place in np.linspace(0, len(found.sets) - 1, 8, dtype=int):
        theirs = glm(made, found.sets[place]).params[-1]
        assert found.log_ratio[place] == pytest.approx(theirs, abs=1e-8)
    single = [glm(made, [row]).params[-1] for row in range(len(made.areas))]
    error = placebo.errors(found.sets, np.array(single), made.counts.sum(1))
    np.testing.assert_allclose(found.studentised, found.log_ratio / error, rtol=1e-6)


@pytest.mark.parametrize("name", ["seventeen_areas", "two_treated"])
def test_estimate_alone_is_that_of_the_glm_and_of_the_placebos(
    name: str, request: pytest.FixtureRequest
) -> None:
    made: Panel = request.getfixturevalue(name)
    found = did.log_ratio(made)
    assert isinstance(found, float)
    assert found == pytest.approx(glm(made, range(len(made.starts))).params[-1], abs=1e-8)
    assert found == pytest.approx(did.placebos(made).log_ratio[0], abs=1e-9)


def test_effect_says_what_was_done(two_treated: Panel, effect_of_two: Effect) -> None:
    found = effect_of_two
    assert (found.area, found.start, found.measure) == ("A00, A01", "2005", "x")
    assert (found.n, found.n_areas, found.n_periods, found.n_before) == (55, 11, 8, 4)
    assert found.p_floor == 1 / 55
    assert found.placebos["area_id"].tolist()[:3] == ["A00, A01", "A00, A02", "A00, A03"]
    table = found.placebos
    sizes = table["studentised"].abs()
    assert found.rank == (sizes >= sizes[0]).sum()
    assert found.fall_rank == (table["studentised"] <= table["studentised"][0]).sum()
    assert table["estimate"][0] == found.estimate
    assert math.log(found.estimate) / found.error == pytest.approx(table["studentised"][0])
    assert found.pre_trend is None
    kept = replace(two_treated, left_out_areas={"Z": "keine Werte"}, left_out_periods=("1999",))
    kept = replace(kept, unknown_periods=("2000",))
    carried = did.rate_ratio(kept, measure="x")
    assert carried.left_out_areas == {"Z": "keine Werte"}
    assert (carried.left_out_periods, carried.unknown_periods) == (("1999",), ("2000",))
    assert list(carried.changes) == ["own", "comparison"]


def test_planted_fall_is_found_first_among_all(effect_of_two: Effect) -> None:
    assert effect_of_two.estimate == pytest.approx(0.7, abs=0.1)
    assert effect_of_two.fall_rank <= 2
    assert effect_of_two.low <= 0.7 <= effect_of_two.high


def test_area_without_a_case_after_is_no_placebo() -> None:
    made = noise(np.random.default_rng(3), 12, 8, k=2)
    counts = made.counts.copy()
    counts[5, made.after] = 0
    found = did.rate_ratio(replace(made, counts=counts), measure="x")
    assert (found.n, found.n_areas) == (55, 12)
    assert not found.placebos["area_id"].str.contains("A05").any()
    made, able = replace(made, counts=counts), [row for row in range(12) if row != 5]
    single = np.array([glm(made, [row]).params[-1] for row in able])
    sets = np.array(list(combinations(range(11), 2)))
    error = placebo.errors(sets, single, counts[able].sum(1))
    ratios = np.log(found.placebos["estimate"])
    np.testing.assert_allclose(found.placebos["studentised"], ratios / error, rtol=1e-6)


@pytest.mark.parametrize("name", ["seventeen_areas", "two_treated"])
def test_residuals_and_dispersion_are_those_of_the_glm(
    name: str, request: pytest.FixtureRequest
) -> None:
    made: Panel = request.getfixturevalue(name)
    theirs = glm(made, range(len(made.starts)))
    np.testing.assert_allclose(did.residuals(made).ravel(), theirs.resid_pearson, atol=1e-7)
    found = did.rate_ratio(made, measure="x")
    assert found.dispersion == pytest.approx(theirs.scale, rel=1e-8)


def test_residuals_move_with_the_areas_and_not_with_the_unit(two_treated: Panel) -> None:
    plain = did.residuals(two_treated)
    np.testing.assert_allclose(did.residuals(thousands(two_treated)), plain, atol=1e-8)
    order = [0, 1, *range(10, 1, -1)]
    np.testing.assert_allclose(did.residuals(turned(two_treated, order)), plain[order], atol=1e-8)


@pytest.mark.parametrize("name", ["seventeen_areas", "two_treated"])
def test_counterfactual_has_the_counts_that_the_ratio_says(
    name: str, request: pytest.FixtureRequest
) -> None:
    made: Panel = request.getfixturevalue(name)
    found, after = did.rate_ratio(made, measure="x"), made.after
    observed, expected = found.series["observed"], found.series["counterfactual"]
    assert observed[after].sum() / expected[after].sum() == pytest.approx(found.estimate)
    assert observed[~after].sum() == pytest.approx(expected[~after].sum())
    k = len(made.starts)
    np.testing.assert_allclose(observed, made.counts[:k].sum(0))
    np.testing.assert_allclose(found.series["base"], made.exposure[:k].sum(0))


def test_own_and_comparison_change_are_sum_over_sum(
    two_treated: Panel, effect_of_two: Effect
) -> None:
    own, rest = effect_of_two.changes["own"], effect_of_two.changes["comparison"]
    assert (own.label, rest.label) == ("A00, A01", "Vergleich")
    assert own.count_before == two_treated.counts[:2, :4].sum()
    assert own.base_before == pytest.approx(two_treated.exposure[:2, :4].sum())
    assert rest.count_after == two_treated.counts[2:, 4:].sum()
    assert rest.base_after == pytest.approx(two_treated.exposure[2:, 4:].sum())


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
    assert found.estimate == pytest.approx(math.exp(glm(built, [0]).params[-1]), rel=1e-8)
    assert found.estimate == pytest.approx(0.9392, abs=5e-5)
    assert (found.rank, found.n) == (6, 27)
    assert found.low < 1 < found.high
    logs = found.placebos["estimate"].map(math.log).abs()
    assert int((logs >= logs[0] - 1e-12).sum()) == 6  # the studentising is not the reason


# --- exactness ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_interval")
@pytest.mark.parametrize(("n", "k"), [(17, 1), (8, 2), (6, 3)])
def test_without_an_effect_every_rank_is_equally_likely(n: int, k: int) -> None:
    """Whichever areas are called treated, the ranks are a permutation: the test is exact."""
    made = noise(np.random.default_rng(SEED), n, 10, k=k)
    found = [did.rate_ratio(turned(made, rows), measure="x") for rows in combinations(range(n), k)]
    every = list(range(1, math.comb(n, k) + 1))
    assert sorted(one.rank for one in found) == every
    assert sorted(one.fall_rank for one in found) == every


# --- interval -------------------------------------------------------------------------------------


def without(made: Panel, ratio: float) -> Panel:
    """The panel with a supposed effect removed from the treated areas' counts."""
    return replace(made, counts=np.where(made.cells(), made.counts / ratio, made.counts))


@pytest.mark.parametrize("name", ["seventeen_areas", "two_treated"])
@pytest.mark.parametrize("level", [0.9, 0.8])
def test_interval_holds_what_the_test_does_not_reject(
    name: str, level: float, request: pytest.FixtureRequest
) -> None:
    """At the bounds the p-value is just 1 − level; a little inside it is above."""
    made: Panel = request.getfixturevalue(name)
    found = did.rate_ratio(made, measure="x", level=level)
    inward = {found.low: math.exp(5e-4), found.high: math.exp(-5e-4)}
    for bound, step in inward.items():
        for ratio, rejected in ((bound, True), (bound / step, True), (bound * step, False)):
            sizes = np.abs(did.placebos(without(made, ratio)).studentised)
            p = placebo.rank(sizes[0], sizes[1:]) / len(sizes)
            assert (p <= 1 - level + 1e-9) == rejected
    assert found.low < found.estimate < found.high


def test_p_of_ten_percent_and_interval_without_one_are_the_same_test() -> None:
    rng = np.random.default_rng(7)
    seen = set()
    for ratio in (1.0, 0.95, 0.85, 0.7, 1.2):
        found = did.rate_ratio(noise(rng, 12, 8, ratio=ratio), measure="x")
        assert (found.p <= 0.1) == (not found.low <= 1 <= found.high)
        seen.add(found.p <= 0.1)
    assert seen == {True, False}


@pytest.mark.parametrize("factor", [0.5, 1.1, 3.0])
def test_interval_moves_with_the_effect(
    two_treated: Panel, effect_of_two: Effect, factor: float
) -> None:
    moved = did.rate_ratio(without(two_treated, 1 / factor), measure="x")
    for bound in ("estimate", "low", "high"):
        ours, theirs = getattr(moved, bound), getattr(effect_of_two, bound)
        assert ours == pytest.approx(factor * theirs, rel=1e-3)


def test_interval_covers_a_planted_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    """40 cities of ten areas: the effect leaves the interval with a probability of 1 in 10."""
    monkeypatch.setattr(placebo, "PRECISION", 0.02)
    rng = np.random.default_rng(SEED)
    found = [did.rate_ratio(noise(rng, 10, 6, ratio=0.75), measure="x") for _ in range(40)]
    covered = sum(one.low <= 0.75 <= one.high for one in found)
    # 30 or fewer have a probability of 0.5 %
    assert stats.binom.cdf(30, 40, 0.9) < 0.006
    assert covered > 30
    assert covered < 40  # an interval that always holds it would say nothing


def test_fewer_than_ten_areas_leave_the_interval_open() -> None:
    small = did.rate_ratio(noise(np.random.default_rng(1), 9, 8, ratio=0.3), measure="x")
    assert (small.low, small.high, small.rank) == (0.0, math.inf, 1)
    assert small.p == small.p_floor == 1 / 9
    closed = did.rate_ratio(
        noise(np.random.default_rng(1), 9, 8, ratio=0.3), measure="x", level=0.8
    )
    assert 0 < closed.low < closed.high < 1
    ten = did.rate_ratio(noise(np.random.default_rng(1), 10, 8, ratio=0.3), measure="x")
    assert 0 < ten.low < ten.high < 1


# --- invariance -----------------------------------------------------------------------------------


def same(one: Effect, other: Effect, *names: str) -> None:
    scalars = ("estimate", "error", "low", "high", "rank", "fall_rank", "n", "dispersion")
    for name in names or scalars:
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-7), name


def test_order_and_names_of_areas_do_not_matter(two_treated: Panel, effect_of_two: Effect) -> None:
    same(did.rate_ratio(mixed(two_treated), measure="x"), effect_of_two)
    same(did.rate_ratio(turned(two_treated, [1, 0]), measure="x"), effect_of_two)


def test_unit_of_the_population_does_not_matter(two_treated: Panel, effect_of_two: Effect) -> None:
    same(did.rate_ratio(thousands(two_treated), measure="x"), effect_of_two)


def test_unit_of_the_counts_does_not_matter_for_the_judgement(
    two_treated: Panel, effect_of_two: Effect
) -> None:
    shares = replace(two_treated, counts=two_treated.counts / 100)
    names = ("estimate", "error", "low", "high", "rank", "fall_rank")
    same(did.rate_ratio(shares, measure="x"), effect_of_two, *names)


def test_panel_is_left_as_it_was() -> None:
    made = noise(np.random.default_rng(2), 12, 8, k=2)
    counts, exposure = made.counts.copy(), made.exposure.copy()
    found = did.rate_ratio(made, measure="x")
    did.placebos(made)
    did.residuals(made)
    did.adjusted({"one": (made, found), "two": (made, found)})
    np.testing.assert_array_equal(made.counts, counts)
    np.testing.assert_array_equal(made.exposure, exposure)


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        (0, slice(0, 4), r"area A00: no case before the start; .* merge areas or periods"),
        (1, slice(4, 8), r"area A01: no case after the start; a ratio needs at least one"),
        (slice(2, None), 6, r"comparison of area A00, A01: no case in 2007; every period"),
        (
            slice(2, None),
            slice(4, 8),
            r"comparison of area A00, A01: no case in 2005, 2006, 2007, 2008;",
        ),
    ],
)
def test_panels_without_cases_are_refused(
    rows: int | slice, columns: int | slice, message: str
) -> None:
    made = noise(np.random.default_rng(4), 12, 8, k=2)
    counts = made.counts.copy()
    counts[rows, columns] = 0
    empty = replace(made, counts=counts)
    for estimate in (partial(did.rate_ratio, measure="hze"), did.placebos, did.log_ratio):
        with pytest.raises(DesignError, match=message) as refused:
            estimate(empty)
        assert refused.value.german != DesignError("x").german
        assert "hze" not in str(refused.value)


def test_different_starts_are_refused() -> None:
    made = replace(noise(np.random.default_rng(4), 12, 8, k=2), starts=("2005", "2006"))
    for estimate in (
        did.placebos,
        did.residuals,
        did.log_ratio,
        lambda one: did.rate_ratio(one, measure="x"),
    ):
        with pytest.raises(DesignError, match=r"areas A00, A01 start at 2005, 2006: .*staggered"):
            estimate(made)


def test_more_assignments_than_can_be_enumerated_are_refused() -> None:
    made = noise(np.random.default_rng(4), 68, 6, k=3)
    with pytest.raises(DesignError, match=r"areas A00, A01, A02: 50116 assignments of 3 among 68"):
        did.rate_ratio(made, measure="x")


# --- several measures -----------------------------------------------------------------------------


def four_areas(own: float, others: list[float], names: str) -> tuple[Panel, Effect]:
    """Panel of A and others, with studentised estimates in place of those that belong to it."""
    made = noise(np.random.default_rng(12), 1 + len(others), 8)
    made = replace(made, areas=("A", *names))
    table = pd.DataFrame({"area_id": list(made.areas), "studentised": [own, *others]})
    return made, replace(did.rate_ratio(made, measure="x"), placebos=table)


def test_adjusted_rank_is_worked_out_by_hand() -> None:
    one = four_areas(-3.0, [1.0, -2.0, 2.5], "BCD")
    two = four_areas(2.2, [-4.0, 0.5, 1.0], "BCD")
    found = did.adjusted({"one": one, "two": two})
    # largest of both: B 4.0, C 2.0, D 2.5; deepest: B −4.0, C −2.0, D 1.0
    assert (found["one"].rank, found["two"].rank) == (2, 3)
    assert (found["one"].fall_rank, found["two"].fall_rank) == (2, 4)
    assert found["one"].n == 4
    assert found["one"].family == found["two"].family == ("one", "two")

    bare = four_areas(2.2, [0.5, 0.1], "CE")  # B and D lack the second measure, E the first
    found = did.adjusted({"one": one, "two": bare})
    assert (found["one"].rank, found["one"].n) == (1, 4)
    assert (found["two"].rank, found["two"].n) == (1, 3)


def test_a_single_measure_is_not_adjusted(seventeen_areas: Panel, effect: Effect) -> None:
    assert did.adjusted({"one": (seventeen_areas, effect)}) == {"one": effect}
    assert did.adjusted({}) == {}


def test_order_of_measures_and_areas_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placebo, "PRECISION", 0.01)
    rng = np.random.default_rng(13)
    made = {name: noise(rng, 11, 6, ratio=0.7) for name in "xy"}
    tested = {name: (one, did.rate_ratio(one, measure=name)) for name, one in made.items()}
    plain = did.adjusted(tested)
    backward = did.adjusted(dict(reversed(tested.items())))
    other = {name: turned(one, [0, *range(10, 0, -1)]) for name, one in made.items()}
    moved = did.adjusted(
        {name: (one, did.rate_ratio(one, measure=name)) for name, one in other.items()}
    )
    for name in "xy":
        same(backward[name], plain[name], "rank", "fall_rank", "low", "high")
        same(moved[name], plain[name], "rank", "fall_rank", "low", "high")


def test_adjusted_never_has_a_smaller_rank_or_a_narrower_interval(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(placebo, "PRECISION", 0.01)
    rng = np.random.default_rng(11)
    wider = 0
    for draw in range(6):
        made = [noise(rng, 12, 6, ratio=rng.uniform(0.6, 1.1), k=1) for _ in range(2)]
        if draw % 3 == 0:  # an area that can be treated for one measure only
            made[1].counts[4, made[1].after] = 0
        tested = {str(n): (one, did.rate_ratio(one, measure="x")) for n, one in enumerate(made)}
        for name, found in did.adjusted(tested).items():
            single = tested[name][1]
            assert found.rank >= single.rank
            assert found.fall_rank >= single.fall_rank
            assert found.low <= single.low * (1 + 1e-9)
            assert found.high >= single.high * (1 - 1e-9)
            assert found.estimate == single.estimate
            assert single.family == ()
            assert (found.p <= 0.1) == (not found.low <= 1 <= found.high)
            wider += found.high > single.high
    assert wider


@pytest.mark.usefixtures("no_interval")
def test_family_wise_rejection_keeps_its_level() -> None:
    """80 cities of ten areas without any effect, two measures that share half their noise."""
    rng = np.random.default_rng(SEED)
    rejected = single = 0
    for _ in range(80):
        level = 60 * rng.uniform(0.5, 2, 10)[:, None]
        shared = rng.standard_normal((10, 6))
        tested = {}
        for name in ("placements", "intensity"):
            own = 0.1 * (shared + rng.standard_normal((10, 6)))
            made = build(rng.poisson(level * np.exp(own)) + 1.0, before=3)
            tested[name] = (made, did.rate_ratio(made, measure=name))
        rejected += any(found.p <= 0.1 for found in did.adjusted(tested).values())
        single += any(found.p <= 0.1 for _, found in tested.values())
    # At the nominal 10 % more than 15 of 80 have a probability below 1 %.
    assert stats.binom.sf(15, 80, 0.1) < 0.01
    assert rejected <= 15
    assert single > rejected


def test_no_interval_excludes_what_the_rank_does_not_reject() -> None:
    """The p-value need not fall evenly: here effects beyond the first rejected one are accepted."""
    counts = [
        [10, 12, 13, 12, 10, 5, 5, 2],
        [11, 16, 10, 12, 7, 9, 9, 12],
        [16, 14, 20, 18, 16, 13, 13, 11],
        [7, 13, 10, 6, 9, 15, 12, 6],
        [21, 35, 18, 25, 22, 20, 13, 16],
        [30, 23, 27, 24, 31, 27, 20, 35],
        [17, 12, 20, 6, 13, 24, 19, 14],
        [124, 128, 69, 132, 121, 219, 141, 183],
        [9, 8, 13, 12, 10, 24, 16, 18],
        [19, 17, 25, 27, 29, 17, 17, 22],
    ]
    base = np.array([560, 444, 805, 617, 1156, 1298, 649, 6041, 588, 1295.0])
    made = build(np.array(counts, float), np.repeat(base[:, None], 8, axis=1), before=5)
    found = did.rate_ratio(made, measure="x")
    assert found.p == 0.2
    assert found.low < 1 <= found.high
