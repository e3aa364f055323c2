"""What an outsider knows of counts without any report: what adds up to what.

Stock is stock a period ago plus what began less what ended; all helps are those of all forms.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, product

import pandas as pd

from evaltools.measures.catalogue import LOCAL, Pick
from evaltools.measures.picking import KEY
from evaltools.measures.sums import Sum
from evaltools.release.published import FLOWS
from evaltools.study import Study


def tied(rows: pd.DataFrame, study: Study) -> Iterator[list[tuple[Sum, float]]]:
    """Yield what ties a model area's counts: stock = stock before + started − ended.

    For all helps, those of the local comparison, and each form. Where helps move between areas
    or forms it does not hold, and is left out.
    """
    forms = sorted(set(rows["form"]) - {"alle"})
    cells = [(("*", "*"),), *(((("*", str(form))),) for form in forms)]
    kinds = [*((cell, ()) for cell in cells), (cells[0], LOCAL)]
    for model in study.model_areas:
        periods = sorted(set(rows.loc[rows["area_id"] == model.area, "period"].astype(str)))
        yield from _parted(model.area, periods, forms)
        for cell, without in kinds:
            for before, now in pairwise(periods):
                stock, started, ended = (Pick((name,), cell, without) for name in FLOWS)
                place = ((model.area,), (now,))
                yield [
                    (Sum(*place, stock), 1.0),
                    (Sum(place[0], (before,), stock), -1.0),
                    (Sum(*place, started), -1.0),
                    (Sum(*place, ended), 1.0),
                ]


def _parted(
    area: str, periods: Sequence[str], forms: Sequence[str]
) -> Iterator[list[tuple[Sum, float]]]:
    """Yield that all helps are those of all forms, also where the two are delivered apart."""
    for period, name in product(periods, FLOWS):
        place = ((area,), (period,))
        parts = [(Sum(*place, Pick((name,), (("*", str(form)),))), -1.0) for form in forms]
        yield [(Sum(*place, Pick((name,))), 1.0), *parts]


def with_zeros(rows: pd.DataFrame) -> pd.DataFrame:
    """Add the cells that an area and period leaves out because they were zero.

    Parameters
    ----------
    rows : DataFrame
        ``hze_count``; not changed. A paragraph and form that occurs anywhere is possible anywhere
        where counts are delivered by paragraph and form.
    """
    named = rows[(rows["paragraph"] != "alle") & (rows["form"] != "alle")]
    possible = named[["paragraph", "form"]].drop_duplicates()
    every = named[KEY].drop_duplicates().merge(possible, how="cross")
    there = pd.MultiIndex.from_frame(rows[[*KEY, "paragraph", "form"]])
    lost = every[~pd.MultiIndex.from_frame(every).isin(there)]
    measures = [name for name in (*FLOWS, "started_after_8a") if name in rows]
    added = lost.assign(**dict.fromkeys(measures, 0))
    kept = {name: rows[name].dtype for name in added}
    return pd.concat([rows, added.astype(kept)], ignore_index=True) if len(added) else rows
