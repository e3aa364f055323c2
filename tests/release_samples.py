"""Small made-up results that the tests of release and reports share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
from nbformat import NotebookNode

from evaltools.data.store import Provenance
from evaltools.effects.results import Effect, PreTrend
from evaltools.measures.change import Change
from evaltools.release.disclosure import Rule
from evaltools.reports.frame import Page
from evaltools.study import Study, Workspace

RULES = Rule(3, True, "Quelle: Musterstadt.")
AREA = "SR01"
YEARS = [str(year) for year in range(2012, 2022)]
PAYLOAD = "<script>alert('x')</script>\"&"


def effect(**changed: Any) -> Effect:
    """Ten areas, ten years, start 2018; 2017 left out; a fall of 20 % (−30 % to −10 %)."""
    kept = [year for year in YEARS if year != "2017"]
    series = pd.DataFrame(
        {"period": kept, "observed": 40.0, "counterfactual": 45.0, "base": 1000.0}
    )
    placebos = pd.DataFrame(
        {
            "area_id": [f"SR{n:02d}" for n in range(1, 11)],
            "estimate": np.r_[0.8, np.linspace(0.9, 1.1, 9)],
            "studentised": np.r_[-4.0, np.linspace(-1, 1, 9)],
        }
    )
    made = Effect(
        method="Probe",
        measure="inanspruchnahme_lokal",
        area=AREA,
        start="2018",
        estimate=0.8,
        low=0.7,
        high=0.9,
        level=0.9,
        origin="Umkehrung des Placebo-Tests",
        rank=1,
        n=10,
        n_areas=10,
        n_periods=9,
        n_before=5,
        placebos=placebos,
        series=series,
        source="doi:10.1162/rest.88.4.641",
        error=0.05,
        dispersion=1.5,
        fall_rank=1,
        changes={"own": change("Oberau", 200, 160), "comparison": change("Vergleich", 900, 900)},
        pre_trend=PreTrend(1.01, 6, 10),
        left_out_periods=("2017",),
    )
    return replace(made, **changed)


def change(label: str, before: float, after: float) -> Change:
    return Change(label, before, after, 5000, 4000)


def study(**changed: Any) -> Study:
    """One model area among twelve, chosen for its value in 2017."""
    settings: dict[str, Any] = {
        "title": "Musterstudie",
        "city": "muster",
        "model_areas": (
            {
                "area": AREA,
                "start": "2018",
                "selection": {"rule": "Höchste Belastung 2017", "periods": ["2017"]},
            },
        ),
        "notebooks": {},
    }
    return Study.model_validate(settings | changed)


def counts(area: str = AREA, **own: dict[str, int]) -> pd.DataFrame:
    """``hze_count`` of twelve areas; `own` sets cells of one area: measure → {year: value}.

    Stock, started and ended obey: stock = stock a year ago + started − ended.
    """
    rows = []
    for number in range(1, 13):
        name = f"SR{number:02d}"
        for place, year in enumerate(YEARS):
            for form, paragraph, n in (("ambulant", "31", 30), ("stationaer", "34", 12)):
                rows.append([name, year, paragraph, form, n + (number * 3 + place) % 7, n, n - 4])
    columns = ["area_id", "period", "paragraph", "form", "stock_3112", "started", "ended"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["young_people"] = frame["stock_3112"] + 3
    for measure, cells in own.items():
        for year, value in cells.items():
            hit = (frame["area_id"] == area) & (frame["period"] == year)
            frame.loc[hit & (frame["form"] == "ambulant"), measure] = value
            frame.loc[hit & (frame["form"] != "ambulant"), measure] = 0
    measures = [*columns[4:], "young_people"]
    kinds = dict.fromkeys(measures, "Int64") | {"period": "string", "area_id": "string"}
    return frame.astype(kinds)


def tables(hze_count: pd.DataFrame | None = None) -> dict[str, pd.DataFrame]:
    ids = [f"SR{number:02d}" for number in range(1, 13)]
    area = pd.DataFrame({"area_id": ids, "name": ["Oberau", *(f"Raum {n}" for n in ids[1:])]})
    people = pd.DataFrame(
        [[name, int(year), "alle", 0, 20, 1000, "actual"] for name in ids for year in YEARS],
        columns=["area_id", "year", "sex", "age_from", "age_to", "n", "kind"],
    ).astype({"n": "Int64", "year": "Int64"})
    given = counts() if hze_count is None else hze_count
    return {"area": area, "population": people, "hze_count": given}


def provenance(**changed: Any) -> Provenance:
    source = {
        "id": "f",
        "file": "faelle.csv",
        "table": "population",
        "provider": "Jugendamt",
        "licence": "dl-de/by-2-0",
        "retrieved": "2025-01-31",
    }
    made = Provenance(
        study="muster",
        title="Musterstudie",
        city="Musterstadt",
        simulated=True,
        inputs={"faelle.csv": "abcdef0123456789"},
        versions={"evaltools": "0.1.0"},
        sources=(source,),
        corrections=(),
        state="0123456789abcdef",
    )
    return replace(made, **changed)


def workspace(root: Path, **changed: Any) -> Workspace:
    return Workspace("muster", root, study(**changed), "0" * 64)


def page(**changed: Any) -> Page:
    made = Page(
        title="Fallzahlen",
        study="Musterstudie",
        area="Oberau",
        state="31.01.2025",
        simulated=True,
        sources=(
            {
                "file": "faelle.csv",
                "provider": "Jugendamt",
                "licence": "dl-de/by-2-0",
                "retrieved": "31.01.2025",
                "digest": "abcdef012345",
            },
        ),
        inputs=(),
        home="../index.html",
        whole="Gesamte Stadt",
    )
    return replace(made, **changed)


def output(shown: Any, kind: str = "execute_result") -> NotebookNode:
    """What Jupyter stores when a cell shows a released object."""
    data, metadata = shown._repr_mimebundle_()
    more = {"execution_count": 1} if kind == "execute_result" else {}
    data = data | {"text/plain": repr(shown)}
    return nbformat.v4.new_output(kind, data=data, metadata=metadata, **more)


def notebook(*outputs: NotebookNode, title: str = "Fallzahlen") -> NotebookNode:
    """A notebook as papermill leaves it: heading, then one cell an output."""
    cells = [nbformat.v4.new_markdown_cell(f"# {title}\n\nEin Satz.")]
    cells += [
        nbformat.v4.new_code_cell(f"zeige({number})", execution_count=number, outputs=[shown])
        for number, shown in enumerate(outputs, start=1)
    ]
    return nbformat.v4.new_notebook(cells=cells)
