"""An outsider reads the finished pages: he must not come close to a small count.

He sees what the program writes, not what it means to hide (``html_attacker``, ``html_meaning``);
the true counts only tell the test which of his intervals are of small counts.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.sparse import csr_array

import html_meaning
import method_samples as samples
from conftest import copied, copy_project
from evaltools.data.ingest import ingest
from evaltools.release import check_views, claim_views, describe_views, protection
from evaltools.release.estimates import comparison
from evaltools.reports import plan, runs
from evaltools.study import Workspace, open_study
from html_attacker import (
    ALL,
    COMPARISON,
    HELPS,
    LOCAL,
    MEASURES,
    PEOPLE,
    PLACED,
    VOLUME,
    Attack,
    Known,
    Terms,
)

MODELS = ("SR04", "SR10", "SR14")
SMALL_MODELS = ("SR04", "SR14")
SMALL_CITY = ("SR01", "SR02", "SR03", *SMALL_MODELS, "SR05", "SR06", "SR07", "SR13", "SR15")
THRESHOLD, WIDTH = 3, 2.0
MOST = 5000.0  # helps in one cell: more than the city has
AREA = ["20_fallzahlen", "30_vorher_nachher", "31_methoden"]
FORMS = ("ambulant", "teilstationaer", "stationaer", "beratung")
KINDS = {"all": ALL, "without §§ 28, 35a": HELPS, "§§ 28, 35a": LOCAL, "placed": PLACED} | {
    f"{name} {form}": tuple(cell for cell in cells if cell[1] == form)
    for name, cells in (("all", ALL), ("without §§ 28, 35a", HELPS), ("§§ 28, 35a", LOCAL))
    for form in FORMS
}


class Solver:
    """Smallest and largest values of sums under all bounds, starting from the last solution."""

    def __init__(self, attack: Attack) -> None:
        self.n = len(attack.columns)
        rows = [(terms, low, high) for terms, low, high, _ in attack.rows]
        start = np.cumsum([0, *(len(terms) for terms, _, _ in rows)])
        index, entries = np.array([pair for terms, _, _ in rows for pair in terms.items()]).T
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self.n, len(rows)
        lp.col_cost_, lp.col_lower_ = np.zeros(self.n), np.zeros(self.n)
        lp.col_upper_ = np.full(self.n, MOST)
        lp.row_lower_, lp.row_upper_ = (np.array([row[k] for row in rows], float) for k in (1, 2))
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_, lp.a_matrix_.index_ = start, index.astype(int)
        lp.a_matrix_.value_ = entries
        self.solver = highspy.Highs()
        self.solver.setOptionValue("output_flag", False)
        self.solver.passModel(lp)

    def table(self, objective: Any) -> Any:
        """Return a table that all pages allow, with the largest objective."""
        self.solver.changeColsCost(self.n, np.arange(self.n, dtype=np.int32), -objective)
        self.solver.run()
        assert self.solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return np.array(self.solver.getSolution().col_value)

    def intervals(self, targets: list[Terms], enough: float) -> tuple[Any, Any]:
        """Return lowest and highest value of sums; those wider than `enough` are not widened."""
        place = np.cumsum([0, *map(len, targets)])
        index = [column for terms in targets for column in terms]
        matrix = csr_array((np.ones(len(index)), index, place), shape=(len(targets), self.n))
        low, high = np.full(len(targets), np.inf), np.full(len(targets), -np.inf)
        for row, sign in product(range(len(targets)), (1.0, -1.0)):
            if high[row] - low[row] < enough:
                values = matrix @ self.table(sign * matrix[[row]].toarray()[0])
                low, high = np.minimum(low, values), np.maximum(high, values)
        return low, high


@dataclass
class Truth:
    """What is true of a city, in the cells of the attacker."""

    cells: Mapping[tuple[str, ...], float]

    def of(self, attack: Attack, terms: Terms) -> float:
        names = {column: key for key, column in attack.columns.items()}
        return sum(n * self.cells.get(names[column], 0.0) for column, n in terms.items())

    @classmethod
    def read(cls, space: Workspace) -> Truth:
        count = pd.read_parquet(space.processed / "hze_count.parquet")
        cells: dict[tuple[str, ...], float] = {}
        for row in count.to_dict("records"):
            paragraph, form = row["paragraph"], row["form"]
            area = row["area_id"] if row["area_id"] in space.study.treated else COMPARISON
            placed = paragraph in ("33", "34") or (paragraph, form) == ("27_2", "stationaer")
            kind = "local" if paragraph in ("28", "35a") else "placed" if placed else "rest"
            if paragraph == "alle":
                cells[area, row["period"], PEOPLE] = float(row["young_people"])
                continue
            for name, column in zip(MEASURES, ("stock_3112", "started", "ended"), strict=True):
                key = (area, row["period"], name, kind, form)
                cells[key] = cells.get(key, 0.0) + float(row[column])
        return cls(cells)


def known(space: Workspace) -> Known:
    """Collect what is public: base population, periods, the start and how areas were chosen."""
    people = pd.read_parquet(space.processed / "population.parquet")
    people = people[(people["kind"] == "actual") & (people["age_to"] <= 20)]
    group = people["area_id"].where(people["area_id"].isin(space.study.treated), COMPARISON)
    summed = people.groupby([group, "year"])["n"].sum()
    population: dict[str, dict[str, float]] = {}
    for (area, year), n in summed.items():
        population.setdefault(str(area), {})[str(year)] = float(n)
    study = space.study
    return Known(population, str(study.first), "2018", str(study.last), "2017")


def targets(attack: Attack) -> dict[str, Terms]:
    """Name the counts somebody could ask for: printed, between the lines, and over areas."""
    found: dict[str, Terms] = {}
    spans = [[year] for year in sorted(attack.years)] + [*attack.known.spans()]
    measures = {"volume": VOLUME} | {name: (name,) for name in MEASURES}
    for span, (kind, cells), (name, what) in product(spans, KINDS.items(), measures.items()):
        when = f"{span[0]} to {span[-1]}: {kind}, {name}"
        parts = {area: attack.sum(area, span, what, cells) for area in attack.areas}
        found |= {f"{area}, {when}": terms for area, terms in parts.items()}
        together = [parts[area] for area in attack.models]
        found[f"all model areas, {when}"] = {c: n for part in together for c, n in part.items()}
    for area, year in product(attack.models, sorted(attack.years)):
        found[f"{area}, {year}: young people"] = attack.people(area, year)
    return found


@dataclass
class Result:
    """What an attack found of the small counts."""

    attack: Attack
    small: pd.DataFrame
    recovered: int
    violated: list[str]


def attacked(space: Workspace, notebooks: tuple[str, ...], enough: float = 4.0) -> Result:
    """Attack all pages of a study; compare what is found with the truth."""
    attack = Attack(space.reports, known(space), notebooks, html_meaning.MEANING)
    truth, wanted = Truth.read(space), targets(attack)
    names = {column: key for key, column in attack.columns.items()}
    value = np.array([truth.cells.get(names[c], 0.0) for c in range(len(names))])
    counts = pd.Series({name: value[list(terms)].sum() for name, terms in wanted.items()})
    same = {tuple(sorted(wanted[name])): name for name in reversed(counts.index)}
    small = [n for n in same.values() if 1 <= counts[n] < THRESHOLD]
    solver = Solver(attack)
    low, high = solver.intervals([wanted[name] for name in small], enough)
    frame = pd.DataFrame({"true": counts[small], "low": low, "high": high}, index=small)
    frame["width"] = frame["high"] - frame["low"]
    # Counts are whole: what lies between two whole numbers is no uncertainty.
    frame["whole"] = np.floor(frame["high"] + 1e-6) - np.ceil(frame["low"] - 1e-6)
    large = [n for n in same.values() if counts[n] >= THRESHOLD and "all, " in n][:400]
    ends = solver.intervals([wanted[name] for name in large], 0.5)
    recovered = int(((ends[1] - ends[0]) < 1e-6).sum())
    wrong = [
        f"{where}: {low} ≤ {sum(n * value[c] for c, n in terms.items())} ≤ {high}"
        for terms, low, high, where in attack.rows
        if "expected" not in where
        and not low - 1e-6 <= sum(n * value[c] for c, n in terms.items()) <= high + 1e-6
    ]
    return Result(attack, frame.sort_values(["width", "true"]), recovered, wrong)


def thinned(root: Path, share: float) -> Workspace:
    """Ingest a small city: few areas and years, each help kept with probability `share`."""
    copy_project(root, "demo")
    cases, sources = (root / "data/raw/demo" / name for name in ("faelle.csv", "sources.yml"))
    before, chance = cases.read_bytes(), random.Random(7)
    head, *lines = before.splitlines(keepends=True)
    cases.write_bytes(head + b"".join(line for line in lines if chance.random() < share))
    text = sources.read_text(encoding="utf-8")
    digests = (sha256(content).hexdigest() for content in (before, cases.read_bytes()))
    sources.write_text(text.replace(*digests), encoding="utf-8")
    told = yaml.safe_load((root / "studies/demo.yml").read_text(encoding="utf-8"))
    told |= {"first": 2014, "last": 2020, "events": []}
    told["model_areas"] = [item for item in told["model_areas"] if item["area"] in SMALL_MODELS]
    told["outcomes"]["further"] = []
    del told["codings"]
    (root / "studies/small.yml").write_text(yaml.safe_dump(told), encoding="utf-8")
    space = open_study("small", folder=root)
    ingest(space)
    for path in space.processed.glob("*.parquet"):
        frame = pd.read_parquet(path)
        if "area_id" in frame:
            frame[frame["area_id"].isin(SMALL_CITY)].to_parquet(path, index=False)
    return space


def run(space: Workspace, *notebooks: str, areas: tuple[str, ...] = ()) -> None:
    tasks = plan.tasks(space, areas=list(areas or space.study.treated), notebooks=list(notebooks))
    assert [outcome.error for outcome in runs.run(space, tasks)] == [""] * len(tasks)


def only_small_ones_hidden(space: Workspace) -> int:
    """Show what the plan hides to protect others, as a naive program would; say how many."""
    n = 0
    for path in (space.processed / "plans").glob("*.json"):
        made: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        extra = [key for key, state in made["states"].items() if state == "secondary"]
        made["states"] |= dict.fromkeys(extra, "shown")
        path.write_text(json.dumps(made), encoding="utf-8")
        n += len(extra)
    return n


def report(capsys: pytest.CaptureFixture[str], name: str, found: Result) -> None:
    """Say in the test's log how far the attacker came."""
    attack, small = found.attack, found.small
    with capsys.disabled():
        print(
            f"\n{name}: {attack.n_pages} pages, {sum(attack.used.values())} numbers used, "
            f"{sum(attack.passed.values())} hold no count; {len(small)} small counts, narrowest "
            f"interval {small['width'].min():.3f}; {(small['width'] < WIDTH - 1e-6).sum()} too "
            f"narrow, {(small['width'] < 1e-6).sum()} exact"
        )


