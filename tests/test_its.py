"""A described series gives the published figures, ignores units and refuses what it cannot do."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import linalg

from evaltools.effects import its
from evaltools.errors import DesignError

SEED = 20240131


@pytest.fixture
def sicily(shared: Path) -> pd.DataFrame:
    return pd.read_csv(shared / "published" / "sicily_ace.csv")


@pytest.fixture
def california(shared: Path) -> pd.Series:
    data = pd.read_csv(shared / "published" / "prop99.csv")
    data = data[data["State"] == "California"].sort_values("Year")
    return data.set_index("Year")["PacksPerCapita"]


@pytest.fixture
def seatbelts(shared: Path) -> pd.DataFrame:
    return pd.read_csv(shared / "published" / "seatbelts.csv")


@pytest.fixture
def months() -> pd.DataFrame:
    """Sixty months of counts that fall by a fifth in the 37th and by 1 % a month from there."""
    rng = np.random.default_rng(SEED)
    time = np.arange(60) - 36
    base = np.linspace(9000, 10000, 60)
    rate = 0.03 * np.exp(0.004 * time + 0.1 * np.sin(2 * np.pi * time / 12))
    rate = rate * np.where(time >= 0, 0.8 * 0.99**time, 1)
    index = [f"{2001 + n // 12}-{n % 12 + 1:02d}" for n in range(60)]
    columns = {"count": rng.poisson(base * rate).astype(float), "base": base, "after": time >= 0}
    return pd.DataFrame(columns, index=index)


def described(data: pd.DataFrame, **options: bool) -> its.Segments:
    return its.poisson(data["count"], data["base"], after=data["after"], season=(1, 12), **options)


# --- published figures ----------------------------------------------------------------------------


def test_poisson_step_of_the_sicilian_smoking_ban(sicily: pd.DataFrame) -> None:
    # Lopez Bernal, Cummins, Gasparrini 2017 (doi:10.1093/ije/dyw098): 0.894 (0.864–0.925). The
    # lower bound is 0.86469: the paper cuts it off where rounding gives 0.865.
    made = its.poisson(
        sicily["aces"], sicily["stdpop"], after=sicily["smokban"], slope=False, quasi=False
    )
    level = made.terms.loc["level"]
    assert level["estimate"] == pytest.approx(0.894, abs=5e-4)
    assert level["high"] == pytest.approx(0.925, abs=5e-4)
    assert level["low"] == pytest.approx(0.864, abs=1e-3)
    assert level["low"] == pytest.approx(0.86469, abs=1e-5)


def test_quasi_poisson_with_two_harmonics_of_the_same_paper(sicily: pd.DataFrame) -> None:
    made = its.poisson(
        sicily["aces"], sicily["stdpop"], after=sicily["smokban"], season=(2, 12), slope=False
    )
    level = made.terms.loc["level", ["estimate", "low", "high"]].to_numpy(float)
    assert level == pytest.approx([0.885, 0.839, 0.933], abs=5e-4)
    assert made.terms.loc["before", "estimate"] ** 12 == pytest.approx(1.067, abs=5e-4)


def test_newey_west_of_californias_proposition_99(california: pd.Series) -> None:
    # Linden 2015 (doi:10.1177/1536867X1501500208).
    made = its.linear(california, after=california.index >= 1989)
    assert made.terms.loc["level", ["estimate", "error"]].to_list() == pytest.approx(
        [-20.058, 4.724], abs=1e-3
    )
    assert made.terms.loc["slope", ["estimate", "error"]].to_list() == pytest.approx(
        [-1.495, 0.437], abs=1e-3
    )


@pytest.mark.parametrize(
    ("who", "published"), [("drivers", -0.23), ("front", -0.30), ("rear", 0.03)]
)
def test_structural_step_of_the_british_seat_belt_law(
    seatbelts: pd.DataFrame, who: str, published: float
) -> None:
    # Harvey & Durbin 1986 (doi:10.2307/2981553), killed and seriously injured; petrol price alone.
    price = np.log(seatbelts[["PetrolPrice"]])
    made = its.structural(seatbelts[who], after=seatbelts["law"], covariates=price)
    assert made.terms.loc["level", "estimate"] - 1 == pytest.approx(published, abs=0.025)


@pytest.mark.parametrize(
    ("who", "published", "tolerance"),
    [("drivers", -0.23, 0.025), ("front", -0.30, 0.025), ("rear", 0.03, 0.03)],
)
def test_structural_step_with_the_distance_driven_as_well(
    seatbelts: pd.DataFrame, who: str, published: float, tolerance: float
) -> None:
    # With both covariates the rear seats come to +0.2 %, 2.8 points from the published figure.
    both = np.log(seatbelts[["kms", "PetrolPrice"]])
    made = its.structural(seatbelts[who], after=seatbelts["law"], covariates=both)
    assert made.terms.loc["level", "estimate"] - 1 == pytest.approx(published, abs=tolerance)


# --- references -----------------------------------------------------------------------------------


def test_prais_winsten_is_least_squares_of_the_turned_rows(california: pd.Series) -> None:
    """Prais & Winsten's own transformation, iterated, instead of the covariance matrix."""
    time = np.arange(len(california)) - 19.0
    after = (time >= 0).astype(float)
    x, y = np.column_stack([np.ones_like(time), time, after, after * time]), california.to_numpy()
    beta = np.linalg.lstsq(x, y)[0]
    for _ in range(500):
        left = y - x @ beta
        rho = left[1:] @ left[:-1] / (left[:-1] @ left[:-1])
        turn = np.eye(len(y)) - rho * np.eye(len(y), k=-1)
        turn[0, 0] = np.sqrt(1 - rho**2)
        beta = np.linalg.lstsq(turn @ x, turn @ y)[0]
    made = its.linear(california, after=after, lags=None).terms
    reference = sm.OLS(turn @ y, turn @ x).fit()
    assert made.loc[["before", "level", "slope"], "estimate"].to_numpy() == pytest.approx(
        reference.params[1:], rel=1e-6
    )
    assert made.loc[["before", "level", "slope"], "error"].to_numpy() == pytest.approx(
        reference.bse[1:], rel=1e-6
    )


