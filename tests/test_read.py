"""Reading: the same table out of ten deliveries, all findings of a broken one, never a raise."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaltools import yamlfile
from evaltools.data.findings import Finding
from evaltools.data.read import RawTable, read
from evaltools.data.schema import TABLES
from evaltools.data.sources import MISSING, Format, Source
from evaltools.data.validate import check, check_foreign
from evaltools.data.values import to_typed

DIRTY = Path(__file__).parent / "data" / "dirty"
TABLE = TABLES["hze_count"]
AREA = pd.DataFrame({"area_id": ["SR01", "SR02", "SR03", "SR04"]}, dtype="string")
DTYPES = dict.fromkeys(("area_id", "period", "paragraph", "form"), "string") | dict.fromkeys(
    ("stock_3112", "started", "ended"), "Int64"
)
EXPECTED = pd.DataFrame(
    {
        "area_id": [f"SR0{n}" for n in (1, 1, 2, 2, 3, 3, 4, 4)],
        "period": ["2019", "2020"] * 4,
        "paragraph": ["alle"] * 8,
        "form": ["alle"] * 8,
        "stock_3112": [1234, 1301, 987, 1020, 45, 48, None, 2345],
        "started": [310, 325, 1045, 1100, 12, 14, 201, 220],
        "ended": [298, 258, 1012, None, 9, 11, 187, 1198],
    }
).astype(DTYPES)
GOOD = sorted(path.stem for path in (DIRTY / "good").glob("*.yml"))


def read_source(source: Source, folder: Path) -> RawTable:
    return read(
        folder / source.file,
        source_id=source.id,
        table=source.table,
        wanted=source.columns,
        fmt=source.format,
        fill_down=source.fill_down,
        wide=source.wide.columns if source.wide else None,
    )


def tidied(
    raw: RawTable, source: Source
) -> tuple[pd.DataFrame, dict[str, pd.Series], list[Finding]]:
    """Melt, rename and type as an ingest does; return the table, the reasons and all findings."""
    found = list(raw.findings)
    if not raw.ok:
        return pd.DataFrame(), {}, found
    text = raw.frame
    if source.wide:
        text = text.reset_index().melt(
            id_vars=["row", *source.columns],
            var_name=source.wide.variable,
            value_name=source.wide.value,
        )
        text = text.set_index("row")
    text = text.rename(columns=source.columns).assign(**source.constants)
    columns, reasons = {}, {}
    for name in (name for name in TABLE.names if name in text):
        typed = to_typed(
            text[name],
            TABLE.column(name),
            source_id=source.id,
            table=source.table,
            missing=MISSING | source.missing,
            decimal=source.format.decimal,
            dates=source.format.dates,
        )
        columns[name] = typed.values
        found += typed.findings
        if typed.reasons is not None:
            reasons[name] = typed.reasons
    frame = pd.DataFrame(columns)
    found += check(frame, TABLE, source_id=source.id)
    found += check_foreign(frame, TABLE, {"area": AREA}, source_id=source.id)
    return frame, reasons, found


def delivered(kind: str, name: str) -> tuple[RawTable, pd.DataFrame, list[Finding]]:
    source = yamlfile.load(DIRTY / kind / f"{name}.yml", Source)
    raw = read_source(source, DIRTY / kind)
    frame, _, found = tidied(raw, source)
    return raw, frame, found


def errors(found: list[Finding] | tuple[Finding, ...]) -> list[Finding]:
    return [finding for finding in found if finding.severity == "error"]


def rules(found: list[Finding] | tuple[Finding, ...]) -> list[str]:
    return [finding.rule for finding in found]


def quick(path: Path, *wanted: str, table: str = "hze_count", **fmt: str) -> RawTable:
    return read(path, source_id="s", table=table, wanted=wanted, fmt=Format(**fmt))


def written(folder: Path, content: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# --- ten deliveries of one table ------------------------------------------------------------


def test_there_are_ten_good_files() -> None:
    assert len(GOOD) == 10


@pytest.mark.parametrize("name", GOOD)
def test_good_file_gives_the_expected_table(name: str) -> None:
    raw, frame, found = delivered("good", name)
    assert raw.ok
    assert not errors(found), errors(found)
    expected = EXPECTED[list(frame.columns)]
    ordered = frame.sort_values(["area_id", "period"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(ordered, expected)


@pytest.mark.parametrize("name", GOOD)
def test_no_finding_warns_and_every_decision_is_told(name: str) -> None:
    raw, _, found = delivered("good", name)
    assert {finding.severity for finding in found} == {"info"}
    is_text = not (DIRTY / "good" / f"{name}.xlsx").exists()
    told = {"kopfzeile", *(("zeichensatz", "trennzeichen") if is_text else ("blatt",))}
    assert told <= set(rules(raw.findings))


def test_reasons_stand_where_codes_stood() -> None:
    source = yamlfile.load(DIRTY / "good" / "02_bom_semicolon.yml", Source)
    _, reasons, found = tidied(read_source(source, DIRTY / "good"), source)
    assert reasons["ended"].dropna().to_dict() == {5: "x: nicht verfügbar"}
    assert reasons["stock_3112"].dropna().to_list() == ["-: nichts vorhanden oder nicht angegeben"]
    assert [f.column for f in found if f.rule == "fehlend"] == ["stock_3112", "ended"]


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("01_utf8_comma", range(2, 10)),
        ("03_cp1252_spaces", range(3, 11)),
        ("05_titles_footnotes", range(5, 13)),
        ("06_two_row_header", range(4, 12)),
        ("07_merged", range(6, 14)),
        ("08_offset_nfd_dates", range(5, 13)),
        ("09_wide", range(2, 6)),
        ("10_utf16_nfd_pipe", (2, 3, 4, 7, 8, 9, 10, 11)),
    ],
)
def test_rows_are_numbered_as_an_editor_does(name: str, rows: range) -> None:
    raw, _, _ = delivered("good", name)
    assert raw.frame.index.name == "row"
    assert raw.frame.index.to_list() == list(rows)


@pytest.mark.parametrize(
    ("name", "rule", "words"),
    [
        ("01_utf8_comma", "zeichensatz", "utf-8"),
        ("01_utf8_comma", "trennzeichen", "Komma"),
        ("02_bom_semicolon", "zeichensatz", "utf-8-sig"),
        ("03_cp1252_spaces", "zeichensatz", "cp1252"),
        ("04_latin1_tab", "trennzeichen", "Tabulator"),
        ("05_titles_footnotes", "kopfzeile", "Zeile 4"),
        ("05_titles_footnotes", "fussnote", "ausgelassen"),
        ("06_two_row_header", "kopfzeile", "Zeilen 2 und 3"),
        ("07_merged", "verbunden", "7, 9, 11, 13"),
        ("07_merged", "blatt", "Hilfen"),
        ("08_offset_nfd_dates", "unicode", "NFD"),
        ("08_offset_nfd_dates", "spalten_uebrig", "Name, Stichtag, Prüfung"),
        ("10_utf16_nfd_pipe", "unicode", "NFD"),
        ("10_utf16_nfd_pipe", "leerzeile", "5, 6, 14, 16"),
    ],
)
def test_decision_is_an_info(name: str, rule: str, words: str) -> None:
    raw, _, _ = delivered("good", name)
    told = [f for f in raw.findings if f.rule == rule]
    assert told and {f.severity for f in told} == {"info"}
    assert any(words in finding.message for finding in told)


def test_files_are_what_the_script_writes(tmp_path: Path) -> None:
    path = Path(__file__).parent / "data" / "make_dirty.py"
    spec = importlib.util.spec_from_file_location("make_dirty", path)
    assert spec and spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.main(tmp_path)
    for kind in ("good", "broken"):
        names = {item.name for item in (tmp_path / kind).iterdir()}
        assert names == {item.name for item in (DIRTY / kind).iterdir()}
        for name in names:
            assert (tmp_path / kind / name).read_bytes() == (DIRTY / kind / name).read_bytes(), name


# --- broken files: all findings at once -----------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("empty", [("leer", None)]),
        ("binary", [("binaer", None)]),
        ("duplicate_keys", [("schluessel", 10), ("schluessel", 11)]),
        ("negative", [("zahl", 7), ("minimum", 2), ("minimum", 5)]),
        ("unknown_area", [("fremdschluessel", 4), ("fremdschluessel", 8)]),
        ("text_in_number", [("zahl", 2), ("zahl", 3), ("zahl", 6)]),
        ("missing_column", [("spalte_fehlt", None), ("spalte_fehlt", None)]),
        ("two_sheets", [("blatt", None)]),
        ("year_20188", [("muster", 3), ("muster", 6)]),
        ("formula", [("formel", 3), ("formel", 9)]),
    ],
)
def test_broken_file_tells_all_at_once(name: str, expected: list[tuple[str, int | None]]) -> None:
    _, _, found = delivered("broken", name)
    told = [(finding.rule, finding.row) for finding in errors(found)]
    assert told == expected


def test_messages_say_what_to_do() -> None:
    raw, _, _ = delivered("broken", "missing_column")
    first = errors(raw.findings)[0].message
    assert "„Jahr“" in first and "Stadtraum, Bestand am 31.12., Begonnene Hilfen" in first
    assert "sources.yml" in first
    assert "2019, 2020" in errors(delivered("broken", "two_sheets")[2])[0].message
    assert "heißt .csv" in errors(delivered("broken", "binary")[2])[0].message
    assert [f.value for f in errors(delivered("broken", "formula")[2])] == ["D3", "F9"]


def test_stopped_file_has_an_empty_frame() -> None:
    for name in ("empty", "binary", "missing_column", "two_sheets"):
        raw, _, _ = delivered("broken", name)
        assert not raw.ok and raw.frame.empty and raw.frame.index.name == "row"


# --- CSV ------------------------------------------------------------------------------------


def test_newlines_inside_quotes_do_not_shift_row_numbers(tmp_path: Path) -> None:
    path = written(tmp_path, 'a;b\r\n"x\r\ny";1\r\n\r\n"p;""q""";2\r\n')
    raw = quick(path, "a", "b")
    assert raw.frame["a"].to_dict() == {2: "x\r\ny", 5: 'p;"q"'}


