"""What a German heading is, and the German labels of codes that several tables share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from evaltools.data.columns import Column
from evaltools.data.schema import (
    ACCESS,
    FORMS,
    LIFE_PHASES,
    OFFER_PARAGRAPHS,
    PARAGRAPHS,
)
from evaltools.data.schema_framework import FIELDS

Example = str | int | float | bool | date | None
MARK, EXPLAINED, EXAMPLE = "Zeile", "Erklärung", "Beispiel"  # first column: rows that are no data
GUIDE, LISTS = "Anleitung", "Listen"  # sheets that hold no table
REQUIRED = " *"
BOOLEAN = {"true": "ja", "false": "nein"}


@dataclass(frozen=True)
class Heading:
    """One column as an office sees it.

    Attributes
    ----------
    header : str
        German header, unique within its table.
    note : str
        What belongs into the column, in one line.
    example : str, int, float, bool, date or None
        A value as an office writes it; None leaves the cell of the example row empty.
    codes : mapping of str to str
        Code → German label. Where the schema permits other values too, the usual ones.
    several : bool
        Whether a cell holds several labels, separated by commas or semicolons.
    """

    header: str
    note: str
    example: Example = None
    codes: Mapping[str, str] = field(default_factory=dict)
    several: bool = False

    def read(self) -> dict[str, str]:
        """Return what may be written for a code, in whatever case it begins, → the code."""
        spelt: dict[str, str] = {}
        for code, label in self.codes.items():
            for text in (label, label.lower(), label[:1].upper() + label[1:]):
                spelt.setdefault(text, code)
        return spelt


@dataclass(frozen=True)
class Sheet:
    """One table as a sheet of the template.

    Attributes
    ----------
    label : str
        Name of the sheet, at most 31 characters, as reports name the table.
    note : str
        What one row is.
    used : str
        Which reports need it.
    columns : mapping of str to Heading
        Column of the schema → its heading, in the schema's order.
    """

    label: str
    note: str
    used: str
    columns: Mapping[str, Heading]


def paired(codes: tuple[str, ...], *labels: str) -> dict[str, str]:
    """Pair codes with their labels; ValueError when one lacks."""
    return dict(zip(codes, labels, strict=True))


def shown(value: Any, column: Column, heading: Heading) -> Any:
    """Write a value as an office does: labels for codes, ja and nein; dates and numbers stay."""
    if value is None:
        return None
    if column.kind == "boolean":
        return BOOLEAN[str(bool(value)).lower()]
    if column.kind == "date":
        return value
    if column.kind == "text":
        return heading.codes.get(str(value), str(value))
    return float(value) if column.kind == "number" else int(value)


AREA = Heading("Stadtraum", "Kennung des Stadtraums wie im Blatt „Räume“", "SR04")
YEAR = Heading("Jahr", "Kalenderjahr, vier Ziffern", 2024)
PROVIDER = Heading("Träger", "Kennung des Trägers wie im Blatt „Träger“", "T01")
FORM = paired(FORMS, "ambulant", "teilstationär", "stationär", "Beratung", "alle Formen")
PARAGRAPH = {name: f"§ {name}" for name in PARAGRAPHS} | {
    "27_2": "§ 27 Abs. 2",
    "alle": "alle Paragrafen",
}
OFFER_PARAGRAPH = {name: f"§ {name}" for name in OFFER_PARAGRAPHS} | {
    "27ff": "§§ 27 ff.",
    "KKG": "KKG",
}
PHASE = paired(
    LIFE_PHASES,
    "Schwangerschaft bis 3 Jahre",
    "Kita",
    "Grundschule",
    "Jugend",
    "junge Erwachsene",
    "Eltern",
)
ENTRY = paired(ACCESS, "offen", "niedrigschwellig", "aufsuchend", "vermittelt", "bewilligt")
FIELD = paired(
    FIELDS,
    "ASD",
    "Hilfen zur Erziehung",
    "offene Arbeit",
    "Jugendsozialarbeit",
    "Schule",
    "Kita",
    "Frühe Hilfen",
    "Familienbildung",
    "Beratung",
    "Gesundheit",
    "Familienzentrum",
    "Koordination",
    "sonstige",
)
AREA_TYPE = {name: name for name in "ABCDE"}
ROLE = {
    "case_manager": "Fallführung",
    "coordinator": "Sozialraumkoordination",
    "kifaz": "Kinder- und Familienzentrum",
    "offer": "Angebote",
}
# The usual kinds of institutions and social indicators; an office may add its own.
KIND = {
    "abenteuerspielplatz": "Abenteuerspielplatz",
    "beratung": "Beratungsstelle",
    "familienbildung": "Familienbildung",
    "gesamtschule": "Gesamtschule",
    "grundschule": "Grundschule",
    "gymnasium": "Gymnasium",
    "hort": "Hort",
    "kita": "Kita",
    "mobile_arbeit": "Mobile Arbeit",
    "oberschule": "Oberschule",
    "okja": "Offene Kinder- und Jugendarbeit",
    "schuljugendarbeit": "Schuljugendarbeit",
    "schulsozialarbeit": "Schulsozialarbeit",
}
INDICATOR = {
    "alleinerziehende_anteil": "Anteil Alleinerziehender",
    "arbeitslosenquote": "Arbeitslosenquote",
    "faelle_ambulant": "Hilfen, ambulant",
    "faelle_stationaer": "Hilfen, stationär",
    "kurzbefragung_mittelwert": "Kurzbefragung: Zustimmung zum Stadtraumtyp, Mittelwert",
    "kurzbefragung_n": "Kurzbefragung: Zahl der Bewertungen",
    "kurzbefragung_standardabweichung": "Kurzbefragung: Standardabweichung",
    "prekarisierungsindex": "Prekarisierungsindex",
    "prognose_0_21_differenz": "Prognose der Bevölkerung 0 bis 21, Veränderung",
    "sgb2_quote_u15": "SGB-II-Quote der unter 15-Jährigen",
    "vk_differenz": "Veränderung der Vollkräfte",
}
PROVIDER_TYPE = {
    "oeffentlich": "öffentlich",
    "frei_gemeinnuetzig": "frei gemeinnützig",
    "gewerblich": "gewerblich",
}
SEX = {"m": "männlich", "w": "weiblich", "d": "divers", "alle": "alle"}
PLACE = {"in_area": "im Raum", "in_city": "in der Stadt", "outside": "außerhalb"}
SCALE = {
    "agreement": Heading("Zustimmung", "angekreuzter Punkt der Skala; leer: keine Antwort", 4),
    "scale_min": Heading("Skala von", "kleinster Punkt der Skala (geringste Zustimmung)", 1),
    "scale_max": Heading("Skala bis", "größter Punkt der Skala (höchste Zustimmung)", 5),
}
