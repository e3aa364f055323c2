"""An outsider who has nothing but the public pages and the published population.

He reads every table, figure and sentence of the HTML files, and the tables beside them, turns each
number into a bound on what it counts, and computes between which values a count can lie. Of the
program's own disclosure control he knows nothing.
"""

from __future__ import annotations

import base64
import csv
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import openpyxl

# What an outsider knows of the law: §§ 28 and 35a, placements (§§ 33, 34, 27 stationär), the rest.
LOCAL = (("local", "beratung"), ("local", "ambulant"), ("local", "stationaer"))
PLACED = (("placed", "stationaer"),)
REST = (("rest", "ambulant"), ("rest", "teilstationaer"), ("rest", "stationaer"))
HELPS = (*PLACED, *REST)  # local comparison: without §§ 28, 35a
ALL = (*LOCAL, *HELPS)
VOLUME, COMPARISON, PEOPLE, HIDDEN = ("stock", "ended"), "comparison", "young_people", "•"
MEASURES = ("stock", "started", "ended")
NUMBER = re.compile(r"[−+-]?\d+(?:\.\d{3})*(?:,\d+)?")
LABEL = "Nummer, Jahr oder Grenze der Darstellung, keine Anzahl"
Terms = dict[int, float]


class Item(NamedTuple):
    """One thing on a page: table, alternative text of a figure, or sentence."""

    kind: str
    text: str
    section: str
    rows: list[list[str]] = []
    svg: str = ""


