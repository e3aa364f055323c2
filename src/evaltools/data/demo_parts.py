"""Parts of the model areas of Musterstadt, which lie far apart in one of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

PARTS = {
    "SR04": ("Kesselwiese-Hang", "Kesselwiese-Ufer", "Kesselwiese-Süd", "Kesselwiese-Ost"),
    "SR10": ("Hüttenanger-Höfe", "Hüttenanger-Park", "Hüttenanger-Nord", "Hüttenanger-Zeile"),
    "SR14": ("Tuchmacheranger-West", "Tuchmacheranger-Mitte", "Tuchmacheranger-Steg"),
}
APART = {"SR04": 0.15, "SR10": 0.7, "SR14": 0.1}  # spread on the log scale


def areas(area: pd.DataFrame) -> pd.DataFrame:
    """Add the parts below the areas that they belong to; the table is not changed."""
    rows = [
        {"area_id": f"{whole}-{at}", "name": name, "parent_id": whole, "is_model": False}
        for whole, names in PARTS.items()
        for at, name in enumerate(names, start=1)
    ]
    parts = pd.DataFrame(rows).assign(valid_from=pd.Timestamp("2010-01-01"))
    both = pd.concat([area.assign(parent_id=None), parts.astype({"is_model": object})])
    return both.reset_index(drop=True)


def profile(rng: np.random.Generator, social: pd.DataFrame) -> pd.DataFrame:
    """Add the parts' shares, scattered around those of the whole; the table is not changed."""
    frames = [social]
    shares = social[social["unit"] == "%"]
    for whole, names in PARTS.items():
        own = shares[shares["area_id"] == whole]
        for at, _ in enumerate(names, start=1):
            # one place in each part's own order, the same in all years and indicators
            factor = np.exp(APART[whole] * (at - (len(names) + 1) / 2) / len(names) * 2)
            noise = np.exp(0.03 * rng.standard_normal(len(own)))
            value = (own["value"].astype(float) * factor * noise).clip(upper=95).round(1)
            frames.append(own.assign(area_id=f"{whole}-{at}", value=value))
    return pd.concat(frames, ignore_index=True)