def test_without_autocorrelation_prais_winsten_stays_near_least_squares() -> None:
    rng = np.random.default_rng(SEED)
    values, after = rng.standard_normal(100), np.arange(100) >= 50
    turned = its.linear(values, after=after, lags=None).terms
    plain = its.linear(values, after=after, lags=0).terms
    assert turned.loc["level", "estimate"] == pytest.approx(plain.loc["level", "estimate"], abs=0.1)


def test_prais_winsten_refuses_residuals_that_explode() -> None:
    values = np.where(np.arange(30) % 2, 1, -1) * 1.3 ** np.arange(30)
    with pytest.raises(DesignError, match="give lags instead"):
        its.linear(values, after=np.arange(30) >= 15, lags=None)


def test_prais_winsten_errors_cover_better_than_least_squares_under_autocorrelation() -> None:
    rng, after = np.random.default_rng(SEED), np.arange(60) >= 30
    root = linalg.cholesky(linalg.toeplitz(0.6 ** np.arange(60)), lower=True)
    covered = {0: 0, None: 0}
    for _ in range(12):
        values = root @ rng.standard_normal(60)
        for lags in covered:
            level = its.linear(values, after=after, lags=lags).terms.loc["level"]
            covered[lags] += int(level["low"] <= 0 <= level["high"])
    assert covered[None] > covered[0]


# --- recovery -------------------------------------------------------------------------------------


def test_a_known_step_and_bend_are_recovered(months: pd.DataFrame) -> None:
    made = described(months).terms
    truth = {"level": 0.8, "slope": 0.99, "before": np.exp(0.004)}
    for name, value in truth.items():
        assert made.loc[name, "low"] < value < made.loc[name, "high"]
    assert made.loc["level", "estimate"] == pytest.approx(0.8, abs=0.06)


