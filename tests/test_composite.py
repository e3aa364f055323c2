"""An index from declared indicators, and whether it reproduces a published one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import DesignError
from evaltools.measures import composite
from evaltools.studyprofile import Index

TWO = Index.model_validate(
    {
        "name": "eigen",
        "label": "Eigener Index",
        "indicators": {"armut": {"weight": 3}, "einkommen": {"higher_is": "entlasteter"}},
    }
)
KINDS = {
    **dict.fromkeys(("area_id", "indicator", "unit"), "string"),
    "value": "Float64",
    "year": "Int64",
}


def profile(
    values: dict[str, list[float | None]], *, year: int = 2022, unit: str = "%"
) -> pd.DataFrame:
    rows = [
        [f"S{place}", year, name, value, unit]
        for name, column in values.items()
        for place, value in enumerate(column, start=1)
    ]
    names = ["area_id", "year", "indicator", "value", "unit"]
    return pd.DataFrame(rows, columns=names).astype(KINDS)


@pytest.fixture
def five() -> pd.DataFrame:
    return profile({"armut": [10, 20, 30, 40, 50], "einkommen": [5, 4, 1, 2, 3]})


def test_index_is_the_weighted_mean_of_turned_z_scores(five: pd.DataFrame) -> None:
    found = composite.index(five, TWO)
    # By hand: mean 30 and 3, population standard deviations √200 and √2.
    poor = (np.array([10, 20, 30, 40, 50]) - 30) / np.sqrt(200)
    rich = (np.array([5, 4, 1, 2, 3]) - 3) / np.sqrt(2)
    assert found.year == 2022
    np.testing.assert_allclose(found.table["value"], (3 * poor - rich) / 4)
    np.testing.assert_allclose(found.table["einkommen"], -rich)
    assert found.table["rank"].tolist() == [5, 4, 3, 2, 1]


def test_z_scores_have_mean_zero_and_deviation_one(five: pd.DataFrame) -> None:
    scores = composite.index(five, TWO).table[["armut", "einkommen"]]
    np.testing.assert_allclose(scores.mean(), 0, atol=1e-12)
    np.testing.assert_allclose(scores.std(ddof=0), 1)


def test_area_that_lacks_an_indicator_has_no_value_and_a_reason(five: pd.DataFrame) -> None:
    five.loc[(five["area_id"] == "S2") & (five["indicator"] == "armut"), "value"] = pd.NA
    table = composite.index(five, TWO).table.set_index("area_id")
    assert pd.isna(table.at["S2", "value"])
    assert table.at["S2", "reason"] == "fehlt: armut"
    assert table["reason"].drop("S2").isna().all()
    np.testing.assert_allclose(table["armut"].dropna().mean(), 0, atol=1e-12)


def test_latest_year_with_enough_areas_is_used(five: pd.DataFrame) -> None:
    later = profile({"armut": [1, 2], "einkommen": [1, 3]}, year=2023)
    assert composite.index(pd.concat([five, later]), TWO).year == 2022


def test_index_does_not_depend_on_order_names_or_units(five: pd.DataFrame) -> None:
    plain = composite.index(five, TWO).table
    turned = five.sample(frac=1, random_state=2).assign(value=five["value"] * 10 + 3)
    pd.testing.assert_frame_equal(composite.index(turned, TWO).table, plain)
    renamed = five.assign(area_id=five["area_id"].str.replace("S", "Z"))
    np.testing.assert_allclose(composite.index(renamed, TWO).table["value"], plain["value"])


def test_frame_is_left_as_it_was(five: pd.DataFrame) -> None:
    copy = five.copy(deep=True)
    found = composite.index(five, TWO)
    composite.against(found, five[five["indicator"] == "armut"], digits=1)
    pd.testing.assert_frame_equal(five, copy)


@pytest.mark.parametrize(
    ("values", "unit", "message"),
    [
        ({"armut": [1, 2, 3]}, "%", "unknown indicator 'einkommen'; permitted: armut"),
        ({"armut": [1, 2], "einkommen": [1, 2]}, "%", "no year in which 3 areas"),
        ({"armut": [1, 1, 1], "einkommen": [1, 2, 3]}, "%", "armut, 2022: the same in every area"),
        ({"armut": [1, 2, 3], "einkommen": [1, 2, 3]}, "Fälle", "armut counts helps"),
    ],
)
def test_index_refuses_what_it_cannot_be_made_of(
    values: dict[str, list[float | None]], unit: str, message: str
) -> None:
    with pytest.raises(DesignError, match=message) as refusal:
        composite.index(profile(values, unit=unit), TWO)
    assert refusal.value.german != DesignError("x").german


# --- against a published index --------------------------------------------------------------------


def published(values: list[float]) -> pd.DataFrame:
    return profile({"oeffentlich": list(values)})


@pytest.mark.parametrize("digits", [0, 1, 3])
def test_rescaled_and_rounded_index_is_reproduced(five: pd.DataFrame, digits: int) -> None:
    made = composite.index(five, TWO)
    theirs = published((made.table["value"] * 7 + 100).round(digits).tolist())
    found = composite.against(made, theirs, digits=digits)
    assert found.reproduces
    assert found.n == 5
    assert found.largest <= found.tolerance == 0.5 * 10**-digits


def test_one_area_off_by_more_than_rounding_is_not_reproduced(five: pd.DataFrame) -> None:
    made = composite.index(five, TWO)
    values = (made.table["value"] * 7 + 100).round(1)
    values[2] += 1.0
    found = composite.against(made, published(values.tolist()), digits=1)
    assert not found.reproduces
    assert 0.3 < found.largest < 1.0
    assert found.spearman == pytest.approx(1)


def test_index_turned_round_is_no_reproduction(five: pd.DataFrame) -> None:
    made = composite.index(five, TWO)
    found = composite.against(made, published((-made.table["value"]).tolist()), digits=3)
    assert not found.reproduces
    assert found.pearson == pytest.approx(-1)


def test_no_other_line_makes_the_largest_difference_smaller(five: pd.DataFrame) -> None:
    made = composite.index(five, TWO)
    theirs = np.array([1.0, 0.2, 3.3, 2.5, 4.0])
    found = composite.against(made, published(theirs.tolist()), digits=1)
    x = made.table["value"].to_numpy(float)
    rng = np.random.default_rng(1)
    lines = zip(rng.uniform(-1, 4, 20_000), rng.uniform(0, 4, 20_000), strict=True)
    assert min(np.abs(level + slope * x - theirs).max() for slope, level in lines) >= found.largest


@pytest.mark.parametrize("values", [[1.0, 2.0, 3.0], [2.0] * 5])
def test_comparison_refuses_too_few_areas_and_equal_values(
    five: pd.DataFrame, values: list[float]
) -> None:
    with pytest.raises(DesignError, match="areas have both indices; at least 4"):
        composite.against(composite.index(five, TWO), published(values), digits=1)