@pytest.mark.parametrize(
    ("fmt", "content", "rule"),
    [
        ({"encoding": "utf-8"}, "a;b\nä;1\n".encode("cp1252"), "zeichensatz"),
        ({"encoding": "klingon"}, b"a;b\n1;2\n", "zeichensatz"),
        ({"encoding": "base64"}, b"a;b\n1;2\n", "zeichensatz"),
        ({"encoding": "punycode"}, b"a;b\n\xff;2\n", "zeichensatz"),
        ({"delimiter": ";;"}, b"a;b\n1;2\n", "trennzeichen"),
        ({"delimiter": ","}, b"a;b\n1;2\n", "spalte_fehlt"),
        ({}, b"a;b\n1;2\0\n", "binaer"),
        ({}, b"", "leer"),
        ({}, b"\n \n;;\n", "leer"),
        ({}, b"a;b\n", "leer"),
        ({}, b"a;b\n;\n", "leer"),
        ({}, b"<!DOCTYPE html><html>a;b</html>", "binaer"),
        ({}, b"%PDF-1.7 a;b", "binaer"),
        ({}, b"\xd0\xcf\x11\xe0 a;b", "binaer"),
        ({}, b'a;b\n"x;1\ny;2\n', "anfuehrung"),
        ({}, b"\xff\xfea\x00;\x00b\x00\n\x00\x00", "zeichensatz"),
    ],
)
def test_unusable_csv(tmp_path: Path, fmt: dict[str, str], content: bytes, rule: str) -> None:
    raw = quick(written(tmp_path, content), "a", "b", **fmt)
    assert not raw.ok and raw.frame.empty
    assert rule in rules(errors(raw.findings))
    assert not any(str(tmp_path) in finding.message for finding in raw.findings)


