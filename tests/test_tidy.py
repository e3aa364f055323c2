from __future__ import annotations

from pathlib import Path

import pandas as pd

from evaltools import yamlfile
from evaltools.data.schema import TABLES
from evaltools.data.sources import Correction, Source
from evaltools.data.tidy import correct, tidy

HEAD = """
id: s
file: s.csv
table: {table}
provider: Amt
licence: keine
retrieved: 2024-01-31
"""


def source(table: str, rest: str) -> Source:
    return yamlfile.loads(HEAD.format(table=table) + rest, Source, name="s.yml")


def written(folder: Path, text: str) -> Path:
    path = folder / "s.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_codes_constants_and_missing_codes(tmp_path: Path) -> None:
    path = written(
        tmp_path, "Raum;Jahr;Art;neu\nSR01;2019;amb.;5\nSR01;2020;amb.;c\nSR01;2021;stat.;\n"
    )
    spec = source(
        "hze_count",
        "columns: {Raum: area_id, Jahr: period, Art: form, neu: started}\n"
        "codes: {form: {amb.: ambulant, stat.: stationaer}}\n"
        "constants: {paragraph: alle}\n",
    )
    tidied = tidy(path, spec)
    assert tidied.ok
    assert list(tidied.frame["form"]) == ["ambulant", "ambulant", "stationaer"]
    assert tidied.frame["started"].dtype == "Int64"
    assert tidied.frame["started"].isna().tolist() == [False, True, True]
    assert tidied.frame["started_reason"].tolist()[1:] == ["c: vertraulich", "ohne Wert geliefert"]
    assert set(tidied.frame["paragraph"]) == {"alle"}


def test_rows_are_filtered_and_the_number_left_out_is_recorded(tmp_path: Path) -> None:
    path = written(tmp_path, "Ebene;Raum;Name\nStadt;X;Stadt\nRaum;SR01;A\nRaum;SR02;B\n")
    spec = source(
        "area",
        "columns: {Raum: area_id, Name: name}\nwhere: {Ebene: [Raum]}\nwithout: {Raum: [SR02]}\n",
    )
    tidied = tidy(path, spec)
    assert list(tidied.frame["area_id"]) == ["SR01"]
    assert "1 Zeilen mit SR02" in next(
        f.message for f in tidied.findings if f.rule == "weggelassen"
    )


def test_a_filter_that_keeps_nothing_is_an_error(tmp_path: Path) -> None:
    path = written(tmp_path, "Ebene;Raum;Name\nStadt;X;Stadt\n")
    spec = source("area", "columns: {Raum: area_id, Name: name}\nwhere: {Ebene: [Bezirk]}\n")
    tidied = tidy(path, spec)
    assert not tidied.ok
    assert [f.rule for f in tidied.findings if f.severity == "error"] == ["leer"]


def test_a_wide_table_becomes_long(tmp_path: Path) -> None:
    path = written(tmp_path, "Raum;2019;2020\nSR01;1.000;2.000\nSR02;x;30\n")
    spec = source(
        "population",
        "columns: {Raum: area_id}\nwide: {variable: year, value: n}\n"
        "constants: {sex: alle, age_from: '0', age_to: '20', kind: actual}\n",
    )
    frame = tidy(path, spec).frame
    values = frame.set_index(["area_id", "year"])["n"]
    assert values[("SR01", 2020)] == 2000
    assert pd.isna(values[("SR02", 2019)])
    assert frame.loc[frame["n"].isna(), "n_reason"].item() == "x: nicht verfügbar"


def test_repeated_rows_are_kept_once_where_the_source_says_so(tmp_path: Path) -> None:
    path = written(tmp_path, "Raum;Name;Jahr\nSR01;A;2019\nSR01;A;2020\n")
    spec = source("area", "columns: {Raum: area_id, Name: name}\ndistinct: true\n")
    assert len(tidy(path, spec).frame) == 1


STAFF = pd.DataFrame(
    {
        "area_id": ["SR01", "SR01"],
        "year": [2015, 2016],
        "role": ["case_manager"] * 2,
        "vzae": [85.0, 8.5],
    }
).astype({"area_id": "string", "role": "string", "year": "Int64", "vzae": "Float64"})


def correction(**changes: str | None) -> Correction:
    base = {
        "table": "staffing",
        "area": "SR01",
        "period": "2015",
        "column": "vzae",
        "old": "85",
        "new": "8.5",
        "reason": "Komma",
        "decided_by": "Amt",
    }
    return Correction.model_validate(base | changes)


def test_a_correction_sets_the_value_and_is_recorded() -> None:
    before = STAFF.copy()
    corrected, (found,) = correct(STAFF, TABLES["staffing"], [correction()])
    assert corrected["vzae"].tolist() == [8.5, 8.5]
    assert found.severity == "info"
    assert "von 85 auf 8.5" in found.message
    pd.testing.assert_frame_equal(STAFF, before)


def test_a_correction_can_make_a_value_unknown() -> None:
    corrected, _ = correct(STAFF, TABLES["staffing"], [correction(new=None)])
    assert corrected["vzae"].isna().tolist() == [True, False]


def test_a_correction_whose_old_value_is_gone_is_an_error() -> None:
    for item in (correction(old="86"), correction(area="SR02"), correction(column="gone")):
        corrected, (found,) = correct(STAFF, TABLES["staffing"], [item])
        assert found.severity == "error"
        pd.testing.assert_frame_equal(corrected, STAFF)


def test_corrections_of_other_tables_are_left_alone() -> None:
    assert correct(STAFF, TABLES["staffing"], [correction(table="offer")])[1] == []
