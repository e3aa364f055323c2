"""Write the raw files that the tests of reading work on: ``python tests/data/make_dirty.py``.

``dirty/good`` holds one table ten times, each time as another office would deliver it; beside
each file stands its entry of ``sources.yml``. ``dirty/broken`` holds ten files with errors. The
files are written byte for byte the same each time.
"""

from __future__ import annotations

import io
import sys
import unicodedata
from datetime import UTC, date, datetime
from pathlib import Path

import xlsxwriter
import yaml
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

FOLDER = Path(__file__).parent / "dirty"
NAMES = {"SR01": "Äußere Neustadt", "SR02": "Löbtau", "SR03": "Weißer Hirsch", "SR04": "Plauen"}
HEADER = ["Stadtraum", "Name", "Jahr", "Bestand am 31.12.", "Begonnene Hilfen", "Beendete Hilfen"]
# area, year, stock on 31 December, started, ended; "x" and "-" are missing codes
ROWS: list[tuple[str, int, int | str, int, int | str]] = [
    ("SR01", 2019, 1234, 310, 298),
    ("SR01", 2020, 1301, 325, 258),
    ("SR02", 2019, 987, 1045, 1012),
    ("SR02", 2020, 1020, 1100, "x"),
    ("SR03", 2019, 45, 12, 9),
    ("SR03", 2020, 48, 14, 11),
    ("SR04", 2019, "-", 201, 187),
    ("SR04", 2020, 2345, 220, 1198),
]
PLAIN = {
    "Stadtraum": "area_id",
    "Jahr": "period",
    "Bestand am 31.12.": "stock_3112",
    "Begonnene Hilfen": "started",
    "Beendete Hilfen": "ended",
}
# Two-row headers: the upper name is repeated to the right and stands before the lower one.
GROUPED = {
    "Stadtraum": "area_id",
    "Jahr": "period",
    "Hilfen Bestand am 31.12.": "stock_3112",
    "Hilfen Begonnene Hilfen": "started",
    "Hilfen Beendete Hilfen": "ended",
}
WIDE = {"Stadtraum": "area_id"}
MAPPINGS = {
    "01_utf8_comma.csv": PLAIN,
    "02_bom_semicolon.csv": PLAIN,
    "03_cp1252_spaces.csv": PLAIN,
    "04_latin1_tab.csv": PLAIN,
    "05_titles_footnotes.csv": PLAIN,
    "06_two_row_header.csv": GROUPED,
    "07_merged.xlsx": GROUPED,
    "08_offset_nfd_dates.xlsx": PLAIN,
    "09_wide.xlsx": WIDE,
    "10_utf16_nfd_pipe.csv": PLAIN,
}


def grouped(value: int | str, sign: str) -> str:
    """Write a number with a sign between thousands; missing codes stay."""
    return value if isinstance(value, str) else f"{value:,}".replace(",", sign)


def records(sign: str) -> list[list[str]]:
    """Return all rows as text, numbers grouped."""
    return [
        [area, NAMES[area], str(year), *(grouped(value, sign) for value in values)]
        for area, year, *values in ROWS
    ]


def lines(rows: list[list[str]], delimiter: str) -> list[str]:
    """Join cells, quoting those that hold the delimiter."""
    quoted = [[f'"{cell}"' if delimiter in cell else cell for cell in row] for row in rows]
    return [delimiter.join(row) for row in quoted]


def encode(rows: list[str], encoding: str, *, end: str = "\n") -> bytes:
    """Return lines as bytes."""
    return (end.join(rows) + end).encode(encoding)


def book(buffer: io.BytesIO) -> Workbook:
    """Open a workbook whose metadata hold a fixed date."""
    result = xlsxwriter.Workbook(buffer)
    result.set_properties({"created": datetime(2024, 1, 31, tzinfo=UTC)})
    return result


