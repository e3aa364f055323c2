"""The base population: bands are added up only where they make up the whole age group."""

from __future__ import annotations

import pandas as pd
import pytest

from evaltools.errors import DesignError
from evaltools.measures.population import bands_of, base
from evaltools.study import Population

UNDER_21 = Population(age_from=0, age_to=20)
BANDS = ((0, 5), (6, 17), (18, 20))


def people(*rows: tuple[str, int, str, int, int, int | None], kind: str = "actual") -> pd.DataFrame:
    names = ["area_id", "year", "sex", "age_from", "age_to", "n"]
    frame = pd.DataFrame(rows, columns=names).assign(kind=kind)
    return frame.astype({"n": "Int64", "year": "Int64"})


@pytest.fixture
def two_areas_in_three_bands() -> pd.DataFrame:
    return people(
        *(
            (area, year, "alle", low, high, 100 * (year - 2000) + low + (area == "B"))
            for area in ("A", "B")
            for year in (2020, 2021)
            for low, high in BANDS
        )
    )


def test_bands_are_added_by_hand(two_areas_in_three_bands: pd.DataFrame) -> None:
    found = base(two_areas_in_three_bands, UNDER_21, ["2020", "2021"])
    by_key = found.set_index(["area_id", "period"])["n"].to_dict()
    assert by_key == {  # 3 × 2000 + 0 + 6 + 18, and so on
        ("A", "2020"): 6024,
        ("B", "2020"): 6027,
        ("A", "2021"): 6324,
        ("B", "2021"): 6327,
    }


def test_order_of_rows_and_names_of_areas_do_not_matter(
    two_areas_in_three_bands: pd.DataFrame,
) -> None:
    mixed = two_areas_in_three_bands.sample(frac=1, random_state=1)
    renamed = mixed.assign(area_id=mixed["area_id"].map({"A": "Z", "B": "C"}))
    plain = base(two_areas_in_three_bands, UNDER_21, ["2021"]).set_index("area_id")["n"]
    other = base(renamed, UNDER_21, ["2021"]).set_index("area_id")["n"]
    assert other.to_dict() == {"Z": plain["A"], "C": plain["B"]}


def test_lag_takes_the_population_of_the_year_before(
    two_areas_in_three_bands: pd.DataFrame,
) -> None:
    lagged = base(two_areas_in_three_bands, Population(lag_years=1), ["2021", "2022"])
    assert lagged[lagged["area_id"] == "A"].set_index("period")["n"].to_dict() == {
        "2021": 6024,
        "2022": 6324,
    }


def test_quarters_and_months_take_the_population_of_their_year(
    two_areas_in_three_bands: pd.DataFrame,
) -> None:
    found = base(two_areas_in_three_bands, UNDER_21, ["2020-Q3", "2021-01"])
    assert found[found["area_id"] == "A"]["n"].tolist() == [6024, 6324]


def test_forecast_is_never_a_base(two_areas_in_three_bands: pd.DataFrame) -> None:
    later = two_areas_in_three_bands.assign(
        kind="forecast", year=two_areas_in_three_bands["year"] + 2
    )
    both = pd.concat([two_areas_in_three_bands, later])
    assert base(both, UNDER_21, ["2022"]).empty


def test_sexes_are_added_and_a_total_serves_before_them() -> None:
    by_sex = people(("A", 2020, "m", 0, 20, 60), ("A", 2020, "w", 0, 20, 50))
    assert base(by_sex, UNDER_21, ["2020"])["n"].tolist() == [110]
    divers = pd.concat([by_sex, people(("A", 2020, "d", 0, 20, 1))])
    assert base(divers, UNDER_21, ["2020"])["n"].tolist() == [111]
    total = pd.concat([by_sex, people(("A", 2020, "alle", 0, 20, 112))])
    assert base(total, UNDER_21, ["2020"])["n"].tolist() == [112]


def test_whole_band_serves_before_its_parts() -> None:
    both = people(
        ("A", 2020, "alle", 0, 20, 100),
        ("A", 2020, "alle", 0, 9, 40),
        ("A", 2020, "alle", 10, 20, 61),
    )
    assert base(both, UNDER_21, ["2020"])["n"].tolist() == [100]


@pytest.mark.parametrize(
    "lost", ["band of one year", "sex of one year", "value of one band"], ids=lambda text: text
)
def test_part_of_an_age_group_is_unknown_and_no_smaller_base(lost: str) -> None:
    full = people(
        *(
            (area, 2020, sex, low, high, 10)
            for area in ("A", "B")
            for sex in ("m", "w")
            for low, high in BANDS
        )
    )
    own = full["area_id"] == "A"
    damaged = {
        "band of one year": full[~(own & (full["age_from"] == 6))],
        "sex of one year": full[~(own & (full["sex"] == "m"))],
        "value of one band": full.assign(n=full["n"].mask(own & (full["age_from"] == 6))),
    }[lost]
    found = base(damaged, UNDER_21, ["2020"]).set_index("area_id")["n"]
    assert pd.isna(found["A"])
    assert found["B"] == 60


@pytest.mark.parametrize(
    ("bands", "shown"),
    [
        (((0, 5), (10, 20)), "0-5, 10-20"),
        (((0, 10), (10, 20)), "0-10, 10-20"),
        (((0, 5), (6, 17)), "0-5, 6-17"),
        (((0, 5), (6, 17), (18, 26)), "0-5, 6-17"),
        (((25, 30),), "none"),
    ],
)
def test_gap_or_overlap_is_refused(bands: tuple[tuple[int, int], ...], shown: str) -> None:
    frame = people(*(("A", 2020, "alle", low, high, 10) for low, high in bands))
    with pytest.raises(DesignError) as error:
        base(frame, UNDER_21, ["2020"])
    text = str(error.value)
    assert f"age bands {shown} do not add up to 0-20" in text
    assert "change population: in the study file" in text


def test_frames_are_left_as_they_were(two_areas_in_three_bands: pd.DataFrame) -> None:
    before = two_areas_in_three_bands.copy(deep=True)
    base(two_areas_in_three_bands, UNDER_21, ["2020"])
    found = bands_of(two_areas_in_three_bands, UNDER_21)
    found["n"] = 0
    pd.testing.assert_frame_equal(two_areas_in_three_bands, before)
