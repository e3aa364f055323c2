"""Hostile text in every field of a study's tables: on the pages it is text, never markup."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
import yaml
from bs4 import BeautifulSoup

from browser_samples import ARGS, CHROMIUM
from conftest import copy_project
from evaltools.codings import demo as spoken
from evaltools.codings import refi_write
from evaltools.codings.model import frame, paths
from evaltools.data.ingest import ingest
from evaltools.errors import RunError
from evaltools.reports import kernel, plan, runs, safe
from evaltools.reports.plan import Task
from evaltools.study import Workspace, open_study

AREA = "SR04"
TALK = "ER Kesselwiese Organisation"
ENDS = {
    "script": "<script>alert(1)</script>",
    "attribute": '"><img src=x onerror=alert(1)>',
    "quote": "' onmouseover='alert(1)",
    "address": "javascript:alert(1)",
    "style": "</style><script>alert(1)</script>",
    "title": "</title></table></main><svg/onload=alert(1)>",
    "comment": "--><!-- <![CDATA[ <?php alert(1) ?>",
    "braces": "{{7*7}} {% raw %} {7*7} %(x)s",
    "dollar": "${7*7}",
    "escaped": "&lt;script&gt;alert(1)&lt;/script&gt; &#60;b&#62;",
    "fetch": '<link rel=stylesheet href="http://127.0.0.1:9/x.css">',
    "markdown": "[x](javascript:alert(1)) ![y](http://127.0.0.1:9/y.png) `<b>`",
}
STEERING = "\u202egnal\u2066\u200b\u200d\u200f\u00ad"
HOSTILE = " ".join(ENDS.values()) + f" {STEERING}"
LONG = "Lang" * 2_500


def hostile(place: str) -> str:
    """A text that names where it stands, with all payloads."""
    return f"{place} {HOSTILE}"


def _set(space: Workspace, table: str, column: str, *, only: str = "") -> None:
    """Put a hostile text in the place of every value of a column, as ingest never would."""
    path = space.processed / f"{table}.parquet"
    frame = pd.read_parquet(path)
    rows = frame["area_id"] == only if only else frame[column].notna()
    kept = frame[column].astype("object")
    if only:
        kept[rows] = hostile(f"{table}.{column}")
    else:
        kept[rows] = kept[rows].map(lambda value: f"{value} {hostile(f'{table}.{column}')}")
    frame[column] = kept.astype("string")
    frame.to_parquet(path, index=False)


FIELDS = [
    ("area", "name"),
    ("social_profile", "indicator"),
    ("social_profile", "unit"),
    ("infrastructure", "kind"),
    ("infrastructure", "places_reason"),
    ("staffing", "role"),
    ("offer", "life_phase"),
    ("offer", "access"),
    ("offer", "funding_kind"),
    ("offer", "offer_id"),
    ("provider", "name"),
    ("findings", "source_id"),
    ("findings", "severity"),
    ("findings", "rule"),
    ("findings", "message"),
    ("findings", "value"),
    ("hze_case", "intensity_hours_week_reason"),
    ("coding_document", "group"),
    ("milestone", "evidence"),
    ("kifaz", "kifaz_id"),
    ("family_acceptance", "item"),
    ("short_survey", "actor_group"),
    ("selection_criterion", "rationale"),
    ("area_team_meeting", "fields_present"),
    ("cooperation", "forum"),
]


SHOWN = [
    "area.name",
    "social_profile.indicator",
    "social_profile.unit",
    "infrastructure.kind",
    "staffing.role",
    "offer.life_phase",
    "findings.source_id",
    "findings.rule",
    "study.title",
    "study.area_label",
    "study.nation_label",
    "model.note",
    "selection.rule",
    "excluded.reason",
    "event.label",
    "made.city",
    "source.file",
    "source.provider",
    "source.licence",
    "source.id",
    "code.name",
    "segment.text",
    "quote.source",
    "dimension.name",
    "joint.reason",
    "coreq.answer",
    "coding_document.group",
    "text.office",
]
KEPT = [f"SR{number:02d}" for number in range(1, 9)]
FIRST, LAST = "2014", "2021"


def _study(root: Path) -> None:
    """Write hostile words into a study of one model area and eight years."""
    file = root / "studies" / "demo.yml"
    text = yaml.safe_load(file.read_text(encoding="utf-8"))
    text |= {"title": hostile("study.title"), "first": FIRST, "last": LAST}
    for name in ("help_label", "area_label", "whole_label", "nation_label"):
        text[name] = hostile(f"study.{name}")
    text["reference"] = ["nation"]
    text["outcomes"]["further"] = ["stationaer"]
    model = next(item for item in text["model_areas"] if item["area"] == AREA)
    model |= {"note": hostile("model.note"), "start": str(model["start"])}
    model["selection"] = {"rule": hostile("selection.rule"), "periods": ["2017"]}
    text["model_areas"] = [model]
    text["excluded"] = {"SR07": hostile("excluded.reason"), "SR08": LONG}
    text["events"] = [
        {"period": "2016", "area": "SR03", "kind": "boundary", "label": hostile("event.label")},
        {"period": "2020", "kind": "reform", "label": hostile("event.label")},
    ]
    path = f"SONI > {hostile('code.name')}"
    text["codings"] = {
        "dimensions": {hostile("dimension.name"): [path]},
        "joint": [
            {
                "claim": 7,
                "codes": [path],
                "readings": {AREA: {"stance": "dafuer", "reason": hostile("joint.reason")}},
            }
        ],
        "coreq": {1: hostile("coreq.answer")},
    }
    file.write_text(yaml.safe_dump(text, width=10**6), encoding="utf-8")


def _voices(root: Path) -> None:
    """Put hostile words into codes, words and groups of the interviews, and clear them."""
    made = spoken.project()
    place = made.documents.index[made.documents["name"] == TALK][0]
    doc, text = made.documents.loc[place, ["doc_id", "text"]]
    said = hostile("segment.text")
    documents = made.documents.assign(group=hostile("document.group"), area_id=pd.NA)
    documents = documents.astype({"area_id": "string"})
    documents.loc[place, "text"] = text + said
    codes = made.codes.assign(memo=hostile("code.memo"))
    codes.loc[codes["path"] == "SONI > Netzwerk", "name"] = hostile("code.name")
    code = codes.loc[codes["path"] == "SONI > Netzwerk", "code_id"].iloc[0]
    codes = codes.assign(path=paths(codes))
    segment = [("s", doc, len(text), len(text) + len(said), said, None, None)]
    coding = [("k", "s", doc, code, made.coders["coder_id"][0], None, None)]
    changed = replace(
        made,
        documents=documents,
        codes=codes,
        segments=pd.concat([made.segments, frame("segments", segment)], ignore_index=True),
        codings=pd.concat([made.codings, frame("codings", coding)], ignore_index=True),
    )
    raw = root / "data" / "raw" / "demo"
    refi_write.project(changed, raw / "fokusgruppen.qdpx")
    with (raw / "freigabe.csv").open("a", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerow(
            [TALK, said, "ja", "", "", hostile("quote.source")]
        )


def _small(space: Workspace) -> None:
    """Leave eight areas and eight years, so that the notebooks are quick."""
    for path in space.processed.glob("*.parquet"):
        frame = pd.read_parquet(path)
        if "area_id" in frame:
            frame = frame[frame["area_id"].isin(KEPT) | frame["area_id"].isna()]
        if "period" in frame:
            frame = frame[frame["period"].astype(str).between(FIRST, LAST)]
        if path.stem == "reference_trend":
            frame = frame.assign(level="nation")
        frame.head(5_000).to_parquet(path, index=False)


def _provenance(space: Workspace) -> None:
    path = space.processed / "provenance.json"
    made = json.loads(path.read_text(encoding="utf-8"))
    made["city"] = hostile("made.city")
    for source in made["sources"]:
        for name in ("file", "provider", "licence", "note", "id"):
            source[name] = hostile(f"source.{name}")
    made["sources"][0] |= {"file": "lang.csv", "provider": LONG}
    path.write_text(json.dumps(made), encoding="utf-8")


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """All notebooks of a model area, run by papermill over hostile tables."""
    root = copy_project(tmp_path_factory.mktemp("threats") / "p", "demo")
    (root / "data" / "raw" / "demo" / "gebiete.geojson").unlink()  # it draws areas left out here
    _study(root)
    office = root / "data" / "raw" / "demo" / "texte" / f"{AREA}.md"
    office.write_text(f"## Interpretation\n\n{hostile('text.office')}\n", encoding="utf-8")
    _voices(root)
    space = open_study("demo", folder=root)
    ingest(space)
    _small(space)
    for table, column in FIELDS:
        _set(space, table, column)
    _provenance(space)
    outcomes = runs.run(space, plan.tasks(space))
    assert [outcome.error for outcome in outcomes] == [""] * 12
    return space


def _pages(space: Workspace) -> list[Path]:
    return [space.reports / "index.html", *sorted(space.reports.glob("*/*.html"))]


def _texts(file: Path) -> str:
    """All that a reader or a screen reader is told by a page."""
    soup = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")
    said = [item[name] for name in ("alt", "aria-label") for item in soup.find_all(**{name: True})]
    return "\n".join([soup.get_text(), *map(str, said)])


def test_hostile_text_is_no_markup(attacked: Workspace) -> None:
    """An independent reading: what BeautifulSoup finds on the pages is the house's own."""
    files = _pages(attacked)
    assert len(files) == 13
    for file in files:
        soup = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")
        assert [script.string for script in soup.find_all("script")] == [safe.SCRIPT]
        assert not soup.find_all(["svg", "iframe", "object", "embed", "form", "base"])
        assert {tag["rel"][0] for tag in soup.find_all("link")} == {"icon"}
        assert len(soup.find_all("main")) == len(soup.find_all("footer")) == 1
        for tag in soup.find_all(True):
            assert not [name for name in tag.attrs if name.startswith("on") or name == "style"]
        for link in soup.find_all(href=True):
            assert re.fullmatch(
                r"#[a-z0-9-]+|data:,|[A-Za-z0-9_./-]+\.(html|csv|xlsx)(#[a-z0-9-]+)?",
                link["href"],
            ), file.name
        for image in soup.find_all(src=True):
            assert image["src"].startswith("data:image/svg+xml;base64,")


