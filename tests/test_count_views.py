"""Counts and rates of one area: no small one in any table or figure, alone or by computing back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evaltools.errors import ReleaseError
from evaltools.german import number
from evaltools.measures.catalogue import indicator
from evaltools.measures.sums import Sum
from evaltools.release import count_views, protection
from evaltools.release.disclosure import Rule
from evaltools.release.figures import Figure
from evaltools.release.tables import FOOTNOTES, HtmlTable
from plan_samples import declared, everything, holds, rules_on
from release_samples import AREA, RULES, YEARS, counts, study, tables
from test_views import HZE, rows_of, text_of

FLOWS = ("stock_3112", "started", "ended")
PARTS = ("ambulant", "stationaer")
SHARE = "anteil_ambulant"
Tables = dict[str, pd.DataFrame]


def _table(shown: object) -> dict[str, list[str]]:
    return {row[0]: row[1:] for row in rows_of(shown)}


def _own(*periods: str) -> Callable[[Sum], bool]:
    """The area's primary count in some periods."""
    return lambda item: item.areas == (AREA,) and item.periods in [(p,) for p in periods]


@pytest.fixture(scope="module")
def small() -> Tables:
    """In 2014 two helps are in stock and none has ended."""
    return tables(counts(stock_3112={"2014": 2}, ended={"2014": 0}))


@pytest.fixture(scope="module")
def planned(small: Tables) -> Rule:
    """What the program itself decides for it."""
    return replace(RULES, plan=protection.plan(small, study(), {}))


# --- what the program decides ---------------------------------------------------------------------


def test_a_small_count_is_hidden_with_its_rate(small: Tables, planned: Rule) -> None:
    rows = _table(count_views.yearly(small, study(), AREA, HZE, planned))
    assert rows["2014"] == ["•", "1.000", "•", "•", "•"]
    assert len([year for year in YEARS if rows[year][0] == "•"]) >= 2  # sums are published as well


def test_tables_and_figure_hide_the_same_years(small: Tables, planned: Rule) -> None:
    """A cell hidden to protect another must not stand open in the next table of the page."""
    views = (count_views.yearly, count_views.standardised)
    hidden = [
        {
            year
            for year, row in _table(view(small, study(), AREA, HZE, planned)).items()
            if "•" in row[0]
        }
        for view in views
    ]
    trend = count_views.groups(small, study(), AREA, indicator(HZE), planned).frame
    own = trend[trend["group"] == "Oberau"].set_index("period")["value"]
    assert hidden[0] == hidden[1] == set(own.index[own.isna()])
    assert "2014" in hidden[0]


@pytest.mark.parametrize(
    ("measure", "year"), [("stock_3112", "2012"), ("started", "2015"), ("ended", "2021")]
)
def test_a_small_movement_cannot_be_computed_back(measure: str, year: str) -> None:
    """Stock = stock a year ago + started − ended; stock + ended is published, also by form."""
    data = tables(_flowing(measure, year))
    rules = replace(RULES, plan=protection.plan(data, study(), {}))
    moved = _table(count_views.movement(data["hze_count"], AREA, rules))
    volume = _table(count_views.yearly(data, study(), AREA, HZE, rules))
    forms = _table(count_views.by_form(data["hze_count"], AREA, rules))
    known = np.array([[*moved[y][:3], volume[y][0], *forms[y]] for y in YEARS]) != "•"
    place = YEARS.index(year)
    assert not known[place, FLOWS.index(measure)]
    assert not _solved(known)[place, FLOWS.index(measure)]


def _flowing(measure: str, year: str) -> pd.DataFrame:
    """Counts of which one is 2, and a stock that is what began and ended makes of it."""
    made = counts(**{measure: {year: 2}})
    for form, stock in (("ambulant", 40), ("stationaer", 20)):
        for row in made.index[(made["area_id"] == AREA) & (made["form"] == form)]:
            first = made.at[row, "period"] == YEARS[0]
            if first and (measure, year) == ("stock_3112", YEARS[0]):
                stock = made.at[row, "stock_3112"]
            elif not first:
                stock += made.at[row, "started"] - made.at[row, "ended"]
            made.at[row, "stock_3112"] = stock
    return made


