"""Figures: released only, the same bytes twice, words beside every picture, no crash at edges."""

from __future__ import annotations

import itertools
import pickle
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from evaltools.errors import ReleaseError
from evaltools.release import axes, figures, wording
from evaltools.release.disclosure import Count, Released, release
from evaltools.release.display import MARK
from evaltools.release.estimates import release_placebos, release_series
from evaltools.release.figures import Figure
from evaltools.release.published import by_period
from plan_samples import helps, holds, plan_of, rules_for
from release_samples import RULES, effect, study

YEARS = [str(year) for year in range(2012, 2022)]
LONG = "Südöstliche Königswälder Höhe-Großzschocher"
UNIT = "Quote, je 10.000"


def _public(frame: pd.DataFrame) -> Released:
    return release(frame, RULES, counts={}, public=tuple(map(str, frame.columns)))


def _series(values: list[Any]) -> Any:
    return pd.array([pd.NA if value is None else value for value in values], dtype="Float64")


def _trend(groups: dict[str, list[Any]], start: str = "2018") -> Figure:
    rows = [[name, year] for name, line in groups.items() for year, _ in zip(YEARS, line)]  # noqa: B905
    frame = pd.DataFrame(rows, columns=["group", "period"])
    frame["value"] = _series([value for line in groups.values() for value in line])
    return figures.trend(_public(frame), unit=UNIT, caption="Verlauf.", start=start)


def _expected(observed: list[Any], expected: list[Any]) -> Figure:
    frame = pd.DataFrame({"period": YEARS[: len(observed)]})
    frame = frame.assign(observed=_series(observed), counterfactual=_series(expected))
    return figures.counterfactual(
        _public(frame), unit=UNIT, title="T", caption="Erwartet.", start="2018", name=LONG
    )


def _markers(svg: str, color: str) -> int:
    return len(re.findall(rf'<use [^>]*style="fill: {color}', svg, re.I))


def test_only_released_frames_are_taken() -> None:
    frame = pd.DataFrame({"group": ["a"], "period": ["2020"], "value": [1.0]})
    with pytest.raises(ReleaseError, match="Released"):
        figures.trend(frame, unit="", caption="")  # type: ignore[arg-type]
    with pytest.raises(ReleaseError, match="Released"):
        figures.placebos(frame, caption="", name="")  # type: ignore[arg-type]
    with pytest.raises(ReleaseError, match="Released"):
        figures.counterfactual(frame, unit="", title="", caption="", start="", name="")  # type: ignore[arg-type]


def test_missing_columns_are_named() -> None:
    with pytest.raises(ReleaseError, match="estimate"):
        figures.placebos(_public(pd.DataFrame({"own": [True]})), caption="", name="")


def test_same_data_give_the_same_bytes() -> None:
    made = effect()
    dots = release_placebos(made, rules_for(made))
    series = release_series(
        made, rules_for(made), per=10_000, sums=by_period(made, study()), beside={}
    )
    for draw in (
        lambda: _trend({"Oberau": [*range(10)], "Land": [5.0] * 10}),
        lambda: figures.placebos(dots, caption="", name="Oberau"),
        lambda: figures.counterfactual(
            series, unit=UNIT, title="", caption="", start="2018", name="A"
        ),
    ):
        assert draw() == draw()


def test_picture_tells_no_date_no_path_no_program() -> None:
    svg = _trend({"Oberau": [*range(10)]}).svg
    ET.fromstring(svg)
    assert svg.startswith("<svg")
    assert "dc:date" not in svg
    assert "Matplotlib" not in svg
    assert str(Path.home()) not in svg
    assert "<script" not in svg


def test_words_name_first_and_last_value_and_unit() -> None:
    alt = _trend({"Oberau": [1234.4, *[900.0] * 8, 0.25], "Vergleich\n(14 Räume)": [5.0] * 10}).alt
    assert UNIT in alt
    assert "Oberau: sinkt von 1.234 auf 0,25 (2012 bis 2021)." in alt
    assert "Vergleich (14 Räume): bleibt bei 5,0" in alt


def test_numbers_of_a_figure_stand_in_a_table() -> None:
    made = _trend({"Oberau": [1234.44, *[900.0] * 8, None], "Vergleich\n(14 Räume)": [5.0] * 10})
    sheet = made.data.sheet
    assert sheet.caption == "Daten: Verlauf"
    assert sheet.headings == ("Zeitraum", f"Oberau ({UNIT})", f"Vergleich (14 Räume) ({UNIT})")
    assert sheet.rows[0] == ("2012", 1234.4, 5.0)
    assert sheet.rows[-1] == ("2021", "k. A.", 5.0)
    expected = _expected([40.0] * 10, [50.26] * 10).data.sheet
    assert expected.rows[0] == ("2012", 40.0, 50.3)
    dots = figures.placebos(
        release_placebos(effect(), rules_for(effect())), caption="Lage. Noch etwas.", name="Oberau"
    )
    assert dots.data.sheet.caption == "Daten: Lage"
    assert [row[0] for row in dots.data.sheet.rows].count("ja") == 1
    assert len(dots.data.sheet.rows) == len(effect().placebos)


