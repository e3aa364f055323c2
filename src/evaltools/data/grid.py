"""A grid of text cells: find its header, leave out remarks, check its rows, fill its gaps."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
import pandas as pd

from evaltools.data.findings import HIDDEN, MOST_NAMES, Log, Stop, listing

HEAD = 60
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_MARK = re.compile(r"\*|\(?\d{1,2}\)|_|©|[¹²³]|(Quellen?|Stand|Anmerkung(en)?|Hinweise?)\b", re.I)
_NUMBER = re.compile(r"[-+−]?\d[\d.,\s]*")
_YEAR = re.compile(r"(19|20)\d\d")


@dataclass(frozen=True)
class Grid:
    """Cells as text; the index holds the row numbers of the file, blank rows are left out.

    ``lengths`` is the number of cells each record had, None where rows cannot differ in length;
    ``merged`` are ranges (top, left, bottom, right), counted from 0 in the whole sheet.
    """

    cells: pd.DataFrame
    lengths: pd.Series | None = None
    merged: tuple[tuple[int, int, int, int], ...] = ()
    remarks: bool = True


@dataclass(frozen=True)
class Request:
    """The columns asked for; `private` forbids to show what may be values of persons."""

    names: tuple[str, ...]
    fill_down: tuple[str, ...]
    wide: re.Pattern[str] | None
    private: bool


@dataclass(frozen=True)
class Header:
    """One reading of the header: where it stands and where each column asked for was found."""

    first: int
    last: int
    names: tuple[str, ...]
    columns: Mapping[str, int]
    doubled: tuple[str, ...]
    score: tuple[int, ...]

    @property
    def width(self) -> int:
        """Number of cells up to the last one with a name."""
        return max((i + 1 for i, name in enumerate(self.names) if name), default=0)

    @property
    def left(self) -> int:
        """Position of the first cell with a name."""
        return next((i for i, name in enumerate(self.names) if name), 0)


def clean(text: str) -> str:
    """Write a text in NFC and without invisible characters."""
    return text if text.isascii() else unicodedata.normalize("NFC", text).translate(_INVISIBLE)


def tidy(text: str) -> str:
    """Write a header clean, with single spaces and without Excel's ``2019.0`` or ``2019,0``."""
    text = " ".join(clean(text).split())
    return re.sub(r"^(\d+)[.,]0+$", r"\1", text)


def key(text: str) -> str:
    """Return what two headers must share to be the same column."""
    return tidy(text).casefold()


def find_header(rows: Sequence[Sequence[str]], request: Request) -> Header:
    """Find the reading of the header that holds most of the columns asked for.

    Each row is read alone and joined with the row above it (whose cells are repeated to the
    right); at a tie the single row wins, then the upper one.
    """
    lines = [[tidy(cell) for cell in row] for row in rows]
    readings = [_match(place, [], line, request) for place, line in enumerate(lines)]
    readings += [_match(n, lines[n - 1], lines[n], request) for n in range(1, len(lines))]
    return max(readings, key=lambda reading: reading.score)


def _match(position: int, upper: Sequence[str], lower: Sequence[str], request: Request) -> Header:
    names = _joined(upper, lower)
    asked = {key(name): name for name in request.names}
    found: dict[str, list[int]] = {}
    # A group seems to go on until the next one begins, so a lower name alone counts as well.
    for reading in (names, lower):
        taken = {place for places in found.values() for place in places}
        fresh: dict[str, list[int]] = {}
        for place, name in enumerate(reading):
            wide = bool(name and request.wide and request.wide.fullmatch(name))
            target = asked.get(name.casefold(), name if wide else None)
            if target is not None and target not in found and place not in taken:
                fresh.setdefault(target, []).append(place)
        found |= fresh
    wanted = len(set(found) & set(request.names))
    return Header(
        position - bool(upper),
        position,
        tuple(names),
        {name: places[0] for name, places in found.items()},
        tuple(name for name, places in found.items() if len(places) > 1),
        (wanted, len(found) - wanted, min(sum(map(bool, names)), 2), not upper, -position),
    )


