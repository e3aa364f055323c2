"""The first sheet of the template: what to do, which sheet is for what, what stays here."""

from __future__ import annotations

from evaltools.data.headingparts import EXAMPLE, EXPLAINED, GUIDE, MARK
from evaltools.data.headings import SHEETS
from evaltools.data.schema import TABLES
from evaltools.data.template_sheets import Pages
from evaltools.study import Workspace

FILE = "vorlage.xlsx"
_STEPS = (
    "Füllen Sie nur die Blätter aus, die Sie brauchen; ein leeres Blatt ist kein Fehler. "
    "Ohne „Räume“ geht es nicht, es sei denn, die Räume kommen aus einer anderen Datei.",
    "Ihre Angaben stehen ab Zeile 4, eine Zeile je Eintrag. Die Zeilen mit "
    f"„{EXPLAINED}“ und „{EXAMPLE}“ in der Spalte „{MARK}“ werden nicht gelesen; bei Ihren "
    "Zeilen bleibt diese Spalte leer.",
    "Überschriften mit einem Stern (*) sind Pflicht. Blätter und Überschriften nicht "
    "umbenennen. Spalten, die nicht Pflicht sind, dürfen leer bleiben.",
    "Wo es eine Auswahlliste gibt, wählen Sie daraus. Stadträume und Träger kommen aus den "
    "Blättern „Räume“ und „Träger“; tragen Sie sie dort zuerst ein.",
    "Was Sie nicht wissen, bleibt leer oder heißt „k. A.“. Eine 0 heißt: Es gab wirklich keine.",
    "Datumsangaben als TT.MM.JJJJ. Zahlen ohne Einheit, ohne Prozentzeichen und ohne "
    "Tausenderpunkt. Keine Formeln und keine verbundenen Zellen.",
)
_PRIVATE = (
    "Blätter mit rotem Reiter enthalten Angaben zu einzelnen Personen. Tragen Sie keine Namen "
    "ein, nur Kennungen, und geben Sie eine Mappe mit solchen Blättern nicht aus dem Amt.",
    "Auch kleine Zahlen in „Fallzahlen“ bleiben im Amt; die Berichte verdecken sie.",
    "Wer nur andere Blätter ausfüllen soll, bekommt eine Mappe ohne diese: "
    "evaltools template … --table offer --table provider.",
)
_SMALL = {"hze_count": "kleine Zahlen bleiben im Amt"}


def add(pages: Pages, space: Workspace) -> None:
    """Write the sheet of instructions."""
    page, looks = pages.page(GUIDE), pages.looks
    page.set_column(0, 0, 34)
    page.set_column(1, 1, 62)
    page.set_column(2, 2, 52)
    page.set_column(3, 3, 34)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.hide_gridlines(2)
    row = _block(pages, 0, f"Angaben für: {space.study.title}", _STEPS)
    row = _block(pages, row, "Was im Amt bleibt", _PRIVATE)
    row = _block(pages, row, "Wohin mit der Mappe", _where(space))
    for place, text in enumerate(("Blatt", "Eine Zeile ist", "Gebraucht für", "Vertraulich")):
        page.write_string(row, place, text, looks["header"])
    for name in pages.tables:
        row += 1
        sheet = SHEETS[name]
        kept = "ja, bleibt im Amt" if TABLES[name].case_level else _SMALL.get(name, "")
        page.write_url(row, 0, f"internal:'{sheet.label}'!A1", looks["link"], sheet.label)
        for place, text in enumerate((sheet.note, sheet.used, kept), start=1):
            page.write_string(row, place, text, looks["wrapped"])


def _block(pages: Pages, row: int, title: str, texts: tuple[str, ...]) -> int:
    """Write a title and its paragraphs, each over the whole width; return the next free row."""
    page = pages.page(GUIDE)
    page.write_string(row, 0, title, pages.looks["title"])
    for text in texts:
        row += 1
        page.merge_range(row, 0, row, 3, text, pages.looks["wrapped"])
        page.set_row(row, 15 * (1 + text.count("\n") + len(text) // 170))
    return row + 2


def _where(space: Workspace) -> tuple[str, ...]:
    city = space.study.city
    entry = (
        f"templates:\n- id: vorlage\n  file: {FILE}\n  provider: (wer die Angaben macht)\n"
        "  licence: (wer sie nutzen darf)\n  retrieved: (Tag als JJJJ-MM-TT)"
    )
    return (
        f"Als .xlsx speichern (auch LibreOffice kann das) und als data/raw/{city}/{FILE} ablegen.",
        f"In data/raw/{city}/sources.yml gehört einmal dieser Eintrag:",
        entry,
        f"Prüfen mit: evaltools ingest {space.name}. Jeder Fehler nennt Blatt und Zelle.",
    )
