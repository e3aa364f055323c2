"""Theil's T on published examples, its exact decomposition, and the parts of a Stadtraum."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import DesignError
from evaltools.measures.inequality import decompose, heterogeneity, spread, theil

INCOMES = [8, 5, 1, 3, 5, 6, 7, 6, 3]
WEIGHTS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]


def test_published_values_of_inequality_jl() -> None:
    """Inequality.jl, documentation of ``theil``, with and without weights."""
    assert theil(INCOMES) == pytest.approx(0.10494562214323544, abs=1e-14)
    assert theil(INCOMES, WEIGHTS) == pytest.approx(0.08120013911680612, abs=1e-14)


def test_published_decomposition_of_pysal() -> None:
    """PySAL's inequality, test of ``TheilD``: all of it lies between the regions, none within."""
    found = decompose([0, 0, 0, 10, 10, 10], list("aaabbb"))
    assert found.total == pytest.approx(0.6931471805599453, abs=1e-14)
    assert found.between == pytest.approx(0.6931471805599453, abs=1e-14)
    assert found.within == 0


def test_one_person_with_everything_is_the_logarithm_of_all() -> None:
    assert theil([0, 0, 0, 7]) == pytest.approx(math.log(4))
    assert theil([3, 3, 3]) == 0


@pytest.mark.parametrize("seed", range(5))
def test_total_is_between_plus_within(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, weights = rng.gamma(2, 5, 30), rng.integers(1, 500, 30)
    groups = [str(one) for one in rng.integers(0, 6, 30)]
    found = decompose(values, groups, weights)
    assert found.total == pytest.approx(found.between + found.within, abs=1e-12)
    assert found.total == pytest.approx(theil(values, weights))
    assert found.groups["share"].sum() == pytest.approx(1)
    assert min(found.between, found.within) > 0


def test_weight_is_as_many_people_of_that_value() -> None:
    assert theil([2, 5], [3, 1]) == pytest.approx(theil([2, 2, 2, 5]))
    assert theil([2, 5], [3, 1]) == pytest.approx(theil([20, 50], [300, 100]))


@pytest.mark.parametrize(
    ("values", "weights", "message"),
    [
        ([1, -1], None, "the lowest is -1"),
        ([0, 0], None, "not all 0"),
        ([1, None], None, "1 of 2 values are unknown"),
        ([], None, "at least one known value"),
        ([1, 2], [1, 0], "all above zero"),
        ([1, 2], [1], "as many weights"),
    ],
)
def test_theil_refuses_what_it_cannot_tell(
    values: list[float], weights: list[float] | None, message: str
) -> None:
    with pytest.raises(DesignError, match=message):
        theil(values, weights)


def test_groups_and_values_must_be_equally_many() -> None:
    with pytest.raises(DesignError, match="1 groups for 2 values"):
        decompose([1, 2], ["a"])


def test_spread_is_that_of_the_population() -> None:
    found = spread([2, 4, 6])
    assert (found.n, found.lowest, found.highest, found.range, found.mean) == (3, 2, 6, 4, 4)
    assert found.cv == pytest.approx(math.sqrt(8 / 3) / 4)
    assert math.isnan(spread([-1, 0, 4]).cv)


@pytest.fixture
def parts() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Two Stadträume with three and two parts."""
    ids = ["S1", "S2", "a", "b", "c", "d", "e"]
    parent = [None, None, "S1", "S1", "S1", "S2", "S2"]
    area = pd.DataFrame({"area_id": ids, "parent_id": parent}, dtype="string")
    rows = [
        *(
            (one, 2020, "armut", value, "%")
            for one, value in zip(ids, [9, 8, 2, 4, 6, 5, 5], strict=True)
        ),
        *(
            (one, 2022, "armut", value, "%")
            for one, value in zip(ids, [9, 8, 3, 30, 6, 5, 5], strict=True)
        ),
        ("a", 2022, "index", -1.0, "z"),
        ("b", 2022, "index", 2.0, "z"),
        ("a", 2022, "faelle_ambulant", 1.0, "Fälle"),
        ("b", 2022, "faelle_ambulant", 9.0, "Fälle"),
    ]
    names = ["area_id", "year", "indicator", "value", "unit"]
    kinds = {
        "area_id": "string",
        "indicator": "string",
        "unit": "string",
        "value": "Float64",
        "year": "Int64",
    }
    profile = pd.DataFrame(rows, columns=names).astype(kinds)
    people = pd.DataFrame({"area_id": ids, "year": 2022, "n": [0, 0, 100, 50, 50, 10, 10]})
    return profile, area, people.astype({"area_id": "string", "year": "Int64", "n": "Float64"})


def test_heterogeneity_is_that_of_the_own_parts_in_the_latest_year(
    parts: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    profile, area, people = parts
    found = heterogeneity(profile, area, "S1", people).set_index("indicator")
    own = found.loc["armut"]
    assert (own["year"], own["n"], own["lowest"], own["highest"], own["range"]) == (
        2022,
        3,
        3,
        30,
        27,
    )
    assert own["theil"] == pytest.approx(theil([3, 30, 6], [100, 50, 50]))
    assert own["city"] == pytest.approx(theil([3, 30, 6, 5, 5], [100, 50, 50, 10, 10]))
    assert own["city"] == pytest.approx(own["between"] + own["within"])
    assert own["weighted"]


def test_values_below_zero_have_a_range_and_no_index(
    parts: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    profile, area, people = parts
    found = heterogeneity(profile, area, "S1", people).set_index("indicator").loc["index"]
    assert found["range"] == 3
    assert found[["cv", "theil", "city"]].isna().all()


def test_counts_of_helps_are_left_out(
    parts: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    profile, area, people = parts
    assert "faelle_ambulant" not in set(heterogeneity(profile, area, "S1", people)["indicator"])


def test_without_people_the_parts_weigh_alike(
    parts: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    profile, area, people = parts
    fewer = people[people["area_id"] != "b"]
    for given in (None, fewer):
        own = heterogeneity(profile, area, "S1", given).set_index("indicator").loc["armut"]
        assert not own["weighted"]
        assert own["theil"] == pytest.approx(theil([3, 30, 6]))


def test_heterogeneity_does_not_depend_on_order_or_names(
    parts: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    profile, area, people = parts
    plain = heterogeneity(profile, area, "S1", people)
    names = {"S1": "X9", "a": "z1"}
    turned = [
        frame.replace({"area_id": names, "parent_id": names}).sample(frac=1, random_state=4)
        for frame in (profile, area, people)
    ]
    found = heterogeneity(turned[0], turned[1], "X9", turned[2])
    pd.testing.assert_frame_equal(found, plain, check_exact=False)


def test_without_parts_there_is_nothing(
    parts: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    profile, area, people = parts
    assert heterogeneity(profile, area, "a", people).empty
    assert heterogeneity(profile, area.drop(columns="parent_id"), "S1", people).empty
    assert heterogeneity(profile.iloc[:0], area, "S1").empty


def test_frames_are_left_as_they_were(
    parts: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    copies = [frame.copy(deep=True) for frame in parts]
    heterogeneity(parts[0], parts[1], "S1", parts[2])
    for frame, copy in zip(parts, copies, strict=True):
        pd.testing.assert_frame_equal(frame, copy)
