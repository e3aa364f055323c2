"""The status in lines: equal reasons stand once."""

from __future__ import annotations

import subprocess
import sys

from evaltools.reports.status import PageStatus, Status

CHANGED = ("hze_count changed: SR04, SR10",)


def pages(book: str, *areas: str, reasons: tuple[str, ...] = CHANGED) -> tuple[PageStatus, ...]:
    return tuple(PageStatus(area, book, "stale", reasons) for area in areas)


def test_areas_and_notebooks_with_the_same_reasons_share_a_line() -> None:
    found = Status(
        "demo",
        (
            *pages("20_fallzahlen", "SR04"),
            *pages("30_vorher_nachher", "SR04", "SR10", ""),
            *pages("31_methoden", "SR04", "SR10", ""),
            *pages("70_zusammenschau", "SR04", reasons=("codings changed", "plan changed")),
            PageStatus("SR14", "20_fallzahlen", "missing", ("never run",)),
            PageStatus("SR14", "30_vorher_nachher", "failed", ("failed",)),
            PageStatus("SR14", "31_methoden", "fresh"),
        ),
        raw=("faelle.csv", "sources.yml"),
    )
    assert found.lines() == (
        "raw      faelle.csv, sources.yml: changed since the last ingest",
        "failed   SR14  30_vorher_nachher: failed",
        "missing  SR14  20_fallzahlen: never run",
        "stale    SR04  20_fallzahlen: hze_count changed: SR04, SR10",
        "stale    SR04, SR10, city  30_vorher_nachher, 31_methoden: hze_count changed: SR04, SR10",
        "stale    SR04  70_zusammenschau: codings changed; plan changed",
        "demo: 1 of 11 pages are fresh by the data as last read, more may be stale",
        "next: evaltools ingest demo reads them, and status says the rest",
    )
    assert not found.is_fresh


def test_a_fresh_study_takes_one_line() -> None:
    found = Status("demo", (PageStatus("SR04", "00_datenlage", "fresh"),))
    assert found.is_fresh
    assert found.lines() == ("demo: 1 of 1 pages are fresh",)
    assert not Status("demo", (), raw=("a.csv",)).is_fresh


def test_nothing_heavy_is_imported_for_it() -> None:
    heavy = {"pandas", "scipy", "nbconvert", "papermill", "matplotlib", "statsmodels"}
    code = f"import sys; import evaltools.reports.status; print({heavy!r} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"
