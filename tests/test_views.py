"""What the notebooks show: no small count in any of it, alone or by computing back."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from evaltools.errors import DataError
from evaltools.evaluation.before_after import before_after
from evaltools.release import claim_views, count_views, plans, profile_views, views
from evaltools.release.display import Prose
from evaltools.release.tables import HtmlTable
from plan_samples import everything, plan_of
from release_samples import (
    AREA,
    PAYLOAD,
    RULES,
    provenance,
    study,
    tables,
    workspace,
)
from test_tables import Cells

HZE = "inanspruchnahme_lokal"


def rows_of(shown: object) -> list[list[str]]:
    assert isinstance(shown, HtmlTable)
    width = shown.html.count('scope="col"')
    texts = Cells(shown.html).texts
    return [texts[start : start + width] for start in range(width, len(texts), width)]


def text_of(shown: object) -> str:
    assert isinstance(shown, Prose)
    return " ".join(shown.sentences)


def test_rules_need_an_ingest(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="evaltools ingest muster"):
        views.rules(workspace(tmp_path))


def test_rules_hold_the_plan_of_the_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without tables, and for the office alone, no plan is made."""
    plan = plan_of({})
    monkeypatch.setattr(views, "ingested", lambda space: provenance())
    monkeypatch.setattr(plans, "of", lambda space, tables: plan)
    rules = {"disclosure": {"threshold": 5, "minimum_denominator": 30}}
    made = views.rules(workspace(tmp_path, **rules), tables())
    assert (made.plan, made.threshold, made.minimum_denominator) == (plan, 5, 30)
    assert not made.intern
    assert views.rules(workspace(tmp_path)).plan is None
    office = views.rules(workspace(tmp_path, audience="intern"), tables())
    assert office.plan is None
    assert office.intern


def test_lacking_names_the_tables() -> None:
    said = views.lacking({"offer": pd.DataFrame()}, "offer", "hze_count")
    assert text_of(said) == (
        "Nicht dargestellt. Es fehlt: Angebote (Tabelle offer); Fallzahlen (Tabelle hze_count)."
    )
    assert views.lacking(tables(), "hze_count") is None


def test_sources_are_listed_and_escaped() -> None:
    made = provenance()
    made.sources[0]["provider"] = PAYLOAD  # type: ignore[index]
    shown = views.sources(made, RULES)
    assert "<script" not in shown.html
    assert rows_of(shown)[0] == [
        "f",
        "Bevölkerung (population)",
        PAYLOAD,
        "dl-de/by-2-0",
        "31.01.2025",
    ]


def test_coverage_countsrows_of() -> None:
    rows = {row[0]: row[1:] for row in rows_of(views.coverage(tables(), RULES))}
    assert rows["Fallzahlen (hze_count)"] == ["240", "2012 bis 2021"]
    assert rows["Räume (area)"] == ["12", "ohne Zeit"]


def test_findings_are_counted_without_theirtext_of() -> None:
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


def test_views_say_what_is_missing() -> None:
    bare = {"area": tables()["area"]}
    for view in (count_views.trend_figure, count_views.yearly, count_views.standardised):
        assert "Es fehlt: Fallzahlen (Tabelle hze_count)" in text_of(
            view(bare, study(), AREA, HZE, RULES)
        )
    for profile in (profile_views.social, profile_views.infrastructure, profile_views.staffing):
        assert "Es fehlt: " in text_of(profile(bare, AREA, RULES))
    for other in (profile_views.population, profile_views.offers):
        assert "Es fehlt: " in text_of(other(bare, study(), AREA, RULES))


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
    rows = rows_of(profile_views.social({"social_profile": frame}, "SR01", RULES))
    values = {row[0]: row[3:] for row in rows}
    assert values["Hilfen, stationär"] == ["•", "•", "•", "9,0"]
    assert values["Arbeitslosenquote"][0] == "2,0"


def test_profile_tables_show_the_area() -> None:
    data = tables()
    rows = rows_of(profile_views.population(data, study(), AREA, RULES))
    assert rows[0] == ["2012", "Bestand", "1.000", "12.000"]
    places = pd.DataFrame({"area_id": [AREA], "kind": ["kita"], "year": [2020], "n": [4]})
    shown = rows_of(profile_views.infrastructure({"infrastructure": places}, AREA, RULES))
    assert shown == [["Kita", "2020", "4"]]
    staff = pd.DataFrame(
        {"area_id": [AREA], "role": ["kifaz"], "year": [2020], "vzae": [1.5], "vzae_norm": [2.0]}
    )
    shown = rows_of(profile_views.staffing({"staffing": staff}, AREA, RULES))
    assert shown == [["Kinder- und Familienzentrum", "2020", "1,50", "2,00", "−0,50"]]
    assert "keine Angaben" in text_of(profile_views.staffing({"staffing": staff}, "SR02", RULES))


def test_offers_are_counted_before_and_now() -> None:
    offer = pd.DataFrame(
        {
            "area_id": [AREA] * 2,
            "life_phase": ["kita", None],
            "begin": pd.to_datetime(["2010-01-01", "2019-01-01"]),
            "end": pd.to_datetime([None, None]),
        }
    )
    rows = rows_of(profile_views.offers({"offer": offer}, study(last=2021), AREA, RULES))
    assert sorted(rows) == [["Kita", "1", "1"], ["nicht angegeben", "–", "1"]]


def test_views_leave_their_tables_alone() -> None:
    data, rules = tables(), everything()
    before = {name: frame.copy(deep=True) for name, frame in data.items()}
    count_views.yearly(data, study(), AREA, HZE, rules)
    count_views.standardised(data, study(), AREA, HZE, rules)
    count_views.movement(data["hze_count"], AREA, rules)
    count_views.by_form(data["hze_count"], AREA, rules)
    count_views.trend_figure(data, study(), AREA, HZE, rules)
    claim_views.claims(before_after(data, study(), AREA), study(), rules)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(data[name], frame)
