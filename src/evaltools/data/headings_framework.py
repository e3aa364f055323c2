"""German headings of the tables of what the framework concept builds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from evaltools.data.headingparts import (
    AREA,
    AREA_TYPE,
    FIELD,
    PROVIDER,
    SCALE,
    YEAR,
    Heading,
    Sheet,
    paired,
)
from evaltools.data.schema_framework import (
    COMMUNITY,
    COOPERATION,
    DIMENSIONS,
    EARLY_HELP,
    OPERATIVE,
    PURPOSES,
    ROLES,
    STRATEGIC,
    TASKS,
)

DIMENSION = paired(
    DIMENSIONS, "Sozialstruktur", "Infrastruktur", "Bedarf und Leistung", "Sozialraum"
)
COOPERATES = paired(COOPERATION, "fallspezifisch", "fallübergreifend", "fallunspezifisch")
TASK = paired(
    TASKS,
    "Vernetzung",
    "Gebietsteam",
    "Handlungsbudget",
    "Planung",
    "Beteiligung",
    "Verwaltung",
    "Sonstiges",
)
PURPOSE = paired(
    PURPOSES,
    "Begegnung",
    "Bildung",
    "Ferien",
    "Beratung",
    "Beteiligung",
    "Ausstattung",
    "Sonstiges",
)
CATEGORY = paired(
    COMMUNITY,
    "Vernetzte Strukturen",
    "Kooperation",
    "Infrastruktur",
    "Projekte",
    "Bürgerengagement",
    "Öffentlichkeit",
)
EARLY = paired(
    EARLY_HELP,
    "Begrüßungsbesuch",
    "Familienkinderkrankenschwester",
    "Elterncafé",
    "Sprechstunde",
    "Treff",
    "mobil",
)
ELEMENT = paired(
    STRATEGIC + OPERATIVE,
    "Arbeitsgruppe",
    "Globalrichtlinie",
    "Planung",
    "ASD",
    "Versäulungsanalyse",
    "Koordination",
    "Gebietsteam",
    "KiFaZ",
    "Handlungsbudget",
)
PART = paired(ROLES, "Anstoß", "Durchführung")
_BUILT = "Umsetzung"
_ANSWER = Heading("Antwort", "laufende Nummer des Fragebogens, kein Name", "F001")

FRAMEWORK: Mapping[str, Sheet] = {
    "selection_criterion": Sheet(
        "Auswahlkriterien",
        "ein Kriterium je Stadtraum, mit dem Bezugsräume ausgewählt werden",
        "Auswahl der Bezugsräume",
        {
            "area_id": AREA,
            "dimension": Heading(
                "Dimension", "eine der vier Dimensionen", DIMENSIONS[0], DIMENSION
            ),
            "criterion": Heading("Kriterium", "Kennung des Kriteriums, etwa kinderarmut", "armut"),
            "value": Heading("Wert", "Wert des Kriteriums, höher ist mehr Bedarf", 0.8),
            "weight": Heading("Gewicht", "Gewicht des Kriteriums, ab 0", 1),
            "rationale": Heading("Begründung", "warum so bewertet wurde", "hohe Belastung"),
        },
    ),
    "short_survey": Sheet(
        "Kurzbefragung",
        "eine Antwort der Fachkräfte zum Stadtraumtyp",
        "Sozialraumprofil",
        {
            "response_id": _ANSWER,
            "area_id": AREA,
            "actor_group": Heading("Gruppe", "Gruppe der Antwortenden, etwa Träger", "Träger"),
            "type_assigned": Heading("Typ", "vorgeschlagener Stadtraumtyp", "D", AREA_TYPE),
            **SCALE,
        },
    ),
    "family_acceptance": Sheet(
        "Befragung der Familien",
        "eine Antwort einer Familie auf eine Frage",
        "Umsetzung, Vorher-nachher-Vergleich",
        {
            "response_id": _ANSWER,
            "area_id": AREA,
            "wave": Heading("Befragung", "Jahr der Befragung, vier Ziffern", 2024),
            "item": Heading("Frage", "Kennung der Frage, etwa zufrieden", "zufrieden"),
            **SCALE,
            "invited": Heading("angefragt", "angefragte Familien je Stadtraum und Befragung", 60),
        },
    ),
    "cooperation": Sheet(
        "Zusammenarbeit",
        "eine Verbindung zweier Organisationen oder ein Sitz in einem Forum",
        "Kooperation",
        {
            "area_id": Heading(
                "Stadtraum", "Kennung wie im Blatt „Räume“; leer: stadtweit", "SR04"
            ),
            "from_id": Heading("Organisation", "Kennung der Organisation", "O01"),
            "to_id": Heading("Partner", "Kennung der Partnerorganisation; leer bei einem Forum"),
            "field_from": Heading("Feld", "Arbeitsfeld der Organisation", "asd", FIELD),
            "field_to": Heading("Feld des Partners", "Arbeitsfeld des Partners", None, FIELD),
            "forum": Heading("Forum", "Kennung des Forums; leer bei einem Partner", "F01"),
            "kind": Heading("Art", "Art der Zusammenarbeit", COOPERATION[1], COOPERATES),
            "intensity": Heading("Stärke", "0 keine, 1 gelegentlich, 2 regelmäßig, 3 eng", 2),
            "year": YEAR,
        },
    ),
    "kifaz": Sheet(
        "Kinder- und Familienzentren",
        "ein Kinder- und Familienzentrum in einem Jahr",
        _BUILT,
        {
            "kifaz_id": Heading("Zentrum", "Kennung des Zentrums", "K01"),
            "area_id": AREA,
            "year": YEAR,
            "vzae": Heading("VZÄ", "besetzte Stellen im Jahresmittel", 1.75),
            "vzae_coordinator": Heading("davon Koordination", "davon Stelle der Koordination", 1),
            "visits": Heading("Besuche", "Besuche im Jahr", 2400),
            "access_restricted": Heading("eingeschränkt", "Zugang zeitweise eingeschränkt?", False),
        },
    ),
    "coordinator_activity": Sheet(
        "Tätigkeiten der Koordination",
        "die Stunden der Sozialraumkoordination für eine Aufgabe in einem Jahr",
        _BUILT,
        {
            "area_id": AREA,
            "year": YEAR,
            "task": Heading("Aufgabe", "Aufgabe der Koordination", TASKS[0], TASK),
            "hours": Heading("Stunden", "Stunden im Jahr", 320),
        },
    ),
    "area_team_meeting": Sheet(
        "Sitzungen des Gebietsteams",
        "eine Sitzung",
        _BUILT,
        {
            "area_id": AREA,
            "date": Heading("Datum", "Tag der Sitzung, TT.MM.JJJJ", date(2024, 3, 14)),
            "fields_present": Heading(
                "anwesende Felder",
                f"mit Komma getrennt; erlaubt: {', '.join(FIELD.values())}",
                "ASD, Schule, Kita",
                FIELD,
                several=True,
            ),
            "cases_discussed": Heading("Fälle", "beratene Fälle (Anzahl, keine Namen)", 3),
            "agreements": Heading("Vereinbarungen", "getroffene Vereinbarungen (Anzahl)", 2),
        },
    ),
    "action_budget": Sheet(
        "Handlungsbudget",
        "ein Antrag",
        _BUILT,
        {
            "application_id": Heading("Antrag", "Kennung des Antrags", "A001"),
            "area_id": AREA,
            "date_in": Heading("Eingang", "Tag des Eingangs, TT.MM.JJJJ", date(2024, 2, 1)),
            "date_decision": Heading(
                "Entscheidung", "Tag der Entscheidung; leer: offen", date(2024, 2, 20)
            ),
            "eur_applied": Heading("beantragt", "Euro", 1200),
            "eur_granted": Heading("bewilligt", "Euro", 1000),
            "eur_spent": Heading("ausgegeben", "Euro", 950.5),
            "purpose": Heading("Zweck", "wofür das Geld ist", PURPOSES[0], PURPOSE),
            "regular_task": Heading(
                "Regelaufgabe", "Bezahlt das Geld eine Aufgabe, die ohnehin zu leisten ist?", False
            ),
        },
    ),
    "community_work": Sheet(
        "Fallunspezifische Arbeit",
        "ein Eintrag geleisteter Arbeit ohne Bezug zu einem Fall",
        _BUILT,
        {
            "entry_id": Heading("Eintrag", "Kennung des Eintrags", "E001"),
            "provider_id": PROVIDER,
            "area_id": AREA,
            "date": Heading("Datum", "Tag, TT.MM.JJJJ", date(2024, 5, 6)),
            "category": Heading("Kategorie", "wozu die Arbeit gehört", COMMUNITY[0], CATEGORY),
            "role": Heading("Rolle", "Anstoß gegeben oder selbst durchgeführt", ROLES[0], PART),
            "hours": Heading("Stunden", "geleistete Stunden", 4.5),
            "hze_benefit": Heading("Nutzen für HzE", "Nützt es laufenden Hilfen?", True),
        },
    ),
    "early_help": Sheet(
        "Frühe Hilfen",
        "eine Art von Frühen Hilfen eines Trägers in einem Jahr",
        "Angebote",
        {
            "provider_id": PROVIDER,
            "area_id": AREA,
            "year": YEAR,
            "kind": Heading("Art", "Art der Frühen Hilfe", EARLY_HELP[0], EARLY),
            "families_reached": Heading("Familien", "erreichte Familien im Jahr", 140),
            "births": Heading("Geburten", "Geburten im Stadtraum im Jahr", 210),
            "referred_to": Heading("weitervermittelt", "weitervermittelte Familien", 12),
        },
    ),
    "milestone": Sheet(
        "Meilensteine",
        "ein Baustein des Rahmenkonzepts",
        _BUILT,
        {
            "element": Heading("Baustein", "Baustein des Konzepts", OPERATIVE[0], ELEMENT),
            "area_id": Heading("Stadtraum", "Kennung wie im Blatt „Räume“; leer: Stadt", "SR04"),
            "planned": Heading("geplant", "geplanter Tag, TT.MM.JJJJ", date(2018, 2, 1)),
            "reached": Heading("erreicht", "erreicht am; leer: noch nicht", date(2018, 4, 1)),
            "evidence": Heading("Beleg", "woran das zu sehen ist", "Stelle besetzt"),
        },
    ),
}