class Reader(HTMLParser):
    """Takes a page apart into items, in their order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.items: list[Item] = []
        self.section, self.at, self.text = "", "", ""
        self.rows: list[list[str]] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.rows = []
        elif tag == "tr" and self.rows is not None:
            self.rows.append([])
        elif tag == "img":
            source, words = dict(attrs).get("src") or "", dict(attrs).get("alt") or ""
            svg = base64.b64decode(source.partition("base64,")[2]).decode()
            self.items.append(Item("alt", words.replace("\xa0", " "), self.section, svg=svg))
        elif tag == "br":
            self.text += "\n"
        if tag in ("th", "td", "caption", "h1", "h2", "p", "li", "figcaption", "pre"):
            self.at, self.text = tag, ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "table" and self.rows is not None:
            self.items.append(Item("table", self.caption, self.section, self.rows))
            self.rows = None
        if tag != self.at:
            return
        words, self.at = self.text.strip(), ""
        if tag in ("th", "td") and self.rows is not None:
            self.rows[-1].append(words.replace("\xa0", " "))
        elif tag == "caption":
            self.caption = words
        elif tag == "h2":
            self.section = words
        elif tag in ("p", "li", "figcaption"):
            self.items.append(Item(tag, words.replace("\xa0", " "), self.section))

    def handle_data(self, data: str) -> None:
        self.text += data


class Known(NamedTuple):
    """What is public anyway: base population by area and year, periods, start, selection."""

    population: Mapping[str, Mapping[str, float]]
    first: str
    start: str
    last: str
    chosen: str

    def spans(self) -> tuple[list[str], list[str]]:
        years = [str(y) for y in range(int(self.first), int(self.last) + 1)]
        kept = [year for year in years if year != self.chosen]
        return [y for y in kept if y < self.start], [y for y in kept if y >= self.start]


class Meaning(NamedTuple):
    """What captions, headings and sentences mean: a way to use them, or why they hold no count."""

    tables: Mapping[str, Mapping[str, Any]]
    sentences: Mapping[str, Any]


class Attack:
    """Everything read from a folder of pages, as bounds on sums of unknown counts."""

    def __init__(self, pages: Path, known: Known, notebooks: Iterable[str], meaning: Meaning):
        self.known, self.meaning = known, meaning
        self.used, self.passed = Counter[str](), Counter[str]()
        self.unknown: list[str] = []
        self.path: dict[str, dict[str, float]] = {}
        self.columns: dict[tuple[str, ...], int] = {}
        self.rows: list[tuple[Terms, float, float, str]] = []
        made = json.loads((pages / "run.json").read_text(encoding="utf-8"))["pages"]
        own = [p for p in made if p["notebook"][:2] in notebooks and p["area"] in known.population]
        self.areas = sorted(known.population)
        self.models = [area for area in self.areas if area != COMPARISON]
        self.years: set[str] = set()
        self.n_pages = len(own)
        for page in own:
            self.page(pages / page["file"], page["area"], page["name"])
        self.identities()

    def sum(
        self,
        area: str,
        years: Iterable[str],
        measures: Sequence[str] = VOLUME,
        cells: Sequence[tuple[str, str]] = HELPS,
    ) -> Terms:
        """Write a count as a sum over unknown cells."""
        keys = [(area, *key[:2], *key[2]) for key in product(years, measures, cells)]
        return {self.columns.setdefault(key, len(self.columns)): 1.0 for key in keys}

    def people(self, area: str, year: str) -> Terms:
        """Write the young people of an area, a count of their own."""
        return {self.columns.setdefault((area, year, PEOPLE), len(self.columns)): 1.0}

    def base(self, area: str, years: Iterable[str]) -> float:
        return sum(self.known.population[area][year] for year in years)

    def bound(self, terms: Terms, low: float, high: float, where: str) -> None:
        self.rows.append((terms, low, high, where))

    def count(self, terms: Terms, text: str, where: str) -> None:
        """Take a printed count; one that is kept secret is no zero, for zeros are shown."""
        n = None if text == HIDDEN else _value(text)
        if n != "k. A.":
            self.bound(terms, 1.0 if n is None else float(n), math.inf if n is None else n, where)

    def rate(self, terms: Terms, text: str, base: float, where: str) -> None:
        """Take a printed rate: a sum over a known base, within the rounding of its last digit."""
        if NUMBER.fullmatch(text):
            low, high = number(text) - half(text), number(text) + half(text)
            self.bound(terms, low * base, high * base, where)

    def change(
        self, area: str, text: str, where: str, cells: Sequence[tuple[str, str]] = HELPS
    ) -> None:
        """Take a change of the rate after the start in whole per cent."""
        if isinstance(_value(text), float):
            before, after = self.known.spans()
            grown = self.base(area, after) / self.base(area, before)
            low, high = (grown * (1 + (number(text[:-2]) + d) / 100) for d in (-0.5001, 0.5001))
            above, below = (self.sum(area, span, VOLUME, cells) for span in (after, before))
            self.ratio(above, below, low, high, where)

    def ratio(self, above: Terms, below: Terms, low: float, high: float, where: str) -> None:
        """Bound above / below between two numbers."""
        for factor, sign in ((low, -1.0), (high, 1.0)):
            terms = {column: -sign * n for column, n in above.items()}
            for column, n in below.items():
                terms[column] = terms.get(column, 0.0) + sign * factor * n
            self.bound(terms, -1e-7, math.inf, where)

    def city(self, year: str) -> Terms:
        return {c: n for area in self.areas for c, n in self.sum(area, [year]).items()}

    def identities(self) -> None:
        """Tie stocks to what began and ended; a child has at least one help."""
        for area, year in product(self.areas, sorted(self.years)):
            if area != COMPARISON:
                gap = self.sum(area, [year], VOLUME, ALL)
                gap |= dict.fromkeys(self.people(area, year), -1.0)
                self.bound(gap, 0, math.inf, "people ≤ helps")
            before = f"{int(year) - 1}"
            for cell in ALL:
                terms = self.sum(area, [year], ("stock", "ended"), [cell])
                terms |= dict.fromkeys(self.sum(area, [year], ("started",), [cell]), -1.0)
                if before in self.years:
                    terms |= dict.fromkeys(self.sum(area, [before], ("stock",), [cell]), -1.0)
                high = 0 if before in self.years else math.inf
                self.bound(terms, 0, high, "stock = stock before + started − ended")

    def page(self, path: Path, area: str, name: str) -> None:
        items = Reader(path.read_text(encoding="utf-8")).items
        tables = [item for item in items if item.kind == "table"]
        for item in items:
            where = f"{path.parent.name}/{path.stem} · {item.section}"
            if item.section in ("Herkunft", "Tabellen als Dateien"):
                continue
            if item.kind == "table":
                self.table(item, area, where)
            elif NUMBER.search(item.text) or item.svg:
                self.sentence(item, area, name, where)
        self.files(path, tables)

    def table(self, item: Item, area: str, where: str) -> None:
        heads = [head.partition("\n")[0] for head in item.rows[0]]
        fitting = [t for start, t in self.meaning.tables.items() if re.match(start, item.text)]
        if not fitting:
            self.unknown.append(f"{where}: table {item.text!r}")
        for known, cells in product(fitting, item.rows[1:]):
            row = dict(zip(heads, cells, strict=True))
            if heads[0] == "Jahr":
                self.years.add(cells[0])
            for head, text in row.items():
                n = len(NUMBER.findall(text)) or text in ("–", HIDDEN)
                use = known.get(head, known.get("*")) if n else LABEL
                if use is None:
                    self.unknown.append(f"{where}: column {head!r} of {item.text!r}")
                    continue
                told = use if isinstance(use, str) else use(self, area, row, text, where)
                (self.passed if told else self.used)[told or item.text] += n

    def sentence(self, item: Item, area: str, name: str, where: str) -> None:
        for pattern, use in self.meaning.sentences.items():
            found = re.search(pattern, item.text, re.DOTALL)
            if found:
                told = use if isinstance(use, str) else use(self, area, name, item, found, where)
                n = len(NUMBER.findall(item.text))
                (self.passed if told else self.used)[told or f"{item.kind}: {pattern}"] += n
                return
        self.unknown.append(f"{where}: {item.kind} {item.text!r}")

    def files(self, page: Path, tables: Sequence[Item]) -> None:
        """Read the tables as files: they must hold what the page prints, and no digit more."""
        folder = page.parent / "tables"
        book = openpyxl.load_workbook(folder / f"{page.stem}.xlsx")
        sheets = [sheet for sheet in book if sheet.sheet_state == "visible"]
        texts = sorted(folder.glob(f"{page.stem}_*.csv"))
        for item, text in zip(tables, texts, strict=True):
            with text.open(encoding="utf-8-sig", newline="") as lines:
                plain = list(csv.reader(lines, delimiter=";"))[1 : len(item.rows)]
            sheet = [[c.value for c in r] for s in sheets for r in s.iter_rows()]
            for cells, again in zip(item.rows[1:], plain, strict=True):
                row = [_value(cell) for cell in cells]
                if [_value(cell) for cell in again] != row:
                    self.unknown.append(f"{text.name}: {again} for {cells}")
                if not any([_value(c) for c in line[: len(row)]] == row for line in sheet):
                    self.unknown.append(f"{page.stem}.xlsx: no line for {cells}")
                self.used["files beside the page"] += sum(isinstance(n, float) for n in row)


def _value(cell: Any) -> float | str:
    """Read a cell of a page or file: a number, or the text itself."""
    if isinstance(cell, int | float):
        return float(cell)
    text = str(cell or "").replace("\xa0", " ").strip("' ").removesuffix(" %")
    return 0.0 if text == "–" else number(text) if NUMBER.fullmatch(text) else text


def number(text: str) -> float:
    return float(text.replace(".", "").replace(",", ".").replace("−", "-"))


def half(text: str) -> float:
    """Half a unit of the last digit printed."""
    return 0.5 * 10.0 ** -len(text.partition(",")[2].rstrip(" %")) + 1e-9


def curves(svg: str) -> dict[str, dict[str, float]]:
    """Undo the scaling of a figure's axes: colour → year → value of each marker drawn."""
    years = re.findall(r"<!-- (\d{4}) -->\s*<g[^>]*translate\(([\d.]+)", svg)
    ticks = re.findall(
        r'id="ytick_\d+">.*?<path d="M [\d.]+ ([\d.]+).*?<!-- ([^ ]+) -->', svg, re.DOTALL
    )
    if min(len(years), len(ticks)) < 2:
        return {}
    slope, offset = np.polyfit(*np.array([(float(y), number(n)) for y, n in ticks]).T, 1)
    (first, x0), (last, x1) = years[0], years[-1]
    step = (float(x1) - float(x0)) / (int(last) - int(first))
    found: dict[str, dict[str, float]] = {}
    for x, y, color in re.findall(
        r'<use xlink:href="#m\w+" x="([\d.]+)" y="([\d.]+)" style="fill: (#\w+); stroke', svg
    ):
        year = str(int(first) + round((float(x) - float(x0) - 12.725) / step))
        found.setdefault(color, {})[year] = float(slope * float(y) + offset)
    return found
