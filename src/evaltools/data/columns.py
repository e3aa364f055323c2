"""What a column and a table are; the tables themselves stand in :mod:`evaltools.data.schema`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "integer", "number", "date", "boolean"]
DTYPES: Mapping[Kind, str] = {
    "text": "string",
    "integer": "Int64",
    "number": "Float64",
    "date": "datetime64[s]",
    "boolean": "boolean",
}
SLUG = r"^[A-Za-z0-9][A-Za-z0-9_\-]{0,31}$"
PERIOD = r"^(19|20)\d{2}(-Q[1-4]|-(0[1-9]|1[0-2]))?$"


@dataclass(frozen=True)
class Column:
    """One column: its kind, unit, limits and whether it may be empty or names a person."""

    name: str
    kind: Kind = "text"
    unit: str = ""
    low: float | None = None
    high: float | None = None
    codes: tuple[str, ...] = ()
    pattern: str = ""
    required: bool = False
    personal: bool = False

    @property
    def measured(self) -> bool:
        """Whether a missing value needs a reason beside it (``<name>_reason``)."""
        return self.kind in ("integer", "number") and not self.required


@dataclass(frozen=True)
class Table:
    """One table: columns, key and foreign keys (column → table it must be found in).

    ``case_level``: one row a case or person, which stays in the office. ``summed``: pages get such
    a table all the same, and show nothing of it but figures over enough persons.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    foreign: Mapping[str, tuple[str, str]]
    case_level: bool = False
    summed: bool = False

    def column(self, name: str) -> Column:
        """Return the column of that name; KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns, in order."""
        return tuple(column.name for column in self.columns)


def key(name: str, pattern: str = SLUG, *, personal: bool = False) -> Column:
    """Declare a column that names something and is never empty."""
    return Column(name, pattern=pattern, required=True, personal=personal)


def code(name: str, codes: tuple[str, ...], *, required: bool = True) -> Column:
    """Declare a column of permitted codes."""
    return Column(name, codes=codes, required=required)


def count(name: str, unit: str = "Anzahl") -> Column:
    """Declare a column of whole numbers from 0."""
    return Column(name, "integer", unit, low=0, high=100_000_000)


def number(name: str, unit: str, low: float | None = 0, high: float | None = None) -> Column:
    """Declare a column of numbers with their limits."""
    return Column(name, "number", unit, low=low, high=high)