def test_the_slope_is_centred_at_the_start(months: pd.DataFrame) -> None:
    """The step is the ratio of fitted to continued series in the first period after."""
    made = described(months)
    first = made.series.loc[36]
    assert first["fitted"] / first["counterfactual"] == pytest.approx(
        made.terms.loc["level", "estimate"]
    )
    before = made.series[~made.series["after"]]
    assert before["fitted"].to_numpy() == pytest.approx(before["counterfactual"].to_numpy())


def test_fitted_counts_add_up_to_the_observed_on_both_sides(months: pd.DataFrame) -> None:
    sums = described(months).series.groupby("after")[["observed", "fitted"]].sum()
    assert sums["fitted"].to_numpy() == pytest.approx(sums["observed"].to_numpy())


def test_overdispersion_widens_the_interval_and_leaves_the_estimate(sicily: pd.DataFrame) -> None:
    columns = {"after": sicily["smokban"], "slope": False}
    quasi = its.poisson(sicily["aces"], sicily["stdpop"], **columns).terms.loc["level"]
    plain = its.poisson(sicily["aces"], sicily["stdpop"], quasi=False, **columns).terms.loc["level"]
    assert quasi["estimate"] == pytest.approx(plain["estimate"])
    assert quasi["error"] > 1.5 * plain["error"]


def test_a_structural_step_is_recovered(months: pd.DataFrame) -> None:
    rng = np.random.default_rng(SEED)
    level = np.cumsum(0.01 * rng.standard_normal(60)) + 0.02 * rng.standard_normal(60)
    values = np.exp(5 + level + 0.1 * np.sin(np.arange(60) * np.pi / 6) - 0.3 * months["after"])
    made = its.structural(values, after=months["after"]).terms.loc["level"]
    assert made["low"] < np.exp(-0.3) < made["high"]


# --- invariance -----------------------------------------------------------------------------------


def test_the_unit_of_the_base_changes_no_term(months: pd.DataFrame) -> None:
    other = described(months.assign(base=months["base"] / 1000))
    pd.testing.assert_frame_equal(other.terms, described(months).terms)


def test_the_unit_of_the_values_scales_the_linear_terms(california: pd.Series) -> None:
    after = california.index >= 1989
    for lags in (1, None):
        tens = its.linear(california * 10, after=after, lags=lags).terms
        pd.testing.assert_frame_equal(
            tens, its.linear(california, after=after, lags=lags).terms * 10
        )


@pytest.mark.parametrize("unit", [1e-3, 1e3, 1e6])
def test_the_units_change_no_structural_term(seatbelts: pd.DataFrame, unit: float) -> None:
    """Unscaled counts must not lead to another optimum."""
    price, law = np.log(seatbelts[["PetrolPrice"]]), seatbelts["law"]
    one = its.structural(seatbelts["drivers"], after=law, covariates=price).terms.loc["level"]
    other = its.structural(seatbelts["drivers"] * unit, after=law, covariates=price * unit)
    assert other.terms.loc["level", "estimate"] == pytest.approx(one["estimate"], abs=1e-3)


def test_names_of_periods_only_name_them(months: pd.DataFrame) -> None:
    named, bare = described(months), described(months.reset_index(drop=True))
    pd.testing.assert_frame_equal(named.terms, bare.terms)
    assert named.series["period"].to_list() == months.index.to_list()


# --- results --------------------------------------------------------------------------------------


def test_a_description_is_frozen_and_bears_no_p_value(months: pd.DataFrame) -> None:
    made = described(months)
    assert made.terms.index.to_list() == ["level", "slope", "before"]
    assert made.terms.columns.to_list() == ["estimate", "error", "low", "high"]
    assert len(made.series) == 60
    assert (~made.series["after"]).sum() == 36
    assert not {"p", "verdict", "rank"} & {*vars(made), *made.series.columns}
    with pytest.raises(FrozenInstanceError):
        made.method = "x"  # type: ignore[misc]


def test_a_slope_that_was_not_fitted_is_unknown_not_zero(months: pd.DataFrame) -> None:
    terms = described(months, slope=False).terms
    assert terms.loc["slope"].isna().all()
    assert terms.loc[["level", "before"]].notna().all(axis=None)