def _solved(known: np.ndarray) -> np.ndarray:
    """Say which cells are fixed by those known: stock, started, ended, volume and two forms."""
    n, width = known.shape
    lines = [np.eye(n * width)[place] for place in np.flatnonzero(known)]
    for t in range(n):
        for line in ({0: 1, 2: 1, 3: -1}, {3: 1, 4: -1, 5: -1}):
            cells = np.zeros((n, width))
            cells[t, list(line)] = list(line.values())
            lines.append(cells.ravel())
        if t:
            cells = np.zeros((n, width))
            cells[t, :3], cells[t - 1, 0] = [1, -1, 1], -1
            lines.append(cells.ravel())
    matrix = np.array(lines)
    null = np.linalg.svd(matrix)[2][np.linalg.matrix_rank(matrix) :]
    free = (np.abs(null) > 1e-9).any(axis=0) if len(null) else np.zeros(n * width, dtype=bool)
    return ~free.reshape(n, width)


def test_a_small_rest_of_a_share_is_not_told() -> None:
    """39 of 40 helps are ambulant: the one that is not is small, though nobody prints it."""
    data = tables(counts(stock_3112={"2014": 40}))
    own = data["hze_count"]
    hit = (own["area_id"] == AREA) & (own["period"] == "2014") & (own["form"] == "stationaer")
    own.loc[hit, "stock_3112"] = 1
    settings = study(outcomes={"hze": SHARE, "placements": None, "intensity": None})
    rules = replace(RULES, plan=protection.plan(data, settings, {}))
    row = _table(count_views.yearly(data, settings, AREA, SHARE, rules))["2014"]
    assert "•" in row[:2]
    assert row[2:] == ["•"] * 3
    trend = count_views.groups(data, settings, AREA, indicator(SHARE), rules).frame
    cells = trend[(trend["group"] == "Oberau") & (trend["period"] == "2014")]
    assert cells["value"].isna().all()
    assert cells[["numerator", "denominator"]].isna().to_numpy().any()


# --- what the plan says is done -------------------------------------------------------------------


def test_yearly_hides_what_the_plan_hides() -> None:
    rules = rules_on(tables(), study(), _own("2013", "2020"), found=declared())
    shown = count_views.yearly(tables(), study(), AREA, HZE, rules)
    rows = _table(shown)
    assert [year for year in YEARS if rows[year][0] == "•"] == ["2013", "2020"]
    assert rows["2013"] == ["•", "1.000", "•", "•", "•"]
    assert isinstance(shown, HtmlTable)
    assert [key.split()[1] for key in shown.hidden] == ["2013", "2020"]
    assert FOOTNOTES["suppressed"] in shown.html


def test_standardised_goes_with_the_city_too() -> None:
    """The expected count is the city's rate over a public base."""
    whole = rules_on(
        tables(), study(), lambda i: len(i.areas) == 12 and i.periods == ("2014",), found=declared()
    )
    rows = _table(count_views.standardised(tables(), study(), AREA, HZE, whole))
    assert rows["2014"][0] != "•"
    assert rows["2014"][1:] == ["•"] * 4
    own = rules_on(tables(), study(), _own("2014"), found=declared())
    rows = _table(count_views.standardised(tables(), study(), AREA, HZE, own))
    assert rows["2014"][0] == "•"
    assert rows["2014"][2:] == ["•"] * 3
    assert "•" not in rows["2015"]


def test_trend_hides_area_and_comparison_apart() -> None:
    for n, gone in ((1, "Oberau"), (11, "Vergleich\n(11 Räume)")):
        rules = rules_on(
            tables(),
            study(),
            lambda i, n=n: len(i.areas) == n and i.periods == ("2014",),
            found=declared(),
        )
        handed = count_views.groups(tables(), study(), AREA, indicator(HZE), rules)
        lost = handed.frame[handed.frame["value"].isna()]
        assert lost[["group", "period"]].to_numpy().tolist() == [[gone, "2014"]]
        figure = count_views.trend_figure(tables(), study(), AREA, HZE, rules)
        assert isinstance(figure, Figure)
        assert figure.hidden == handed.hidden
        assert len(figure.hidden) == 1


def test_pages_do_not_depend_on_a_hidden_count() -> None:
    """Not a byte of tables and figures changes with the count, so nothing of it is in them."""

    def pages(n: int) -> list[object]:
        data = tables(counts(stock_3112={"2014": n}))
        rules = rules_on(data, study(), lambda i: i.periods == ("2014",), found=declared())
        count = data["hze_count"]
        return [
            count_views.yearly(data, study(), AREA, HZE, rules),
            count_views.standardised(data, study(), AREA, HZE, rules),
            count_views.movement(count, AREA, rules),
            count_views.by_form(count, AREA, rules),
            count_views.trend_figure(data, study(), AREA, HZE, rules),
        ]

    one, two, many = pages(1), pages(2), pages(54_321)
    assert [str(a) for a in one] == [str(a) for a in two] == [str(a) for a in many]
    assert not any(holds(page, 54_321) for page in many)


