"""What the notebooks show: no small count in any of it, alone or by computing back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaltools.effects.results import Effect
from evaltools.errors import DataError
from evaltools.evaluation.before_after import Evaluation, before_after
from evaltools.evaluation.claims import Outcome
from evaltools.measures.catalogue import indicator
from evaltools.release import claim_views, count_views, profile_views, views
from evaltools.release.disclosure import Rule
from evaltools.release.display import MARK, Prose
from evaltools.release.figures import Figure
from evaltools.release.tables import HtmlTable
from release_samples import (
    AREA,
    PAYLOAD,
    RULES,
    YEARS,
    change,
    counts,
    effect,
    provenance,
    study,
    tables,
    workspace,
)
from test_tables import Cells

HZE = "inanspruchnahme_lokal"


def _rows(shown: object) -> list[list[str]]:
    assert isinstance(shown, HtmlTable)
    width = shown.html.count('scope="col"')
    texts = Cells(shown.html).texts
    return [texts[start : start + width] for start in range(width, len(texts), width)]


def _text(shown: object) -> str:
    assert isinstance(shown, Prose)
    return " ".join(shown.sentences)


@pytest.fixture(scope="module")
def result() -> Evaluation:
    return before_after(tables(), study(), AREA)


def _with(result: Evaluation, made: Effect) -> Evaluation:
    """The same evaluation with another primary effect."""
    outcomes = dict(result.outcomes) | {"hze": Outcome(made, (), "")}
    claims = tuple(replace(c, effect=made) if c.effect else c for c in result.claims)
    return replace(result, outcomes=outcomes, claims=claims)


def test_rules_need_an_ingest(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="evaltools ingest muster"):
        views.rules(workspace(tmp_path))


def test_lacking_names_the_tables() -> None:
    said = views.lacking({"offer": pd.DataFrame()}, "offer", "hze_count")
    assert _text(said) == "Nicht dargestellt: Es fehlt Tabelle offer und Tabelle hze_count."
    assert views.lacking(tables(), "hze_count") is None


def test_sources_are_listed_and_escaped() -> None:
    made = provenance()
    made.sources[0]["provider"] = PAYLOAD  # type: ignore[index]
    shown = views.sources(made, RULES)
    assert "<script" not in shown.html
    assert _rows(shown)[0] == [
        "f",
        "Bevölkerung (population)",
        PAYLOAD,
        "dl-de/by-2-0",
        "31.01.2025",
    ]


def test_coverage_counts_rows() -> None:
    rows = {row[0]: row[1:] for row in _rows(views.coverage(tables(), RULES))}
    assert rows["Fallzahlen (hze_count)"] == ["240", "2012 bis 2021"]
    assert rows["Räume (area)"] == ["12", "ohne Zeit"]


def test_findings_are_counted_without_their_text() -> None:
    found = pd.DataFrame(
        {
            "severity": ["warning"] * 2,
            "source_id": ["f"] * 2,
            "table": ["hze_case"] * 2,
            "column": ["begin"] * 2,
            "rule": ["unplausibel"] * 2,
            "value": ["Max Muster", "Erika"],
        }
    )
    html = views.findings(found, RULES).html
    assert "Max" not in html
    assert Cells(html).texts[-2:] == ["2", "f"]


def test_yearly_hides_a_small_count_with_its_rate() -> None:
    data = tables(counts(stock_3112={"2014": 2}, ended={"2014": 0}))
    rows = {r[0]: r[1:] for r in _rows(count_views.yearly(data, study(), AREA, HZE, RULES))}
    assert rows["2014"] == ["•", "1.000", "•", "•", "•"]
    hidden = [year for year in YEARS[:5] if rows[year][0] == "•"]
    assert len(hidden) == 2  # the sum before is published, so one of its years goes along
    assert rows["2017"][0] != "•"
    assert rows["2020"][0] != "•"


def test_yearly_share_hides_a_small_rest() -> None:
    data = tables(counts(stock_3112={"2014": 40}))
    own = data["hze_count"]
    hit = (own["area_id"] == AREA) & (own["period"] == "2014") & (own["form"] == "stationaer")
    own.loc[hit, "stock_3112"] = 1
    shown = count_views.yearly(data, study(), AREA, "anteil_ambulant", RULES)
    rows = {row[0]: row[1:] for row in _rows(shown)}
    assert rows["2014"] == ["•", "41", "•", "•", "•"]


def test_hidden_year_cannot_be_told_from_table_figure_and_sums() -> None:
    """Yearly table, trend, counterfactual and before/after sums leave no single unknown."""
    data = tables(counts(stock_3112={"2014": 2}, ended={"2014": 0}))
    result = before_after(data, study(), AREA)
    trend = count_views.groups(data, study(), AREA, indicator(HZE), RULES).frame
    own = trend[trend["group"] == "Oberau"].set_index("period")["value"]
    rows = {r[0]: r[1:] for r in _rows(count_views.yearly(data, study(), AREA, HZE, RULES))}
    gone = {year for year in YEARS if rows[year][0] == "•"}
    assert gone == set(own.index[own.isna()])
    made = result.effect()
    assert made is not None
    series = claim_views.release_series(made, RULES, per=1).frame.set_index("period")["observed"]
    assert {year for year in series.index[series.isna()] if year != "2017"} == gone


@pytest.mark.parametrize("measure", ["stock_3112", "started", "ended"])
@pytest.mark.parametrize("year", ["2012", "2015", "2021"])
def test_small_movement_cannot_be_computed_back(measure: str, year: str) -> None:
    """Stock = stock a year ago + started − ended, and stock + ended is published elsewhere."""
    own = counts(**{measure: {year: 2}})
    rows = {row[0]: row[1:] for row in _rows(count_views.movement(own, AREA, RULES))}
    place = YEARS.index(year)
    for near in YEARS[max(0, place - 1) : place + 2]:
        assert rows[near][:3] == ["•", "•", "•"]
        assert rows[near][3] != "•"
    told = _solved(rows, count_views.pick(own[own["area_id"] == AREA], _volume()))
    for name in ("stock_3112", "started", "ended"):
        if name == measure:
            assert not told[YEARS.index(year), ("stock_3112", "started", "ended").index(name)]


def _volume() -> object:
    return indicator("inanspruchnahme").numerator


def _solved(rows: dict[str, list[str]], volume: pd.DataFrame) -> np.ndarray:
    """Say which cells are fixed by what is shown and by the two identities."""
    n = len(YEARS)
    lines: list[np.ndarray] = []
    for t in range(n):
        whole = np.zeros((n, 3))
        whole[t, [0, 2]] = 1
        lines.append(whole)
        if t:
            moved = np.zeros((n, 3))
            moved[t, 0], moved[t - 1, 0], moved[t, 1], moved[t, 2] = 1, -1, -1, 1
            lines.append(moved)
        for column in range(3):
            if rows[YEARS[t]][column] not in "•":
                known = np.zeros((n, 3))
                known[t, column] = 1
                lines.append(known)
    matrix = np.array([line.ravel() for line in lines])
    assert len(volume) == n
    null = np.linalg.svd(matrix)[2][np.linalg.matrix_rank(matrix) :]
    free = (np.abs(null) > 1e-9).any(axis=0) if len(null) else np.zeros(3 * n, dtype=bool)
    return ~free.reshape(n, 3)


def test_movement_shows_ordinary_counts_and_zeros() -> None:
    own = counts(started={"2015": 0})
    rows = {row[0]: row[1:] for row in _rows(count_views.movement(own, AREA, RULES))}
    assert rows["2015"][1] == "–"
    assert "•" not in "".join(map(str, rows.values()))
    strict = _rows(count_views.movement(own, AREA, Rule(3, False, "")))
    assert strict[3][1:4] == ["•", "•", "•"]


def test_by_form_joins_a_lone_small_cell() -> None:
    own = counts()
    hit = (own["area_id"] == AREA) & (own["period"] == "2014") & (own["form"] == "stationaer")
    own.loc[hit, ["stock_3112", "ended"]] = [1, 1]
    rows = {row[0]: row[1:] for row in _rows(count_views.by_form(own, AREA, RULES))}
    assert rows["2014"] == ["•", "•"]
    assert "•" not in rows["2015"]


def test_by_form_says_when_forms_are_not_delivered() -> None:
    own = counts().assign(form="alle", paragraph="alle").drop_duplicates(["area_id", "period"])
    assert "nicht geliefert" in _text(count_views.by_form(own, AREA, RULES))


def test_standardised_hides_observed_and_expected() -> None:
    data = tables(counts(stock_3112={"2014": 2}, ended={"2014": 0}))
    rows = {r[0]: r[1:] for r in _rows(count_views.standardised(data, study(), AREA, HZE, RULES))}
    assert rows["2014"] == ["•"] * 5


def test_views_say_what_is_missing() -> None:
    bare = {"area": tables()["area"]}
    for view in (count_views.trend_figure, count_views.yearly, count_views.standardised):
        assert "Es fehlt Tabelle hze_count" in _text(view(bare, study(), AREA, HZE, RULES))
    for profile in (profile_views.social, profile_views.infrastructure, profile_views.staffing):
        assert "Es fehlt Tabelle" in _text(profile(bare, AREA, RULES))
    for other in (profile_views.population, profile_views.offers):
        assert "Es fehlt Tabelle" in _text(other(bare, study(), AREA, RULES))


def test_social_indicator_that_counts_helps_is_protected() -> None:
    frame = pd.DataFrame(
        [
            ["SR01", 2017, "faelle_stationaer", 2.0, "Fälle"],
            ["SR02", 2017, "faelle_stationaer", 1.0, "Fälle"],
            ["SR03", 2017, "faelle_stationaer", 9.0, "Fälle; Zählweise unbekannt"],
            ["SR01", 2017, "arbeitslosenquote", 2.0, "Prozent"],
        ],
        columns=["area_id", "year", "indicator", "value", "unit"],
    )
    rows = _rows(profile_views.social({"social_profile": frame}, "SR01", RULES))
    values = {row[0]: row[3:] for row in rows}
    assert values["Hilfen, stationär"] == ["•", "•", "•", "9,0"]
    assert values["Arbeitslosenquote"][0] == "2,0"


def test_profile_tables_show_the_area() -> None:
    data = tables()
    rows = _rows(profile_views.population(data, study(), AREA, RULES))
    assert rows[0] == ["2012", "Bestand", "1.000", "12.000"]
    places = pd.DataFrame({"area_id": [AREA], "kind": ["kita"], "year": [2020], "n": [4]})
    shown = _rows(profile_views.infrastructure({"infrastructure": places}, AREA, RULES))
    assert shown == [["Kita", "2020", "4"]]
    staff = pd.DataFrame(
        {"area_id": [AREA], "role": ["kifaz"], "year": [2020], "vzae": [1.5], "vzae_norm": [2.0]}
    )
    shown = _rows(profile_views.staffing({"staffing": staff}, AREA, RULES))
    assert shown == [["Kinder- und Familienzentrum", "2020", "1,50", "2,00", "−0,50"]]
    assert "keine Angaben" in _text(profile_views.staffing({"staffing": staff}, "SR02", RULES))


def test_offers_are_counted_before_and_now() -> None:
    offer = pd.DataFrame(
        {
            "area_id": [AREA] * 2,
            "life_phase": ["kita", None],
            "begin": pd.to_datetime(["2010-01-01", "2019-01-01"]),
            "end": pd.to_datetime([None, None]),
        }
    )
    rows = _rows(profile_views.offers({"offer": offer}, study(last=2021), AREA, RULES))
    assert sorted(rows) == [["Kita", "1", "1"], ["nicht angegeben", "–", "1"]]


def test_board_carries_the_seven_verdicts(result: Evaluation) -> None:
    found = claim_views.board(result)._repr_mimebundle_()[1][MARK]["verdicts"]
    assert found == {str(claim.number): claim.verdict for claim in result.claims}
    assert len(found) == 7


def test_summary_follows_the_interval(result: Evaluation) -> None:
    said = _text(claim_views.summary(_with(result, effect()), study(), RULES))
    assert "niedriger" in said
    assert "Auswahl des Raums" in said
    open_ = _text(claim_views.summary(_with(result, effect(high=1.2)), study(), RULES))
    assert "nicht erkennbar" in open_
    assert "niedriger" not in open_


def test_summary_keeps_small_counts_to_itself(result: Evaluation) -> None:
    small = effect(changes={"own": change("Oberau", 2, 50), "comparison": change("V", 90, 90)})
    told = _with(result, small)
    assert claim_views.SMALL in _text(claim_views.summary(told, study(), RULES))
    for view in (claim_views.counterfactual_figure, claim_views.placebo_figure):
        assert _text(view(told, RULES)) == claim_views.SMALL
    rows = _rows(claim_views.claims(told, study(), RULES))
    assert rows[1][2:] == ["•"] * 6
    html = claim_views.claims(told, study(), RULES).html
    assert "• geheim gehalten" in html


@pytest.mark.parametrize(("total", "gone"), [(11, True), (12, False)])
def test_claim_on_a_weighted_sum_is_judged_by_its_helps(
    result: Evaluation, total: int, gone: bool
) -> None:
    """With a largest weight of 4, a sum of 11 may be two helps and a little more."""
    own = {"own": change("Oberau", total, 90), "comparison": change("V", 90, 90)}
    made = effect(measure="intensitaet", changes=own)
    claims = tuple(replace(c, effect=made) if c.number == 4 else c for c in result.claims)
    rows = _rows(claim_views.claims(replace(result, claims=claims), study(), RULES))
    assert (rows[3][2:] == ["•"] * 6) == gone


def test_claims_explain_their_marks(result: Evaluation) -> None:
    shown = claim_views.claims(result, study(), RULES)
    rows = _rows(shown)
    assert len(rows) == 7
    assert rows[4][1:] == ["nicht prüfbar", *["k. A."] * 6]
    assert "k. A. keine Angabe" in shown.html
    assert "• geheim" not in shown.html


def test_reasons_and_missing_share_the_claims(result: Evaluation) -> None:
    said, lacks = _text(claim_views.reasons(result)), _text(claim_views.missing(result))
    for claim in result.claims:
        assert (claim.title in lacks) == (claim.verdict == "nicht prüfbar")
        assert (claim.title in said) == (claim.verdict != "nicht prüfbar")


def test_figures_stand_in_for_missing_effects(result: Evaluation) -> None:
    none = before_after({"area": tables()["area"]}, study(), AREA)
    for view in (
        claim_views.counterfactual_figure,
        claim_views.placebo_figure,
        claim_views.changes,
    ):
        assert _text(view(none, RULES)) == claim_views.NO_EFFECT
        assert not isinstance(view(result, RULES), Prose)
    data = tables()
    assert _text(claim_views.trend_figure(data, study(), none, RULES)) == claim_views.NO_EFFECT
    assert isinstance(claim_views.trend_figure(data, study(), result, RULES), Figure)
    assert "prüfbar" in _text(claim_views.summary(none, study(), RULES))
    assert _text(claim_views.diagnostics(none, study(), RULES)) == claim_views.NO_EFFECT


def test_changes_hide_a_reference_on_small_sums(result: Evaluation) -> None:
    own = {"own": change("Oberau", 200, 160), "comparison": change("Vergleich", 2, 0)}
    rows = _rows(claim_views.changes(_with(result, effect(changes=own)), RULES))
    assert rows[0][0] == "Oberau"
    assert rows[1][1:] == ["•"] * 3


def test_selection_year_is_told_only_from_the_threshold_on(result: Evaluation) -> None:
    for n, told in ((2, False), (3, True)):
        changes = {"own": change("Oberau", 200, 160), "selection": change("Auswahljahr", 9, n)}
        said = _text(claim_views.summary(_with(result, effect(changes=changes)), study(), RULES))
        assert ("führt in die Irre" in said) == told


def test_diagnostics_and_limits_name_what_was_left_out(result: Evaluation) -> None:
    settings = study(excluded={"SR12": "zusammengelegt"})
    made = _with(result, effect(left_out_areas={"SR09": "Bevölkerung fehlt"}))
    said = _text(claim_views.diagnostics(made, settings, RULES))
    assert "SR09 (Bevölkerung fehlt)" in said
    assert "Nicht zum Vergleich herangezogen: zusammengelegt." in said
    assert "nicht trennen" in _text(claim_views.limits(result, settings))


@pytest.mark.parametrize("year", YEARS[:3])
def test_neighbouring_tables_hide_the_same_years(year: str) -> None:
    """A cell hidden to protect another must not stand open in the next table of the page."""
    data = tables(counts(stock_3112={year: 2}, ended={year: 0}))
    ways = (count_views.yearly, count_views.standardised)
    hidden = [
        {row[0] for row in _rows(way(data, study(), AREA, HZE, RULES)) if row[1] == "•"}
        for way in ways
    ]
    assert hidden[0] == hidden[1]
    assert year in hidden[0]
    assert len(hidden[0]) >= 2


def test_periods_unknown_at_the_ends_are_named(result: Evaluation) -> None:
    made = _with(result, effect(unknown_periods=("2024",)))
    assert "nicht verwendet: 2024." in _text(claim_views.diagnostics(made, study(), RULES))


def test_views_leave_their_tables_alone() -> None:
    data = tables()
    before = {name: frame.copy(deep=True) for name, frame in data.items()}
    count_views.yearly(data, study(), AREA, HZE, RULES)
    count_views.movement(data["hze_count"], AREA, RULES)
    count_views.by_form(data["hze_count"], AREA, RULES)
    count_views.trend_figure(data, study(), AREA, HZE, RULES)
    claim_views.claims(before_after(data, study(), AREA), study(), RULES)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(data[name], frame)
