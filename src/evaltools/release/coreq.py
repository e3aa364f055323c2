"""The reporting checklist COREQ, filled from the study file.

Tong, Sainsbury & Craig (2007), International Journal for Quality in Health Care 19(6), 349–357,
doi:10.1093/intqhc/mzm042: 32 items in three domains, here in German words of our own.
"""

from __future__ import annotations

import pandas as pd

from evaltools.codings.material import Material
from evaltools.release import wording
from evaltools.release.coding_views import program
from evaltools.release.disclosure import Rule
from evaltools.release.display import Prose, prose
from evaltools.release.tables import Column, HtmlTable, table
from evaltools.release.views import public
from evaltools.study import Study

NOT_GIVEN = "nicht angegeben"
DOMAINS = ("Forschungsteam und Reflexivität", "Anlage der Studie", "Auswertung und Befunde")
LAST_OF_DOMAIN = (8, 23, 32)
CODERS, SOFTWARE = 24, 27
ITEMS = (
    "Wer die Gespräche führte",
    "Abschlüsse",
    "Beruf zur Zeit der Studie",
    "Geschlecht",
    "Erfahrung und Ausbildung",
    "Bekanntschaft mit den Befragten vorab",
    "Was die Befragten über die Forschenden wussten",
    "Haltungen und Interessen der Forschenden",
    "Methodologie und Theorie",
    "Auswahl der Befragten",
    "Ansprache der Befragten",
    "Zahl der Befragten",
    "Absagen und Abbrüche, mit Gründen",
    "Ort der Gespräche",
    "Weitere Anwesende",
    "Beschreibung der Befragten",
    "Leitfaden und Probelauf",
    "Wiederholte Gespräche",
    "Ton- oder Bildaufnahme",
    "Feldnotizen",
    "Dauer der Gespräche",
    "Sättigung",
    "Rückgabe der Transkripte an die Befragten",
    "Zahl der Kodierenden",
    "Beschreibung des Kodierbaums",
    "Herkunft der Themen: vorab oder aus dem Material",
    "Verwendete Software",
    "Rückmeldung der Befragten zu den Befunden",
    "Zitate, mit Angabe der Gruppe",
    "Übereinstimmung von Daten und Befunden",
    "Deutlichkeit der Hauptthemen",
    "Abweichende Fälle und Nebenthemen",
)


def checklist(study: Study, material: Material, rules: Rule) -> HtmlTable | Prose:
    """Show all 32 items with the study's answers; what nobody answered says so.

    How many people coded and with which software is known from the files.
    """
    if not study.codings.coreq:
        return prose("Die Studie macht keine Angaben zur Berichtsliste COREQ.")
    given = _answers(study, material)
    rows = [
        (f"{number}. {item}", _domain(number), given.get(number, NOT_GIVEN))
        for number, item in enumerate(ITEMS, start=1)
    ]
    columns = {
        "item": Column("Punkt"),
        "domain": Column("Bereich"),
        "answer": Column("Angabe der Studie"),
    }
    frame = pd.DataFrame(rows, columns=[*columns])
    return table(public(frame, rules), columns, caption="Berichtsliste COREQ")


def completeness(study: Study, material: Material) -> Prose:
    """Say how many items are answered."""
    if not study.codings.coreq:
        return prose()
    return prose(
        f"Zu {wording.number(len(_answers(study, material)))} von {wording.number(len(ITEMS))} "
        "Punkten der Berichtsliste COREQ (Tong, Sainsbury und Craig 2007, "
        "doi:10.1093/intqhc/mzm042) gibt es Angaben."
    )


def _answers(study: Study, material: Material) -> dict[int, str]:
    coders = len(material.project.coders)
    programs = dict.fromkeys(program(item.program) for item in material.project.origin)
    known = {CODERS: wording.number(coders) if coders else "", SOFTWARE: ", ".join(programs)}
    given = {number: text.strip() for number, text in study.codings.coreq.items()}
    return {number: text for number, text in {**known, **given}.items() if text}


def _domain(number: int) -> str:
    return next(name for name, last in zip(DOMAINS, LAST_OF_DOMAIN, strict=True) if number <= last)
