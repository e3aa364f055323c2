"""How much of the framework concept is in place: milestones, staff against its norm, the dose."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evaltools.data.schema_framework import OPERATIVE, STRATEGIC
from evaltools.errors import DesignError
from evaltools.measures import delivered, profile
from evaltools.measures.teams import KIFAZ_LEAST

Tables = Mapping[str, pd.DataFrame]
ELEMENTS = STRATEGIC + OPERATIVE
REACHED, PLANNED, OVERDUE, UNDATED = "erreicht", "geplant", "überfällig", "ohne Termin"
STEPS = ["element", "whole_city", "planned", "reached", "state", "delay_days", "evidence"]


@dataclass(frozen=True)
class Dose:
    """Share of the framework concept that is in place in an area on 31 December of a year.

    Attributes
    ----------
    area, year
        Where and when.
    share : float
        The dose, 0 to 1: as `reached`, but koordination and kifaz count only by the share of
        their norm that is staffed, where that is known.
    reached : float
        Elements in place over the elements that a milestone tells of.
    staffed : float
        Mean share of the norm that is staffed, over koordination and kifaz in place; NaN when
        unknown for both.
    in_place, missing, unknown : tuple of str
        Elements reached, not reached, and those no milestone tells of (not in the denominator).
    """

    area: str
    year: int
    share: float
    reached: float
    staffed: float
    in_place: tuple[str, ...]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]


def milestones(table: pd.DataFrame, area: str, *, last: int) -> pd.DataFrame:
    """Set what was reached beside what was planned, as of 31 December of the last year.

    A milestone without an area holds for the whole city and so for each area, unless the area has
    one of its own for the same element.

    Parameters
    ----------
    table : DataFrame
        ``milestone``; not changed.
    area : str
        Id of the area.
    last : int
        What is reached later counts as open.

    Returns
    -------
    DataFrame
        ``element, whole_city, planned, reached, state, delay_days, evidence`` in the order of the
        framework. `state` is ``erreicht``, ``geplant``, ``überfällig`` or ``ohne Termin``;
        `delay_days` runs from the planned day to that on which it was reached (negative: early),
        or to the last day for what is overdue.

    Raises
    ------
    DesignError
        When an element stands twice in the table, for the area or for the whole city.
    """
    rows = _milestones(table, area)
    due = pd.Timestamp(last, 12, 31)
    planned, reached = rows["planned"], rows["reached"].where(rows["reached"] <= due)
    cases = [reached.notna(), planned.isna(), planned >= due]
    state = pd.Series(np.select(cases, [REACHED, UNDATED, PLANNED], OVERDUE), dtype="string")
    days = (reached.fillna(due) - planned).dt.days.astype("Int64").mask(state == PLANNED)
    return rows.assign(reached=reached, state=state, delay_days=days)[STEPS]


def staffing(table: pd.DataFrame, area: str) -> pd.DataFrame:
    """Set an area's staff against its norm, by role and year.

    Returns
    -------
    DataFrame
        As :func:`evaltools.measures.profile.staffing`, with ``filled``: VZÄ over norm, NA where
        either is unknown or the norm is 0.
    """
    found = profile.staffing(table, area).astype({"vzae": "Float64", "vzae_norm": "Float64"})
    return found.assign(filled=found["vzae"] / found["vzae_norm"].where(found["vzae_norm"] > 0))


def dose(tables: Tables, area: str, year: int) -> Dose:
    """Say which share of the framework concept is in place in an area at the end of a year.

    ``dose = (sum of the weights of the elements in place) / (elements that a milestone tells of)``
    with the weight 1, but for koordination ``min(1, vzae / vzae_norm)`` of the coordinator in
    ``staffing``, and for kifaz the mean of ``min(1, vzae / 1.5)`` over the area's centres in
    ``kifaz``, where these are known for the year. An element is in place when its milestone was
    reached by 31 December.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``milestone``, and where delivered ``staffing`` and ``kifaz``.
    area : str
        Id of the area.
    year : int
        The year.

    Raises
    ------
    DesignError
        When no milestone tells of the area or the whole city, or as in :func:`milestones`.
    """
    rows = _milestones(tables["milestone"], area) if "milestone" in tables else pd.DataFrame()
    if rows.empty:
        raise DesignError(
            f"area {area}: no milestone of it or of the whole city; deliver the table milestone",
            german="Für den Raum liegt kein Meilenstein vor; ein Umsetzungsgrad ist nicht zu "
            "berechnen.",
        )
    there = rows["reached"] <= pd.Timestamp(year, 12, 31)
    in_place, missing = (tuple(rows.loc[held, "element"]) for held in (there, ~there))
    weights = {element: _staffed(tables, area, year, element) for element in in_place}
    known = [weight for weight in weights.values() if weight is not None]
    given = sum(1.0 if weight is None else weight for weight in weights.values())
    return Dose(
        area,
        year,
        share=given / len(rows),
        reached=len(in_place) / len(rows),
        staffed=float(np.mean(known)) if known else float("nan"),
        in_place=in_place,
        missing=missing,
        unknown=tuple(name for name in ELEMENTS if name not in {*in_place, *missing}),
    )


def dose_path(tables: Tables, area: str, years: Collection[int]) -> pd.DataFrame:
    """Follow the dose over the years: ``area_id, year, dose``; see :func:`dose`."""
    rows = [[area, year, dose(tables, area, year).share] for year in years]
    frame = pd.DataFrame(rows, columns=["area_id", "year", "dose"])
    return frame.astype({"area_id": "string", "year": "Int64", "dose": "Float64"})


def caseload(staffing: pd.DataFrame, stock: pd.Series) -> pd.DataFrame:
    """Divide the helps running on 31 December by the case managers' VZÄ.

    Parameters
    ----------
    staffing : DataFrame
        Rows of the table ``staffing`` of the areas that the stock counts, and of no other.
    stock : Series
        Helps by year (index).

    Returns
    -------
    DataFrame
        ``year, stock, vzae, cases_per_vzae``: sum over sum; NA where the stock or an area's VZÄ is
        unknown, or there are none. It counts helps: it may be shown only where the stock may.
    """
    managers = staffing[staffing["role"] == "case_manager"]
    vzae = managers.groupby("year")["vzae"].agg(lambda part: part.sum(skipna=False))
    found = pd.DataFrame({"stock": stock, "vzae": vzae.reindex(stock.index)}).astype("Float64")
    ratio = found["stock"] / found["vzae"].where(found["vzae"] > 0)
    return found.assign(cases_per_vzae=ratio).rename_axis("year").reset_index().sort_values("year")


def _milestones(table: pd.DataFrame, area: str) -> pd.DataFrame:
    """List the milestones that hold for an area, in the order of the framework."""
    rows = delivered.typed(table, "milestone")
    rows["whole_city"] = rows["area_id"].isna()
    rows = rows[rows["whole_city"] | (rows["area_id"] == area).fillna(False)]
    twice = rows[rows.duplicated(["element", "whole_city"])]
    if len(twice):
        raise DesignError(
            f"milestone {twice.iloc[0]['element']}: two rows for area {area} or for the whole "
            "city; keep one",
            german="Ein Meilenstein steht zweimal in der Tabelle; sie ist zu berichtigen.",
        )
    own = rows.sort_values("whole_city", kind="stable").drop_duplicates("element")
    order = own["element"].map(ELEMENTS.index)
    return own.loc[order.sort_values().index].reset_index(drop=True)


def _staffed(tables: Tables, area: str, year: int, element: str) -> float | None:
    """Share of its norm that an element is staffed with, at most 1; None when unknown."""
    if element == "kifaz" and "kifaz" in tables:
        rows = delivered.rows(tables["kifaz"], "kifaz", area)
        filled = rows.loc[rows["year"] == year, "vzae"] / KIFAZ_LEAST
    elif element == "koordination" and "staffing" in tables:
        rows = staffing(tables["staffing"], area)
        hit = (rows["role"] == "coordinator") & (rows["year"] == year)
        filled = rows.loc[hit.fillna(False), "filled"]
    else:
        return None
    known = filled.dropna().clip(upper=1)
    return float(known.mean()) if len(known) else None
