from __future__ import annotations

import pytest

from evaltools.data.schema import DTYPES, TABLES, fields


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_keys_and_foreign_keys_are_columns_and_lead_somewhere(table) -> None:  # type: ignore[no-untyped-def]
    assert set(table.key) <= set(table.names)
    for name, (other, target) in table.foreign.items():
        assert name in table.names
        assert target in TABLES[other].names
    for column in table.columns:
        assert column.kind in DTYPES
        if column.kind in ("integer", "number"):
            assert column.unit


def test_case_rows_and_voices_stay_in_the_office() -> None:
    office = [table.name for table in TABLES.values() if table.case_level]
    assert office == [
        *("hze_case", "coding_document", "quote_clearance", "pseudonym"),
        *("short_survey", "family_acceptance"),
    ]


def test_fields_describe_units_limits_and_keys() -> None:
    described = fields(TABLES["hze_count"], ["area_id", "started", "started_reason"])
    assert described["primaryKey"] == ["area_id"]
    by_name = {field["name"]: field for field in described["fields"]}
    assert by_name["started"]["type"] == "integer"
    assert by_name["started"]["unit"] == "begonnene Hilfen"
    assert by_name["started"]["constraints"]["minimum"] == 0
    assert by_name["started_reason"] == {"name": "started_reason", "type": "string"}


def test_an_unknown_column_raises() -> None:
    with pytest.raises(KeyError):
        TABLES["area"].column("nmae")