def assert_safe(found: Result) -> None:
    """Hold every small count to the width of the rule set, also in whole numbers."""
    assert found.attack.unknown == [], "give it a meaning in html_meaning"
    assert found.violated == [], "the attacker reads a number wrongly"
    lost = found.small[(found.small["width"] < WIDTH - 1e-6) | (found.small["whole"] < WIDTH)]
    assert lost.empty, lost.to_string()


@pytest.mark.parametrize("beside", [False, True], ids=["own", "comparison"])
def test_nothing_finer_than_a_hidden_year_is_told(beside: bool) -> None:
    """Drift, single series and the check of small counts are equations over single years."""
    panel = samples.result().outcomes["hze"].panel
    _, sums = comparison(panel, samples.primary().measure, samples.STUDY)["2013"]
    hidden = sums if beside else (samples.own("2013"),)
    told = []
    for by in (samples.everything(), samples.rules(*hidden)):
        parts = (samples.result(), samples.STUDY, by)
        series = describe_views.series(samples.tables(), *parts[1::-1], by)
        checks = check_views.checks(samples.tried(), *parts)
        words = samples.words([claim_views.diagnostics(*parts), checks])
        found = [word in words for word in (" je Zeitraum (Rang ", "Scheinbeginn 2", "Kleine Fall")]
        told.append([*found, "Vergleichsräume" in samples.words([series])])
    assert told == [[True] * 4, [False, False, beside, not beside]]


