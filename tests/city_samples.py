"""A small made-up city whose counts hang together, and an outsider who only knows linear algebra.

What a sum adds is written out again here, and solved by scipy: no function of the program serves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from evaltools.measures.catalogue import Pick
from evaltools.measures.sums import Sum
from evaltools.release.plan import Plan
from evaltools.study import Study
from release_samples import study as muster

AREAS = [f"SR{number:02d}" for number in range(1, 7)]
YEARS = [str(year) for year in range(2013, 2021)]
MEASURES = ["stock_3112", "started", "ended", "young_people"]
KINDS = (("28", "beratung"), ("31", "ambulant"), ("34", "stationaer"), ("35a", "ambulant"))
MODEL = AREAS[0]
LOCAL = ("28", "35a")
Flows = Mapping[tuple[str, str, str], tuple[int, int]]  # area, paragraph, year → started, ended


def study(**changed: object) -> Study:
    """One model area among six, seen by year, started in 2017."""
    return muster(**({"model_areas": ({"area": MODEL, "start": "2017"},)} | changed))


def city(
    flows: Flows | None = None,
    *,
    stock: int = 40,
    first: Mapping[str, int] | None = None,
    years: Sequence[str] = YEARS,
) -> pd.DataFrame:
    """``hze_count`` of six areas; stock = stock a year ago + started − ended in every row.

    `flows` sets single years of the model area or another; `first` the model area's stock before
    the first year, by paragraph.
    """
    rows = []
    for number, area in enumerate(AREAS):
        for place, (paragraph, form) in enumerate(KINDS):
            usual = 15 + 2 * number + 3 * place
            have = stock + 5 * number + place
            if first and area == MODEL:
                have = first.get(paragraph, have)
            for turn, year in enumerate(years):
                own = (usual + turn % 3, usual + (turn + 1) % 3)
                started, ended = (flows or {}).get((area, paragraph, year), own)
                have += started - ended
                rows.append([area, year, paragraph, form, have, started, ended, have + started + 9])
    return typed(pd.DataFrame(rows, columns=["area_id", "period", "paragraph", "form", *MEASURES]))


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    assert (frame[MEASURES].fillna(0) >= 0).all(axis=None)
    return frame.astype(dict.fromkeys(MEASURES, "Int64") | {"period": "string"})


def tables(count: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The tables of a study with these counts and 2,000 people in each area."""
    years = sorted({int(period[:4]) for period in count["period"]})
    people = pd.DataFrame(
        [[name, year, "alle", 0, 20, 2000, "actual"] for name in AREAS for year in years],
        columns=["area_id", "year", "sex", "age_from", "age_to", "n", "kind"],
    ).astype({"n": "Int64", "year": "Int64"})
    names = [f"Raum {name}" for name in AREAS]
    area = pd.DataFrame({"area_id": AREAS, "name": names})
    return {"area": area, "population": people, "hze_count": count}


def row(count: pd.DataFrame, item: Sum) -> np.ndarray:
    """Weight of each cell (rows × measures) in a sum, for yearly tables without totals."""
    names = ("area_id", "period", "paragraph", "form")
    area, period, paragraph, form = (count[name].to_numpy(object) for name in names)
    hit = np.zeros(len(count), dtype=bool)
    for one, other in item.what.cells:
        hit |= ((paragraph == one) | (one == "*")) & ((form == other) | (other == "*"))
    hit &= np.isin(area, item.areas) & np.isin(period, item.periods)
    hit &= ~np.isin(paragraph, item.what.without)
    own = dict(item.weights)
    weight = hit * np.array([own.get(kind, 0.0) if own else 1.0 for kind in form])
    return np.column_stack([weight * (name in item.what.measures) for name in MEASURES]).ravel()


