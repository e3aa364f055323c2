from __future__ import annotations

import pandas as pd

from evaltools.data.schema import DTYPES, TABLES
from evaltools.data.validate import check, check_foreign, check_totals


def typed(table: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, index=pd.Index(range(2, len(rows) + 2), name="row"))
    kinds = {name: DTYPES[TABLES[table].column(name).kind] for name in frame}
    return frame.astype(kinds)


def count(area: str, period: str, paragraph: str, form: str, n: int | None) -> dict[str, object]:
    return {
        "area_id": area,
        "period": period,
        "paragraph": paragraph,
        "form": form,
        "started": n,
    }


GOOD = [count("SR01", "2019", "31", "ambulant", 5), count("SR01", "2020", "31", "ambulant", 0)]


def test_a_good_table_has_no_finding_and_is_left_untouched() -> None:
    frame = typed("hze_count", GOOD)
    before = frame.copy()
    assert check(frame, TABLES["hze_count"], source_id="s") == []
    pd.testing.assert_frame_equal(frame, before)


def test_all_broken_rules_come_at_once_with_row_and_rule() -> None:
    rows = [
        *GOOD,
        count("SR 1", "2019", "31", "ambulant", 1),
        count("SR01", "20188", "31", "ambulant", 1),
        count("SR01", "2021", "99", "ambulant", 1),
        count("SR01", "2022", "31", "ambulant", -3),
        count("SR01", "2019", "31", "ambulant", 7),
    ]
    found = check(typed("hze_count", rows), TABLES["hze_count"], source_id="s")
    assert {(item.row, item.column, item.rule) for item in found} == {
        (4, "area_id", "muster"),
        (5, "period", "muster"),
        (6, "paragraph", "code"),
        (7, "started", "minimum"),
        (8, "area_id + period + paragraph + form", "schluessel"),
    }
    assert all(item.severity == "error" and item.source_id == "s" for item in found)
    assert "erlaubt: 27_2, 28" in next(item.message for item in found if item.rule == "code")


def test_a_missing_required_value_is_named() -> None:
    (found,) = check(
        typed("provider", [{"provider_id": "T1", "name": None, "type": "frei_gemeinnuetzig"}]),
        TABLES["provider"],
        source_id="s",
    )
    assert (found.row, found.column, found.rule) == (2, "name", "pflicht")


def test_values_of_persons_are_never_stored() -> None:
    case = {
        "case_id": "Erika Mustermann",
        "person_id": "P 1",
        "area_id": "SR01",
        "paragraph": "31",
        "form": "ambulant",
        "begin": "2019-01-01",
    }
    found = check(typed("hze_case", [case, case]), TABLES["hze_case"], source_id="s")
    text = " ".join(f"{item.value} {item.message}" for item in found)
    assert len(found) >= 4
    assert "Erika" not in text
    assert "P 1" not in text
    assert "2019-01-01" not in text


def test_foreign_keys_name_the_row_and_the_table_to_mend() -> None:
    frame = typed("hze_count", [*GOOD, count("SR99", "2019", "31", "ambulant", 1)])
    area = typed("area", [{"area_id": "SR01", "name": "Löbtau"}])
    (found,) = check_foreign(frame, TABLES["hze_count"], {"area": area}, source_id="s")
    assert (found.row, found.column, found.value, found.rule) == (
        4,
        "area_id",
        "SR99",
        "fremdschluessel",
    )
    assert "Tabelle area" in found.message


def test_a_table_the_study_does_not_have_is_no_finding() -> None:
    frame = typed("offer", [{"offer_id": "A1", "provider_id": "T1", "area_id": "SR01"}])
    area = typed("area", [{"area_id": "SR01", "name": "Löbtau"}])
    assert check_foreign(frame, TABLES["offer"], {"area": area}, source_id="s") == []


def test_a_delivered_total_must_be_the_sum_of_its_parts() -> None:
    rows = [
        count("SR01", "2019", "31", "ambulant", 5),
        count("SR01", "2019", "33", "stationaer", 2),
        count("SR01", "2019", "alle", "alle", 8),
        count("SR01", "2020", "31", "ambulant", 5),
        count("SR01", "2020", "33", "stationaer", None),
        count("SR01", "2020", "alle", "alle", 9),
        count("SR02", "2020", "alle", "alle", 9),
    ]
    (found,) = check_totals(typed("hze_count", rows))
    assert (found.rule, found.column, found.value) == ("summe", "started", "SR01, 2019")
    assert check_totals(typed("hze_count", rows[3:])) == []


def test_a_part_is_no_larger_than_its_whole_and_an_answer_stays_on_its_scale() -> None:
    asked = {"area_id": "SR01", "wave": 2020, "item": "a", "scale_min": 1, "scale_max": 5}
    rows = [asked | {"response_id": f"r{at}", "agreement": at} for at in (0, 1, 5, 6)]
    found = check(typed("family_acceptance", rows), TABLES["family_acceptance"], source_id="s")
    assert [(item.row, item.column, item.rule) for item in found] == [
        (2, "agreement", "reihenfolge"),
        (5, "scale_max", "reihenfolge"),
    ]
    assert "ist kleiner als scale_min" in found[0].message
    place = {"kifaz_id": "K1", "area_id": "SR01", "year": 2020}
    staff = typed("kifaz", [place | {"vzae": 0.5, "vzae_coordinator": 1.0}])
    assert [item.column for item in check(staff, TABLES["kifaz"], source_id="s")] == ["vzae"]


def test_a_tie_needs_a_partner_or_a_forum() -> None:
    tie = {"from_id": "a", "field_from": "kita", "kind": "fallspezifisch", "year": 2020}
    rows = [tie | {"to_id": "b", "forum": None}, tie | {"to_id": None, "forum": None}]
    found = check(typed("cooperation", rows), TABLES["cooperation"], source_id="s")
    assert [(item.row, item.rule) for item in found if item.rule != "pflicht" or item.row] == [
        (3, "pflicht")
    ]