@pytest.mark.parametrize(
    ("groups", "title"),
    [
        (
            {"A": [61.0, 52.0], "B\n(9)": [40.0, 63.0], "C": [1.0, 2.0]},
            "A sinkt von 61 auf 52, B (9) steigt von 40 auf 63 (2012 bis 2013)",
        ),
        ({"A": [61.2, 60.9]}, "A bleibt bei 61 (2012 bis 2013)"),
        ({"A": [None, None], "B": [3.0, None]}, "B bleibt bei 3,0 (2012)"),
        ({"A": [None]}, "keine Werte"),
        (
            {"A": [9.0, 5.0, None], "B": [1.0, 2.0, 3.0]},
            "A sinkt von 9,0 auf 5,0 (2012 bis 2013), B steigt von 1,0 auf 3,0 (2012 bis 2014)",
        ),
    ],
)
def test_a_trend_is_titled_with_what_it_finds(groups: dict[str, Any], title: str) -> None:
    made = _trend(groups)
    assert made.title == f"Quote: {title}"
    assert made._repr_mimebundle_()[1]["image/svg+xml"]["title"] == made.title


def test_numbers_of_a_figure_travel_with_it() -> None:
    made = _trend({"Oberau": [*range(10)]})
    _, told = made._repr_mimebundle_()
    assert told[MARK]["data"] == made.data.html
    assert told[MARK]["table"]["caption"] == "Daten: Verlauf"


def test_expected_value_stands_in_the_words() -> None:
    alt = _expected([40.0] * 10, [50.0] * 10).alt
    assert UNIT in alt
    assert f"{LONG}: bleibt bei 40" in alt
    assert "wären 2021 50 zu erwarten" in alt


def test_placebo_words_name_place_and_spread() -> None:
    dots = release_placebos(effect(), rules_for(effect()))
    figure = figures.placebos(dots, caption="C.", name="Oberau")
    assert "Oberau: −20" in figure.alt
    assert "9 Räume" in figure.alt
    assert "Stelle 1 von 10" in figure.alt
    assert (
        figure.title == f"Oberau: {wording.percent_change(0.8)}, von unten gezählt Stelle 1 von 10"
    )
    assert figure.caption == "C. Quelle: Musterstadt."


def test_every_group_is_drawn() -> None:
    """Area, comparison, city, state and nation: a fifth line must not fall away."""
    names = ["Oberau", "Vergleich", "Gesamtstadt", "Land", "Bund"]
    svg = _trend({name: [float(place + 1)] * 10 for place, name in enumerate(names)}).svg
    assert len(axes.STYLES) == len(names)
    for color, _, _ in axes.STYLES:
        assert _markers(svg, color) == 10


def test_suppressed_periods_are_gaps() -> None:
    frame = pd.DataFrame({"group": "Oberau", "period": YEARS})
    frame["n"] = pd.array([2, 2, *[50] * 8], dtype="Int64")
    frame["value"] = frame["n"] / 10
    handed = release(frame, RULES, counts={"n": Count(("value",))}, public=("group", "period"))
    figure = figures.trend(handed, unit=UNIT, caption="")
    assert _markers(figure.svg, axes.BLUE) == 8
    assert "bleibt bei 5,0 (2014 bis 2021)" in figure.alt


def test_figure_names_what_was_taken_out_and_never_its_value() -> None:
    """The value is nowhere: not in the picture, its words, or what a notebook stores of it."""
    drawn = []
    for hidden in (1, 7_654_321):
        frame = pd.DataFrame({"group": "Oberau", "period": YEARS, "n": [hidden, *range(50, 59)]})
        frame["value"] = frame["n"] / 10
        sums = [(helps(year),) for year in YEARS]
        plan = plan_of({helps(y): 50 + at for at, y in enumerate(YEARS[1:])}, [helps(YEARS[0])])
        counts = {"n": Count(("value",), sums)}
        public = ("group", "period")
        handed = release(frame, replace(RULES, plan=plan), counts=counts, public=public)
        figure = figures.trend(handed, unit=UNIT, caption="")
        assert figure.hidden == (helps("2012").key,)
        assert figure._repr_mimebundle_()[1][MARK]["hidden"] == [helps("2012").key]
        for thing in (handed, figure, figure._repr_mimebundle_(), vars(figure)):
            assert not holds(thing, 7_654_321)
            assert not holds(thing, 765_432.1)
            assert b"7654321" not in pickle.dumps(thing).replace(b".", b"")
        drawn.append(figure)
    assert drawn[0] == drawn[1]


