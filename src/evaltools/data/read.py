"""Read raw files as offices and portals deliver them: CSV, XLSX and Parquet, all as text."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path

import pandas as pd

from evaltools.data.excel import check_cells, plain, read_sheet
from evaltools.data.findings import Finding, Log, Stop, listing
from evaltools.data.grid import HEAD, Grid, Request, clean, find_header, select
from evaltools.data.schema import TABLES
from evaltools.data.sources import Format
from evaltools.data.values import EXACT

CHUNK = 20_000
PREVIEW = 4_000_000
DELIMITERS = {";": "Semikolon", ",": "Komma", "\t": "Tabulator", "|": "senkrechter Strich"}
KINDS = {
    b"PK\x03\x04": "eine Excel- oder ZIP-Datei; als .xlsx speichern oder als CSV ausgeben",
    b"\xd0\xcf\x11\xe0": "eine alte oder verschlüsselte Excel-Datei; neu als .xlsx speichern",
    b"%PDF": "eine PDF-Datei; die Tabelle als CSV oder XLSX anfordern",
    b"PAR1": "eine Parquet-Datei; in .parquet umbenennen",
    b"\x1f\x8b": "eine gepackte Datei (gzip); auspacken",
}
BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_GARBLED = re.compile("[\x80-\x9f\ufffd]|Ã[¤¶¼Ÿ„–œ]")


@dataclass(frozen=True)
class RawTable:
    """The columns asked for of one raw file, as text.

    Attributes
    ----------
    frame : DataFrame
        All of dtype string, empty cells are ``""``; the index ``row`` holds the row numbers an
        editor shows. ``frame.attrs["exact"]`` is True when numbers come from numeric cells.
    findings : tuple of Finding
        Everything decided or wrong. Wrong single rows and cells leave `ok` True.
    ok : bool
        False when an error stops the file; the frame is empty then.
    """

    frame: pd.DataFrame
    findings: tuple[Finding, ...]
    ok: bool


def read(
    path: Path,
    *,
    source_id: str,
    table: str,
    wanted: Collection[str],
    fmt: Format,
    fill_down: Collection[str] = (),
    wide: str | None = None,
) -> RawTable:
    """Read one raw file.

    Parameters
    ----------
    path : Path
        A .csv, .tsv, .txt, .xlsx or .parquet file.
    source_id, table : str
        Named in the findings.
    wanted : collection of str
        The headers to keep, compared without regard to case, spacing and Unicode form.
    fmt : Format
        What is declared; the rest is found out and noted.
    fill_down : collection of str, optional
        Headers of columns whose empty cells repeat the value above.
    wide : str, optional
        A regular expression; columns whose whole header matches are kept as well.

    Returns
    -------
    RawTable
        Never raises for a bad file: each problem is a finding.
    """
    log = Log(source_id, table)
    frame, ok = pd.DataFrame(index=pd.Index([], dtype="int64", name="row"), dtype="string"), False
    try:
        request = _request(table, wanted, fill_down, wide, log)
        grid, sheet = _grid(path, request, fmt, log)
        if grid.cells.empty:
            log.stop("leer", "Die Datei enthält keine Daten; neu abrufen.")
        found, header = select(grid, request, log)
        if sheet:
            check_cells(path, sheet, found, header.columns, log)
        frame, ok = found, True
    except Stop:
        pass
    except OSError as error:
        text = f"Die Datei {path.name} ist nicht lesbar ({error.strerror}); Ablage prüfen."
        log.note("error", "datei", text)
    frame.attrs[EXACT] = path.suffix.casefold() in (".xlsx", ".parquet")
    return RawTable(frame, tuple(log.findings), ok)


def _request(
    table: str, wanted: Collection[str], fill_down: Collection[str], wide: str | None, log: Log
) -> Request:
    private = table in TABLES and TABLES[table].case_level
    try:
        pattern = re.compile(wide) if wide is not None else None
    except re.error:
        log.stop("muster", "Das Muster unter wide in sources.yml ist kein gültiger Ausdruck.")
    return Request(tuple(wanted), tuple(fill_down), pattern, private)


def _grid(path: Path, request: Request, fmt: Format, log: Log) -> tuple[Grid, str | None]:
    """Return the cells of a file and, for XLSX, the sheet they come from."""
    suffix = path.suffix.casefold()
    with path.open("rb") as file:
        head = file.read(8)
    kind = next((magic for magic in KINDS if head.startswith(magic)), None)
    expected = {".xlsx": b"PK\x03\x04", ".parquet": b"PAR1"}.get(suffix)
    if not head:
        log.stop("leer", f"Die Datei {path.name} ist leer; neu abrufen.")
    if kind != expected:
        text = KINDS[kind] if kind else "etwas anderes, vermutlich Text; richtig benennen"
        log.stop("binaer", f"Die Datei heißt {suffix}, ist aber {text}.")
    if suffix == ".xlsx":
        return _excel(path, fmt, log)
    if suffix == ".parquet":
        return _parquet(path, log), None
    raw = _decode(path.read_bytes(), fmt.encoding, log)
    text = clean(raw)
    _note_cleaned(text != raw, log)
    return _csv(text, _delimiter(text, request, fmt.delimiter, log), log), None


def _note_cleaned(changed: bool, log: Log) -> None:
    if changed:
        message = "Zerlegte Umlaute (NFD) zusammengesetzt oder unsichtbare Zeichen entfernt."
        log.note("info", "unicode", message)


def _decode(data: bytes, declared: str | None, log: Log) -> str:
    bom = next((name for mark, name in BOMS.items() if data.startswith(mark)), None)
    if not declared and not bom and b"\0" in data:
        log.stop("binaer", "Die Datei enthält NUL-Bytes und ist kein Text; neu ausgeben lassen.")
    names = [declared] if declared else [bom] if bom else ["utf-8", "cp1252", "latin-1"]
    for name in names:
        try:
            text = data.decode(name).removeprefix("\ufeff")
        except LookupError:
            log.stop("zeichensatz", f"Der Zeichensatz „{name}“ ist unbekannt; berichtigen.")
        except UnicodeError as error:
            row = data[: getattr(error, "start", 0)].count(b"\n") + 1
            continue
        break
    else:
        text = f"Die Datei ist nicht in {names[0]} geschrieben; encoding berichtigen."
        log.stop("zeichensatz", text, row=row)
    if "\0" in text or re.match(r"\s*<(!doctype html|html)", text, re.I):
        text = "Die Datei ist keine Tabelle in Textform (HTML-Seite oder NUL-Zeichen)"
        log.stop("binaer", f"{text}; neu abrufen.")
    if not declared:
        log.note("info", "zeichensatz", f"Die Datei wurde als {name} gelesen.")
    if not text.isascii() and _GARBLED.search(text):
        message = "Zeichen wie „Ã¤“ oder Steuerzeichen: der Zeichensatz stimmt vermutlich nicht."
        log.note("warning", "zeichensatz", message)
    return text


def _delimiter(text: str, request: Request, declared: str | None, log: Log) -> str:
    """Choose the delimiter with which most of the columns asked for are found."""
    if declared is not None:
        declared = declared.replace("\\t", "\t")
        if len(declared) != 1 or declared in '"\r\n ':
            log.stop("trennzeichen", "delimiter in sources.yml muss ein einzelnes Zeichen sein.")
        return declared
    best = ";"
    top: tuple[int, ...] = (-1,)
    start = text[:PREVIEW]
    for delimiter in DELIMITERS:
        reader = csv.reader(io.StringIO(start, newline=""), delimiter=delimiter, strict=True)
        try:
            rows = [row for row in islice(reader, 5 * HEAD) if any(map(str.strip, row))][:HEAD]
        except csv.Error:
            continue
        if not rows:  # nothing but this delimiter
            best = delimiter
            break
        widths = sorted(map(len, rows))
        score = (*find_header(rows, request).score[:2], widths[len(widths) // 2])
        best, top = max((best, top), (delimiter, score), key=lambda pair: pair[1])
    log.note("info", "trennzeichen", f"Als Trennzeichen gilt: {DELIMITERS[best]}.")
    return best


def _csv(text: str, delimiter: str, log: Log) -> Grid:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    parts: list[pd.DataFrame] = []
    lengths: list[int] = []
    line = 1
    try:
        while True:
            records, numbers = [], []
            for record in islice(reader, CHUNK):
                records.append(record)
                numbers.append(line)
                line = reader.line_num + 1
            if not records:
                break
            parts.append(_frame(records, numbers))
            lengths += map(len, records)
    except csv.Error:
        text = "Ein Anführungszeichen ist nicht geschlossen oder steht falsch; berichtigen"
        log.stop("anfuehrung", f"{text} (ab Zeile {line}).", row=line)
    cells = pd.concat(parts).fillna("") if parts else _frame([], [])
    return _without_blanks(Grid(cells, pd.Series(lengths, index=cells.index)), log)


def _frame(rows: Sequence[Sequence[str]], numbers: Sequence[int]) -> pd.DataFrame:
    columns = enumerate(zip_longest(*rows, fillvalue=""))
    cells = {place: pd.array(column, dtype="string") for place, column in columns}
    return pd.DataFrame(cells, index=pd.Index(list(numbers), name="row", dtype="int64"))


def _without_blanks(grid: Grid, log: Log) -> Grid:
    cells = grid.cells.apply(lambda column: column.str.strip())
    blank = (cells == "").all(axis=1)
    if blank.any() and not blank.all():
        text = f"Leere Zeilen wurden übergangen: {listing(cells.index[blank])}."
        log.note("info", "leerzeile", text)
    lengths = None if grid.lengths is None else grid.lengths[~blank]
    return Grid(cells[~blank], lengths, grid.merged)


def _excel(path: Path, fmt: Format, log: Log) -> tuple[Grid, str]:
    name, rows, merged = read_sheet(path, fmt.sheet, log)
    texts = [[clean(cell) for cell in row] for row in rows]
    _note_cleaned(texts != rows, log)
    cells = _frame(texts, range(1, len(texts) + 1))
    return _without_blanks(Grid(cells, None, merged), log), name


def _parquet(path: Path, log: Log) -> Grid:
    try:
        table = pd.read_parquet(path)
    except Exception:  # pyarrow raises whatever a damaged file provokes
        log.stop("binaer", f"Die Datei {path.name} ist keine lesbare Parquet-Datei.")
    if any(name is not None for name in table.index.names):
        table = table.reset_index()
    cells = {}
    for place, name in enumerate(table.columns):
        codes, uniques = pd.factorize(table[name], use_na_sentinel=False)
        texts = pd.array([plain(value) for value in uniques], dtype="string")
        cells[place] = [str(name), *texts.take(codes)]
    frame = pd.DataFrame(cells, dtype="string")
    frame.index.name = "row"
    return Grid(frame, remarks=False)