def test_hostile_text_is_shown_as_it_is(attacked: Workspace) -> None:
    words = "\n".join(_texts(file) for file in _pages(attacked))
    for place in SHOWN:
        assert f"{place} {' '.join(ENDS.values())}" in words, place
    assert LONG in words
    assert "alert(1)" in _texts(attacked.reports / AREA / "20_fallzahlen.html")


def test_no_character_turns_the_reading_order(attacked: Workspace) -> None:
    for file in _pages(attacked):
        text = file.read_text(encoding="utf-8")
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", text)
        assert "\ufffdgnal\ufffd" in text


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")
def test_a_browser_stays_quiet_on_hostile_text(attacked: Workspace) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        for file in _pages(attacked):
            said: list[str] = []
            asked: list[str] = []
            page = browser.new_page()
            page.on("console", lambda message, said=said: said.append(message.text))
            page.on("pageerror", lambda error, said=said: said.append(str(error)))
            page.on("dialog", lambda dialog, said=said: (said.append("dialog"), dialog.dismiss()))
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.goto(file.as_uri())
            page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
            for link in page.locator("main a, main :text('alert')").all()[:2]:
                link.hover()
            assert said == [], file.name
            assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]
            assert page.locator("svg, iframe, [onerror], [onload], [style]").count() == 0
            assert page.locator("script").evaluate_all("all => all.map(s => s.textContent)") == [
                safe.SCRIPT
            ]
            widths = page.evaluate("[...document.images].map(image => image.naturalWidth)")
            assert all(width > 0 for width in widths), file.name
            page.close()
        browser.close()


