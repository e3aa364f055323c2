"""German headings of every table: sheet, header, explanation, labels of codes, an example.

One declaration, three uses: the template that an office fills in is written from it, read by it,
and its findings are worded with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from evaltools.data.columns import Column
from evaltools.data.headingparts import (
    AREA,
    AREA_TYPE,
    ENTRY,
    FORM,
    INDICATOR,
    KIND,
    OFFER_PARAGRAPH,
    PARAGRAPH,
    PHASE,
    PLACE,
    PROVIDER,
    PROVIDER_TYPE,
    ROLE,
    SEX,
    YEAR,
    Heading,
    Sheet,
)
from evaltools.data.headings_framework import FRAMEWORK

__all__ = ["CODING_TABLES", "SHEETS", "Heading", "Sheet", "is_open", "table_named"]

# Lists beside interviews: they hold names, or are written by ``evaltools quotes``.
CODING_TABLES = ("coding_document", "quote_clearance", "pseudonym")
_COUNTED = "Fallzahlen, Vorher-nachher-Vergleich"
_PROFILE = "Sozialraumprofil"
_VOICES = "Fokusgruppen"
_TALK = Heading("Gespräch", "Name des Dokuments, wie im Programm der Kodierung", "Gruppe 1")
_PARAGRAPH = Heading("Paragraf", "Paragraf der Hilfe (SGB VIII)", "31", PARAGRAPH)
_FORM = Heading("Hilfeform", "Form der Hilfe", "ambulant", FORM)
_PERIOD = Heading("Zeitraum", "Jahr, Quartal oder Monat: 2024, 2024-Q1 oder 2024-03", "2024")
_MEASURES = {
    "stock_3112": Heading("Bestand", "Hilfen am letzten Tag des Zeitraums", 14),
    "started": Heading("begonnen", "im Zeitraum begonnene Hilfen", 9),
    "ended": Heading("beendet", "im Zeitraum beendete Hilfen", 7),
    "young_people": Heading("junge Menschen", "junge Menschen in diesen Hilfen", 21),
    "cost_eur": Heading("Kosten", "Ausgaben im Zeitraum, Euro", 185000.5),
    "started_after_8a": Heading("nach § 8a", "davon nach § 8a SGB VIII begonnen", 2),
}


def _only(heading: Heading, *left_out: str) -> Heading:
    codes = {code: label for code, label in heading.codes.items() if code not in left_out}
    return Heading(heading.header, heading.note, heading.example, codes)


SHEETS: Mapping[str, Sheet] = {
    "area": Sheet(
        "Räume",
        "ein Stadtraum; jedes andere Blatt bezieht sich darauf",
        "alle Berichte",
        {
            "area_id": Heading("Stadtraum", "kurze Kennung ohne Umlaute, etwa SR04", "SR99"),
            "name": Heading("Name", "Name des Stadtraums", "Musterviertel"),
            "parent_id": Heading("gehört zu", "Kennung des größeren Raums; meist leer"),
            "area_type": Heading("Gebietstyp", "Stadtraumtyp A bis E", "D", AREA_TYPE),
            "is_model": Heading("Modellraum", "Wird hier das Konzept erprobt?", False),
            "model_start": Heading("Modellbeginn", "Jahr, Quartal oder Monat des Beginns"),
            "valid_from": Heading("gültig ab", "nur nach Grenzänderungen, TT.MM.JJJJ"),
            "valid_to": Heading("gültig bis", "nur bei aufgelösten Räumen, TT.MM.JJJJ"),
            "successor": Heading("Nachfolger", "Kennung des Raums, in dem er aufging"),
        },
    ),
    "population": Sheet(
        "Bevölkerung",
        "die Zahl der Menschen einer Altersgruppe in einem Jahr",
        "alle Berichte mit Quoten",
        {
            "area_id": AREA,
            "year": YEAR,
            "sex": Heading("Geschlecht", "alle, wenn nicht getrennt gezählt", "alle", SEX),
            "age_from": Heading("Alter von", "jüngstes Alter der Gruppe in Jahren", 0),
            "age_to": Heading("Alter bis", "ältestes Alter der Gruppe in Jahren", 20),
            "n": Heading("Anzahl", "Menschen am Jahresende", 4312),
            "kind": Heading(
                "Art",
                "gezählt oder vorausberechnet",
                "actual",
                {"actual": "Bestand", "forecast": "Prognose"},
            ),
        },
    ),
    "hze_case": Sheet(
        "Einzelne Hilfen",
        "eine Hilfe; statt des Blatts „Fallzahlen“",
        _COUNTED,
        {
            "case_id": Heading("Fallnummer", "Kennung der Hilfe, kein Name", "H0001"),
            "person_id": Heading("Personennummer", "Kennung des jungen Menschen", "P0001"),
            "family_id": Heading("Familiennummer", "Kennung der Familie", "FA0001"),
            "area_id": AREA,
            "paragraph": _only(_PARAGRAPH, "alle"),
            "form": _only(_FORM, "alle"),
            "begin": Heading("Beginn", "erster Tag, TT.MM.JJJJ", date(2023, 4, 1)),
            "end": Heading("Ende", "letzter Tag; leer: läuft noch", date(2024, 9, 30)),
            "intensity_hours_week": Heading("FLS je Woche", "Fachleistungsstunden je Woche", 4.5),
            "reason": Heading("Grund", "Hauptgrund der Hilfe, wie in der Statistik", "Überlastung"),
            "initiator": Heading("angeregt von", "wer die Hilfe anregte", "Schule"),
            "after_8a": Heading("nach § 8a", "nach einer Gefährdungseinschätzung?", False),
            "provider_id": PROVIDER,
            "end_reason": Heading("Grund des Endes", "warum die Hilfe endete", "Ziel erreicht"),
            "end_as_planned": Heading("planmäßig beendet", "endete sie wie geplant?", True),
            "place": Heading("Ort", "wo die Hilfe geleistet wird", "in_area", PLACE),
        },
    ),
    "hze_count": Sheet(
        "Fallzahlen",
        "die gezählten Hilfen eines Raums, Zeitraums, Paragrafen und einer Form",
        _COUNTED,
        {
            "area_id": AREA,
            "period": _PERIOD,
            "paragraph": _PARAGRAPH,
            "form": _FORM,
            **_MEASURES,
        },
    ),
    "reference_trend": Sheet(
        "Vergleichstrend",
        "die gezählten Hilfen von Stadt, Land oder Bund",
        "Vorher-nachher-Vergleich",
        {
            "level": Heading(
                "Ebene",
                "wofür die Zahlen gelten",
                "state",
                {"city": "Stadt", "state": "Land", "nation": "Bund"},
            ),
            "period": _PERIOD,
            "paragraph": _PARAGRAPH,
            "form": _FORM,
            **_MEASURES,
            "population": Heading("Bevölkerung", "Menschen der Bezugsbevölkerung", 712000),
        },
    ),
    "social_profile": Sheet(
        "Soziale Merkmale",
        "der Wert eines Merkmals in einem Jahr",
        _PROFILE,
        {
            "area_id": AREA,
            "year": YEAR,
            "indicator": Heading(
                "Merkmal", "aus der Liste, oder eine eigene Kennung", "arbeitslosenquote", INDICATOR
            ),
            "value": Heading("Wert", "Zahl ohne Einheit", 6.4),
            "unit": Heading("Einheit", "Einheit des Werts", "%"),
        },
    ),
    "infrastructure": Sheet(
        "Einrichtungen",
        "alle Einrichtungen einer Art in einem Jahr",
        _PROFILE,
        {
            "area_id": AREA,
            "year": YEAR,
            "kind": Heading("Art", "aus der Liste, oder eine eigene Kennung", "kita", KIND),
            "n": Heading("Anzahl", "Einrichtungen", 11),
            "places": Heading("Plätze", "Plätze in allen zusammen", 940),
            "vzae": Heading("VZÄ", "Vollzeitäquivalente in allen zusammen", 96.5),
        },
    ),
    "staffing": Sheet(
        "Fachkräfte",
        "die Stellen für eine Aufgabe in einem Jahr",
        "Sozialraumprofil, Umsetzung",
        {
            "area_id": AREA,
            "year": YEAR,
            "role": Heading("Aufgabe", "wofür die Stellen sind", "case_manager", ROLE),
            "vzae": Heading("VZÄ", "besetzte Vollzeitäquivalente", 6.5),
            "vzae_norm": Heading("VZÄ nach Bemessung", "vorgesehene Vollzeitäquivalente", 7),
        },
    ),
    "offer": Sheet(
        "Angebote",
        "ein Angebot von seinem Beginn bis zu seinem Ende",
        "Angebote, Sozialraumprofil, Vorher-nachher-Vergleich",
        {
            "offer_id": Heading("Angebot", "Kennung des Angebots", "AN001"),
            "provider_id": PROVIDER,
            "area_id": AREA,
            "paragraph": Heading(
                "Paragraf", "Rechtsgrundlage (SGB VIII, KKG)", "16", OFFER_PARAGRAPH
            ),
            "paragraph_2": Heading(
                "zweiter Paragraf", "nur bei zwei Rechtsgrundlagen", None, OFFER_PARAGRAPH
            ),
            "life_phase": Heading("Lebensphase", "für wen das Angebot ist", "kita", PHASE),
            "access": Heading("Zugang", "wie Familien dazu kommen", "offen", ENTRY),
            "target_exclusive": Heading("nur Zielgruppe", "nur für eine Gruppe offen?", False),
            "places": Heading("Plätze", "Plätze zugleich", 20),
            "hours_week": Heading("Std./Woche", "Stunden je Woche", 12.5),
            "vzae": Heading("VZÄ", "Vollzeitäquivalente", 0.75),
            "funding_kind": Heading("Finanzierung", "woraus es bezahlt wird", "Zuwendung"),
            "funding_until": Heading(
                "Förderung bis", "TT.MM.JJJJ; leer: ohne Ende", date(2026, 12, 31)
            ),
            "eur_year": Heading("Euro im Jahr", "Förderung im Jahr, Euro", 48000),
            "begin": Heading("Beginn", "erster Tag, TT.MM.JJJJ", date(2019, 1, 1)),
            "end": Heading("Ende", "letzter Tag; leer: läuft noch"),
        },
    ),
    "provider": Sheet(
        "Träger",
        "ein Träger; Angebote und Hilfen beziehen sich darauf",
        "Angebote, Kooperation",
        {
            "provider_id": Heading("Träger", "kurze Kennung ohne Umlaute, etwa T01", "T99"),
            "name": Heading("Name", "Name des Trägers", "Musterträger e. V."),
            "type": Heading("Art", "Art des Trägers", "frei_gemeinnuetzig", PROVIDER_TYPE),
        },
    ),
    "coding_document": Sheet(
        "Gespräche",
        "ein Gespräch, dessen Abschrift kodiert wurde",
        _VOICES,
        {
            "document": _TALK,
            "group": Heading("Gruppe", "wer sprach, ohne Namen", "Fachkräfte"),
            "area_id": Heading(
                "Stadtraum", "Kennung wie im Blatt „Räume“; leer: stadtweit", "SR04"
            ),
            "held": Heading("Datum", "Tag des Gesprächs, TT.MM.JJJJ", date(2024, 6, 3)),
            "speakers": Heading("Teilnehmende", "Zahl der Sprechenden", 6),
            "only_here": Heading("nur dieser Raum", "Sprach die Gruppe nur über ihn?", True),
        },
    ),
    "quote_clearance": Sheet(
        "Freigabe von Zitaten",
        "ein Zitat; die Liste schreibt evaltools quotes",
        _VOICES,
        {
            "document": _TALK,
            "quote": Heading("Zitat", "Kennung des Zitats aus der Liste", "Z1"),
            "cleared": Heading("freigegeben", "Darf es gezeigt werden?", False),
            "cleared_by": Heading("freigegeben von", "wer entschieden hat", "Fachstelle"),
            "cleared_on": Heading("freigegeben am", "TT.MM.JJJJ", date(2024, 7, 1)),
            "source": Heading("Quelle", "Kennung der Datei mit den Kodierungen", "gruppen"),
        },
    ),
    "pseudonym": Sheet(
        "Pseudonyme",
        "ein Name und was an seiner Stelle steht",
        _VOICES,
        {
            "name": Heading("Name", "der wirkliche Name", "Musterstraße"),
            "replacement": Heading("Ersatz", "was stattdessen gezeigt wird", "[Straße]"),
            "kind": Heading(
                "Art",
                "was der Name benennt",
                "strasse",
                {"person": "Person", "strasse": "Straße", "einrichtung": "Einrichtung"},
            ),
        },
    ),
    **FRAMEWORK,
}


def is_open(column: Column, heading: Heading) -> bool:
    """Whether the labels of a column are only the usual ones, and others are permitted."""
    return bool(heading.codes) and not column.codes


def table_named(sheet: str) -> str | None:
    """Return the table of a sheet by its name, whatever its case; None when there is none."""
    asked = " ".join(sheet.split()).casefold()
    return next((name for name, one in SHEETS.items() if one.label.casefold() == asked), None)
