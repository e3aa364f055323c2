"""Turn raw text into typed values: German numbers, dates, periods and missing codes.

Only the different values of a column are read, not its rows. What can be read in two ways is
an error that asks for a declaration in sources.yml, never a guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from evaltools.data.dates import read_dates, read_period
from evaltools.data.findings import HIDDEN, Finding, Log, Severity
from evaltools.data.schema import DTYPES, PERIOD, SLUG, Column
from evaltools.data.sources import NO_VALUE

EXACT = "exact"
LARGEST = 2**53
TEXT_MISSING = frozenset({"-", "–", "k. A.", "k.A."})
_SPACES = dict.fromkeys(map(ord, "\u00a0\u202f\u2009"), " ")
_SCIENTIFIC = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?[eE][+-]?[0-9]{1,3}")
_FOOTNOTE = re.compile(r"[-+−]?[0-9][0-9.,'’ ]*\s*(\(?[0-9a-z]{1,2}\)|\*+|[¹²³⁴⁵⁶⁷⁸⁹]+)")
_FLOAT_ID = re.compile("([0-9]+)[.,]0")
_BOOLEANS = dict.fromkeys(("ja", "j", "true", "wahr", "1", "yes"), True) | dict.fromkeys(
    ("nein", "n", "false", "falsch", "0", "no"), False
)


@dataclass(frozen=True)
class Typed:
    """One typed column.

    Attributes
    ----------
    values : Series
        Typed as the schema declares it, with the index of the text.
    reasons : Series or None
        Why a measured value is missing, such as ``c: vertraulich``; NA where it is not.
    findings : tuple of Finding
        What was decided, and every value that could not be read.
    """

    values: pd.Series
    reasons: pd.Series | None
    findings: tuple[Finding, ...]


@dataclass
class _Reading:
    """What became of the different values: a value, or why there is none."""

    column: Column
    log: Log
    values: dict[str, Any] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)

    def show(self, value: str) -> str:
        return HIDDEN if self.column.personal else f"„{value}“"

    def note(self, severity: Severity, rule: str, message: str) -> None:
        self.log.note(severity, rule, message, column=self.column.name)

    def put(self, value: str, found: object) -> None:
        """Keep what a text was read as; a text found says why it could not be read."""
        if isinstance(found, str):
            self.wrong[value] = found
        else:
            self.values[value] = found


def to_typed(
    text: pd.Series,
    column: Column,
    *,
    source_id: str,
    table: str,
    missing: Mapping[str, str],
    decimal: str | None,
    dates: str | None,
) -> Typed:
    """Type one column of raw text.

    Parameters
    ----------
    text : Series
        Text; its index holds the row numbers of the file. ``text.attrs["exact"]`` says that
        numbers with a point come from numeric cells (XLSX, Parquet).
    column : Column
        What the column is declared to be.
    source_id, table : str
        Named in the findings.
    missing : mapping
        Missing codes and their reasons.
    decimal, dates : str or None
        The declared decimal sign and order of day, month and year; None to find out.

    Returns
    -------
    Typed
        A value that could not be read is NA and has an error.
    """
    plain = text.astype("string").fillna("")
    places, uniques = pd.factorize(plain)
    cleaned = [unicodedata.normalize("NFC", str(value)).strip() for value in uniques]
    codes = {value: _code(value, column, missing) for value in cleaned}
    values = list(dict.fromkeys(value for value in cleaned if codes[value] is None))
    log = Log(source_id, table)
    _note_missing(places, [codes[value] for value in cleaned], column, missing, log)
    reading = _Reading(column, log)
    if column.kind in ("integer", "number"):
        _read_numbers(values, reading, decimal, exact=bool(text.attrs.get(EXACT)))
    elif column.kind == "date":
        found, notes = read_dates(values, dates)
        for value in values:
            reading.put(value, found[value])
        for message in notes:
            reading.note("info", "datum", message)
    else:
        _read_words(values, reading)
    _note_wrong(text.index, places, cleaned, reading)
    typed = [reading.values.get(value) for value in cleaned]
    result = _taken(typed, DTYPES[column.kind], places, text)
    reasons = None
    if column.measured:
        why = [_reason(codes[value], missing) for value in cleaned]
        reasons = _taken(why, "string", places, text)
    return Typed(result, reasons, tuple(log.findings))


def _taken(uniques: Sequence[Any], dtype: Any, places: Any, text: pd.Series) -> pd.Series:
    array = pd.Series(uniques, dtype=object).astype(dtype).array
    return pd.Series(array.take(places), index=text.index, name=text.name)


def _code(value: str, column: Column, missing: Mapping[str, str]) -> str | None:
    """Return the missing code a value stands for ("" for an empty cell), None for a value."""
    plain = value.translate(_SPACES)
    if not plain:
        return ""
    if plain not in missing or plain in column.codes:
        return None
    if column.kind == "text" and plain not in TEXT_MISSING:
        return None
    # An x in a yes-or-no column is as likely a tick as a missing code.
    return None if column.kind == "boolean" and plain.casefold() == "x" else plain


def _reason(code: str | None, missing: Mapping[str, str]) -> str | None:
    return None if code is None else (f"{code}: {missing[code]}" if code else NO_VALUE)


def _note_missing(
    places: Any, codes: Sequence[str | None], column: Column, missing: Mapping[str, str], log: Log
) -> None:
    counts: dict[str, int] = {}
    for code, count in zip(codes, np.bincount(places, minlength=len(codes)), strict=True):
        if code or (code == "" and column.measured):
            counts[code] = counts.get(code, 0) + int(count)
    if counts:
        parts = [
            (f"„{code}“ ({missing[code]})" if code else f"leer ({NO_VALUE})") + f": {count}-mal"
            for code, count in sorted(counts.items())
        ]
        log.note("info", "fehlend", f"Fehlende Werte: {'; '.join(parts)}.", column=column.name)


def _note_wrong(index: pd.Index, places: Any, values: Sequence[str], reading: _Reading) -> None:
    rules = {"integer": "zahl", "number": "zahl", "date": "datum", "boolean": "wahrheitswert"}
    rule = rules.get(reading.column.kind, "zeitraum")
    wrong = np.array([value in reading.wrong for value in values], dtype=bool)
    rows = np.flatnonzero(wrong[places]) if len(values) else np.array([], dtype=int)
    hide = reading.column.personal
    pairs = ((int(index[at]), values[places[at]]) for at in rows)
    cases = ((row, HIDDEN if hide else value, reading.wrong[value]) for row, value in pairs)
    reading.log.errors(rule, cases, len(rows), column=reading.column.name)


def _number_pattern(decimal: str, group: str) -> re.Pattern[str]:
    groups = rf"[1-9][0-9]{{0,2}}(?P<g>[ '’{group}])[0-9]{{3}}(?:(?P=g)[0-9]{{3}})*"
    return re.compile(rf"[+-]?(?P<whole>{groups}|[0-9]+)(?:[{decimal}](?P<rest>[0-9]+))?")


_NUMBERS = {",": _number_pattern(",", "."), ".": _number_pattern(".", ",")}


def _read_numbers(
    values: Sequence[str], reading: _Reading, declared: str | None, *, exact: bool
) -> None:
    plain = {value: value.translate(_SPACES).replace("−", "-") for value in values}
    fits = {
        value: {sign for sign, pattern in _NUMBERS.items() if pattern.fullmatch(text)}
        for value, text in plain.items()
    }
    # Numeric cells are written with a point and never in the shape of a group of thousands.
    sure = {v for v in values if exact and fits[v] == {"."} and "," not in v}
    decimal, unsure = declared, set[str]()
    if declared is None:
        marked = {v: fits[v] for v in values if fits[v] and v not in sure and re.search("[.,]", v)}
        decimal, unsure = _decide(marked, reading)
    used: set[str] = set()
    for value, text in plain.items():
        if value in unsure:
            continue
        sign = "." if value in sure else decimal or ","
        reading.put(value, _number(text, sign, reading.column))
        match = _NUMBERS[sign].fullmatch(text) if value not in sure else None
        used |= {f"Tausenderzeichen „{match['g']}“"} if match and match["g"] else set()
        used |= {f"Dezimalzeichen „{sign}“"} if match and match["rest"] else set()
    if used:
        reading.note("info", "dezimal", f"Gelesen mit {', '.join(sorted(used))}.")


def _decide(fits: Mapping[str, set[str]], reading: _Reading) -> tuple[str | None, set[str]]:
    """Decide on the decimal sign; also return the values that must not be read."""
    only = {sign: [value for value in fits if fits[value] == {sign}] for sign in ",."}
    if only[","] and only["."]:
        comma, point = reading.show(only[","][0]), reading.show(only["."][0])
        text = f"Die Schreibweisen {comma} und {point} widersprechen sich"
    elif only[","] or only["."]:
        return ("," if only[","] else "."), set()
    elif not fits:
        return None, set()
    else:
        groups = {"." if "." in value else "," for value in fits}
        shown = " und ".join(reading.show(value) for value in list(fits)[:2])
        if reading.column.kind == "integer" and len(groups) == 1:
            text = f"Ganze Zahlen wie {shown} wurden mit Tausenderzeichen gelesen."
            reading.note("info", "dezimal", text)
            return ("," if groups == {"."} else "."), set()
        text = f"Bei {shown} ist offen, was Dezimal- und was Tausenderzeichen ist"
    text += "; decimal in sources.yml angeben oder die Zahlen einheitlich schreiben."
    reading.note("error", "dezimal", text)
    return None, set(fits)


def _number(text: str, sign: str, column: Column) -> float | str:
    """Read one number; a text returned says why it is none."""
    match = _NUMBERS[sign].fullmatch(text)
    if match is None:
        if column.kind == "integer" or not _SCIENTIFIC.fullmatch(text):
            return _why_no_number(text, sign)
        value = float(text.replace(",", "."))
        return value if np.isfinite(value) else "Die Zahl ist zu groß; prüfen."
    digits = re.sub("[^0-9]", "", match["whole"]).lstrip("0") or "0"
    rest = match["rest"] or "0"
    if len(digits) > len(str(LARGEST)) or int(digits) > LARGEST:
        return "Die Zahl ist zu groß, um sie genau zu halten; prüfen."
    if column.kind == "number":
        return float(f"{'-' if text.startswith('-') else ''}{digits}.{rest}")
    if rest.strip("0"):
        return "Hier wird eine ganze Zahl erwartet; den Wert berichtigen."
    return -int(digits) if text.startswith("-") else int(digits)


def _why_no_number(text: str, sign: str) -> str:
    if "%" in text:
        return "Der Wert hat ein Prozentzeichen; die Zahl allein und ihre Einheit in die Kopfzeile."
    if _FOOTNOTE.fullmatch(text):
        return "An der Zahl steht ein Fußnotenzeichen; es in der Datei entfernen."
    if any(pattern.fullmatch(text) for pattern in _NUMBERS.values()):
        return f"Der Wert passt nicht zum Dezimalzeichen „{sign}“; einheitlich schreiben."
    return "Der Wert ist keine Zahl; berichtigen oder unter missing in sources.yml angeben."


def _read_words(values: Sequence[str], reading: _Reading) -> None:
    """Read yes-or-no values, periods, ids and free text."""
    column = reading.column
    for value in values:
        plain = value.translate(_SPACES)
        if column.kind == "boolean":
            text = "Der Wert ist weder ja noch nein; ja oder nein schreiben."
            reading.put(value, _BOOLEANS.get(value.casefold(), text))
        elif column.name != "period" and column.pattern != PERIOD:
            reading.values[value] = plain
        elif period := read_period(plain):
            reading.values[value] = period
        else:
            text = "Es ist offen, ob Quartal oder Monat gemeint ist; als 2018-Q1 oder 2018-01"
            reading.wrong[value] = f"{text} schreiben."
    whole = {value: match[1] for value in values if (match := _FLOAT_ID.fullmatch(value))}
    if whole and column.pattern == SLUG:
        reading.values |= whole
        reading.note("info", "kennung", "Kennungen wie 4.0 wurden als 4 gelesen.")
