"""Published figures, exact weights, and ranks that no order, unit or name can move."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from evaltools.effects import synth
from evaltools.effects.design import Floats, Panel
from evaltools.effects.results import Effect, Scale
from evaltools.errors import DesignError

ESTIMATORS = [synth.demeaned, synth.sdid]
KINDS: list[synth.Kind] = ["did", "control", "demeaned", "sdid"]
Estimate = Callable[..., Effect]
Table = tuple[Floats, synth.Mask, synth.Set]


def noise(n: int = 12, periods: int = 20, *, before: int = 14, seed: int = 1, k: int = 1) -> Panel:
    """Counts around 60 with area levels and shared shocks; no effect."""
    rng = np.random.default_rng(seed)
    shocks = rng.standard_normal((n, 2)) @ rng.standard_normal((2, periods)).cumsum(1) * 0.03
    base = 1000 * rng.uniform(0.4, 2.5, (n, 1)) * np.ones((1, periods))
    counts = rng.poisson(0.06 * base * np.exp(shocks + 0.05 * rng.standard_normal((n, periods))))
    names = [str(2001 + n) for n in range(periods)]
    areas = tuple(f"A{row:02d}" for row in range(n))
    return Panel(counts + 1.0, base, areas, tuple(names), (names[before],) * k, {})


def ordered(panel: Panel, rows: list[int]) -> Panel:
    """Return the panel with its areas in another order."""
    areas = tuple(panel.areas[row] for row in rows)
    return replace(panel, counts=panel.counts[rows], exposure=panel.exposure[rows], areas=areas)


def read(path: Path, names: tuple[str, str, str], treated: str, start: int) -> Table:
    table = pd.read_csv(path).pivot(index=names[0], columns=names[1], values=names[2])
    after = np.arange(table.shape[1]) >= list(table.columns).index(start)
    return table.to_numpy(float), after, (list(table.index).index(treated),)


@pytest.fixture(scope="session")
def prop99(shared: Path) -> Table:
    """Cigarette sales of 39 states 1970 to 2000, California treated from 1989."""
    path = shared / "published" / "prop99.csv"
    return read(path, ("State", "Year", "PacksPerCapita"), "California", 1989)


@pytest.mark.parametrize(
    ("kind", "published", "printed"),
    [
        # Arkhangelsky et al. 2021, table 1 (doi:10.1257/aer.20190159): SDID, DiD, DIFP; more
        # digits of the first two from the authors' R package. DIFP is the demeaned control.
        ("sdid", -15.604, 0.01),
        ("did", -27.349, 0.001),
        ("demeaned", -11.1, 0.05),
        # Exact optimum; the published -19.62 is the next test.
        ("control", -19.514, 0.001),
    ],
)
def test_proposition_99(prop99: Table, kind: synth.Kind, published: float, printed: float) -> None:
    outcomes, after, treated = prop99
    found = synth.fit(outcomes, after, treated=treated, kind=kind)
    assert found.estimate == pytest.approx(published, abs=printed)


def test_organ_donations_of_california(shared: Path) -> None:
    """DiD of -0.022 with 27 states: Kessler & Roth 2014 (NBER w20378)."""
    table = pd.read_csv(shared / "published" / "organ_donations.csv")
    wide = table.pivot(index="State", columns="Quarter", values="Rate")
    wide = wide[["Q42010", "Q12011", "Q22011", "Q32011", "Q42011", "Q12012"]]
    treated = (list(wide.index).index("California"),)
    found = synth.fit(wide.to_numpy(), np.arange(6) >= 3, treated=treated, kind="did")
    assert found.estimate == pytest.approx(-0.022, abs=5e-4)


def test_the_published_synthetic_control_of_proposition_99_had_not_converged(
    prop99: Table,
) -> None:
    """-19.62 belongs to weights with a larger error; Frank-Wolfe steps stop early there."""
    outcomes, after, treated = prop99
    exact = synth.fit(outcomes, after, treated=treated, kind="control")
    others = np.delete(outcomes, treated, axis=0)
    stopped = frank_wolfe(others[:, ~after].T, outcomes[treated[0], ~after])
    gap = outcomes[treated[0]] - stopped @ others
    assert exact.mse == pytest.approx(2.744, abs=0.001)
    assert (gap[~after] ** 2).mean() > exact.mse + 0.01
    assert (gap[~after] ** 2).mean() == pytest.approx(2.772, abs=0.001)
    assert gap[after].mean() == pytest.approx(-19.62, abs=0.005)


def frank_wolfe(columns: Floats, target: Floats) -> Floats:
    """Exact line searches towards one vertex, from even weights; stops as the reference does."""
    least = (1e-5 * np.diff(columns, axis=0).std(ddof=1)) ** 2

    def steps(weights: Floats, most: int) -> Floats:
        value = math.inf
        for _ in range(most):
            left = columns @ weights - target
            towards = -weights
            towards[np.argmin(columns.T @ left)] += 1
            moved = columns @ towards
            weights = weights + np.clip(-(left @ moved) / (moved @ moved), 0, 1) * towards
            previous, value = value, ((columns @ weights - target) ** 2).mean()
            if previous - value <= least:
                break
        return weights

    first = steps(np.full(columns.shape[1], 1 / columns.shape[1]), 100)
    large = np.where(first > first.max() / 4, first, 0.0)
    return steps(large / large.sum(), 10_000)


def one(columns: Floats, target: Floats, *, ridge: float = 0.0, intercept: bool = False) -> Floats:
    """Weights of a single problem."""
    many = np.array([ridge])
    return synth.simplex(columns[None], target[None], ridge=many, intercept=intercept)[0]


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(3, 12), st.integers(2, 9), st.booleans())
def test_weights_equal_a_general_solver_and_are_never_worse(
    seed: int, m: int, n: int, intercept: bool
) -> None:
    rng = np.random.default_rng(seed)
    columns, target = rng.standard_normal((m, n)), rng.standard_normal(m)

    def loss(weights: Floats) -> float:
        left = target - columns @ weights
        return float(((left - left.mean() * intercept) ** 2).mean() + 0.01 * weights @ weights)

    found = one(columns, target, ridge=0.1, intercept=intercept)
    sums = {"type": "eq", "fun": lambda weights: weights.sum() - 1}
    even, bounds = np.full(n, 1 / n), [(0.0, 1.0)] * n
    other = minimize(
        loss, even, method="SLSQP", bounds=bounds, constraints=sums, options={"ftol": 1e-13}
    )
    assert found.min() >= 0
    assert found.sum() == pytest.approx(1)
    assert loss(found) <= other.fun + 1e-10
    np.testing.assert_allclose(found, other.x, atol=1e-3)


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e8])
def test_weights_meet_the_optimality_conditions_at_any_scale(size: float) -> None:
    """Where a weight is positive the slope is smallest: no exchange of weight improves the fit."""
    rng = np.random.default_rng(3)
    columns, target = size * rng.standard_normal((30, 16)), size * rng.standard_normal(30)
    found = one(columns, target)
    slope = columns.T @ (columns @ found - target) / size**2
    assert np.ptp(slope[found > 1e-9]) < 1e-10
    assert slope.min() > slope[found > 1e-9].max() - 1e-10


def test_an_area_that_is_a_mixture_of_others_is_found() -> None:
    columns = np.random.default_rng(4).standard_normal((20, 6))
    shares = np.array([0.5, 0.3, 0.2, 0, 0, 0])
    found = one(columns, columns @ shares)
    np.testing.assert_allclose(found, shares, atol=1e-7)
    twin = one(columns, columns[:, 2])
    np.testing.assert_allclose(twin, np.eye(6)[2], atol=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_weights_sum_to_one_and_the_path_misses_by_the_estimate(kind: synth.Kind) -> None:
    panel = noise()
    rates = np.log(panel.counts / panel.exposure)
    found = synth.fit(rates, panel.after, treated=(4, 2), kind=kind)
    own = rates[[2, 4]].mean(0)
    assert found.units.sum() == pytest.approx(1)
    assert found.units[[2, 4]].tolist() == [0, 0]
    assert found.times.sum() == pytest.approx(float(kind != "control"))
    assert (own - found.path)[panel.after].mean() == pytest.approx(found.estimate)
    assert ((own - found.path)[~panel.after] ** 2).mean() == pytest.approx(found.mse)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("k", [1, 2])
def test_one_batch_equals_one_assignment_at_a_time(kind: synth.Kind, k: int) -> None:
    panel = noise(8, 12, before=7)
    rates = np.log(panel.counts / panel.exposure)
    sets = np.array(list(combinations(range(8), k)))
    batch = synth.fits(rates, panel.after, sets, kind=kind)
    for place, rows in enumerate(sets):
        alone = synth.fit(rates, panel.after, treated=tuple(rows), kind=kind)
        for name in ("estimate", "units", "times", "path", "mse"):
            ours = getattr(batch, name)[place]
            np.testing.assert_allclose(ours, getattr(alone, name), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("intercept", [True, False])
def test_a_batch_of_weights_equals_each_problem_alone(intercept: bool) -> None:
    """Problems of unlike size and ridge do not touch each other."""
    rng = np.random.default_rng(9)
    size = np.array([1e-4, 1, 1e5])[:, None]
    columns = size[:, None] * rng.standard_normal((3, 9, 5))
    target, ridge = size * rng.standard_normal((3, 9)), np.array([1e-5, 0.3, 1e4])
    found = synth.simplex(columns, target, ridge=ridge, intercept=intercept)
    assert found.shape == (3, 5)
    for place in range(3):
        alone = one(columns[place], target[place], ridge=ridge[place], intercept=intercept)
        np.testing.assert_allclose(found[place], alone, atol=1e-9)


def test_even_weights_are_the_difference_of_differences_by_hand() -> None:
    panel = noise(6, 9, before=5)
    rates = np.log(panel.counts / panel.exposure)
    change = rates[:, panel.after].mean(1) - rates[:, ~panel.after].mean(1)
    found = synth.fit(rates, panel.after, treated=(0,), kind="did")
    assert found.estimate == pytest.approx(change[0] - change[1:].mean())


@pytest.mark.parametrize(("kind", "estimate"), [("sdid", synth.sdid), ("demeaned", synth.demeaned)])
@pytest.mark.parametrize("k", [1, 2])
def test_ratio_alone_is_that_of_the_effect(kind: synth.Kind, estimate: Estimate, k: int) -> None:
    panel = noise(9, 12, before=7, k=k)
    found = synth.rate_ratio(panel, kind=kind)
    assert isinstance(found, float)
    assert found == pytest.approx(estimate(panel, measure="x").estimate, rel=1e-9)
    panel.counts[3, 5] = 0
    with pytest.raises(DesignError, match=r"1 cells have no case, such as A03 in 2006") as told:
        synth.rate_ratio(panel, kind=kind)
    assert "A03 in 2006" in told.value.german


@pytest.mark.parametrize("kind", ["did", "control"])
def test_ratio_alone_of_the_other_kinds(kind: synth.Kind) -> None:
    panel = noise(9, 12, before=7)
    rates = np.log(panel.counts / panel.exposure)
    found = synth.fit(rates, panel.after, treated=(0,), kind=kind)
    assert synth.rate_ratio(panel, kind=kind) == pytest.approx(math.exp(found.estimate))


@pytest.mark.parametrize("estimate", ESTIMATORS)
def test_order_unit_and_names_do_not_matter(estimate: Estimate) -> None:
    panel = noise(10, 9, before=5)  # fewer periods than areas: many weights fit equally well
    plain = estimate(panel, measure="Hilfen")
    turned = estimate(ordered(panel, [0, *range(9, 0, -1)]), measure="Hilfen")
    thousand = replace(panel, exposure=panel.exposure / 1000)
    named = replace(panel, areas=tuple(f"Z{9 - row}" for row in range(10)))
    for other in (turned, estimate(thousand, measure="x"), estimate(named, measure="x")):
        assert other.estimate == pytest.approx(plain.estimate, rel=1e-6)
        assert (other.low, other.high) == pytest.approx((plain.low, plain.high), rel=1e-6)
        assert (other.rank, other.fall_rank) == (plain.rank, plain.fall_rank)
    assert plain.weights is not None
    assert turned.weights is not None
    assert turned.weights["area_id"].tolist() == plain.weights["area_id"].tolist()


@pytest.mark.parametrize("estimate", ESTIMATORS)
def test_ranks_are_a_permutation_whichever_area_is_called_treated(
    estimate: Estimate,
) -> None:
    panel = noise()
    turns = [[row, *(other for other in range(12) if other != row)] for row in range(12)]
    found = [estimate(ordered(panel, turn), measure="Hilfen") for turn in turns]
    assert sorted(effect.rank for effect in found) == list(range(1, 13))
    assert sorted(effect.fall_rank for effect in found) == list(range(1, 13))


def test_two_treated_areas_are_ranked_among_all_pairs() -> None:
    panel = noise(8, k=2)
    effect = synth.sdid(panel, measure="Hilfen")
    pairs = [", ".join(pair) for pair in combinations(panel.areas, 2)]
    assert effect.placebos["area_id"].tolist() == pairs
    assert (effect.n, effect.area) == (28, "A00, A01")
    assert "28 von 28" in effect.origin


def test_too_many_sets_are_sampled_and_the_real_one_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(synth, "MOST", 10)
    effect = synth.sdid(noise(8, k=2), measure="Hilfen")
    assert effect.n == 10
    assert effect.placebos["area_id"].is_unique
    assert effect.placebos["area_id"][0] == "A00, A01"
    assert "10 von 28" in effect.origin


@pytest.mark.parametrize("scale", ["ratio", "difference"])
@pytest.mark.parametrize("estimate", ESTIMATORS)
def test_a_planted_effect_is_recovered(estimate: Estimate, scale: Scale) -> None:
    panel = noise(17, 28, before=20, seed=6)
    counts = panel.counts.copy()
    counts[0, panel.after] *= 0.6
    planted = replace(panel, counts=counts)
    none, found = (estimate(each, measure="x", scale=scale) for each in (panel, planted))
    if scale == "ratio":
        assert found.estimate == pytest.approx(0.6 * none.estimate)
    else:
        lost = 0.4 * (panel.counts / panel.exposure)[0, panel.after].mean()
        assert found.estimate == pytest.approx(none.estimate - lost)
    assert (found.rank, found.fall_rank) == (1, 1)
    assert found.low < found.estimate < found.high
    before = found.series["period"] < panel.start
    pd.testing.assert_frame_equal(found.series[before], none.series[before])
    np.testing.assert_allclose(found.series["counterfactual"], none.series["counterfactual"])


@pytest.mark.parametrize("estimate", ESTIMATORS)
def test_the_interval_ends_where_the_rank_stops_to_reject(estimate: Estimate) -> None:
    effect = estimate(noise(20, seed=8), measure="x", level=0.9)
    sizes = effect.placebos["studentised"].abs().to_numpy()[1:]
    for bound in (effect.low, effect.high):
        size = abs(math.log(effect.estimate / bound)) / effect.error
        assert (1 + (sizes >= size - 1e-9).sum()) / 20 == pytest.approx(0.15)
        assert (1 + (sizes >= size + 1e-9).sum()) / 20 == pytest.approx(0.10)


def test_too_few_areas_give_no_bounds() -> None:
    panel = noise(9)
    ratio = synth.sdid(panel, measure="x", level=0.9)
    difference = synth.demeaned(panel, measure="x", scale="difference", level=0.9)
    assert (ratio.low, ratio.high) == (0, math.inf)
    assert (difference.low, difference.high) == (-math.inf, math.inf)


def test_an_effect_says_where_it_comes_from() -> None:
    effect = synth.demeaned(noise(), measure="Hilfen")
    assert effect.method == "Synthetische Kontrolle mit Niveauausgleich"
    assert "doi:10.3982/QE1596" in effect.source
    assert (effect.n, effect.n_areas, effect.n_periods, effect.n_before) == (12, 12, 20, 14)
    assert effect.placebos["area_id"][0] == effect.area
    assert effect.weights is not None
    assert effect.weights["share"].is_monotonic_decreasing
    assert effect.weights["share"].sum() == pytest.approx(1, abs=0.01)
    assert effect.area not in set(effect.weights["area_id"])
    assert list(effect.series.columns) == ["period", "observed", "counterfactual", "base"]


def test_a_small_noisy_area_does_not_take_the_first_rank_by_its_noise() -> None:
    """Over many draws without effect the smallest area leads about as often as any other."""
    first = 0
    for seed in range(60):
        panel = noise(10, 12, before=8, seed=seed)
        base = panel.exposure.copy()
        base[0] /= 25
        counts = np.random.default_rng(seed).poisson(0.2 * base) + 1.0
        first += synth.demeaned(replace(panel, counts=counts, exposure=base), measure="x").rank == 1
    assert first <= 15


@pytest.mark.parametrize("estimate", ESTIMATORS)
def test_cells_without_a_case_are_refused(estimate: Estimate) -> None:
    panel = noise()
    panel.counts[3, 5] = 0
    with pytest.raises(DesignError, match=r"1 cells .* A03 in 2006; logs need at least 1") as told:
        estimate(panel, measure="Hilfen")
    assert "A03 in 2006" in told.value.german
    assert estimate(panel, measure="Hilfen", scale="difference").n == 12


@pytest.mark.parametrize("estimate", ESTIMATORS)
def test_different_starts_are_refused(estimate: Estimate) -> None:
    panel = replace(noise(k=2), starts=("2013", "2015"))
    with pytest.raises(DesignError, match="one common start"):
        estimate(panel, measure="Hilfen")


@pytest.mark.parametrize(
    ("rows", "before", "told"),
    [(2, 3, "1 other areas"), (5, 1, "1 periods before"), (5, 4, "0 after")],
)
@pytest.mark.parametrize("kind", KINDS)
def test_too_little_is_refused(rows: int, before: int, told: str, kind: synth.Kind) -> None:
    after = np.arange(4) >= before
    with pytest.raises(DesignError, match=told) as refused:
        synth.fit(np.ones((rows, 4)), after, treated=(0,), kind=kind)
    german = "Für Gewichte gibt es zu wenige Vergleichsräume oder Zeiträume."
    assert refused.value.german == german


@pytest.mark.parametrize("estimate", ESTIMATORS)
def test_areas_that_never_change_give_no_effect(estimate: Estimate) -> None:
    panel = noise()
    still = replace(panel, counts=np.ones_like(panel.counts), exposure=np.ones_like(panel.counts))
    effect = estimate(still, measure="x")
    assert (effect.estimate, effect.rank, effect.n) == (pytest.approx(1), 12, 12)


@pytest.mark.parametrize("estimate", ESTIMATORS)
def test_the_panel_is_left_as_it_was(estimate: Estimate) -> None:
    panel = noise()
    counts, exposure = panel.counts.copy(), panel.exposure.copy()
    panel.counts.setflags(write=False)
    estimate(panel, measure="Hilfen")
    np.testing.assert_array_equal(panel.counts, counts)
    np.testing.assert_array_equal(panel.exposure, exposure)
