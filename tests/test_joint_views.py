"""The joint display: relation from verdict and reading by a printed rule, never from counts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

import voice_samples as samples
from evaltools.codings import material
from evaltools.data import store
from evaltools.evaluation.before_after import before_after
from evaltools.evaluation.titles import TITLES
from evaltools.release import claim_views, joint_views, views
from evaltools.release.joint_views import AGREE, COMPLEMENT, CONTRADICT, SILENT, UNREAD, relation
from evaltools.release.quotes import quotes
from evaltools.release.speakers import voices
from evaltools.release.tables import HtmlTable
from evaltools.study import Workspace
from evaltools.studycodings import JointRow

QUOTE = samples.DOCUMENTS["b"][3]
PROFILE = pd.DataFrame(
    {
        "area_id": ["SR01", "SR02", "SR03", "SR01"],
        "year": [2020, 2020, 2020, 2020],
        "indicator": ["index", "index", "index", "faelle"],
        "value": [2.5, 1.0, 4.0, 2.0],
        "unit": ["Punkte", "Punkte", "Punkte", "Fälle"],
    }
)


def result(verdict: str = "gestützt") -> Any:
    claims = [
        SimpleNamespace(number=number, title=title, verdict=verdict, effect=None)
        for number, title in TITLES.items()
    ]
    return SimpleNamespace(area="SR01", name="Nord", claims=claims)


def display(rows: list[dict[str, Any]], verdict: str = "gestützt") -> list[tuple[object, ...]]:
    study = samples.study(joint=rows)
    material = samples.material(clearance=[("b", QUOTE, True, None)], study=study)
    found = voices(material, study, samples.TABLES, samples.rules())
    tables = {**samples.TABLES, "social_profile": PROFILE}
    shown = joint_views.display(
        result(verdict),
        (material, found, quotes(material, found)),
        (study, tables),
        samples.rules(),
    )
    assert isinstance(shown, HtmlTable)
    return list(shown.sheet.rows)


@pytest.mark.parametrize(
    ("verdict", "stance", "said"),
    [
        ("gestützt", "dafuer", AGREE),
        ("gestützt", "dagegen", CONTRADICT),
        ("gestützt", "gemischt", COMPLEMENT),
        ("nicht gestützt", "dafuer", CONTRADICT),
        ("nicht gestützt", "dagegen", AGREE),
        ("unklar", "dafuer", COMPLEMENT),
        ("nicht prüfbar", "dagegen", COMPLEMENT),
        ("gestützt", "anderes", COMPLEMENT),
    ],
)
def test_the_relation_follows_from_verdict_and_reading(
    verdict: str, stance: str, said: str
) -> None:
    assert relation(verdict, stance) == said
    row = {"claim": 2, "codes": ["Bedarfe"]}
    row["readings"] = {"SR01": {"stance": stance, "reason": "Darum."}}
    assert display([row], verdict)[0][-1] == said


def test_without_a_reading_the_program_does_not_judge() -> None:
    told = display([{"claim": 2, "codes": ["Bedarfe"]}])[0]
    assert told[0] == "2. Weniger Hilfen zur Erziehung"
    assert told[3] == "Bedarfe (1 im Raum, 1 stadtweit)"
    assert told[4] == f"„{QUOTE}“ (Runde)"
    assert told[5] == UNREAD


def test_a_reading_for_all_areas_counts_where_the_area_has_none() -> None:
    readings = {"alle": {"stance": "dafuer", "reason": "Überall."}}
    row = JointRow.model_validate({"claim": 3, "codes": ["x"], "readings": readings})
    voice = row.reading("SR14")
    assert voice is not None and voice.reason == "Überall."


def test_codes_nobody_used_are_silence_not_agreement() -> None:
    readings = {"SR01": {"stance": "dafuer", "reason": "Darum."}}
    study_row = {"claim": 2, "codes": ["Bedarfe"], "readings": readings}
    study = samples.study(joint=[study_row])
    material = samples.material({"d": samples.DOCUMENTS["d"]}, study=study)
    found = voices(material, study, samples.TABLES, samples.rules())
    space = (study, samples.TABLES)
    interviews = (material, found, quotes(material, found))
    shown = joint_views.display(result(), interviews, space, samples.rules())
    assert isinstance(shown, HtmlTable)
    assert shown.sheet.rows[0][-1] == SILENT


def test_of_an_area_that_is_merged_away_no_reading_is_shown() -> None:
    readings = {"SR01": {"stance": "dafuer", "reason": "Die Runde sagt es."}}
    study = samples.study(joint=[{"claim": 2, "codes": ["Bedarfe"], "readings": readings}])
    documents = dict(samples.DOCUMENTS) | {"b": ("Runde", "SR01", 2, "Zu zweit.")}
    material = samples.material(documents, study=study)
    found = voices(material, study, samples.TABLES, samples.rules())
    interviews = (material, found, quotes(material, found))
    space = (study, samples.TABLES)
    shown = joint_views.display(result(), interviews, space, samples.rules())
    assert isinstance(shown, HtmlTable)
    assert shown.sheet.rows[0][-1] == joint_views.MERGED
    assert "Die Runde" not in str(joint_views.readings(result(), found, study))


def test_a_field_shows_its_indicator_with_the_spread_and_never_counts_of_helps() -> None:
    rows = [
        {"soni": "Sozialstruktur", "indicator": "index", "codes": ["Bedarfe"]},
        {"soni": "Netzwerk", "indicator": "faelle", "codes": ["Bedarfe"]},
        {"soni": "Individuum", "codes": ["Bedarfe"]},
    ]
    told = display(rows)
    assert told[0][1] == "index 2020: 2,5 Punkte (alle Räume: 1,0 bis 4,0)"
    assert told[1][1] == told[2][1] == "keine Zahl"


def test_a_quote_is_shown_once() -> None:
    rows = [{"claim": 2, "codes": ["Bedarfe"]}, {"claim": 3, "codes": ["Bedarfe"]}]
    assert [QUOTE in str(row[4]) for row in display(rows)] == [True, False]


@pytest.mark.parametrize(
    "row",
    [
        {"codes": ["x"]},
        {"claim": 2, "soni": "Netzwerk", "codes": ["x"]},
        {"claim": 2, "indicator": "index", "codes": ["x"]},
        {"claim": 8, "codes": ["x"]},
        {"claim": 2, "codes": []},
    ],
)
def test_a_row_that_is_neither_claim_nor_field_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        JointRow.model_validate(row)


def test_the_reasons_of_the_readings_stand_on_the_page() -> None:
    readings = {"SR01": {"stance": "gemischt", "reason": "Teils, teils."}}
    study = samples.study(joint=[{"claim": 2, "codes": ["Bedarfe"], "readings": readings}])
    material = samples.material(study=study)
    found = voices(material, study, samples.TABLES, samples.rules())
    told = joint_views.readings(result(), found, study).sentences
    assert told == (
        "2. Weniger Hilfen zur Erziehung: Die Stimmen sprechen dafür und dagegen. Teils, teils.",
    )


def test_the_figures_are_those_of_the_claims_and_hidden_where_those_are(
    demo: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = store.load(demo)
    found = before_after(tables, demo.study, "SR04")
    made = material.load(demo)
    rules = views.rules(demo.for_office(), tables)
    said = voices(made, demo.study, tables, rules)

    def shown() -> dict[str, tuple[object, ...]]:
        space = (demo.study, tables)
        joint = joint_views.display(found, (made, said, quotes(made, said)), space, rules)
        assert isinstance(joint, HtmlTable)
        return {str(row[0]): row for row in joint.sheet.rows}

    table = claim_views.claims(found, demo.study, rules)
    names = table.sheet.headings
    claims = {str(row[0]): dict(zip(names, row, strict=True)) for row in table.sheet.rows}
    for title in ("2. Weniger Hilfen zur Erziehung", "3. Weniger Fremdplatzierungen"):
        row, claim = shown()[title], claims[title]
        own, interval = claim["Abweichung"], claim["90-%-Intervall"]
        assert row[1] == f"{own} gegenüber dem Vergleich ({interval})"
        assert row[2] == claim["Urteil"]
    monkeypatch.setattr(joint_views, "permitted", lambda effect, rules: False)
    for title in ("2. Weniger Hilfen zur Erziehung", "3. Weniger Fremdplatzierungen"):
        assert shown()[title][1] == joint_views.HIDDEN
