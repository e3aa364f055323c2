"""How far coders agree, beyond what chance would give, with intervals over documents.

The coefficients are computed on :mod:`evaltools.codings.coefficients`; which units are compared,
:mod:`evaltools.codings.units` says. Programs call different things "kappa": every result carries
the definition it follows and its source.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pandas as pd

from evaltools.codings import coefficients, reliability, resampling, units
from evaltools.codings.coefficients import FOR_TWO, MEASURES, Level
from evaltools.codings.comparable import Coders
from evaltools.codings.model import Project
from evaltools.codings.reliability import Agreement, Data
from evaltools.codings.resampling import Bootstrap
from evaltools.codings.units import Ratings
from evaltools.errors import DesignError


def coefficient(
    ratings: Data, name: str, *, level: Level = "nominal", categories: Sequence[float] = ()
) -> float:
    """Return one coefficient of agreement.

    Parameters
    ----------
    ratings : Ratings, DataFrame or array, (units, coders)
        Values; NaN where a coder did not rate.
    name : str
        One of :data:`MEASURES`.
    level : {'nominal', 'ordinal', 'interval', 'ratio'}, optional
        Of Krippendorff's alpha; all others take values as names.
    categories : sequence of float, optional
        All possible values; without them those that occur (0 and 1 for :class:`Ratings`). They
        matter to Brennan–Prediger and AC1.

    Raises
    ------
    DesignError
        When name or level is unknown; with fewer than two coders, or a coder who shares no unit
        with another; Cohen and Scott with other than two coders; when all ratings are the same,
        so that chance alone would agree and the coefficient is 0/0.
    """
    return reliability.one(reliability.tally(ratings, categories), name, level).estimate


def assess(
    ratings: Data,
    *,
    measures: Collection[str] = (),
    clusters: Sequence[Any] | None = None,
    level: Level = "nominal",
    categories: Sequence[float] = (),
    bootstrap: Bootstrap | None = None,
) -> tuple[Agreement, ...]:
    """Compute several coefficients, each with a bootstrap interval.

    Whole clusters are drawn with replacement, since units of one document are not independent.
    The bounds are expanded percentiles: the tail is that of Student's t with clusters - 1 degrees
    of freedom, which keeps the plain percentile's intervals from being too short with few
    clusters. Where that tail is rarer than the draw of one and the same cluster throughout
    (fewer than five clusters at 95 %), draws cannot tell it, and no interval is given; nor when
    more than 5 % of the draws leave the coefficient undefined, or all draws give one value.

    Parameters
    ----------
    ratings, level, categories
        As of :func:`coefficient`.
    measures : collection of str, optional
        Names in :data:`MEASURES`; without them all that fit the number of coders.
    clusters : sequence, optional
        Cluster of each unit. Those of :class:`Ratings` are documents; without any, units are
        drawn one by one.
    bootstrap : Bootstrap, optional
        Number of draws, seed and nominal coverage.

    Raises
    ------
    DesignError
        When names are unknown or no two coders can be compared. A single measure that refuses
        the data is a result without estimate, with its reason.

    References
    ----------
    Field and Welsh 2007, doi:10.1111/j.1467-9868.2007.00593.x (clusters); Hesterberg 2015,
    doi:10.1080/00031305.2015.1089789 (expanded percentiles); Cameron, Gelbach and Miller 2008,
    doi:10.1162/rest.90.3.414 (few clusters).
    """
    table = reliability.tally(ratings, categories, clusters)
    alone = clusters is None and not isinstance(ratings, Ratings)
    how = bootstrap or Bootstrap()
    for name in measures:
        reliability.known(name, level)
    fitting = [name for name in MEASURES if table.patterns.shape[1] == 2 or name not in FOR_TWO]
    drawn = resampling.weights(table, how, alone=alone)
    found = []
    for name in measures or fitting:
        try:
            item = reliability.one(table, name, level)
        except DesignError as refusal:
            found.append(replace(reliability.blank(table, name, level), reason=refusal.german))
            continue
        values = coefficients.ratio(reliability.formula(table, name, level, drawn))
        n = item.n_units if alone else item.n_clusters
        limits = resampling.bounds(values, n, how, alone=alone)
        found.append(replace(item, **asdict(limits)))
    return tuple(found)


def per_code(
    project: Project,
    *,
    unit: str,
    overlap: float = 0.5,
    coders: Coders = None,
    measures: Collection[str] = (),
    bootstrap: Bootstrap | None = None,
) -> pd.DataFrame:
    """Tabulate the agreement on every code that one of the coders used.

    Parameters
    ----------
    project, unit, overlap, coders
        As of :func:`evaltools.codings.units.ratings`.
    measures, bootstrap
        As of :func:`assess`; without measures percent, Cohen (of more than two coders Fleiss),
        AC1 and alpha.

    Returns
    -------
    DataFrame
        One row a code in the order of the code tree: ``code_id, path, n_units, n_documents``, for
        each coder ``used: <name>`` (units to which she gave the code), and for each measure
        ``<measure>``, ``<measure>_low``, ``<measure>_high``, ``<measure>_reason``.

    Raises
    ------
    DesignError
        As :func:`evaltools.codings.units.ratings`.
    """
    lay = units.layout(project, unit=unit, overlap=overlap, coders=coders)
    kappa = "cohen" if len(lay.coders) == 2 else "fleiss"
    names = [*measures] or ["percent", kappa, "gwet_ac1", "krippendorff"]
    used = set(lay.codings["code_id"])
    rows = []
    for code in (code for code in lay.codes.index if code in used):
        rated = units.rate(lay, code)
        given = np.nansum(rated.values * rated.weights[:, None], axis=0)
        found = assess(rated, measures=names, bootstrap=bootstrap)
        row: dict[str, Any] = {"code_id": code, "path": lay.codes[code]}
        row |= {"n_units": found[0].n_units, "n_documents": found[0].n_clusters}
        row |= {f"used: {who}": int(n) for who, n in zip(rated.coders, given, strict=True)}
        for item in found:
            row |= {item.measure: item.estimate, f"{item.measure}_low": item.low}
            row |= {f"{item.measure}_high": item.high, f"{item.measure}_reason": item.reason}
        rows.append(row)
    return pd.DataFrame(rows)


def kappa_max(ratings: Data) -> float:
    """Return the largest Cohen's kappa that the two coders' own shares permit (Cohen 1960)."""
    table = reliability.tally(ratings, ())
    found = reliability.one(table, "cohen", "nominal")
    both = table.only(table.raters == 2)
    most = coefficients.margins(both, both.total)[0].min(axis=0).sum()
    return float((most - found.expected) / (1 - found.expected))


def per_category(ratings: Data) -> pd.DataFrame:
    """Return Fleiss' kappa of each value against all others, ``category, share, kappa``.

    The paper of 1971 carries three digits through its steps; nothing is rounded here.

    Raises
    ------
    DesignError
        When units differ in their number of ratings: Fleiss 1971 defines it for equal numbers.
    """
    table = reliability.tally(ratings, ())
    if len(raters := set(table.raters)) != 1:
        raise DesignError(
            f"kappa by category needs the same number of ratings on each unit, not {len(raters)} "
            "different ones; use krippendorff",
            german="Kappa je Kategorie braucht gleich viele Urteile je Einheit.",
        )
    counts, weights, n = table.counts, table.total[0], next(iter(raters))
    share = weights @ counts / (weights.sum() * n)
    apart = weights @ (counts * (n - counts)) / (weights.sum() * n * (n - 1))
    kappa = 1 - coefficients.over(apart, share * (1 - share))
    return pd.DataFrame({"category": table.values, "share": share, "kappa": kappa})