def test_gap_in_the_middle_is_not_bridged() -> None:
    svg = _trend({"Oberau": [5.0] * 4 + [None] + [5.0] * 5}).svg
    lines = re.findall(rf'd="([^"]*)"[^>]*style="[^"]*stroke: {axes.BLUE}', svg, re.I)
    assert max(line.count("M ") for line in lines) == 2


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "groups",
    [
        {"Ä": [5.0] * 10},
        {"Ä": [5.0], "Vergleich\n(2 Räume)": [3.0]},
        {"Ä": [None] * 10, "Land": [None] * 10},
        {"Ä": [0.0] * 10, "Land": [0.0] * 10},
        {LONG: [5.0, None] * 5, "Straße „Öl & <b>“": [5.01] * 10},
        {"Ä": [0.01] * 10},
        {"Ä": [3e6] * 10},
    ],
)
def test_trend_stands_at_the_edges(groups: dict[str, list[Any]]) -> None:
    figure = _trend(groups)
    ET.fromstring(figure.svg)
    assert ("keine Werte" in figure.alt) == (next(iter(groups.values()))[0] is None)
    assert "nan" not in figure.alt.lower()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        ([4.0], [5.0]),
        ([None] * 10, [None] * 10),
        ([None] * 10, [4.0] * 10),
        ([0.0] * 10, [0.0] * 10),
        ([*[4.0] * 9, None], [*[4.0] * 9, None]),
    ],
)
def test_counterfactual_stands_at_the_edges(observed: list[Any], expected: list[Any]) -> None:
    figure = _expected(observed, expected)
    ET.fromstring(figure.svg)
    assert "nan" not in figure.alt.lower()


@pytest.mark.parametrize("estimates", [[1.0] * 6, [0.8, 1.1], [0.02, 0.5, 4.0], [1.9, 1.0, 1.1]])
def test_placebos_stand_at_the_edges(estimates: list[float]) -> None:
    own = [True] + [False] * (len(estimates) - 1)
    frame = pd.DataFrame({"own": own, "estimate": estimates})
    ET.fromstring(figures.placebos(_public(frame), caption="", name=LONG).svg)


@pytest.mark.parametrize("highest", [0.004, 0.09, 0.7, 3.0, 7.0, 12.0, 45.0, 725.0, 2.8e6])
def test_tick_labels_are_the_values_they_stand_at(highest: float) -> None:
    """A step of 1,5 written without its digit once gave the axis 2, 3, 4, 6, 8."""
    _, ax = axes.blank()
    axes.value_axis(ax, pd.Series([0.0, highest]), UNIT)
    for tick in ax.get_yticks():
        text = ax.yaxis.get_major_formatter()(tick)
        assert float(text.replace(".", "").replace(",", ".")) == pytest.approx(tick)
    assert ax.get_ylim()[0] == 0


@pytest.mark.parametrize(
    "values", [[1.0], [5.0, 5.0, 5.0], [0.0, 0.0], [500, 505, 510, 900], [0, 100, 101, 102, 103]]
)
def test_labels_keep_clear_of_each_other(values: list[float]) -> None:
    heights = [60.0, 130.0, 60.0, 60.0, 60.0][: len(values)]
    places = axes._apart(sorted(values), heights, 0)
    lower = [place - height / 2 for place, height in zip(places, heights, strict=True)]
    upper = [place + height / 2 for place, height in zip(places, heights, strict=True)]
    assert lower[0] >= -1e-9
    for top, bottom in itertools.pairwise(zip(upper, lower, strict=True)):
        assert bottom[1] >= top[0] - 1e-6


def test_labels_that_do_not_touch_stay_at_their_line() -> None:
    assert axes._apart([100.0, 300.0], [50.0, 50.0], 0) == [100.0, 300.0]


def test_long_names_are_broken_and_kept_whole() -> None:
    lines = axes.wrapped(LONG).split("\n")
    assert max(map(len, lines)) <= axes.WIDEST
    assert "".join(lines).replace(" ", "") == LONG.replace(" ", "")
    assert axes.wrapped("Vergleich\n(14 Räume)") == "Vergleich\n(14 Räume)"
