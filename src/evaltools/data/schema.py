"""The tables of the house: columns, units, ranges, keys. One declaration, three uses.

The same :class:`Table` types raw text, is checked by pandera (:mod:`evaltools.data.validate`)
and describes itself as a Data Package field list (:func:`fields`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

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
FORMS = ("ambulant", "teilstationaer", "stationaer", "beratung", "alle")
PARAGRAPHS = ("27_2", "28", "29", "30", "31", "32", "33", "34", "35", "35a", "41", "alle")
OFFER_PARAGRAPHS = ("11", "12", "13", "13a", "14", "16", "22", "27ff", "KKG")
LIFE_PHASES = (
    "schwangerschaft_0_3",
    "kita",
    "grundschule",
    "jugend",
    "junge_erwachsene",
    "eltern",
)
ACCESS = ("offen", "niedrigschwellig", "aufsuchend", "vermittelt", "bewilligt")


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
    """One table: columns, key and foreign keys (column → table it must be found in)."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    foreign: Mapping[str, tuple[str, str]]
    case_level: bool = False

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


def _key(name: str, pattern: str = SLUG, *, personal: bool = False) -> Column:
    return Column(name, pattern=pattern, required=True, personal=personal)


def _code(name: str, codes: tuple[str, ...], *, required: bool = True) -> Column:
    return Column(name, codes=codes, required=required)


def _count(name: str, unit: str = "Anzahl") -> Column:
    return Column(name, "integer", unit, low=0, high=100_000_000)


def _number(name: str, unit: str, low: float | None = 0, high: float | None = None) -> Column:
    return Column(name, "number", unit, low=low, high=high)


_AREA = {"area_id": ("area", "area_id")}
_YEAR = Column("year", "integer", "Jahr", low=1990, high=2060, required=True)
_MEASURES = (
    _count("stock_3112", "Hilfen am letzten Tag des Zeitraums"),
    _count("started", "begonnene Hilfen"),
    _count("ended", "beendete Hilfen"),
    _count("young_people", "junge Menschen"),
    _number("cost_eur", "Euro"),
    _count("started_after_8a", "nach § 8a begonnene Hilfen"),
)

TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        Table(
            "area",
            (
                _key("area_id"),
                Column("name", required=True),
                Column("parent_id", pattern=SLUG),
                _code("area_type", ("A", "B", "C", "D", "E"), required=False),
                Column("is_model", "boolean"),
                Column("model_start", pattern=PERIOD),
                Column("valid_from", "date"),
                Column("valid_to", "date"),
                Column("successor", pattern=SLUG),
            ),
            ("area_id",),
            {"successor": ("area", "area_id"), "parent_id": ("area", "area_id")},
        ),
        Table(
            "population",
            (
                _key("area_id"),
                _YEAR,
                _code("sex", ("m", "w", "d", "alle")),
                Column("age_from", "integer", "Jahre", low=0, high=120, required=True),
                Column("age_to", "integer", "Jahre", low=0, high=120, required=True),
                _count("n", "Personen"),
                _code("kind", ("actual", "forecast")),
            ),
            ("area_id", "year", "sex", "age_from", "age_to", "kind"),
            _AREA,
        ),
        Table(
            "hze_case",
            (
                _key("case_id", personal=True),
                Column("person_id", pattern=SLUG, required=True, personal=True),
                Column("family_id", pattern=SLUG, personal=True),
                _key("area_id"),
                _code("paragraph", PARAGRAPHS[:-1]),
                _code("form", FORMS[:-1]),
                Column("begin", "date", required=True, personal=True),
                Column("end", "date", personal=True),
                _number("intensity_hours_week", "Stunden je Woche", high=168),
                Column("reason"),
                Column("initiator"),
                Column("after_8a", "boolean"),
                Column("provider_id", pattern=SLUG),
                Column("end_reason"),
                Column("end_as_planned", "boolean"),
                _code("place", ("in_area", "in_city", "outside"), required=False),
            ),
            ("case_id",),
            _AREA | {"provider_id": ("provider", "provider_id")},
            case_level=True,
        ),
        Table(
            "hze_count",
            (
                _key("area_id"),
                _key("period", PERIOD),
                _code("paragraph", PARAGRAPHS),
                _code("form", FORMS),
                *_MEASURES,
            ),
            ("area_id", "period", "paragraph", "form"),
            _AREA,
        ),
        Table(
            "reference_trend",
            (
                _code("level", ("city", "state", "nation")),
                _key("period", PERIOD),
                _code("paragraph", PARAGRAPHS),
                _code("form", FORMS),
                *_MEASURES,
                _count("population", "Personen der Bezugsbevölkerung"),
            ),
            ("level", "period", "paragraph", "form"),
            {},
        ),
        Table(
            "social_profile",
            (
                _key("area_id"),
                _YEAR,
                _key("indicator"),
                _number("value", "siehe unit", low=None),
                Column("unit", required=True),
            ),
            ("area_id", "year", "indicator"),
            _AREA,
        ),
        Table(
            "infrastructure",
            (
                _key("area_id"),
                _YEAR,
                _key("kind"),
                _count("n", "Einrichtungen"),
                _count("places", "Plätze"),
                _number("vzae", "VZÄ"),
            ),
            ("area_id", "year", "kind"),
            _AREA,
        ),
        Table(
            "staffing",
            (
                _key("area_id"),
                _YEAR,
                _code("role", ("case_manager", "coordinator", "kifaz", "offer")),
                _number("vzae", "VZÄ"),
                _number("vzae_norm", "VZÄ"),
            ),
            ("area_id", "year", "role"),
            _AREA,
        ),
        Table(
            "offer",
            (
                _key("offer_id"),
                Column("provider_id", pattern=SLUG),
                _key("area_id"),
                _code("paragraph", OFFER_PARAGRAPHS),
                _code("life_phase", LIFE_PHASES, required=False),
                _code("access", ACCESS, required=False),
                Column("target_exclusive", "boolean"),
                _count("places", "Plätze"),
                _number("hours_week", "Stunden je Woche", high=10_000),
                _number("vzae", "VZÄ"),
                Column("funding_kind"),
                Column("funding_until", "date"),
                Column("begin", "date", required=True),
                Column("end", "date"),
            ),
            ("offer_id",),
            _AREA | {"provider_id": ("provider", "provider_id")},
        ),
        Table(
            "provider",
            (
                _key("provider_id"),
                Column("name", required=True),
                _code("type", ("oeffentlich", "frei_gemeinnuetzig", "gewerblich")),
            ),
            ("provider_id",),
            {},
        ),
    )
}


def fields(table: Table, present: list[str]) -> dict[str, Any]:
    """Describe the present columns as a Table Schema (Data Package v2)."""
    kinds = {"text": "string", "date": "date"}
    described = []
    for name in present:
        if name not in table.names:
            described.append({"name": name, "type": "string"})
            continue
        column = table.column(name)
        limits: dict[str, Any] = {"required": True} if column.required else {}
        limits |= {"minimum": column.low} if column.low is not None else {}
        limits |= {"maximum": column.high} if column.high is not None else {}
        limits |= {"enum": list(column.codes)} if column.codes else {}
        limits |= {"pattern": column.pattern} if column.pattern else {}
        field: dict[str, Any] = {"name": name, "type": kinds.get(column.kind, column.kind)}
        field |= {"unit": column.unit} if column.unit else {}
        field |= {"constraints": limits} if limits else {}
        described.append(field)
    return {"fields": described, "primaryKey": [name for name in table.key if name in present]}
