"""The comparison group: nearest areas before the start, and who is left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from evaltools.errors import DesignError
from evaltools.measures import comparable
from evaltools.study import ModelArea
from release_samples import study

YEARS = [str(year) for year in range(2010, 2022)]
MODEL = ModelArea.model_validate(
    {"area": "S1", "start": "2018", "selection": {"rule": "hoch", "periods": ["2017"]}}
)
KINDS = {
    **dict.fromkeys(("area_id", "indicator", "unit"), "string"),
    "value": "Float64",
    "year": "Int64",
}


def rates(level: dict[str, float], slope: dict[str, float] | None = None) -> pd.DataFrame:
    rows = [
        [area, year, 1000 * value * np.exp((slope or {}).get(area, 0) * place), 1000.0]
        for area, value in level.items()
        for place, year in enumerate(YEARS)
    ]
    return pd.DataFrame(rows, columns=["area_id", "period", "numerator", "denominator"]).astype(
        {"area_id": "string", "period": "string"}
    )


def social(values: dict[str, float], *, year: int = 2016, unit: str = "%") -> pd.DataFrame:
    rows = [[area, year, "armut", value, unit] for area, value in values.items()]
    names = ["area_id", "year", "indicator", "value", "unit"]
    return pd.DataFrame(rows, columns=names).astype(KINDS)


NONE = social({})
LEVELS = {"S1": 0.10, "S2": 0.11, "S3": 0.05, "S4": 0.20}


def group(given: pd.DataFrame, profile: pd.DataFrame = NONE, **left_out: str) -> comparable.Group:
    return comparable.comparison(given, profile, MODEL, left_out, nearest=2)


def test_trend_is_that_of_a_poisson_regression() -> None:
    rng = np.random.default_rng(3)
    people = rng.uniform(500, 900, 9)
    n = rng.poisson(people * 0.05 * np.exp(0.08 * np.arange(9)))
    design = sm.add_constant(np.arange(9.0))
    fit = sm.GLM(n, design, family=sm.families.Poisson(), offset=np.log(people)).fit(tol=1e-12)
    assert comparable.trend(n, people) == pytest.approx(fit.params[1], abs=1e-9)


def test_exact_growth_is_found() -> None:
    people = np.linspace(100, 300, 7)
    assert comparable.trend(people * 0.1 * 1.05 ** np.arange(7), people) == pytest.approx(
        np.log(1.05)
    )


def test_level_and_trend_see_a_count_through_two_sums_only() -> None:
    """What ``release.selection_views`` rests on: these moves change no count's distance."""
    people, n = np.linspace(900, 1100, 7), np.array([12.0, 15, 2, 14, 11, 13, 16])
    for place in range(5):
        moved = n.copy()
        moved[place : place + 3] += [2, -4, 2] if place != 1 else [-2, 4, -2]
        assert (moved >= 0).all()
        assert comparable.trend(moved, people) == pytest.approx(
            comparable.trend(n, people), abs=1e-12
        )


def test_nearest_areas_come_first_with_their_distance() -> None:
    found = group(rates(LEVELS))
    assert found.table["area_id"].tolist() == ["S2", "S3", "S4"]
    assert found.table["chosen"].tolist() == [True, True, False]
    assert found.table["distance"].is_monotonic_increasing
    assert found.periods == tuple(str(year) for year in range(2010, 2017))
    level = np.array(list(LEVELS.values()))
    assert found.table.loc[1, "level"] == pytest.approx(0.05 / level.std())
    assert found.table["trend"].tolist() == [0, 0, 0]


def test_distance_is_the_root_mean_square_of_its_parts() -> None:
    slopes = {"S2": 0.05, "S3": -0.02, "S4": 0.01}
    profile = social({"S1": 4, "S2": 9, "S3": 5, "S4": 7})
    table = group(rates(LEVELS, slopes), profile).table
    parts = table[["level", "trend", "profile"]].to_numpy(float)
    np.testing.assert_allclose(table["distance"].astype(float), np.sqrt((parts**2).mean(axis=1)))


def test_what_came_after_the_start_or_in_the_selection_year_does_not_count() -> None:
    given = rates(LEVELS)
    later = given.copy()
    later.loc[later["period"] >= "2017", "numerator"] *= 7
    pd.testing.assert_frame_equal(group(later).table, group(given).table)


