"""How Musterstadt delivers its networks, teams, budget, milestones and surveys: German files."""

from __future__ import annotations

from evaltools.data.demo_raw import RawFile
from evaltools.data.headingparts import FIELD
from evaltools.data.headings_framework import (
    CATEGORY,
    COOPERATES,
    DIMENSION,
    EARLY,
    ELEMENT,
    PART,
    PURPOSE,
    TASK,
)

FILES = (
    RawFile(
        "kooperation",
        "cooperation",
        "Ohne Partner: Sitz in einem Forum; ohne Stadtraum: stadtweites Forum.",
        "area_id=Stadtraum, from_id=Organisation, to_id=Partner, field_from=Feld, "
        "field_to=Feld des Partners, forum=Forum, kind=Art, intensity=Stärke, year=Jahr",
        {
            "field_from": FIELD,
            "field_to": FIELD,
            "kind": COOPERATES,
        },
    ),
    RawFile(
        "meilensteine",
        "milestone",
        "Ohne Stadtraum: gilt für die ganze Stadt.",
        "element=Baustein, area_id=Stadtraum, planned=geplant, reached=erreicht, evidence=Beleg",
        {"element": ELEMENT},
    ),
    RawFile(
        "familienzentren",
        "kifaz",
        "2020 und 2021 mit Zugangsbeschränkung.",
        "kifaz_id=Zentrum, area_id=Stadtraum, year=Jahr, vzae=VZÄ, "
        "vzae_coordinator=davon Koordination, visits=Besuche, access_restricted=eingeschränkt",
    ),
    RawFile(
        "koordination",
        "coordinator_activity",
        "Stunden im Jahr nach Aufgabe.",
        "area_id=Stadtraum, year=Jahr, task=Aufgabe, hours=Stunden",
        {"task": TASK},
    ),
    RawFile(
        "gebietsteam",
        "area_team_meeting",
        "Felder als Kennungen, durch Komma getrennt.",
        "area_id=Stadtraum, date=Datum, fields_present=anwesende Felder, "
        "cases_discussed=Fälle, agreements=Vereinbarungen",
    ),
    RawFile(
        "handlungsbudget",
        "action_budget",
        "Ein Antrag eine Zeile.",
        "application_id=Antrag, area_id=Stadtraum, date_in=Eingang, date_decision=Entscheidung, "
        "eur_applied=beantragt, eur_granted=bewilligt, eur_spent=ausgegeben, purpose=Zweck, "
        "regular_task=Regelaufgabe",
        {"purpose": PURPOSE},
    ),
    RawFile(
        "fallunspezifisch",
        "community_work",
        "Kategorien nach dem Konzept der Erziehungshilfestationen.",
        "entry_id=Eintrag, provider_id=Träger, area_id=Stadtraum, date=Datum, "
        "category=Kategorie, role=Rolle, hours=Stunden, hze_benefit=Nutzen für HzE",
        {
            "category": CATEGORY,
            "role": PART,
        },
    ),
    RawFile(
        "fruehe_hilfen",
        "early_help",
        "Geburten gelten für Stadtraum und Jahr, nicht für die Zeile.",
        "provider_id=Träger, area_id=Stadtraum, year=Jahr, kind=Art, "
        "families_reached=Familien, births=Geburten, referred_to=weitervermittelt",
        {"kind": EARLY},
    ),
    RawFile(
        "auswahlkriterien",
        "selection_criterion",
        "Erfundene Bewertung vor der Auswahl.",
        "area_id=Stadtraum, dimension=Dimension, criterion=Kriterium, value=Wert, "
        "weight=Gewicht, rationale=Begründung",
        {"dimension": DIMENSION},
    ),
    RawFile(
        "kurzbefragung",
        "short_survey",
        "Zustimmung zum Stadtraumtyp, Skala 1 bis 7; bleibt im Amt.",
        "response_id=Antwort, area_id=Stadtraum, actor_group=Gruppe, type_assigned=Typ, "
        "agreement=Zustimmung, scale_min=Skala von, scale_max=Skala bis",
    ),
    RawFile(
        "familienbefragung",
        "family_acceptance",
        "Skala 1 bis 5; bleibt im Amt. Angefragt: je Raum und Befragung.",
        "response_id=Antwort, area_id=Stadtraum, wave=Befragung, item=Frage, "
        "agreement=Zustimmung, scale_min=Skala von, scale_max=Skala bis, invited=angefragt",
    ),
)
