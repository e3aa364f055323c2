"""Which delivered cells of counts a sum adds up, whatever detail an office delivers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.measures.catalogue import Pick

KEY = ["area_id", "period"]
ONLY_TOTAL = "nur als Summe geliefert"
Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.integer]
Numbers = npt.NDArray[np.float64]
Reasons = npt.NDArray[np.object_]


def pick(count: pd.DataFrame, what: Pick) -> pd.DataFrame:
    """Add up the picked cells of each area and period.

    Where everything is meant, a delivered total (``alle``) serves before the parts. An unknown
    part makes the sum unknown. A period that has parts, but none of those picked, had none of
    them (0), unless the whole table never has any: then they were not delivered.

    Returns
    -------
    DataFrame
        ``area_id, period, n, reason``, sorted; `n` is NA with a reason where unknown.
    """
    rows = _Rows.of(count)
    usable = [rows.usable(what, cell) for cell in what.cells]
    picked = rows.matching(what, usable)
    n, reason = rows.added(picked, what.measures)
    detailed = np.all([rows.anywhere(serves) for serves in usable], 0)
    if picked.any():
        n[detailed & ~rows.anywhere(picked)] = 0
    if what.is_total:
        total, why = rows.added(rows.whole, what.measures)
        serves = ~np.isnan(total) | ~detailed
        n, reason = np.where(serves, total, n), np.where(serves, why, reason)
    else:
        n[~detailed], reason[~detailed] = np.nan, ONLY_TOTAL
    reason[np.isnan(n) & pd.isna(reason)] = "nicht geliefert"
    added = {"n": pd.array(n, dtype="Float64"), "reason": pd.array(reason, dtype="string")}
    return rows.keys.assign(**added)


def picked(count: pd.DataFrame, what: Pick, measure: str) -> pd.Series:
    """Say which rows :func:`pick` adds up for one of its measures.

    A delivered total gives way to parts that make it up, measure by measure, so that each count
    stands for the same cells in whatever sum it is shown.
    """
    rows = _Rows.of(count)
    parts = rows.matching(what, [rows.usable(what, cell) for cell in what.cells])
    if what.is_total:
        known = ~np.isnan(rows.added(rows.whole, what.measures)[0])
        total, added = (rows.added(part, (measure,))[0] for part in (rows.whole, parts))
        serves = (known & (total != added))[rows.place]
        parts = np.where(serves, rows.whole, parts)
    return pd.Series(parts, index=count.index)


@dataclass(frozen=True)
class _Rows:
    """The rows of counts, ready to be picked from.

    ``keys`` are the areas and periods that occur, sorted, and ``place`` says which of them each
    row belongs to. ``cell`` numbers the paragraphs within them. ``named`` and ``formed`` are the
    rows of one paragraph and of one form, ``whole`` those of neither.
    """

    count: pd.DataFrame
    keys: pd.DataFrame
    place: Places
    cell: Places
    named: Mask
    formed: Mask

    @classmethod
    def of(cls, count: pd.DataFrame) -> _Rows:
        """Look at each column of texts once; comparing them is what takes time."""
        place = count.groupby(KEY).ngroup().to_numpy()
        first = np.unique(place, return_index=True)[1]
        keys = count[KEY].iloc[first].reset_index(drop=True)
        codes, paragraphs = pd.factorize(count["paragraph"])
        named, formed = (~_among(count[name], ("alle",)) for name in ("paragraph", "form"))
        return cls(count, keys, place, place * len(paragraphs) + codes, named, formed)

    @property
    def whole(self) -> Mask:
        return ~self.named & ~self.formed

    def anywhere(self, rows: Mask) -> Mask:
        """Say which areas and periods have any of some rows; shape (n_keys,)."""
        found = np.zeros(len(self.keys), dtype=bool)
        found[self.place[rows]] = True
        return found

    def usable(self, what: Pick, cell: tuple[str, str]) -> Mask:
        """Say which rows are detailed enough for a cell, without those that finer rows make up."""
        serves = self.named | self.formed
        if cell[0] != "*" or what.without:
            serves = serves & self.named
        if cell[1] != "*":
            serves = serves & self.formed
        by_form = np.isin(self.cell, self.cell[self.named & self.formed])
        by_paragraph = self.anywhere(serves & self.named)[self.place]
        return serves & (self.formed | ~by_form) & (self.named | ~by_paragraph)

    def matching(self, what: Pick, usable: list[Mask]) -> Mask:
        """Say which rows belong to any of the cells, those usable for it only."""
        hit = np.zeros(len(self.count), dtype=bool)
        for (paragraph, form), serves in zip(what.cells, usable, strict=True):
            same = serves
            if paragraph != "*":
                same = same & _among(self.count["paragraph"], (paragraph,))
            if form != "*":
                same = same & _among(self.count["form"], (form,))
            hit |= same
        return hit & ~_among(self.count["paragraph"], what.without)

    def added(self, rows: Mask, measures: tuple[str, ...]) -> tuple[Numbers, Reasons]:
        """Sum the measures by area and period; NaN with a reason where any value is unknown."""
        own, place = self.count[rows], self.place[rows]
        numbers = own.reindex(columns=list(measures)).astype("Float64")
        values = numbers.to_numpy(float, na_value=np.nan).sum(1)
        sums = pd.Series(values).groupby(place).sum()
        total, reason = np.full(len(self.keys), np.nan), np.full(len(self.keys), pd.NA, object)
        total[sums.index] = sums
        unknown = np.unique(place[np.isnan(values)])
        if len(unknown):
            total[unknown] = np.nan
            why = pd.Series(pd.NA, own.index, dtype="string")
            for name in measures:
                why = why.fillna(own[f"{name}_reason"]) if f"{name}_reason" in own else why
            first = why.groupby(place).first().dropna()
            reason[first.index] = first
            reason[~np.isnan(total)] = pd.NA
        return total, reason


def _among(column: pd.Series, names: tuple[str, ...]) -> Mask:
    return column.isin(names).to_numpy(bool)
