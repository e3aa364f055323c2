"""Which social indicators count helps, by whatever words an office delivers them."""

from __future__ import annotations

import pandas as pd

NAMES = r"^(?:faelle|fall|hze|hilfe)"
UNITS = r"\b(?:fall|fälle[nr]?|hilfen?|hze)\b"


def counts_helps(profile: pd.DataFrame) -> pd.Series:
    """Say for each row of ``social_profile`` whether it counts helps, or is computed from them.

    By the indicator's name (``faelle_ambulant``, ``hze_quote``) or the words of its unit
    (``Fälle``, ``Hilfen je 1.000``): small counts hide under either.

    Returns
    -------
    Series of bool
        With the index of the frame.
    """
    name, unit = (
        profile[column].astype("string").fillna("").str.lower() for column in ("indicator", "unit")
    )
    found = name.str.contains(NAMES) | unit.str.contains(UNITS)
    return found.astype(bool)