def test_profile_is_the_latest_before_the_start() -> None:
    before = social({"S1": 4, "S2": 9, "S3": 5, "S4": 7})
    after = social({"S1": 1, "S2": 1, "S3": 5, "S4": 7}, year=2018)
    given = rates(LEVELS)
    pd.testing.assert_frame_equal(
        group(given, pd.concat([before, after])).table, group(given, before).table
    )
    assert group(given, social(dict.fromkeys(LEVELS, 3) | {"S2": 9}, unit="Fälle")).indicators == ()


def test_order_and_names_decide_nothing() -> None:
    given, profile = rates(LEVELS, {"S2": 0.02}), social({"S1": 4, "S2": 9, "S3": 5, "S4": 7})
    plain = group(given, profile).table
    turned = group(
        given.sample(frac=1, random_state=1), profile.sample(frac=1, random_state=2)
    ).table
    pd.testing.assert_frame_equal(turned, plain)
    names = {"S2": "Z2"}
    renamed = group(given.replace({"area_id": names}), profile.replace({"area_id": names})).table
    assert renamed["area_id"].replace("Z2", "S2").tolist() == plain["area_id"].tolist()


def test_areas_that_cannot_be_judged_are_told() -> None:
    given = rates(LEVELS | {"S5": 0.004, "S6": 0.1, "S7": 0.1, "S8": 0.12, "S9": 0.13})
    given.loc[(given["area_id"] == "S6") & (given["period"] == "2012"), "numerator"] = np.nan
    known = ["S1", "S2", "S4", "S5", "S6", "S8"]
    profile = social(dict.fromkeys(known, 3.0) | {"S3": 4, "S9": 5})
    found = group(given, profile, S4="Nachbar")
    assert found.excluded == {
        "S4": "Nachbar",
        "S5": comparable.REASONS["few"],
        "S6": comparable.REASONS["unknown"],
        "S7": comparable.REASONS["profile"],
    }
    assert set(found.table["area_id"]) == {"S2", "S3", "S8", "S9"}


@pytest.mark.parametrize(
    ("model", "levels", "message"),
    [
        (MODEL.model_copy(update={"start": None}), LEVELS, "start=none leaves 0 periods"),
        (MODEL.model_copy(update={"start": "2014"}), LEVELS, "start=2014 leaves 4 periods"),
        (MODEL.model_copy(update={"area": "S77"}), LEVELS, "comparison of S77"),
        (MODEL, {"S1": 0.1, "S2": 0.1, "S3": 0.2}, "2 areas can be compared; at least 3"),
        (MODEL, LEVELS | {"S1": 0.002}, "10 helps a period and no unknown value in the model"),
    ],
)
def test_comparison_refuses_too_little(
    model: ModelArea, levels: dict[str, float], message: str
) -> None:
    with pytest.raises(DesignError, match=message):
        comparable.comparison(rates(levels), NONE, model, {}, nearest=2)


def test_who_is_left_out_and_why() -> None:
    ids = [f"SR{n:02d}" for n in range(1, 10)]
    area = pd.DataFrame({"area_id": ids, "parent_id": None, "successor": None}, dtype="string")
    area.loc[7, "successor"] = "SR09"
    area.loc[6, "parent_id"] = "SR02"
    settings = study(
        model_areas=({"area": "SR01", "neighbours": ["SR02"]}, {"area": "SR03"}),
        excluded={"SR04": "Umbau"},
        events=(
            {"period": "2014", "area": "SR05", "kind": "boundary", "label": "neu"},
            {"period": "2014", "kind": "reform", "label": "überall"},
        ),
    )
    found = comparable.excluded(area, settings, settings.model_area("SR01"))
    assert found == {
        "SR02": comparable.REASONS["neighbour"],
        "SR03": comparable.REASONS["model"],
        "SR04": "eigene Maßnahme: Umbau",
        "SR05": "anderer Gebietsstand (2014): neu",
        "SR07": comparable.REASONS["level"],
        "SR08": comparable.REASONS["ended"],
    }
    bare = area[["area_id"]]
    assert set(comparable.excluded(bare, settings, settings.model_area("SR01"))) == {
        *("SR02", "SR03", "SR04", "SR05"),
    }


def test_frames_are_left_as_they_were() -> None:
    given, profile = rates(LEVELS), social(LEVELS)
    copies = given.copy(deep=True), profile.copy(deep=True)
    group(given, profile)
    pd.testing.assert_frame_equal(given, copies[0])
    pd.testing.assert_frame_equal(profile, copies[1])
