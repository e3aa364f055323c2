"""What families and professionals of Musterstadt answered; one row a person, and invented."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from evaltools.data.demo_networks import AREAS

WAVES = (2017, 2023)
ITEMS = ("ernst_genommen", "schnell_geholfen", "ort_erreichbar", "wuerde_wiederkommen")
RISEN, RISE = "SR04", 0.8  # points of the scale from 1 to 5
GROUPS = ("asd", "traeger", "schule_kita")
TYPES_AGREED = (6, 12)


def surveys(rng: np.random.Generator, areas: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables ``family_acceptance`` and ``short_survey``.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the draws.
    areas : DataFrame
        ``area_id, area_type`` of all areas of today.
    """
    return {"family_acceptance": _families(rng), "short_survey": _professionals(rng, areas)}


def _families(rng: np.random.Generator) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for wave in WAVES:
        for area in AREAS:
            invited = int(rng.integers(70, 111))
            centre = 3.2 + (RISE if area == RISEN and wave == WAVES[1] else 0.0)
            for number in range(1, int(invited * rng.uniform(0.4, 0.55)) + 1):
                own = centre + 0.6 * rng.standard_normal()
                for item in ITEMS:
                    answer = int(np.clip(round(own + 0.7 * rng.standard_normal()), 1, 5))
                    row: dict[str, Any] = {"response_id": f"{area}-{wave}-{number:03d}"}
                    row |= {"area_id": area, "wave": wave, "item": item}
                    row["agreement"] = answer if rng.random() < 0.96 else None
                    rows.append(row | {"scale_min": 1, "scale_max": 5, "invited": invited})
    return pd.DataFrame(rows)


def _professionals(rng: np.random.Generator, areas: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for area, kind in areas[["area_id", "area_type"]].itertuples(index=False):
        for _ in range(int(rng.integers(*TYPES_AGREED))):
            answer = int(np.clip(round(5 + 1.2 * rng.standard_normal()), 1, 7))
            rows.append((area, GROUPS[rng.integers(len(GROUPS))], kind, answer, 1, 7))
    names = ["area_id", "actor_group", "type_assigned", "agreement", "scale_min", "scale_max"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.assign(response_id=[f"K{at:03d}" for at in range(1, len(frame) + 1)])