def text_files() -> dict[str, bytes]:
    """Return the seven good CSV files."""
    titles = ["Hilfen zur Erziehung nach Stadtraum", "Stand: 31.01.2024", ""]
    notes = ["", "* Zahlen vorläufig", "Quelle: Testamt; eigene Berechnung", "1) ohne § 35a", ""]
    price = ["Hilfen zur Erziehung – ohne Kosten in €;;;;;"]
    upper = ["Stadtraum;Name;Jahr;Hilfen;;"]
    lower = [";;;Bestand am 31.12.;Begonnene Hilfen;Beendete Hilfen"]
    gaps = records("\u202f")
    nfd = [*lines([HEADER, *gaps[:3]], "|"), "|||||", "", *lines(gaps[3:], "|")]
    nfd += ["*|||||", "1) vorläufig|||||", "|||||", "© Testamt|||||", "|||||"]
    nobreak = lines(records("\u00a0")[:4] + records(" ")[4:], ";")
    return {
        "01_utf8_comma.csv": encode(lines([HEADER, *records(",")], ","), "utf-8"),
        "02_bom_semicolon.csv": encode(lines([HEADER, *records(".")], ";"), "utf-8-sig"),
        "03_cp1252_spaces.csv": encode([*price, *lines([HEADER], ";"), *nobreak], "cp1252"),
        "04_latin1_tab.csv": encode(lines([HEADER, *records(".")], "\t"), "latin-1"),
        "05_titles_footnotes.csv": encode(
            [*titles, *lines([HEADER, *records(".")], ";"), *notes], "utf-8", end="\r\n"
        ),
        "06_two_row_header.csv": encode(
            [*titles[:1], *upper, *lower, *lines(records("'"), ";")], "utf-8"
        ),
        "10_utf16_nfd_pipe.csv": encode(
            ["\ufeff" + unicodedata.normalize("NFD", "\r\n".join(nfd))], "utf-16-le", end="\r\n"
        ),
    }


def merged() -> bytes:
    """XLSX with titles, areas merged over their years, a merged group and numbers as text."""
    buffer = io.BytesIO()
    with book(buffer) as target:
        sheet: Worksheet = target.add_worksheet("Hilfen")
        target.add_worksheet("Tabelle2")
        sheet.write("A1", "Hilfen zur Erziehung")
        sheet.write("A2", "Testamt, Stand 31.01.2024")
        for column, name in enumerate(HEADER[:3]):
            sheet.merge_range(3, column, 4, column, name)
        sheet.merge_range(3, 3, 3, 5, "Hilfen")
        sheet.write_row(4, 3, HEADER[3:])
        for at, (area, year, stock, started, ended) in enumerate(ROWS):
            row = at + 5
            if at % 2 == 0:
                sheet.merge_range(row, 0, row + 1, 0, area)
                sheet.merge_range(row, 1, row + 1, 1, NAMES[area])
            sheet.write(row, 2, year)
            sheet.write(row, 3, stock)
            sheet.write_string(row, 4, grouped(started, "."))
            sheet.write(row, 5, ended)
        sheet.write("A15", "Anmerkung: Zahlen des Testamts")
    return buffer.getvalue()


def offset() -> bytes:
    """XLSX that starts at C4, with headers and names in NFD and a column of real dates."""
    buffer = io.BytesIO()
    with book(buffer) as target:
        sheet = target.add_worksheet("Übersicht")
        day = target.add_format({"num_format": "dd.mm.yyyy"})
        header = [unicodedata.normalize("NFD", name) for name in [*HEADER, "Stichtag", "Prüfung"]]
        sheet.write_row("C4", header)
        for at, (area, year, *values) in enumerate(ROWS):
            name = unicodedata.normalize("NFD", NAMES[area])
            sheet.write_row(at + 4, 2, [area, name, str(year), *values])
            sheet.write_datetime(at + 4, 8, datetime(year, 12, 31), day)
    return buffer.getvalue()


