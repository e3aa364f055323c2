"""How Musterstadt delivers its networks, teams, budget, milestones and surveys: German files."""

from __future__ import annotations

from evaltools.data.demo_raw import RawFile
from evaltools.data.schema_framework import (
    COMMUNITY,
    COOPERATION,
    DIMENSIONS,
    EARLY_HELP,
    FIELDS,
    OPERATIVE,
    PURPOSES,
    ROLES,
    STRATEGIC,
    TASKS,
)


def _paired(codes: tuple[str, ...], labels: str) -> dict[str, str]:
    return dict(zip(codes, labels.split(", "), strict=True))


_FIELD = _paired(
    FIELDS,
    "ASD, Hilfen zur Erziehung, offene Arbeit, Jugendsozialarbeit, Schule, Kita, Frühe Hilfen, "
    "Familienbildung, Beratung, Gesundheit, Familienzentrum, Koordination, sonstige",
)
FILES = (
    RawFile(
        "kooperation",
        "cooperation",
        "Ohne Partner: Sitz in einem Forum; ohne Stadtraum: stadtweites Forum.",
        "area_id=Stadtraum, from_id=Organisation, to_id=Partner, field_from=Feld, "
        "field_to=Feld des Partners, forum=Forum, kind=Art, intensity=Stärke, year=Jahr",
        {
            "field_from": _FIELD,
            "field_to": _FIELD,
            "kind": _paired(COOPERATION, "fallspezifisch, fallübergreifend, fallunspezifisch"),
        },
    ),
    RawFile(
        "meilensteine",
        "milestone",
        "Ohne Stadtraum: gilt für die ganze Stadt.",
        "element=Baustein, area_id=Stadtraum, planned=geplant, reached=erreicht, evidence=Beleg",
        {
            "element": _paired(
                STRATEGIC + OPERATIVE,
                "Arbeitsgruppe, Globalrichtlinie, Planung, ASD, Versäulungsanalyse, Koordination, "
                "Gebietsteam, KiFaZ, Handlungsbudget",
            )
        },
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
        {
            "task": _paired(
                TASKS,
                "Vernetzung, Gebietsteam, Handlungsbudget, Planung, Beteiligung, Verwaltung, "
                "Sonstiges",
            )
        },
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
        {
            "purpose": _paired(
                PURPOSES,
                "Begegnung, Bildung, Ferien, Beratung, Beteiligung, Ausstattung, Sonstiges",
            )
        },
    ),
    RawFile(
        "fallunspezifisch",
        "community_work",
        "Kategorien nach dem Konzept der Erziehungshilfestationen.",
        "entry_id=Eintrag, provider_id=Träger, area_id=Stadtraum, date=Datum, "
        "category=Kategorie, role=Rolle, hours=Stunden, hze_benefit=Nutzen für HzE",
        {
            "category": _paired(
                COMMUNITY,
                "Vernetzte Strukturen, Kooperation, Infrastruktur, Projekte, "
                "Bürgerengagement, Öffentlichkeit",
            ),
            "role": _paired(ROLES, "Anstoß, Durchführung"),
        },
    ),
    RawFile(
        "fruehe_hilfen",
        "early_help",
        "Geburten gelten für Stadtraum und Jahr, nicht für die Zeile.",
        "provider_id=Träger, area_id=Stadtraum, year=Jahr, kind=Art, "
        "families_reached=Familien, births=Geburten, referred_to=weitervermittelt",
        {
            "kind": _paired(
                EARLY_HELP,
                "Begrüßungsbesuch, Familienkinderkrankenschwester, Elterncafé, Sprechstunde, "
                "Treff, mobil",
            )
        },
    ),
    RawFile(
        "auswahlkriterien",
        "selection_criterion",
        "Erfundene Bewertung vor der Auswahl.",
        "area_id=Stadtraum, dimension=Dimension, criterion=Kriterium, value=Wert, "
        "weight=Gewicht, rationale=Begründung",
        {
            "dimension": _paired(
                DIMENSIONS, "Sozialstruktur, Infrastruktur, Bedarf und Leistung, Sozialraum"
            )
        },
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
