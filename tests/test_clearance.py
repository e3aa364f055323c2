"""From all coded segments over the office's decisions to the quotes on a page."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import date

import openpyxl
import pandas as pd

import voice_samples as samples
from evaltools.codings import material
from evaltools.data import store
from evaltools.data.sources import Source
from evaltools.data.tidy import tidy
from evaltools.release import quotes as quoting
from evaltools.reports import clearance, voices
from evaltools.study import Workspace

TEXT = samples.DOCUMENTS["b"][3]


def test_the_list_holds_every_coded_segment_with_the_decisions_made() -> None:
    made = samples.material(
        clearance=[("b", f"»{TEXT}«", True, None), ("b", "Nie gesagt", None, None)]
    )
    listed = quoting.candidates(made)
    assert len(listed) == 5
    own = listed[listed["Zitat"] == f"»{TEXT}«"].iloc[0]
    assert (own["Gespräch"], own["freigegeben"], own["Codes"]) == (
        "Gespräch b",
        "ja",
        "Bedarfe > Planung",
    )
    assert list(listed.loc[listed["Zitat"] != f"»{TEXT}«", "freigegeben"]) == [""] * 4


def test_the_workbook_stays_in_the_office_and_reads_back_as_decided(demo: Workspace) -> None:
    listed = quoting.candidates(material.load(demo))
    path = clearance.write(demo, listed)
    assert path.is_relative_to(demo.processed)
    assert not path.is_relative_to(demo.root / "reports")
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    book = openpyxl.load_workbook(path)
    page = book.active
    assert page is not None
    texts = [row[1] for row in page.iter_rows(min_row=2, values_only=True)]
    assert texts == list(listed["Zitat"])
    assert not [cell for row in page.iter_rows() for cell in row if cell.data_type == "f"]
    columns = {"Gespräch": "document", "Zitat": "quote", "freigegeben": "cleared"}
    source = Source(
        id="freigabe",
        file="zitate.xlsx",
        table="quote_clearance",
        provider="Amt",
        licence="intern",
        retrieved=date(2026, 1, 1),
        columns={**columns, "durch": "cleared_by", "am": "cleared_on", "Quelle": "source"},
    )
    tidied = tidy(path, source)
    assert tidied.ok, tidied.findings
    decided = pd.Series(listed["freigegeben"].value_counts())
    assert tidied.frame["cleared"].value_counts().to_dict() == {
        True: decided["ja"],
        False: decided["nein"],
    }


def test_who_signs_is_told_of_every_quote_block_and_name(demo: Workspace) -> None:
    made = store.require(demo)
    told = voices.lines(demo, store.load(demo), made)
    assert "weitere Gruppen, Hüttenanger: mindestens 4 Sprechende" in told[0]
    assert told[1] == "Davon zusammengelegt: 1."
    assert told[2].startswith("Namen auf der Liste: 18;")
    cleared = material.load(demo).clearance["cleared"].fillna(False)
    assert len(told) - 4 == cleared.sum()
    assert "(freigegeben durch Musteramt, Fachstelle (erfunden) am 30.01.2025)" in told[4]
    without = replace(made, sources=made.sources[:1])
    assert voices.lines(demo, store.load(demo), without) == ()