def wide() -> bytes:
    """XLSX with one numeric column header a year and the stock only."""
    buffer = io.BytesIO()
    with book(buffer) as target:
        sheet = target.add_worksheet("Bestand")
        sheet.write_row("A1", ["Stadtraum", "Name", 2019.0, 2020.0])
        stock = {(area, year): value for area, year, value, *_ in ROWS}
        for row, (area, name) in enumerate(NAMES.items(), start=1):
            sheet.write_row(row, 0, [area, name, stock[area, 2019], stock[area, 2020]])
    return buffer.getvalue()


def two_sheets() -> bytes:
    """XLSX with data on two sheets, and no word which one counts."""
    buffer = io.BytesIO()
    with book(buffer) as target:
        for name in ("2019", "2020", "leer"):
            sheet = target.add_worksheet(name)
            if name != "leer":
                sheet.write_row("A1", HEADER)
                sheet.write_row("A2", ["SR01", NAMES["SR01"], int(name), 1, 2, 3])
    return buffer.getvalue()


def formula() -> bytes:
    """XLSX with two formulas among the values asked for, and one beside them."""
    buffer = io.BytesIO()
    with book(buffer) as target:
        sheet = target.add_worksheet("Hilfen")
        sheet.write_row("A1", HEADER)
        for at, row in enumerate(ROWS):
            sheet.write_row(at + 1, 0, [row[0], NAMES[row[0]], *row[1:]])
        sheet.write_formula("D3", "=D2+67", None, 1301)
        sheet.write_formula("F9", "=1200-2", None, 1198)
        sheet.write_formula("B4", '="Löbtau"', None, "Löbtau")
    return buffer.getvalue()


def changed(changes: dict[tuple[int, int], str], *extra: list[str]) -> bytes:
    """Return the table as CSV with some cells (record, column) changed and rows added."""
    rows = records(".")
    for (record, column), value in changes.items():
        rows[record][column] = value
    return encode(lines([HEADER, *rows, *extra], ";"), "utf-8")


def broken_files() -> dict[str, bytes]:
    """Return the ten broken files; row numbers in the file are record + 2."""
    known = records(".")
    missing = [[row[0], *row[3:5]] for row in [HEADER, *known]]
    return {
        "empty.csv": b" \r\n\r\n",
        "binary.csv": merged(),
        "duplicate_keys.csv": changed({}, known[0], known[5]),
        "negative.csv": changed({(0, 3): "-5", (3, 4): "\u22121.100", (5, 5): "elf"}),
        "unknown_area.csv": changed({(2, 0): "SR99", (6, 0): "SR98"}),
        "text_in_number.csv": changed({(0, 3): "ca. 40", (1, 4): "325 1)", (4, 5): "9%"}),
        "missing_column.csv": encode(lines(missing, ";"), "utf-8"),
        "two_sheets.xlsx": two_sheets(),
        "year_20188.csv": changed({(1, 2): "20188", (4, 2): "219"}),
        "formula.xlsx": formula(),
    }


def entry(name: str, columns: dict[str, str]) -> str:
    """Return the entry of ``sources.yml`` for one file."""
    source: dict[str, object] = {
        "id": Path(name).stem,
        "file": name,
        "table": "hze_count",
        "provider": "Testamt",
        "licence": "keine (Testdaten)",
        "retrieved": date(2024, 1, 31),
        "columns": columns,
        "constants": {"paragraph": "alle", "form": "alle"},
    }
    if name == "09_wide.xlsx":
        source["wide"] = {"variable": "period", "value": "stock_3112", "columns": r"(\d{4})"}
    return yaml.safe_dump(source, allow_unicode=True, sort_keys=False)


def main(folder: Path) -> None:
    """Write all files into ``folder``."""
    good = text_files() | {
        "07_merged.xlsx": merged(),
        "08_offset_nfd_dates.xlsx": offset(),
        "09_wide.xlsx": wide(),
    }
    for kind, files in (("good", good), ("broken", broken_files())):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / kind / name).write_bytes(content)
            columns = MAPPINGS.get(name, PLAIN)
            text = entry(name, columns)
            (folder / kind / name).with_suffix(".yml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
