"""Rates before and after, described and not inferred from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.errors import DesignError


@dataclass(frozen=True)
class Change:
    """Rate before and after for one area or group.

    ``before`` and ``after`` are sums over sums (count / base), ``ratio`` is after / before.
    """

    label: str
    count_before: float
    count_after: float
    base_before: float
    base_after: float

    @property
    def before(self) -> float:
        """Rate before, per one of the base."""
        return self.count_before / self.base_before

    @property
    def after(self) -> float:
        """Rate after, per one of the base."""
        return self.count_after / self.base_after

    @property
    def ratio(self) -> float:
        """After over before; NaN when nothing was counted before."""
        return self.after / self.before if self.count_before > 0 else float("nan")


@dataclass(frozen=True)
class Difference:
    """A difference of differences and its standard error, in the unit of the values."""

    estimate: float
    error: float


def two_by_two(
    values: npt.ArrayLike, treated: npt.ArrayLike, after: npt.ArrayLike | None = None
) -> Difference:
    """Compare the change of treated rows with that of the others, as in two waves of a survey.

    Parameters
    ----------
    values : array_like, shape (n_rows,)
        What was measured; without `after`, each row's own change.
    treated, after : array_like of bool, shape (n_rows,)
        Whether a row is treated, and whether it was measured after.

    Returns
    -------
    Difference
        The standard error takes rows as independent (and, without `after`, allows unlike
        variances of the groups): it is no basis for a verdict on one area.

    Raises
    ------
    DesignError
        When a value is unknown or a cell has fewer than two.
    """
    flags = {"treated": np.asarray(treated, bool), "after": True if after is None else after}
    rows = pd.DataFrame({"value": np.asarray(values, float)} | flags)
    cells = rows.groupby(["treated", rows["after"].astype(bool)])["value"]
    mean, n, spread = cells.mean(), cells.size(), cells.var()
    if rows["value"].isna().any() or len(n) != (4 if after is not None else 2) or n.min() < 2:
        raise DesignError(
            "each of treated and other, before and after, needs two known values; drop unknown",
            german="In einer Zelle des Vergleichs fehlen Werte.",
        )
    pooled = ((n - 1) * spread).sum() / (n.sum() - 4)
    variance = (pooled / n if after is not None else spread / n).sum()
    sign = [1 if one == two else -1 for one, two in mean.index]
    return Difference(float((mean * sign).sum()), math.sqrt(variance))


def change(
    label: str, values: pd.DataFrame, *, start: str, left_out: tuple[str, ...] = ()
) -> Change:
    """Describe a group's rate before and after: sum over sum, unknown periods left out.

    Parameters
    ----------
    label : str
        German name of the group.
    values : DataFrame
        ``period, numerator, denominator`` of one or more areas.
    start : str
        First period after.
    left_out : tuple of str, optional
        Periods not used.

    Raises
    ------
    DesignError
        When nothing is known before or after.
    """
    known = values[values["numerator"].notna() & values["denominator"].notna()]
    known = known[~known["period"].isin(left_out)]
    after = known["period"] >= start
    if after.all() or not after.any():
        raise DesignError(f"{label}: nothing is known on one side of {start}")
    sums = [
        float(known.loc[side, name].sum())
        for name in ("numerator", "denominator")
        for side in (~after, after)
    ]
    return Change(label, *sums)
