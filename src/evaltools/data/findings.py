"""What the data check has to say: one finding a row, in German, never a traceback."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from itertools import islice
from typing import Literal, NoReturn

import pandas as pd

Severity = Literal["error", "warning", "info"]
HIDDEN = "(nicht gezeigt)"
MOST_FINDINGS = 50
MOST_NAMES = 20
SEVERITIES = {"error": "Fehler", "warning": "Warnung", "info": "Hinweis"}
# How a report names a rule; the finding's own message may hold values and stays in the office.
LABELS = {
    "anfuehrung": "Anführungszeichen",
    "auffuellen": "Auffüllen leerer Zellen",
    "beispiel": "Beispielzeile der Vorlage",
    "binaer": "Datei ist kein Text",
    "blatt": "Tabellenblatt gewählt",
    "code": "unbekannter Schlüsselwert",
    "datei": "Datei nicht lesbar",
    "datei_fehlt": "Datei fehlt",
    "datum": "Schreibweise von Datumsangaben",
    "dezimal": "Dezimal- und Tausenderzeichen",
    "fehlend": "fehlende Werte",
    "fehlerwert": "Excel-Fehler in Zellen",
    "formel": "Formeln",
    "fremdschluessel": "Verweis auf einen unbekannten Eintrag",
    "fussnote": "Fußnoten weggelassen",
    "gebietsstand": "Gebietsänderung",
    "groesse": "Datei zu groß",
    "kennung": "Schreibweise von Kennungen",
    "kopfzeile": "Kopfzeile erkannt",
    "korrektur": "Korrektur angewandt",
    "leer": "keine Daten",
    "leerzeile": "Leerzeilen weggelassen",
    "maximum": "Wert zu groß",
    "minimum": "Wert zu klein",
    "muster": "Schreibweise",
    "nachfolger": "Nachfolger von Gebieten",
    "pflicht": "Pflichtangabe fehlt",
    "pruefwert": "Prüfwert der Datei",
    "reihenfolge": "Ende vor Beginn",
    "schluessel": "Schlüssel doppelt",
    "spalte_doppelt": "Spalte doppelt",
    "spalte_fehlt": "Spalte fehlt",
    "spalten_uebrig": "Spalten weggelassen",
    "studie": "Gebiete der Studie und der Tabelle",
    "summe": "Summe stimmt nicht",
    "tabelle_fehlt": "Tabelle fehlt",
    "trennzeichen": "Trennzeichen erkannt",
    "unicode": "Umlaute vereinheitlicht",
    "verbunden": "verbundene Zellen",
    "versteckt": "versteckte Zeilen oder Spalten",
    "wahrheitswert": "Schreibweise von Ja und Nein",
    "weggelassen": "Zeilen laut Quellenangabe weggelassen",
    "zahl": "Schreibweise von Zahlen",
    "zeichensatz": "Zeichensatz erkannt",
    "zeitraum": "Schreibweise von Zeiträumen",
    "zellenzahl": "Zahl der Zellen in der Zeile",
    "zwei_quellen": "zwei Quellen für denselben Wert",
}


@dataclass(frozen=True)
class Finding:
    """One thing found in a raw file.

    ``row`` is the 1-based row of the file as an office sees it in its editor, or None when the
    finding concerns the whole file. Values of personal columns are never stored.
    """

    severity: Severity
    source_id: str
    table: str
    row: int | None
    column: str
    value: str
    rule: str
    message: str


class Stop(Exception):
    """Ends the reading of a file; its log says why."""


@dataclass(frozen=True)
class Log:
    """Collects the findings of one file."""

    source_id: str
    table: str
    findings: list[Finding] = field(default_factory=list)

    def note(
        self,
        severity: Severity,
        rule: str,
        message: str,
        *,
        row: int | None = None,
        column: str = "",
        value: str = "",
    ) -> None:
        """Add one finding."""
        self.findings.append(
            Finding(severity, self.source_id, self.table, row, column, value, rule, message)
        )

    def errors(
        self, rule: str, cases: Iterable[tuple[int, str, str]], total: int, *, column: str = ""
    ) -> None:
        """Add one error a case (row, value, message), at most 50, then say how many are left."""
        for row, value, message in islice(cases, MOST_FINDINGS):
            self.note("error", rule, message, row=row, column=column, value=value)
        if total > MOST_FINDINGS:
            self.note("error", rule, f"… und {total - MOST_FINDINGS} weitere.", column=column)

    def stop(self, rule: str, message: str, *, row: int | None = None) -> NoReturn:
        """Add an error that ends the reading of the file."""
        self.note("error", rule, message, row=row)
        raise Stop


def listing(names: Iterable[object]) -> str:
    """List at most 20 names in one line."""
    every = [str(name)[:60] for name in names]
    rest = f" … ({len(every)} insgesamt)" if len(every) > MOST_NAMES else ""
    return ", ".join(every[:MOST_NAMES]) + rest


def to_frame(findings: Iterable[Finding]) -> pd.DataFrame:
    """Put findings into a frame, errors first, otherwise in their order.

    Returns
    -------
    DataFrame
        Columns as the fields of :class:`Finding`; no rows when there are no findings.
    """
    names = [item.name for item in fields(Finding)]
    order = {"error": 0, "warning": 1, "info": 2}
    rows = sorted(findings, key=lambda finding: order[finding.severity])
    frame = pd.DataFrame([[getattr(row, name) for name in names] for row in rows], columns=names)
    text = [name for name in names if name != "row"]
    return frame.astype({"row": "Int64"} | dict.fromkeys(text, "string"))


def lines(found: pd.DataFrame) -> list[str]:
    """Write errors and warnings one a line, as a terminal shows them to the office."""
    written = []
    shown = found[found["severity"] != "info"]
    for row in shown.astype({"row": "object"}).to_dict("records"):
        line = "" if pd.isna(row["row"]) else f"Zeile {row['row']}"
        where = " / ".join(filter(None, (row["source_id"], row["table"], line, row["column"])))
        value = f" [{row['value']}]" if row["value"] else ""
        written.append(f"{SEVERITIES[row['severity']]}: {where}{value}: {row['message']}")
    return written
