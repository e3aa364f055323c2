"""The description of a Stadtraum: values beside their spread, nothing inferred."""

from __future__ import annotations

import pandas as pd
import pytest

from evaltools.errors import DesignError
from evaltools.measures import profile
from evaltools.study import Population


@pytest.fixture
def rate_of_four_areas() -> pd.DataFrame:
    rows = [
        *(("A", 2017, 9.0), ("B", 2017, 4.0), ("C", 2017, 6.0), ("D", 2017, 5.0)),
        *(("A", 2023, 8.0), ("B", 2023, 3.0)),
    ]
    frame = pd.DataFrame(rows, columns=["area_id", "year", "value"])
    return frame.assign(indicator="arbeitslosenquote", unit="%").astype({"value": "Float64"})


def test_social_sets_the_value_beside_the_spread(rate_of_four_areas: pd.DataFrame) -> None:
    found = profile.social(rate_of_four_areas, "A")
    assert found["year"].tolist() == [2023, 2017]
    old = found.iloc[1]
    assert (old["area"], old["lowest"], old["middle"], old["highest"]) == (9.0, 4.0, 5.5, 9.0)
    assert old["n_areas"] == 4


def test_fewer_than_three_areas_are_no_spread(rate_of_four_areas: pd.DataFrame) -> None:
    new = profile.social(rate_of_four_areas, "A").iloc[0]
    assert new["area"] == 8.0
    assert new[["lowest", "middle", "highest"]].isna().all()


def test_social_does_not_depend_on_order_or_names(rate_of_four_areas: pd.DataFrame) -> None:
    plain = profile.social(rate_of_four_areas, "A")
    mixed = rate_of_four_areas.sample(frac=1, random_state=3)
    renamed = mixed.assign(area_id=mixed["area_id"].replace({"A": "Z"}))
    pd.testing.assert_frame_equal(profile.social(renamed, "Z"), plain)


def test_infrastructure_lists_what_the_table_has() -> None:
    table = pd.DataFrame(
        {"area_id": ["A", "B", "A"], "year": [2024, 2024, 2018], "kind": "kita", "n": [3, 9, 2]}
    )
    found = profile.infrastructure(table, "A")
    assert found.columns.tolist() == ["kind", "year", "n"]
    assert found["n"].tolist() == [2, 3]


