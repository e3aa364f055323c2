"""Choosing areas by declared criteria: scores, ranks, and how they hang on the weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from evaltools.errors import DesignError
from evaltools.measures.helps import counts_helps
from evaltools.measures.outcomes import Tables
from evaltools.studyprofile import AreaChoice, Criterion

Floats = npt.NDArray[np.float64]
LEAST = 3  # areas that can be ranked
DRAWS, SEED = 1000, 8


@dataclass(frozen=True)
class Values:
    """What the criteria say of each area.

    Attributes
    ----------
    wide : DataFrame
        Areas (index ``area_id``) by criteria, raw values; unknown is NaN.
    years : mapping of str to int
        Criterion → year of its values, where its table has years.
    left_out : mapping of str to str
        Criterion → why it does not serve, in German.
    """

    wide: pd.DataFrame
    years: Mapping[str, int]
    left_out: Mapping[str, str]


@dataclass(frozen=True)
class Ranking:
    """Areas in the order of their scores.

    Attributes
    ----------
    table : DataFrame
        ``area_id, rank, score, within, lowest, highest`` and a rank for each dimension under its
        name; best first. Score: weighted mean of z-scores. ``within``: share of drawn weights for
        which the area is among the first `first`; ``lowest, highest``: the ranks that 95 of 100
        draws stay between. The three are NA with one criterion, whose weight decides nothing.
    unranked : mapping of str to str
        Area → criteria that it lacks.
    tau, tau_low : float
        Kendall's tau-b to the declared ranking: mean, and the value that 95 of 100 draws exceed.
    """

    table: pd.DataFrame
    unranked: Mapping[str, str]
    first: int
    draws: int
    tau: float
    tau_low: float


def values(tables: Tables, choice: AreaChoice, areas: Sequence[str]) -> Values:
    """Collect the values of the criteria from the tables that they name.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Processed tables by name; none is changed.
    choice : AreaChoice
        The criteria. Social indicators are those of the latest year up to that of the decision, so
        that the choice rests on what could be known then.
    areas : sequence of str
        The areas that may be chosen.
    """
    wide = pd.DataFrame(index=pd.Index(sorted(areas), name="area_id"))
    years: dict[str, int] = {}
    left_out: dict[str, str] = {}
    for criterion in choice.criteria:
        source, _, name = criterion.source.partition(":")
        rows = _rows(tables, source, name)
        if source == "social_profile":
            rows = rows[rows["year"] <= int(choice.decided[:4])] if choice.decided else rows
            known = rows.loc[rows["value"].notna() & rows["area_id"].isin(areas), "year"]
            if len(known):
                years[criterion.name] = int(known.max())
                rows = rows[rows["year"] == known.max()]
        own = rows.drop_duplicates("area_id").set_index("area_id")["value"].astype("Float64")
        wide[criterion.name] = own.reindex(wide.index).to_numpy(float, na_value=np.nan)
        if why := _unfit(wide[criterion.name], rows):
            left_out[criterion.name] = why
    return Values(wide.drop(columns=list(left_out)), years, left_out)


def ranking(
    wide: pd.DataFrame,
    criteria: Sequence[Criterion],
    *,
    first: int,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Ranking:
    """Rank areas by the weighted mean of their z-scores, and vary the weights.

    Parameters
    ----------
    wide : DataFrame
        As :class:`Values` holds it; not changed.
    criteria : sequence of Criterion
        One for each column; those without one are ignored.
    first : int
        How many areas are to be chosen.
    draws, seed : int, optional
        Drawn sets of weights, and where their sequence begins.

    Returns
    -------
    Ranking
        Weights are drawn from a Dirichlet distribution whose mean are the declared weights, with
        as many parts in all as there are criteria: with equal weights, every set of weights is
        then equally likely.

    Raises
    ------
    DesignError
        When there is no criterion, or fewer than three areas have all.

    Notes
    -----
    z-scores are taken over the areas that have all criteria, with the population standard
    deviation; they are relative to this city and year. The draws show what hangs on the weights,
    not how uncertain the values are.
    """
    used = [criterion for criterion in criteria if criterion.name in wide]
    names = [criterion.name for criterion in used]
    whole = wide[names].dropna().sort_index()
    if not used or len(whole) < LEAST:
        raise DesignError(
            f"selection: {len(used)} criteria, {len(whole)} areas that have all of them; at least "
            f"one and {LEAST} are needed",
            german=f"Für eine Rangfolge fehlen Angaben: {len(used)} Kriterien, {len(whole)} Räume, "
            "die alle Kriterien haben.",
        )
    sign = np.array([1.0 if one.higher_is == "geeigneter" else -1.0 for one in used])
    scores = _standardised(whole) * sign
    weights = np.array([one.weight for one in used]) / sum(one.weight for one in used)
    total = scores @ weights
    table = pd.DataFrame({"area_id": whole.index.astype("string"), "rank": _ranks(total)})
    table["score"] = total
    drawn = np.random.default_rng(seed).dirichlet(weights * len(used), draws)
    table[["within", "lowest", "highest"]], tau, low = _sensitivity(scores, drawn, total, first)
    for dimension in dict.fromkeys(one.dimension for one in used):
        inside = np.array([one.dimension == dimension for one in used])
        table[dimension] = _ranks(scores[:, inside] @ weights[inside])
    lost = {str(area): ", ".join(row.index[row]) for area, row in wide[names].isna().iterrows()}
    unranked = {area: text for area, text in lost.items() if text}
    table = table.sort_values(["rank", "area_id"], ignore_index=True)
    return Ranking(table, unranked, first, draws if len(used) > 1 else 0, tau, low)


def _rows(tables: Tables, source: str, name: str) -> pd.DataFrame:
    """Return ``area_id, indicator, value, year, unit`` of a criterion; empty without table."""
    columns = ["area_id", "indicator", "value", "year", "unit"]
    key = "indicator" if source == "social_profile" else "criterion"
    if source not in tables:
        return pd.DataFrame(columns=columns)
    table = tables[source]
    own = table[table[key] == name].rename(columns={key: "indicator"})
    return own.reindex(columns=columns)


def _unfit(column: pd.Series, rows: pd.DataFrame) -> str:
    """Say why a criterion cannot tell areas apart; nothing when it can."""
    known = column.dropna()
    if counts_helps(rows).any():
        return "zählt Hilfen"
    if len(known) < LEAST:
        return f"nur für {len(known)} Räume bekannt" if len(known) else "nicht geliefert"
    return "in allen Räumen gleich" if known.nunique() == 1 else ""


def _standardised(whole: pd.DataFrame) -> Floats:
    """z-scores; a criterion that is the same in all complete areas tells none apart: 0."""
    x = whole.to_numpy(float)
    width = x.std(axis=0)
    flat = np.ptp(x, axis=0) == 0
    return np.asarray(np.where(flat, 0.0, (x - x.mean(axis=0)) / np.where(flat, 1.0, width)))


def _ranks(scores: Floats) -> npt.NDArray[np.int64]:
    """Ranks from 1, the highest score first; ties share the best rank."""
    return np.asarray(stats.rankdata(-np.round(scores, 12), method="min"), dtype=np.int64)


def _sensitivity(
    scores: Floats, drawn: Floats, total: Floats, first: int
) -> tuple[pd.DataFrame, float, float]:
    """Return share among the first and range of ranks by area, and Kendall's tau."""
    nothing = pd.DataFrame(np.full((len(total), 3), np.nan), dtype="Float64")
    if scores.shape[1] < 2:
        return nothing, float("nan"), float("nan")
    ranks = np.column_stack([_ranks(scores @ weights) for weights in drawn])
    taus = [stats.kendalltau(total, scores @ weights).statistic for weights in drawn]
    ends = np.quantile(ranks, [0.025, 0.975], axis=1, method="closest_observation")
    found = np.column_stack([(ranks <= first).mean(axis=1), *ends])
    tau = float(np.nanmean(taus)), float(np.nanquantile(taus, 0.05))
    return pd.DataFrame(found, dtype="Float64"), *tau