def test_declared_format_wins(tmp_path: Path) -> None:
    path = written(tmp_path, "a,x;b\nä;1\n".encode("cp1252"))
    raw = quick(path, "a,x", "b", encoding="latin-1", delimiter=";")
    assert raw.frame["a,x"].to_list() == ["ä"]
    assert not {"zeichensatz", "trennzeichen"} & set(rules(raw.findings))
    tab = quick(written(tmp_path, "a\tb\n1\t2\n"), "a", "b", delimiter="\\t")
    assert tab.ok


def test_garbled_umlauts_warn(tmp_path: Path) -> None:
    path = written(tmp_path, "a;b\nLÃ¶btau;1\n")
    assert [f.severity for f in quick(path, "a", "b").findings if f.rule == "zeichensatz"] == [
        "info",
        "warning",
    ]


def test_missing_file_is_a_finding(tmp_path: Path) -> None:
    assert rules(quick(tmp_path / "nix.csv", "a").findings) == ["datei"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300) | st.text(';,\t|"\r\nab1\u0308 ', max_size=200))
def test_never_raises_on_any_csv(tmp_path: Path, content: bytes | str) -> None:
    raw = quick(written(tmp_path, content), "a", "b")
    assert raw.ok or errors(raw.findings)
    assert raw.ok or raw.frame.empty


