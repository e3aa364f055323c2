"""The map: who is shaded how, what is hatched, what stands in the text alternative."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import StudyError
from evaltools.release import map_figures
from evaltools.release.display import Prose
from evaltools.release.figures import Figure
from evaltools.release.map_figures import areas
from evaltools.study import Study
from evaltools.studymap import Border
from release_samples import AREA, RULES, study, tables

IDS = [f"SR{number:02d}" for number in range(1, 13)]
SQUARE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0))


def square(area: str, x: float, y: float = 0.0, size: float = 1.0) -> Border:
    return Border(area, ((tuple((x + size * a, y + size * b) for a, b in SQUARE),),))


BORDERS = tuple(square(area, 1000.0 * place, size=1000) for place, area in enumerate(IDS))


def data(unit: str = "%", name: str = "armut", n: int = 12) -> dict[str, pd.DataFrame]:
    rows = [[area, 2020, name, 10.0 + place, unit] for place, area in enumerate(IDS[:n])]
    social = pd.DataFrame(rows, columns=["area_id", "year", "indicator", "value", "unit"])
    kinds = dict.fromkeys(("area_id", "indicator", "unit"), "string") | {"value": "Float64"}
    return {"area": tables()["area"], "social_profile": social.astype(kinds)}


def drawn(given: dict[str, pd.DataFrame], settings: Study | None = None) -> Figure:
    made = areas(BORDERS, given, settings or study(), AREA, RULES)
    assert isinstance(made, Figure)
    return made


def test_map_says_in_words_what_it_shows() -> None:
    made = drawn(data())
    assert made.title == "armut 2020: SR01 an Stelle 12 von 12, vom höchsten Wert an"
    assert "Hervorgehoben: SR01, 10,0." in made.alt
    assert "Am höchsten: SR12 21,0, SR11 20,0, SR10 19,0." in made.alt
    assert "Am niedrigsten: SR03 12,0, SR02 11,0, SR01 10,0." in made.alt
    rows = {row[0]: row[1:] for row in made.data.sheet.rows}
    assert rows["SR01"] == ("Oberau", "dieser Modellraum", 10.0, "10,0 bis unter 13,0")
    assert rows["SR12"][-1] == "ab 19,0"


def test_classes_hold_about_a_quarter_each() -> None:
    classes = [str(row[-1]) for row in drawn(data()).data.sheet.rows]
    assert sorted(classes.count(one) for one in set(classes)) == [3, 3, 3, 3]


def test_equal_values_are_one_class() -> None:
    given = data()
    given["social_profile"]["value"] = 7.0
    classes = {str(row[-1]) for row in drawn(given).data.sheet.rows}
    assert classes == {"ab 7,0"}


def test_area_without_a_value_is_said_to_have_none() -> None:
    made = drawn(data(n=5))
    rows = {row[0]: row[1:] for row in made.data.sheet.rows}
    assert rows["SR09"][-1] == "keine Angabe"
    assert rows["SR09"][2] == "k. A."


@pytest.mark.parametrize(("unit", "name"), [("Fälle im Jahr", "hilfen"), ("P", "kurzbefragung_n")])
def test_counts_of_helps_and_surveys_shade_no_map(unit: str, name: str) -> None:
    for settings in (study(), study(profile={"map": name})):
        made = drawn(data(unit, name), settings)
        assert {row[3] for row in made.data.sheet.rows} == {"k. A."}
        assert "ohne Schattierung" in made.caption


def test_the_indicator_that_the_study_names_is_drawn() -> None:
    both = pd.concat([data()["social_profile"], data(name="zuzug")["social_profile"]])
    given = data() | {"social_profile": both.reset_index(drop=True)}
    assert drawn(given).title.startswith("armut 2020")
    assert drawn(given, study(profile={"map": "zuzug"})).title.startswith("zuzug 2020")


def test_without_a_map_or_values_the_page_says_so() -> None:
    assert areas((), data(), study(), AREA, RULES) == Prose((map_figures.NO_MAP,))
    made = drawn({"area": tables()["area"]})
    assert made.title == "Karte der 12 Räume"


def test_area_that_the_study_does_not_know_is_refused() -> None:
    with pytest.raises(StudyError, match=r"area_id SR99 is not in the table area"):
        areas((*BORDERS, square("SR99", 0)), data(), study(), AREA, RULES)


def test_areas_without_borders_are_told() -> None:
    made = areas(BORDERS[:10], data(), study(), AREA, RULES)
    assert isinstance(made, Figure)
    assert "Ohne Grenzen in der Karte: SR11 und SR12." in made.caption


def test_order_of_the_borders_decides_nothing_of_the_words() -> None:
    turned = areas(BORDERS[::-1], data(), study(), AREA, RULES)
    assert isinstance(turned, Figure)
    made = drawn(data())
    assert (turned.title, turned.alt, turned.data.html) == (made.title, made.alt, made.data.html)


def test_degrees_are_widened_by_the_latitude_and_metres_are_not() -> None:
    assert map_figures._aspect((square("a", 13.0, 59.5),)) == pytest.approx(2.0)
    assert map_figures._aspect((square("a", 400_000.0, 5_600_000.0, 1000),)) == 1.0


def test_name_stands_in_the_middle_of_the_largest_part() -> None:
    parts = Border("a", (square("a", 0).polygons[0], square("a", 10, 20, 4).polygons[0]))
    assert map_figures._middle(parts) == pytest.approx((12, 22))
    far = square("a", 5_000_000.0, 5_600_000.0)
    assert map_figures._middle(far) == pytest.approx((5_000_000.5, 5_600_000.5), abs=1e-6)


def test_hole_is_wound_against_its_outer_ring() -> None:
    outer = tuple((4 * x, 4 * y) for x, y in SQUARE)
    inner = tuple((1 + x, 1 + y) for x, y in SQUARE)
    for rings in ((outer, inner), (outer[::-1], inner[::-1])):
        path = map_figures._path(Border("a", (rings,)))
        surfaces = [map_figures._surface(tuple(map(tuple, ring))) for ring in path.to_polygons()]
        assert np.sign(surfaces).tolist() == [1, -1]


def test_hostile_names_and_tables_are_left_as_they_are() -> None:
    given = data()
    given["area"] = given["area"].assign(name="<script>$x$</script>")
    copies = {name: frame.copy(deep=True) for name, frame in given.items()}
    made = drawn(given)
    assert "<script" not in made.svg
    assert "<script" not in made.data.html
    for name, frame in given.items():
        pd.testing.assert_frame_equal(frame, copies[name])


def test_picture_is_the_same_every_time() -> None:
    assert drawn(data()).svg == drawn(data()).svg