def identities(count: pd.DataFrame) -> list[np.ndarray]:
    """Rows that are zero: stock − stock before − started + ended of the model area."""
    forms = sorted(set(count["form"]))
    kinds = [((("*", "*"),), ()), ((("*", "*"),), LOCAL)]
    kinds += [((("*", form),), ()) for form in forms]
    found = []
    for cells, without in kinds:
        for before, now in pairwise(sorted(set(count["period"]))):
            parts = [
                (now, "stock_3112", 1.0),
                (before, "stock_3112", -1.0),
                (now, "started", -1.0),
                (now, "ended", 1.0),
            ]
            weights = sum(
                sign * row(count, Sum((MODEL,), (year,), Pick((name,), cells, without)))
                for year, name, sign in parts
            )
            found.append(np.asarray(weights))
    return found


class Outsider:
    """Knows some sums exactly, of others that they are at least one, and the stock identity."""

    def __init__(
        self, count: pd.DataFrame, known: Mapping[Sum, float], hidden: Sequence[Sum] = ()
    ) -> None:
        self.count = count
        cells = count[MEASURES].to_numpy(float).ravel()
        told = [row(count, item) for item in known]
        tied = [weights for weights in identities(count) if abs(weights @ cells) < 1e-9]
        self.equal = np.array(told + tied)
        self.values = np.array([*known.values(), *np.zeros(len(tied))])
        assert np.allclose(self.equal @ cells, self.values), "what is shown is true"
        least = [row(count, item) for item in hidden]
        self.least = np.array(least).reshape(len(least), cells.size)

    def interval(self, weights: np.ndarray) -> tuple[float, float]:
        """Smallest and largest whole value of a weighted sum of cells that fits all known."""
        if not weights.any():
            return 0.0, 0.0
        low, high = self._end(weights, 1.0), self._end(weights, -1.0)
        if high - low < 4:
            low, high = self._whole(weights, 1.0), self._whole(weights, -1.0)
        return low, high

    def _end(self, weights: np.ndarray, sign: float) -> float:
        upper = {"A_ub": -self.least, "b_ub": -np.ones(len(self.least))} if len(self.least) else {}
        found = linprog(sign * weights, A_eq=self.equal, b_eq=self.values, **upper)
        if found.status == 3:
            return -sign * np.inf
        assert found.status == 0, found.message
        return float(sign * found.fun)

    def _whole(self, weights: np.ndarray, sign: float) -> float:
        limits = [LinearConstraint(self.equal, self.values, self.values)]
        if len(self.least):
            limits.append(LinearConstraint(self.least, np.ones(len(self.least)), np.inf))
        kind = np.ones(len(weights))
        found = milp(sign * weights, constraints=limits, integrality=kind, bounds=Bounds(0, np.inf))
        assert found.status == 0, found.message
        return float(sign * found.fun)


def sums(known: Mapping[str, float], items: Sequence[Sum]) -> dict[Sum, float]:
    """The sums that a plan shows, by themselves instead of by their key."""
    return {item: known[item.key] for item in items if item.key in known}


def outsider(count: pd.DataFrame, made: Plan, items: list[Sum]) -> Outsider:
    hidden = [item for item in items if item.key not in made.values]
    return Outsider(count, sums(made.values, items), hidden)


def found_out(
    count: pd.DataFrame, made: Plan, items: list[Sum], width: float = 2.0
) -> list[tuple[str, float, float]]:
    """Small sums, and small rests of total and local count, that are known too closely."""
    cells = count[MEASURES].to_numpy(float).ravel()
    wanted = {item.key: row(count, item) for item in items}
    for year in sorted(set(count["period"])):
        for measures in (("stock_3112",), ("started",), ("ended",), ("stock_3112", "ended")):
            both = (Sum((MODEL,), (year,), Pick(measures, without=w)) for w in ((), LOCAL))
            total, local = (row(count, item) for item in both)
            wanted[f"rest {year} {measures}"] = total - local
    knows = outsider(count, made, items)
    lost = []
    for name, weights in wanted.items():
        if 0 < weights @ cells < 3 and set(weights) <= {0.0, 1.0}:
            low, high = knows.interval(weights)
            if high - low < width - 1e-6:
                lost.append((name, low, high))
    return lost