def test_the_input_stays_as_it_was(months: pd.DataFrame, seatbelts: pd.DataFrame) -> None:
    one, two = months.copy(), seatbelts.copy()
    described(months)
    its.linear(months["count"], after=months["after"])
    its.structural(seatbelts["rear"], after=seatbelts["law"], covariates=seatbelts[["kms"]])
    pd.testing.assert_frame_equal(months, one)
    pd.testing.assert_frame_equal(seatbelts, two)


# --- refusals -------------------------------------------------------------------------------------


def test_too_few_periods_before_are_refused_with_the_limit(months: pd.DataFrame) -> None:
    with pytest.raises(DesignError, match=r"start=2004-01 leaves 4 periods before.*at least 12"):
        described(months.loc["2003-09":])


def test_fewer_parameters_need_fewer_periods(months: pd.DataFrame) -> None:
    years = np.arange(9) >= 6
    its.linear(np.random.default_rng(SEED).standard_normal(9), after=years, slope=False)
    with pytest.raises(DesignError, match="leaves 6 periods before it and 3 after"):
        its.linear(np.arange(9.0), after=years)


@pytest.mark.parametrize("after", [np.zeros(60, bool), np.ones(60, bool)])
def test_a_start_outside_the_series_is_refused(months: pd.DataFrame, after: np.ndarray) -> None:
    with pytest.raises(DesignError, match="periods before"):
        its.linear(months["count"], after=after)


@pytest.mark.parametrize(
    ("column", "value"), [("count", np.nan), ("base", np.nan), ("base", 0.0), ("base", -1.0)]
)
def test_gaps_and_a_base_of_zero_are_refused_by_name(
    months: pd.DataFrame, column: str, value: float
) -> None:
    months.loc["2002-05", column] = value
    with pytest.raises(DesignError, match="period 2002-05: ") as caught:
        described(months)
    assert "2002-05" in caught.value.german


def test_permuted_and_repeated_periods_are_refused(months: pd.DataFrame) -> None:
    swapped = [*months.index[:5], months.index[6], months.index[5], *months.index[7:]]
    with pytest.raises(DesignError, match="out of order"):
        described(months.loc[swapped])
    with pytest.raises(DesignError, match="out of order"):
        described(months.set_axis([*months.index[:-1], months.index[0]]))


def test_a_base_for_other_periods_is_refused(months: pd.DataFrame) -> None:
    with pytest.raises(DesignError, match="out of order"):
        its.poisson(months["count"], months["base"][::-1], after=months["after"])


def test_before_again_after_the_start_is_refused(months: pd.DataFrame) -> None:
    months.loc["2005-01", "after"] = False
    with pytest.raises(DesignError, match="2005-01"):
        described(months)


@pytest.mark.parametrize(("rows", "value"), [(slice(36), 0), (slice(36, 60), 0), (slice(3), -1)])
def test_a_side_without_case_or_a_negative_count_is_refused(
    months: pd.DataFrame, rows: slice, value: float
) -> None:
    months.iloc[rows, 0] = value
    with pytest.raises(DesignError, match="no case before or after"):
        described(months)


def test_waves_that_repeat_each_other_are_refused(months: pd.DataFrame) -> None:
    with pytest.raises(DesignError, match="repeat each other"):
        its.poisson(months["count"], months["base"], after=months["after"], season=(3, 6))


def test_structural_refuses_zeros_and_useless_covariates(seatbelts: pd.DataFrame) -> None:
    law, rear = seatbelts["law"], seatbelts["rear"].astype(float)
    for bad in ({"x": 1.0}, {"x": law * 2.0}, {"x": rear.where(rear > 270)}):
        with pytest.raises(DesignError, match="constant, unknown or repeat"):
            its.structural(rear, after=law, covariates=pd.DataFrame(bad, index=rear.index))
    with pytest.raises(DesignError, match="no log"):
        its.structural(rear.where(rear > 300, 0), after=law)
