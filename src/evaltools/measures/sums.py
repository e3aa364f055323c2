"""Counts as sums over delivered cells, so that disclosure control can see what adds up to what.

Each number of helps that a page shows is a :class:`Sum`: a measure added over areas and periods.
:func:`system` writes many of them as one matrix over the cells of ``hze_count``; two sums that
share cells are then tied to each other, wherever they are shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from evaltools.measures.catalogue import Indicator, Pick
from evaltools.measures.picking import picked
from evaltools.studyparts import months

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sum:
    """A count: `what` of ``hze_count`` added over `areas` and `periods`; `weights` by form."""

    areas: tuple[str, ...]
    periods: tuple[str, ...]
    what: Pick
    weights: tuple[tuple[str, float], ...] = ()

    @property
    def key(self) -> str:
        """A text of its own for each sum, the same in every run."""
        cells = "+".join("/".join(cell) for cell in self.what.cells)
        without = f"-{'-'.join(self.what.without)}" if self.what.without else ""
        weights = "*".join(f"{form}={weight:g}" for form, weight in self.weights)
        parts = ("+".join(self.what.measures), cells + without, weights)
        return " ".join(["+".join(self.areas), "+".join(self.periods), *filter(None, parts)])


@dataclass(frozen=True)
class System:
    """Sums as rows over inner cells.

    Attributes
    ----------
    matrix : csr_array, shape (n_sums, n_cells)
        Weight of each cell in each sum.
    cells : ndarray, shape (n_cells,)
        Value of each cell; helps.
    values : ndarray, shape (n_sums,)
        Value of each sum, NaN where a part was not delivered.
    """

    matrix: csr_array
    cells: Floats
    values: Floats


def of(
    item: Indicator, weights: Sequence[tuple[str, float]] = ()
) -> tuple[tuple[Pick, tuple[tuple[str, float], ...]], ...]:
    """Return what an indicator counts: its numerator and, where it stands over helps, its base."""
    above = (item.numerator, tuple(weights) if item.weighted else ())
    return (above,) if item.denominator is None else (above, (item.denominator, ()))


def system(count: pd.DataFrame, sums: Sequence[Sum]) -> System:
    """Write sums as rows over the delivered cells.

    Parameters
    ----------
    count : DataFrame
        ``hze_count`` in the shortest periods that a sum names; not changed.
    sums : sequence of Sum
        A longer period is made of its parts as in ``measures.periods``.

    Returns
    -------
    System
        A delivered total is written as its parts where they add up to it.
    """
    rows = count.reset_index(drop=True)
    measures = sorted({name for item in sums for name in item.what.measures})
    values = rows.reindex(columns=measures).astype("Float64").to_numpy(float, na_value=np.nan)
    found = {what: _rows(rows, what) for what in {item.what for item in sums}}
    places = _Places(rows)
    entries = [_terms(item, found[item.what], rows, places, measures) for item in sums]
    index = np.concatenate([[0], np.cumsum([len(terms) for terms in entries])])
    flat = np.array([term for terms in entries for term in terms], dtype=float).reshape(-1, 2)
    shape = (len(sums), values.size)
    matrix = csr_array((flat[:, 1], flat[:, 0].astype(np.int64), index), shape=shape)
    cells = values.reshape(-1)
    added = matrix @ np.nan_to_num(cells)
    lost = (abs(matrix) @ np.isnan(cells).astype(float)) > 0
    lost |= np.array([not places.complete(item) for item in sums], dtype=bool)
    return System(matrix, cells, np.where(lost, np.nan, added))


class _Places:
    """Where the delivered periods of each area lie."""

    def __init__(self, rows: pd.DataFrame) -> None:
        keys = zip(rows["area_id"].astype(str), rows["period"].astype(str), strict=True)
        self.groups: dict[tuple[str, str], list[int]] = {}
        for place, key in enumerate(keys):
            self.groups.setdefault(key, []).append(place)
        self.periods = sorted({period for _, period in self.groups})

    def parts(self, period: str) -> list[str]:
        """Return the delivered periods that make up a period, the last one last."""
        if period in self.periods:
            return [period]
        first, last = months(period)
        return [part for part in self.periods if first <= months(part)[0] <= last]

    def complete(self, item: Sum) -> bool:
        """Say whether every area has every period."""
        parts = [self.parts(period) for period in item.periods]
        return all(parts) and all(
            (area, part) in self.groups for area in item.areas for own in parts for part in own
        )


def _rows(rows: pd.DataFrame, what: Pick) -> dict[str, set[int]]:
    """Return which rows are added for each measure."""
    return {name: set(np.flatnonzero(picked(rows, what, name)).tolist()) for name in what.measures}


def _terms(
    item: Sum, chosen: Mapping[str, set[int]], rows: pd.DataFrame, places: _Places, names: list[str]
) -> list[tuple[int, float]]:
    """Return ``(cell, weight)`` of a sum; a stock is that of the last part of a period."""
    weights, forms = dict(item.weights), rows["form"].to_numpy()
    terms = []
    for area in item.areas:
        for period in item.periods:
            parts = places.parts(period)
            for part in parts:
                for row in places.groups.get((area, part), ()):
                    weight = weights.get(str(forms[row]), 0.0) if weights else 1.0
                    terms += [
                        (row * len(names) + names.index(name), weight)
                        for name in item.what.measures
                        if row in chosen[name] and (name != "stock_3112" or part == parts[-1])
                    ]
    return [term for term in terms if term[1]]
