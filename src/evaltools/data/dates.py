"""Dates and periods out of text, as German offices write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

_CLOCK = r"[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
_YEAR_FIRST = re.compile(rf"([0-9]{{4}})([-./])([0-9]{{1,2}})\2([0-9]{{1,2}})(?:{_CLOCK})?")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-./])([0-9]{1,2})\2([0-9]{2}|[0-9]{4})")
_UNCLEAR = re.compile(r"[0-9]{4}[-/.][1-9]|[0-9]{1,2}[-/.][0-9]{4}")
_MONTHS = ("jan", "feb", "mär", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez")
_QUARTERS = {"i": 1, "ii": 2, "iii": 3, "iv": 4} | {str(n): n for n in range(1, 5)}
_Y = "(?P<y>(?:19|20)[0-9]{2})"
_PERIODS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_Y}(?:[.,]0)?",
        rf"{_Y}-(?P<m>0[1-9]|1[0-2])",
        rf"(?P<n>[a-zä]+)\.?[ -]*{_Y}",
        rf"{_Y}[ /-]*q(?P<q>[1-4])",
        rf"(?:q|quartal) ?(?P<q>[1-4]|i{{1,3}}|iv)[ /.-]*{_Y}",
        rf"(?P<q>[1-4]|i{{1,3}}|iv)\.? ?(?:quartal|vierteljahr|vj\.?|qu?\.?)[ /.-]*{_Y}",
        rf"(?P<q>i{{1,3}}|iv)\.? ?[ /] ?{_Y}",
    )
)


def read_dates(
    values: Sequence[str], declared: str | None
) -> tuple[dict[str, date | str], list[str]]:
    """Read dates; a text in place of a date says why it is none.

    Returns
    -------
    dict, list of str
        What each value was read as, and what was decided.
    """
    notes = []
    order = declared or _order(values)
    if order and not declared:
        names = {"dmy": "Tag, Monat, Jahr", "mdy": "Monat, Tag, Jahr"}
        notes.append(f"Datumsangaben wurden in der Folge {names[order]} gelesen.")
    found = {value: _date(value, order, declared) for value in values}
    read = [value for value in values if isinstance(found[value], date)]
    if any(value.isdigit() for value in read):
        notes.append("Fünfstellige Zahlen wurden als Excel-Datum gelesen (Tage seit 1899-12-30).")
    if any(re.search("[1-9]", value[10:]) for value in read):
        notes.append("Uhrzeiten wurden weggelassen.")
    return found, notes


def _order(values: Sequence[str]) -> str | None:
    """Tell the order of day and month from days after the 12th; None when it stays open."""
    found = [match for value in values if (match := _YEAR_LAST.fullmatch(value))]
    slashed = [match for match in found if match[2] != "."]
    orders = {"dmy" for match in slashed if int(match[1]) > 12}
    orders |= {"mdy" for match in slashed if int(match[3]) > 12}
    return orders.pop() if len(orders) == 1 else None


def _date(value: str, order: str | None, declared: str | None) -> date | str:
    """Read one date; a text returned says why it is none."""
    if re.fullmatch("[0-9]{5}", value):
        day = date(1899, 12, 30) + timedelta(days=int(value))
        return day if 1990 <= day.year <= 2060 else "Die Zahl ist kein Excel-Datum; prüfen."
    if match := _YEAR_FIRST.fullmatch(value):
        return _day(match[1], match[3], match[4])
    match = _YEAR_LAST.fullmatch(value)
    if match is None:
        return "Der Wert ist kein Datum; als TT.MM.JJJJ oder JJJJ-MM-TT schreiben."
    if len(match[4]) == 2:
        return "Das Jahr hat nur zwei Stellen; vierstellig schreiben."
    if declared == "ymd":
        return "Der Wert passt nicht zu dates: ymd in sources.yml; eines von beiden berichtigen."
    if match[2] == "." and declared is None:
        order = "dmy"
    if order is None:
        return "Tag und Monat sind nicht zu unterscheiden; dates in sources.yml angeben."
    first, second = (match[1], match[3]) if order == "mdy" else (match[3], match[1])
    return _day(match[4], first, second)


def _day(year: str, month: str, day: str) -> date | str:
    if not 1900 <= int(year) <= 2100:
        return "Das Jahr liegt nicht zwischen 1900 und 2100; berichtigen."
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return "Dieses Datum gibt es nicht; berichtigen."


def read_period(value: str) -> str | None:
    """Write a period as 2018, 2018-Q1 or 2018-01; None when quarter and month are both possible.

    What is no period stays as it is, for the schema check.
    """
    if _UNCLEAR.fullmatch(value):
        return None
    for pattern in _PERIODS:
        match = pattern.fullmatch(value.casefold())
        if match is None:
            continue
        found = match.groupdict()
        if found.get("q"):
            return f"{found['y']}-Q{_QUARTERS[found['q']]}"
        if found.get("m"):
            return f"{found['y']}-{found['m']}"
        if not found.get("n"):
            return str(found["y"])
        month = found["n"].replace("mae", "mä").replace("mrz", "mär")[:3]
        if month in _MONTHS:
            return f"{found['y']}-{_MONTHS.index(month) + 1:02d}"
    return value
