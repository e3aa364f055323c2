"""Offers of Musterstadt: second paragraphs, costs, and two offers that are parallel."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from evaltools.data.demo_context import MODEL_START

PARALLEL, TWINS = "SR14", ("T03", "T08")


def offers(rng: np.random.Generator, offer: pd.DataFrame) -> pd.DataFrame:
    """Add second paragraphs and yearly costs, and leave two offers parallel and no others.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the draws.
    offer : DataFrame
        Table ``offer``; not changed.
    """
    second = {"16": "11", "11": "13a", "13a": "11", "13": "11", "14": "11", "12": "14"}
    frame = offer.copy()
    new = (frame["area_id"] == "SR04") & (pd.to_datetime(frame["begin"]).dt.year >= MODEL_START)
    both = rng.random(len(frame)) < np.where(new, 0.8, 0.1)
    frame["paragraph_2"] = frame["paragraph"].map(second).where(both)
    frame = pd.concat([frame, _pair(len(frame))], ignore_index=True)
    frame["hours_week"] = _unlike(frame)
    frame["vzae"] = (frame["hours_week"] / 39).round(2)
    factor = rng.integers(52, 62, len(frame))
    frame["eur_year"] = (frame["hours_week"] * factor * 52 / 100).round() * 100
    return frame


def _pair(n: int) -> pd.DataFrame:
    """Return two offers of two providers for the same people at the same hours."""
    row: dict[str, Any] = {"area_id": PARALLEL, "paragraph": "11", "life_phase": "jugend"}
    row |= {"access": "aufsuchend", "target_exclusive": True, "places": 15, "hours_week": 21.0}
    row |= {"funding_kind": "Zuwendung", "vzae": 0.54, "funding_until": None, "end": None}
    twice = zip(TWINS, (date(2016, 8, 1), date(2017, 1, 1)), strict=True)
    return pd.DataFrame(
        [
            row | {"offer_id": f"A{n + at:03d}", "provider_id": provider, "begin": begin}
            for at, (provider, begin) in enumerate(twice, start=1)
        ]
    )


def _unlike(frame: pd.DataFrame) -> pd.Series:
    """Lengthen hours by half-hours until only the last two offers are alike in everything."""
    hours = frame["hours_week"].astype(float).copy()
    alike = ["area_id", "life_phase", "access", "target_exclusive"]
    taken: set[tuple[Any, ...]] = set()
    for at in frame.index[:-2]:
        own = tuple(frame.loc[at, alike])
        while (*own, hours[at]) in taken:
            hours[at] += 0.5
        taken.add((*own, hours[at]))
    return hours
