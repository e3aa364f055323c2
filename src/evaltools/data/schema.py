"""The tables of the house: columns, units, ranges, keys. One declaration, three uses.

The same :class:`Table` types raw text, is checked by pandera (:mod:`evaltools.data.validate`)
and describes itself as a Data Package field list (:func:`fields`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaltools.data import schema_framework
from evaltools.data.columns import (
    DTYPES,
    PERIOD,
    SLUG,
    Column,
    Table,
    code,
    count,
    key,
    number,
)

__all__ = ["DTYPES", "PERIOD", "SLUG", "TABLES", "Column", "Table", "fields"]

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
_AREA = {"area_id": ("area", "area_id")}
_YEAR = Column("year", "integer", "Jahr", low=1990, high=2060, required=True)
_MEASURES = (
    count("stock_3112", "Hilfen am letzten Tag des Zeitraums"),
    count("started", "begonnene Hilfen"),
    count("ended", "beendete Hilfen"),
    count("young_people", "junge Menschen"),
    number("cost_eur", "Euro"),
    count("started_after_8a", "nach § 8a begonnene Hilfen"),
)

TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        Table(
            "area",
            (
                key("area_id"),
                Column("name", required=True),
                Column("parent_id", pattern=SLUG),
                code("area_type", ("A", "B", "C", "D", "E"), required=False),
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
                key("area_id"),
                _YEAR,
                code("sex", ("m", "w", "d", "alle")),
                Column("age_from", "integer", "Jahre", low=0, high=120, required=True),
                Column("age_to", "integer", "Jahre", low=0, high=120, required=True),
                count("n", "Personen"),
                code("kind", ("actual", "forecast")),
            ),
            ("area_id", "year", "sex", "age_from", "age_to", "kind"),
            _AREA,
        ),
        Table(
            "hze_case",
            (
                key("case_id", personal=True),
                Column("person_id", pattern=SLUG, required=True, personal=True),
                Column("family_id", pattern=SLUG, personal=True),
                key("area_id"),
                code("paragraph", PARAGRAPHS[:-1]),
                code("form", FORMS[:-1]),
                Column("begin", "date", required=True, personal=True),
                Column("end", "date", personal=True),
                number("intensity_hours_week", "Stunden je Woche", high=168),
                Column("reason"),
                Column("initiator"),
                Column("after_8a", "boolean"),
                Column("provider_id", pattern=SLUG),
                Column("end_reason"),
                Column("end_as_planned", "boolean"),
                code("place", ("in_area", "in_city", "outside"), required=False),
            ),
            ("case_id",),
            _AREA | {"provider_id": ("provider", "provider_id")},
            case_level=True,
        ),
        Table(
            "hze_count",
            (
                key("area_id"),
                key("period", PERIOD),
                code("paragraph", PARAGRAPHS),
                code("form", FORMS),
                *_MEASURES,
            ),
            ("area_id", "period", "paragraph", "form"),
            _AREA,
        ),
        Table(
            "reference_trend",
            (
                code("level", ("city", "state", "nation")),
                key("period", PERIOD),
                code("paragraph", PARAGRAPHS),
                code("form", FORMS),
                *_MEASURES,
                count("population", "Personen der Bezugsbevölkerung"),
            ),
            ("level", "period", "paragraph", "form"),
            {},
        ),
        Table(
            "social_profile",
            (
                key("area_id"),
                _YEAR,
                key("indicator"),
                number("value", "siehe unit", low=None),
                Column("unit", required=True),
            ),
            ("area_id", "year", "indicator"),
            _AREA,
        ),
        Table(
            "infrastructure",
            (
                key("area_id"),
                _YEAR,
                key("kind"),
                count("n", "Einrichtungen"),
                count("places", "Plätze"),
                number("vzae", "VZÄ"),
            ),
            ("area_id", "year", "kind"),
            _AREA,
        ),
        Table(
            "staffing",
            (
                key("area_id"),
                _YEAR,
                code("role", ("case_manager", "coordinator", "kifaz", "offer")),
                number("vzae", "VZÄ"),
                number("vzae_norm", "VZÄ"),
            ),
            ("area_id", "year", "role"),
            _AREA,
        ),
        Table(
            "offer",
            (
                key("offer_id"),
                Column("provider_id", pattern=SLUG),
                key("area_id"),
                code("paragraph", OFFER_PARAGRAPHS),
                code("paragraph_2", OFFER_PARAGRAPHS, required=False),
                code("life_phase", LIFE_PHASES, required=False),
                code("access", ACCESS, required=False),
                Column("target_exclusive", "boolean"),
                count("places", "Plätze"),
                number("hours_week", "Stunden je Woche", high=10_000),
                number("vzae", "VZÄ"),
                Column("funding_kind"),
                Column("funding_until", "date"),
                number("eur_year", "Euro im Jahr"),
                Column("begin", "date", required=True),
                Column("end", "date"),
            ),
            ("offer_id",),
            _AREA | {"provider_id": ("provider", "provider_id")},
        ),
        Table(
            "provider",
            (
                key("provider_id"),
                Column("name", required=True),
                code("type", ("oeffentlich", "frei_gemeinnuetzig", "gewerblich")),
            ),
            ("provider_id",),
            {},
        ),
        Table(
            "coding_document",
            (
                Column("document", required=True, personal=True),
                Column("group", required=True),
                Column("area_id", pattern=SLUG),
                Column("held", "date"),
                Column("speakers", "integer", "Personen", low=1, high=1000),
                Column("only_here", "boolean"),
            ),
            ("document",),
            _AREA,
            case_level=True,
        ),
        Table(
            "quote_clearance",
            (
                Column("document", required=True, personal=True),
                Column("quote", required=True, personal=True),
                Column("cleared", "boolean"),
                Column("cleared_by"),
                Column("cleared_on", "date"),
                Column("source"),
            ),
            ("document", "quote"),
            {"document": ("coding_document", "document")},
            case_level=True,
        ),
        Table(
            "pseudonym",
            (
                Column("name", required=True, personal=True),
                Column("replacement", required=True),
                code("kind", ("person", "strasse", "einrichtung")),
            ),
            ("name",),
            {},
            case_level=True,
        ),
        *schema_framework.FRAMEWORK,
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