def _people(rows: list[tuple[str, int, str, int | None]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["area_id", "year", "kind", "n"])
    return frame.assign(sex="alle", age_from=0, age_to=20).astype({"n": "Int64"})


def test_population_path_adds_the_city_and_keeps_forecasts_apart() -> None:
    table = _people(
        [
            *(("A", 2023, "actual", 100), ("B", 2023, "actual", 50)),
            *(("A", 2024, "actual", 110), ("B", 2024, "actual", None)),
            *(("A", 2025, "forecast", 120), ("B", 2025, "forecast", 60)),
        ]
    )
    found = profile.population_path(table, "A", Population())
    assert found["kind"].tolist() == ["actual", "actual", "forecast"]
    assert found["area"].tolist() == [100, 110, 120]
    assert found["city"][0] == 150
    assert pd.isna(found["city"][1])
    assert found["city"][2] == 180


def test_population_path_refuses_bands_that_do_not_fit() -> None:
    table = _people([("A", 2023, "actual", 100)]).assign(age_to=9)
    with pytest.raises(DesignError, match=r"bands 0-9 do not add up to 0-17; deliver bands"):
        profile.population_path(table, "A", Population(age_to=17))


def test_staffing_is_actual_minus_norm() -> None:
    table = pd.DataFrame(
        {"area_id": ["A", "B"], "year": 2024, "role": "case_manager", "vzae": [4.5, 9.0]}
    ).astype({"vzae": "Float64"})
    with_norm = table.assign(vzae_norm=pd.array([5.0, 9.0], dtype="Float64"))
    assert profile.staffing(with_norm, "A")["difference"].tolist() == [-0.5]
    assert profile.staffing(table, "A")["difference"].isna().all()


@pytest.fixture
def offers_around_new_year() -> pd.DataFrame:
    rows = [
        ("O1", "2019-12-31", None, "jugend"),
        ("O2", "2020-01-01", None, "jugend"),
        ("O3", "2018-01-01", "2019-12-31", "kita"),
        ("O4", "2018-01-01", "2020-01-01", None),
    ]
    frame = pd.DataFrame(rows, columns=["offer_id", "begin", "end", "life_phase"])
    frame["begin"], frame["end"] = pd.to_datetime(frame["begin"]), pd.to_datetime(frame["end"])
    return frame.assign(area_id="A").astype({"life_phase": "string"})


def test_offers_of_the_last_day_are_counted(offers_around_new_year: pd.DataFrame) -> None:
    found = profile.offers(offers_around_new_year, "A", (2019, 2020)).set_index("life_phase")
    assert found["2019"].to_dict() == {"jugend": 1, "kita": 0, "unbekannt": 1}
    assert found["2020"].to_dict() == {"jugend": 2, "kita": 0, "unbekannt": 0}


def test_offers_without_any_life_phase_are_unknown(offers_around_new_year: pd.DataFrame) -> None:
    bare = offers_around_new_year.drop(columns=["life_phase", "end"])
    found = profile.offers(bare, "A", (2019,))
    assert found.to_dict("list") == {"life_phase": ["unbekannt"], "2019": [3]}


def test_unknown_end_means_running(offers_around_new_year: pd.DataFrame) -> None:
    assert profile.running(offers_around_new_year, 2019).tolist() == [True, False, False, True]
    bare = offers_around_new_year.drop(columns="end")
    assert profile.running(bare, 2019).tolist() == [True, False, True, True]


def test_frames_are_left_as_they_were(
    rate_of_four_areas: pd.DataFrame, offers_around_new_year: pd.DataFrame
) -> None:
    social, offer = rate_of_four_areas.copy(deep=True), offers_around_new_year.copy(deep=True)
    people = _people([("A", 2023, "actual", 100)])
    table = pd.DataFrame({"area_id": ["A"], "year": 2024, "role": "offer", "vzae": 1.0})
    places = pd.DataFrame({"area_id": ["A"], "year": 2024, "kind": "kita", "n": 1})
    copies = [frame.copy(deep=True) for frame in (people, table, places)]
    profile.social(rate_of_four_areas, "A")
    profile.offers(offers_around_new_year, "A", (2019,))
    profile.running(offers_around_new_year, 2019)
    profile.population_path(people, "A", Population())
    profile.staffing(table, "A")
    profile.infrastructure(places, "A")
    pd.testing.assert_frame_equal(rate_of_four_areas, social)
    pd.testing.assert_frame_equal(offers_around_new_year, offer)
    for frame, copy in zip((people, table, places), copies, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


def test_spread_is_over_the_areas_asked_for(rate_of_four_areas: pd.DataFrame) -> None:
    old = profile.social(rate_of_four_areas, "A", among=("A", "B", "C")).iloc[1]
    assert (old["area"], old["lowest"], old["highest"], old["n_areas"]) == (9.0, 4.0, 9.0, 3)


def test_parts_are_not_counted_beside_their_whole() -> None:
    table = _people(
        [("A", 2023, "actual", 100), ("B", 2023, "actual", 50), ("a1", 2023, "actual", 60)]
    )
    found = profile.population_path(table, "A", Population(), among=("A", "B"))
    assert found["city"].tolist() == [150]
    assert profile.population_path(table, "A", Population())["city"].tolist() == [210]


def test_forecast_sets_the_last_years_of_both_kinds_side_by_side() -> None:
    rows = [
        *(("A", 2022, "actual", 90), ("A", 2023, "actual", 100)),
        *(("A", 2025, "forecast", 110), ("A", 2030, "forecast", 120)),
    ]
    found = profile.forecast(_people(rows), "A", Population())
    assert found == profile.Forecast(2023, 100, 2030, 120)
    assert profile.forecast(_people(rows[:2]), "A", Population()) is None
    assert profile.forecast(_people(rows), "B", Population()) is None
    late = [("A", 2031, "actual", 100)]
    assert profile.forecast(_people(rows + late), "A", Population()) is None


def test_indicator_is_the_latest_known_value(rate_of_four_areas: pd.DataFrame) -> None:
    table = rate_of_four_areas.copy()
    table.loc[table["year"] == 2023, "value"] = pd.NA
    found = profile.indicator(table, "A", "arbeitslosenquote")
    assert found is not None
    assert (found["year"], found["value"]) == (2017, 9.0)
    assert profile.indicator(table, "Z", "arbeitslosenquote") is None
    assert profile.indicator(table, "A", "anderes") is None