def test_demo_pages_give_no_small_count_away(
    tmp_path: Path, finished_demo: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    space = copied(finished_demo, tmp_path / "p")
    run(space, *AREA[:2])
    run(space, AREA[2], areas=MODELS[2:])
    found = attacked(space, ("20", "30", "31"))
    report(capsys, "demo", found)
    assert_safe(found)
    assert len(found.small) > 50, "small counts between the lines"
    assert found.recovered > 250, "he recovers what is published"


def test_small_city_gives_no_small_count_away_unless_protection_is_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(protection, "SECONDS", 5.0)  # a good pattern will do, no proof of the best
    space = thinned(tmp_path / "p", 0.2)
    run(space, *AREA[:2])
    run(space, AREA[2], areas=SMALL_MODELS[1:])
    found = attacked(space, ("20", "30", "31"))
    report(capsys, "small city", found)
    assert_safe(found)
    assert len(found.small) > 150
    assert found.recovered > 50, "he recovers what is published"
    without = html_meaning.Meaning(dict(list(html_meaning.TABLES.items())[1:]), {})
    assert Attack(space.reports, known(space), ("20",), without).unknown, "a new table is noticed"
    assert only_small_ones_hidden(space) > 5
    runs.run(space, plan.tasks(space, areas=list(SMALL_MODELS), notebooks=AREA[:1]), fresh=True)
    naive = attacked(space, ("20",))
    report(capsys, "small city, only small counts hidden", naive)
    assert naive.violated == []
    assert (naive.small["width"] < 1e-6).sum() >= 10, "he recovers small counts"