def test_movement_shows_zeros_and_hides_each_cell_for_itself() -> None:
    data = tables(counts(started={"2015": 0}))
    rules = rules_on(
        data, study(), lambda i: i.what.measures == ("young_people",), found=declared()
    )
    rows = _table(count_views.movement(data["hze_count"], AREA, rules))
    assert rows["2015"][1] == "–"
    assert {tuple(cell == "•" for cell in row) for row in rows.values()} == {
        (False, False, False, True)
    }


def test_by_form_hides_each_cell_for_itself() -> None:
    rules = rules_on(
        tables(),
        study(),
        lambda i: i.what.cells == (("*", "stationaer"),) and i.periods == ("2014",),
        found=declared(),
    )
    shown = count_views.by_form(tables()["hze_count"], AREA, rules)
    rows = _table(shown)
    assert [cell == "•" for cell in rows["2014"]] == [False, True]
    assert "•" not in rows["2015"]
    assert len(getattr(shown, "hidden", ())) == 1


def test_by_form_says_when_forms_are_not_delivered() -> None:
    own = counts().assign(form="alle", paragraph="alle").drop_duplicates(["area_id", "period"])
    assert "nicht geliefert" in text_of(count_views.by_form(own, AREA, RULES))


@pytest.mark.parametrize("view", [count_views.yearly, count_views.standardised])
def test_without_a_plan_no_count_is_shown(view: Callable[..., object]) -> None:
    with pytest.raises(ReleaseError, match="no plan"):
        view(tables(), study(), AREA, HZE, RULES)


def test_count_that_is_not_declared_stops_the_page() -> None:
    with pytest.raises(ReleaseError, match="not among those this study publishes"):
        count_views.yearly(tables(), study(), AREA, "jahressumme_consens", everything())
    with pytest.raises(ReleaseError, match="not among those this study publishes"):
        count_views.movement(tables()["hze_count"], "SR02", everything())


def test_plan_of_other_data_stops_the_page() -> None:
    other = tables(counts(stock_3112={"2014": 77}))
    with pytest.raises(ReleaseError, match="another one in the study's plan"):
        count_views.yearly(other, study(), AREA, HZE, everything())


# --- rounded, over too few, intern ----------------------------------------------------------------


def test_rounded_pages_hold_no_exact_count() -> None:
    data = tables(counts(stock_3112={"2014": 2}, ended={"2014": 0}))
    rules = rules_on(data, study(), found=declared(), method="rounded")
    shown = count_views.yearly(data, study(), AREA, HZE, rules)
    rows = _table(shown)
    assert rows["2014"][:4] == ["0", "1.000", "0,0", "0,0"]
    numbers = [int(row[0].replace(".", "")) for row in rows.values()]
    assert not [n for n in numbers if n % 5]
    for n, row in zip(numbers, rows.values(), strict=True):
        assert float(row[2].replace(".", "").replace(",", ".")) == n * 10
    assert FOOTNOTES["rounded"] in getattr(shown, "html", "")
    trend = count_views.groups(data, study(), AREA, indicator(HZE), rules).frame
    assert (trend["numerator"] % 5 == 0).all()
    rest = _table(count_views.standardised(data, study(), AREA, HZE, rules))
    for row in rest.values():  # a twelfth of the city, whose count is rounded as well
        city = float(row[1].replace(",", ".")) * 12
        assert abs(city - 5 * round(city / 5)) < 0.7
        assert row[2] == number(int(row[0]) / (5 * round(city / 5) / 12), 2)
    moved = _table(count_views.movement(data["hze_count"], AREA, rules))
    assert not [c for row in moved.values() for c in row if int(c.replace(".", "")) % 5]


def test_rate_over_too_few_people_is_withheld() -> None:
    settings = study(disclosure={"minimum_denominator": 1001})
    rules = rules_on(tables(), settings, found=declared())
    shown = count_views.yearly(tables(), settings, AREA, HZE, rules)
    assert {tuple(row[2:]) for row in _table(shown).values()} == {("/",) * 3}
    assert FOOTNOTES["few"] in getattr(shown, "html", "")
    trend = count_views.groups(tables(), settings, AREA, indicator(HZE), rules).frame
    gone = trend.groupby("group", sort=False)["value"].apply(lambda v: v.isna().all())
    assert gone.tolist() == [True, False]


def test_intern_shows_the_small_count(small: Tables) -> None:
    rules = replace(RULES, intern=True)
    rows = _table(count_views.yearly(small, study(), AREA, HZE, rules))
    assert rows["2014"][:3] == ["2", "1.000", "20,0"]
    assert _table(count_views.movement(small["hze_count"], AREA, rules))["2014"][0] == "2"
