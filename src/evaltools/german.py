"""Numbers, dates and lists the German way; every sentence of a report is made of them."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection
from datetime import date

from babel.dates import format_date
from babel.numbers import format_decimal

LOCALE = "de_DE"
MINUS = "\N{MINUS SIGN}"
NBSP = "\N{NO-BREAK SPACE}"
_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def number(value: float, digits: int = 0) -> str:
    """Write a number the German way: ``1.234,5``, with a real minus sign."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    text = format_decimal(value, format=pattern, locale=LOCALE)
    is_zero = not text.strip("-0,")
    return text.replace("-", "" if is_zero else MINUS)


def day(iso: str) -> str:
    """Write an ISO date as ``31.12.2023``."""
    return format_date(date.fromisoformat(iso[:10]), "dd.MM.yyyy", locale=LOCALE)


def percent_change(ratio: float, digits: int = 0) -> str:
    """Write a ratio as a change: 0.86 → ``−14 %``, 1.05 → ``+5 %``."""
    if not math.isfinite(ratio):
        return "unbestimmt"
    change = round((ratio - 1) * 100, digits) + 0.0
    sign = "+" if change > 0 else ""
    return f"{sign}{number(change, digits)}{NBSP}%"


def signed(value: float, digits: int = 0) -> str:
    """Write a change in points: 0.83 → ``+0,8``."""
    rounded = round(value, digits) + 0.0
    return f"{'+' if rounded > 0 else ''}{number(rounded, digits)}"


def percent(value: float, digits: int = 0) -> str:
    """Write a share: 0.862 → ``86 %``."""
    return f"{number(value * 100, digits)}{NBSP}%"


def interval(low: float, high: float) -> str:
    """Write an interval of ratios as changes: ``−25 % bis −4 %``."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return "unbegrenzt (zu wenige Vergleichsräume)"
    return f"{percent_change(low)} bis {percent_change(high)}"


def share(value: float) -> str:
    """Write a p-value or share with two digits after the comma, never as 0,00."""
    return "< 0,01" if value <= 0.005 else number(value, 2)


def listing(names: Collection[str], *, most: int = 8) -> str:
    """Join names as a German list, cut after `most`."""
    shown = list(names)[:most]
    rest = len(names) - len(shown)
    if rest > 0:
        return f"{', '.join(shown)} und {number(rest)} weitere"
    return " und ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def slug(text: str, *, most: int = 40) -> str:
    """Write a text with a to z, 0 to 9 and hyphens only, for names of files and addresses."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    words = re.sub(r"[^a-z0-9]+", "-", plain.encode("ascii", "ignore").decode())
    return words[:most].strip("-")