def _joined(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """Join two rows of a header, the upper one repeated to the right."""
    joined, group = [], ""
    for above, below in zip_longest(upper, lower, fillvalue=""):
        group = above or group
        joined.append(f"{group} {below}".strip() if above or below else "")
    return joined


def select(grid: Grid, request: Request, log: Log) -> tuple[pd.DataFrame, Header]:
    """Cut the columns asked for out of a grid: one row a record, and the header they stood under.

    Stops when a column is missing or doubled, or no row is left.
    """
    header = find_header(grid.cells.iloc[:HEAD].to_numpy().tolist(), request)
    if grid.remarks:
        _note_header(grid, header, log)
    _check_columns(header, request, log)
    body = grid.cells.iloc[header.last + 1 :]
    if grid.remarks and len(header.columns) >= 2:
        body = _without_remarks(body, grid, header, request, log)
    if grid.lengths is not None:
        body = _without_broken(body, grid.lengths, header, log)
    if body.empty:
        text = "Unter der Kopfzeile steht keine brauchbare Datenzeile; die Datei neu abrufen."
        log.stop("leer", text)
    frame = body[list(header.columns.values())].set_axis(list(header.columns), axis=1)
    frame = _fill_merged(frame, grid, header, log)
    return _fill_down(frame, request.fill_down, log), header


def _note_header(grid: Grid, header: Header, log: Log) -> None:
    rows = [int(row) for row in grid.cells.index[header.first : header.last + 1]]
    text = f"Die Kopfzeile wurde in Zeile {rows[-1]} gefunden"
    if len(rows) > 1:
        text = f"Die Kopfzeile wurde aus den Zeilen {rows[0]} und {rows[1]} zusammengesetzt"
    if header.first:
        text += "; ausgelassen wurden die Titelzeilen darüber "
        text += f"(Zeile {listing(grid.cells.index[: header.first])})"
    log.note("info", "kopfzeile", f"{text}.", row=rows[-1])


def _check_columns(header: Header, request: Request, log: Log) -> None:
    """Note missing, doubled and extra columns; stop unless the table can be cut out."""
    # Without any match the "header" may be a row of data, and in case files that names persons.
    hide = request.private and not header.columns
    shown = HIDDEN if hide else listing(name for name in header.names if name)
    shown = f"Gefunden wurden: {shown}."
    before = len(log.findings)
    for name in request.names:
        if name not in header.columns:
            text = f"Die Spalte „{name}“ fehlt. {shown} In sources.yml den Namen aus der Datei "
            text += "eintragen oder die Spalte nachliefern lassen."
            log.note("error", "spalte_fehlt", text, column=name)
    if request.wide and not set(header.columns) - set(request.names):
        text = f"Keine Spalte passt zum Muster „{request.wide.pattern}“ (wide). {shown} "
        log.note("error", "spalte_fehlt", f"{text}Das Muster in sources.yml berichtigen.")
    for name in header.doubled:
        text = f"Die Spalte „{name}“ kommt mehrmals vor; in der Datei eindeutig benennen."
        log.note("error", "spalte_doppelt", text, column=name)
    known = {key(name) for name in (*header.columns, *request.names)}
    for name in (name for name in request.fill_down if key(name) not in known):
        text = f"fill_down nennt „{name}“, das nicht unter columns steht; dort eintragen."
        log.note("error", "auffuellen", text, column=name)
    wrong = len(log.findings) > before
    used = set(header.columns.values())
    extra = [name for place, name in enumerate(header.names) if name and place not in used]
    if extra and used:
        log.note("info", "spalten_uebrig", f"Nicht gebraucht und weggelassen: {listing(extra)}.")
    if wrong:
        raise Stop


def _without_remarks(
    body: pd.DataFrame, grid: Grid, header: Header, request: Request, log: Log
) -> pd.DataFrame:
    """Leave out footnotes and remarks, each with a note."""
    short = np.zeros(len(body), dtype=bool)
    if grid.lengths is not None:
        short = (grid.lengths.loc[body.index] < header.width).to_numpy()
    remark, texts = _remarks(body, short, header)
    for at in np.flatnonzero(remark).tolist()[:MOST_NAMES]:
        shown = HIDDEN if request.private else texts[at][:80]
        text = "Die Zeile wurde als Fußnote oder Bemerkung ausgelassen."
        log.note("info", "fussnote", text, row=int(body.index[at]), value=shown)
    if remark.sum() > MOST_NAMES:
        rest = listing(body.index[remark][MOST_NAMES:])
        log.note("info", "fussnote", f"Ebenso ausgelassen wurden die Zeilen {rest}.")
    return body[~remark]


def _remarks(
    body: pd.DataFrame, short: np.ndarray, header: Header
) -> tuple[np.ndarray, dict[int, str]]:
    """Find lone cells in the first column, and marked lines too short for a record at the end."""
    filled = (body != "").sum(axis=1).to_numpy()
    marked, alone = np.zeros((2, len(body)), dtype=bool)
    texts: dict[int, str] = {}
    places = np.flatnonzero((filled == 1) | short)
    for at, cells in zip(places.tolist(), body.iloc[places].to_numpy(), strict=True):
        texts[at] = " ".join(cell for cell in cells if cell)
        marked[at] = _MARK.match(texts[at]) is not None
        alone[at] = filled[at] == 1 and int(np.argmax(cells != "")) <= header.left
    full = np.flatnonzero((filled >= 2) & ~(short & marked))
    after = np.arange(len(body)) > (full[-1] if len(full) else -1)
    remark = (alone & (marked | after)) | (marked & short & after)
    # A lone cell written like the keys above it is a record that lacks its values, no remark.
    shapes = {_shape(text) for text in body.iloc[full, header.left].unique()}
    for at in np.flatnonzero(remark & ~marked).tolist():
        remark[at] = _shape(texts[at]) not in shapes
    return remark, texts


def _shape(text: str) -> str:
    return re.sub(r"\d+", "0", re.sub(r"[^\W\d_]+", "A", text))


def _without_broken(body: pd.DataFrame, every: pd.Series, header: Header, log: Log) -> pd.DataFrame:
    """Leave out rows whose cells do not stand under the header, each with an error."""
    limit = int(every.iloc[header.first : header.last + 1].max())
    lengths = every.loc[body.index]
    long = (body.iloc[:, limit:] != "").any(axis=1)
    broken = long | (lengths < header.width)
    text = "Die Zeile hat {} Zellen ({}) als die Kopfzeile ({}); Texte und Zahlen mit Trennzeichen "
    text += "darin in Anführungszeichen setzen."
    cases = (
        (int(row), "", text.format("mehr" if long[row] else "weniger", lengths[row], limit))
        for row in body.index[broken]
    )
    log.errors("zellenzahl", cases, int(broken.sum()))
    return body[~broken]


def _fill_merged(frame: pd.DataFrame, grid: Grid, header: Header, log: Log) -> pd.DataFrame:
    """Repeat the value of a vertically merged cell in each of its rows."""
    result = frame.copy()
    lefts = {left for _, left, _, _ in grid.merged}
    for name, place in header.columns.items():
        if place not in lefts:
            continue
        values = frame[name].to_numpy(dtype=object, copy=True)
        rows: list[int] = []
        numbers = False
        for top, left, bottom, _ in grid.merged:
            start, stop = np.searchsorted(frame.index, [top + 1, bottom + 2])
            if left != place or stop - start < 2 or frame.index[start] != top + 1:
                continue
            value = values[start]
            numbers |= bool(_NUMBER.fullmatch(value)) and not _YEAR.fullmatch(value)
            values[start + 1 : stop] = value
            rows += [int(row) for row in frame.index[start + 1 : stop]]
        if rows:
            result[name] = pd.Series(values, index=frame.index, dtype="string")
            text = f"Verbundene Zellen: der Wert wurde wiederholt in Zeile {listing(rows)}."
            more = " Es sind Zahlen; prüfen, ob sie nicht für alle Zeilen zusammen gelten."
            text += more if numbers else ""
            log.note("warning" if numbers else "info", "verbunden", text, column=name)
    return result


def _fill_down(frame: pd.DataFrame, names: Collection[str], log: Log) -> pd.DataFrame:
    """Repeat the values of the declared columns downwards into empty cells."""
    wanted = {key(name) for name in names}
    for name in frame.columns:
        empty = frame[name] == ""
        if key(name) in wanted and empty.any():
            frame = frame.assign(**{name: frame[name].mask(empty).ffill().fillna("")})
            text = f"Leere Zellen wurden mit dem Wert darüber gefüllt (fill_down): {empty.sum()}."
            log.note("info", "auffuellen", text, column=name)
    return frame
