"""A cell that typing has refused is told once, not again as missing."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace

from evaltools.data import ingest
from evaltools.data.findings import Finding
from evaltools.data.sources import Source, Sources


def finding(rule: str, row: int | None, column: str = "year", **other: str) -> Finding:
    told = {"severity": "error", "source_id": "s", "table": "social_profile", "value": ""} | other
    return Finding(row=row, column=column, rule=rule, message="", **told)  # type: ignore[arg-type]


def kept(checked: Finding, *typed: Finding) -> bool:
    return ingest._without_followups([checked], typed) == [checked]


def test_followup_is_dropped_for_the_same_cell_only() -> None:
    missing = finding("pflicht", 3)
    assert not kept(missing, finding("zahl", 3))
    assert kept(missing)
    assert kept(missing, finding("zahl", 4))
    assert kept(missing, finding("zahl", 3, "age"))
    assert kept(missing, finding("zahl", 3, source_id="other"))
    assert kept(missing, finding("zahl", 3, severity="info"))
    assert kept(finding("minimum", 3), finding("zahl", 3))
    assert kept(finding("pflicht", None), finding("zahl", None))


def test_unreadable_and_empty_cells_are_each_told_once(tmp_path: Path) -> None:
    text = "Gebiet;Jahr;Anteil\nSR01;2020;5\nSR02;elf;6\nSR03;;7\n"
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    source = Source(
        id="s",
        file="t.csv",
        table="social_profile",
        provider="Amt",
        licence="intern",
        retrieved=date(2024, 1, 1),
        columns={"Gebiet": "area_id", "Jahr": "year", "Anteil": "value"},
        constants={"indicator": "sgb2", "unit": "Prozent"},
    )
    space = SimpleNamespace(raw=tmp_path, study=SimpleNamespace(forms={}))
    _, found = ingest._read_all(space, Sources(city="demo", sources=(source,)))  # type: ignore[arg-type]
    told = [(item.rule, item.row) for item in found if item.severity == "error"]
    assert told == [("zahl", 3), ("pflicht", 4)]