CELL = st.text('ab1;,"\n. äß', min_size=1, max_size=6).map(lambda text: f"k{text}k")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=8))
def test_what_was_written_is_read(tmp_path: Path, rows: list[tuple[str, str, str]]) -> None:
    path = tmp_path / "t.csv"
    frame = pd.DataFrame(rows, columns=["Gebiet", "Jahr", "Zahl"])
    frame.to_csv(path, sep=";", index=False)
    raw = quick(path, "Gebiet", "Jahr", "Zahl")
    assert raw.frame.to_numpy().tolist() == frame.to_numpy().tolist()
    text = path.read_bytes().decode().split("\n")
    first = raw.frame.index[0]
    assert first == 2 and text[first - 1].lstrip('"').startswith(rows[0][0].split("\n")[0][:1])


def test_rows_beyond_one_chunk_are_read(tmp_path: Path) -> None:
    header = ";".join(f"c{n}" for n in range(16))
    body = [f"SR{n % 99:02d};" + ";".join(str(n + k) for k in range(15)) for n in range(30_000)]
    path = written(tmp_path, "\n".join([header, *body, ""]))
    raw = quick(path, *(f"c{n}" for n in range(16)))
    assert raw.frame.shape == (30_000, 16)


# --- Parquet --------------------------------------------------------------------------------


def test_parquet(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "area": ["A", None],
            "n": pd.array([1234, None], dtype="Int64"),
            "x": [1.234, float("nan")],
            "day": pd.to_datetime(["2020-01-02", None]),
            "yes": pd.array([True, None], dtype="boolean"),
        }
    )
    path = tmp_path / "t.parquet"
    frame.set_index("area").to_parquet(path)
    raw = quick(path, *frame.columns)
    assert raw.frame.loc[1].to_list() == ["A", "1234", "1.2340", "2020-01-02", "true"]
    assert raw.frame.loc[2].to_list() == [""] * 5
    assert raw.frame.index.to_list() == [1, 2] and raw.frame.attrs["exact"]
    assert rules(quick(written(tmp_path, b"PAR1 kaputt", "u.parquet"), "a").findings) == ["binaer"]
    assert rules(quick(written(tmp_path, b"a;b", "v.parquet"), "a").findings) == ["binaer"]