def test_no_area_of_the_data_becomes_a_path(attacked: Workspace) -> None:
    path = attacked.processed / "area.parquet"
    frame = pd.read_parquet(path)
    outside = "../../../outside"
    added = frame.head(1).assign(area_id=outside, name=outside)
    pd.concat([frame, added], ignore_index=True).to_parquet(path, index=False)
    with pytest.raises(RunError, match="unknown area"):
        plan.tasks(attacked, areas=[outside])
    for task in plan.tasks(attacked):
        assert re.fullmatch(r"(SR04|stadt)/\d\d_[a-z_]+\.html", task.output)
    frame.to_parquet(path, index=False)


VALUES = {
    "study": '"; raise SystemExit(3) #',
    "area": "'''\n\"\"\"\nimport os; os._exit(3)\n",
    "start": "{area} {{x}} ${y} %(z)s \\N{BULLET} \\x41 \\",
    "case_counts": "a\\\nb\r\tc\u2028d\u202ee",
    "offers": "](javascript:alert(1)) <b>Ü</b> \U0001f600",
}


@pytest.fixture
def odd(tmp_path: Path) -> tuple[Workspace, Task]:
    """A notebook that names another kernel, holds outputs, and shows its parameters."""
    root = copy_project(tmp_path / "p", "demo")
    path = root / "notebooks" / "10_sozialraumprofil.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.kernelspec = {"name": "evil", "display_name": "evil", "language": "python"}
    forged: dict[str, Any] = {"evaltools": {"released": True}}
    stored = nbformat.v4.new_output("display_data", {"text/html": "STORED"}, metadata=forged)
    show = "from evaltools.release.display import prose\nimport sys\n"
    show += "prose(*map(repr, (study, area, start, case_counts, offers)), sys.executable)"
    notebook.cells = [
        notebook.cells[1],
        nbformat.v4.new_code_cell(show, outputs=[stored]),
        nbformat.v4.new_code_cell("1", outputs=[stored], metadata={"tags": ["skip-execution"]}),
        nbformat.v4.new_code_cell("", outputs=[stored]),
    ]
    nbformat.write(notebook, path)
    space = open_study("demo", folder=root)
    space.processed.mkdir(parents=True)
    return space, Task(AREA, "x", path.stem, "x", VALUES)


def test_values_stay_values_in_the_one_kernel(odd: tuple[Workspace, Task]) -> None:
    """Whatever a value holds, the code has it as text; kernel and stored outputs do not count."""
    import sys

    executed = kernel.execute(*odd).notebook
    shown = [output for cell in executed.cells for output in cell.get("outputs", [])]
    (only,) = shown
    said = [
        item.get_text()
        for item in BeautifulSoup(only.data["text/html"], "html.parser").find_all("p")
    ]
    assert said == [*map(repr, VALUES.values()), sys.executable]
