"""The comparison group: areas nearest to a model area in level, trend and profile before it began.

Poisson trends depend on the counts of an area through two sums only (all helps, and helps times
year), which ``release.selection_views`` relies on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaltools.errors import DesignError
from evaltools.measures import levels
from evaltools.measures.helps import counts_helps
from evaltools.study import Event, ModelArea, Study
from evaltools.studyparts import begun

Floats = npt.NDArray[np.float64]
LEAST_PERIODS = 5
LEAST_MEAN = 10  # helps a period, below which a trend is chance
LEAST_AREAS = 3
STEPS = 50
FLAT = 1e-12
EVENTS = {
    "reform": "andere Maßnahme",
    "definition": "andere Zählweise",
    "boundary": "anderer Gebietsstand",
}
REASONS = {
    "model": "anderer Modellraum",
    "neighbour": "Nachbar des Modellraums: die Wirkung kann hinüberreichen",
    "ended": "besteht nicht mehr",
    "level": "anderer Zuschnitt (Teilraum oder übergeordneter Raum)",
    "hidden": "Fallzahlen nicht zur Veröffentlichung bestimmt",
    "unknown": "Fallzahlen oder Bevölkerung vor dem Beginn nicht vollständig bekannt",
    "few": f"im Mittel weniger als {LEAST_MEAN} Hilfen je Zeitraum vor dem Beginn",
    "profile": "soziale Merkmale nicht vollständig bekannt",
}


@dataclass(frozen=True)
class Group:
    """The areas nearest to a model area.

    Attributes
    ----------
    table : DataFrame
        ``area_id, distance, rank, chosen, level, trend, profile``, nearest first. Distance: root
        mean square of the three differences, each in standard deviations over all these areas and
        the model area; profile is the root mean square over its indicators.
    excluded : mapping of str to str
        Area → why it is not compared, in German.
    periods : tuple of str
        Periods before the start that level and trend are taken from.
    indicators : tuple of str
        Social indicators of the profile; empty where none is known in time.
    """

    table: pd.DataFrame
    excluded: Mapping[str, str]
    periods: tuple[str, ...]
    indicators: tuple[str, ...]


def excluded(area_table: pd.DataFrame, study: Study, model: ModelArea) -> dict[str, str]:
    """Say which areas cannot be compared with a model area and why, in German.

    Parameters
    ----------
    area_table : DataFrame
        ``area``; not changed.
    study : Study
        Names other model areas, areas with measures of their own, and boundary reforms.
    model : ModelArea
        The model area; its neighbours are left out.
    """
    table = area_table.reindex(columns=["area_id", "successor"]).astype("string")
    deep = levels.depths(area_table)
    reasons = {str(event.area): _told(event) for event in study.events if event.area}
    reasons |= {area: f"eigene Maßnahme: {why}" for area, why in study.excluded.items()}
    other = deep.index[deep != deep.get(model.area, 0)]
    reasons |= {str(area): REASONS["level"] for area in other}
    reasons |= dict.fromkeys(table.loc[table["successor"].notna(), "area_id"], REASONS["ended"])
    reasons |= dict.fromkeys(model.neighbours, REASONS["neighbour"])
    reasons |= dict.fromkeys(study.treated, REASONS["model"])
    reasons.pop(model.area, None)
    return {area: reasons[area] for area in sorted(deep.index) if area in reasons}


def comparison(
    rates: pd.DataFrame,
    profile: pd.DataFrame,
    model: ModelArea,
    left_out: Mapping[str, str],
    *,
    nearest: int,
) -> Group:
    """Find the areas nearest to a model area before it began.

    Parameters
    ----------
    rates : DataFrame
        ``area_id, period, numerator, denominator`` of the primary outcome in the study's periods:
        counts over people; not changed.
    profile : DataFrame
        ``social_profile`` of the indicators to compare; not changed. Of each, the latest year
        before the start that the model area has is used.
    model : ModelArea
        With its start; periods that the selection looked at are left out.
    left_out : mapping of str to str
        Area → why it is not compared, as :func:`excluded` gives it.
    nearest : int
        How many areas are chosen.

    Raises
    ------
    DesignError
        When there is no start, fewer than five periods before it, too few helps in the model area,
        or fewer than three areas left.

    Notes
    -----
    Level: sum of helps over sum of people. Trend: log-linear (Poisson) change of the rate a
    period. Neither sees what came after the start. To match on the level invites regression to the
    mean where the model area was chosen for a high one (Daw & Hatfield 2018, Health Services
    Research 53, 4138-4156, doi:10.1111/1475-6773.12993).
    """
    periods = _before(rates, model)
    counts, people = (
        rates.pivot(index="area_id", columns="period", values=name)
        .reindex(columns=list(periods))
        .astype(float)
        for name in ("numerator", "denominator")
    )
    social = _social(profile, model)
    unfit = {
        str(area): why
        for area in counts.index
        if (why := _unfit(counts.T[area], people.T[area], social, str(area)))
    }
    reasons = {area: why for area, why in (unfit | dict(left_out)).items() if area != model.area}
    kept = [area for area in counts.index if area not in reasons]
    if model.area in unfit or len(kept) - 1 < LEAST_AREAS:
        raise DesignError(
            f"comparison of {model.area}: {len(kept) - 1} areas can be compared; at least "
            f"{LEAST_AREAS} are needed, and {LEAST_MEAN} helps a period and no unknown value in "
            "the model area",
            german="Für eine Vergleichsgruppe bleiben zu wenige Räume (nötig sind "
            f"{LEAST_AREAS}), oder der Modellraum selbst hat zu wenige Hilfen oder unbekannte "
            "Werte.",
        )
    table = _distances(counts.loc[kept], people.loc[kept], social.reindex(kept), model.area)
    table["chosen"] = pd.array(np.arange(len(table)) < nearest, dtype="boolean")
    return Group(table, reasons, periods, tuple(social.columns.astype(str)))


def trend(counts: npt.ArrayLike, people: npt.ArrayLike) -> float:
    """Log-linear change of a rate a period: Poisson maximum likelihood.

    Parameters
    ----------
    counts, people : array_like, shape (n_periods,)
        Counts from 0, some above; people above 0.

    Returns
    -------
    float
        Slope of the log rate; 0.05 is a rise of about 5 % a period.
    """
    n, base = np.asarray(counts, dtype=float), np.asarray(people, dtype=float)
    time = np.arange(len(n)) - (len(n) - 1) / 2
    design = np.column_stack([np.ones_like(time), time])
    estimate = np.array([np.log(n.sum() / base.sum()), 0.0])
    for _ in range(STEPS):
        mean = base * np.exp(np.clip(design @ estimate, -30, 30))
        step = np.linalg.solve(design.T @ (design * mean[:, None]), design.T @ (n - mean))
        estimate = estimate + np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-12:
            break
    return float(estimate[1])


def _told(event: Event) -> str:
    return f"{EVENTS[event.kind]} ({event.period}): {event.label}"


def _before(rates: pd.DataFrame, model: ModelArea) -> tuple[str, ...]:
    looked_at: Collection[str] = model.selection.periods if model.selection else ()
    every = sorted(set(rates["period"].astype(str)))
    periods = tuple(
        one for one in every if model.start and not begun(one, model.start) and one not in looked_at
    )
    if len(periods) < LEAST_PERIODS or model.area not in set(rates["area_id"]):
        raise DesignError(
            f"comparison of {model.area}: start={model.start or 'none'} leaves {len(periods)} "
            f"periods before it; at least {LEAST_PERIODS} are needed",
            german=f"Vor dem Beginn gibt es {len(periods)} Zeiträume mit Fallzahlen; nötig sind "
            f"{LEAST_PERIODS}.",
        )
    return periods


def _social(profile: pd.DataFrame, model: ModelArea) -> pd.DataFrame:
    """Return the latest values before the start, areas by indicators, that tell areas apart."""
    year = int(model.start[:4]) if model.start else 0
    rows = profile[(profile["year"] < year) & profile["value"].notna()]
    rows = rows[~counts_helps(rows)]
    own = rows[rows["area_id"] == model.area].groupby("indicator")["year"].max()
    rows = rows[rows["year"] == rows["indicator"].map(own)]
    wide = rows.pivot(index="area_id", columns="indicator", values="value").astype(float)
    return wide.loc[:, wide.nunique() > 1]


def _unfit(counts: pd.Series, people: pd.Series, social: pd.DataFrame, area: str) -> str:
    if counts.isna().any() or people.isna().any() or not (people > 0).all():
        return REASONS["unknown"]
    if counts.mean() < LEAST_MEAN:
        return REASONS["few"]
    known = not len(social.columns) or (area in social.index and social.loc[area].notna().all())
    return "" if known else REASONS["profile"]


def _distances(
    counts: pd.DataFrame, people: pd.DataFrame, social: pd.DataFrame, model: str
) -> pd.DataFrame:
    """Set each area's distance from the model area, nearest first."""
    level = counts.sum(axis=1) / people.sum(axis=1)
    slopes = [trend(counts.loc[area], people.loc[area]) for area in counts.index]
    parts = {"level": level, "trend": pd.Series(slopes, counts.index)}
    apart = pd.DataFrame({name: _apart(part.to_frame(), model) for name, part in parts.items()})
    if len(social.columns):
        apart["profile"] = _apart(social, model)
    distance = np.sqrt((apart**2).mean(axis=1)).rename("distance")
    table = apart.reindex(columns=["level", "trend", "profile"]).assign(distance=distance)
    table = table.drop(index=model).rename_axis("area_id").reset_index()
    table = table.sort_values(["distance", "area_id"], ignore_index=True)
    table["rank"] = table["distance"].rank(method="min").astype("Int64")
    columns = ["area_id", "distance", "rank", "level", "trend", "profile"]
    return table[columns].astype({"area_id": "string"})


def _apart(wide: pd.DataFrame, model: str) -> pd.Series:
    """Root mean square difference from the model area, in population standard deviations."""
    width = wide.std(ddof=0)
    # What differs by rounding alone must not be blown up to standard deviations.
    differs = width > FLAT * (1 + wide.abs().mean())
    scaled = (wide - wide.loc[model]) * differs.astype(float) / width.where(differs, 1.0)
    return np.sqrt((scaled**2).mean(axis=1))  # type: ignore[no-any-return]
