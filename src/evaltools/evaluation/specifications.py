"""The specification table: the primary question asked in every other defensible way."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaltools.data.kept import once
from evaltools.effects.design import Panel
from evaltools.effects.results import Effect
from evaltools.errors import DesignError
from evaltools.evaluation import fits
from evaltools.evaluation.before_after import Tables, build, comparison_areas
from evaltools.evaluation.fits import DESIGNS, KINDS
from evaltools.measures import outcomes
from evaltools.measures.catalogue import indicator
from evaltools.study import ModelArea, Study

VARIANTS = ("inanspruchnahme_lokal", "inanspruchnahme", "jahressumme_consens", "hze_dichte")
MOST_WITH_INTERVAL = 40  # with more areas, the table holds their estimates without placebos


def specifications(tables: Tables, study: Study, model: ModelArea) -> pd.DataFrame:
    """Estimate the primary question in every other defensible way, one row each."""
    own = study.outcomes.hze
    rows: list[dict[str, object]] = []
    for name in dict.fromkeys((own, *VARIANTS)):
        values, missing = outcomes.delivered(
            tables, study, name, area=model.area, length=study.period
        )
        if missing:
            continue
        if values is None:
            values = outcomes.values(tables, study, name, length=study.period)
        for words, built in panels(values, tables, study, model):
            for design in DESIGNS:
                label = {"design": design, "outcome": indicator(name).label, **words}
                first = name == own and design == next(iter(DESIGNS)) and words["primary"]
                rows.append(label | _figures(tables, built, design, name) | {"primary": first})
    return pd.DataFrame(rows)


def panels(
    values: pd.DataFrame, tables: Tables, study: Study, model: ModelArea
) -> list[tuple[dict[str, object], Panel | str]]:
    """Build panels with other comparison areas, periods and bases, each with its words."""
    declared = comparison_areas(tables["area"], study, model)
    groups = {"wie festgelegt": declared}
    near = set(model.neighbours)
    if near & set(declared):
        groups["ohne Nachbarräume"] = [area for area in declared if area not in near]
    alike = _alike(tables["area"], model.area, declared)
    if alike and set(alike) != set(declared):
        groups["gleicher Raumtyp"] = alike
    looked_at = model.selection.periods if model.selection else ()
    spans = {"wie festgelegt": looked_at} | ({"mit Auswahljahr": ()} if looked_at else {})
    found: list[tuple[dict[str, object], Panel | str]] = []
    for group, areas in groups.items():
        for span, left_out in spans.items():
            built = built_or_refused(values, tables, study, model, areas, left_out)
            for base, fixed in (("jährlich", False), ("fest", True)):
                first = (group, span, base) == ("wie festgelegt", "wie festgelegt", "jährlich")
                words = {"comparison": group, "periods": span, "base": base, "primary": first}
                other = built.fixed_base() if fixed and isinstance(built, Panel) else built
                found.append((words, other))
    return found


def built_or_refused(
    values: pd.DataFrame,
    tables: Tables,
    study: Study,
    model: ModelArea,
    areas: list[str],
    left_out: tuple[str, ...],
) -> Panel | str:
    """Build a panel, or return the German sentence why the design refuses it."""
    try:
        return build(values, tables, study, model, comparison=areas, left_out=left_out)
    except DesignError as error:
        return error.german


def _alike(area: pd.DataFrame, own: str, declared: list[str]) -> list[str]:
    if "area_type" not in area:
        return []
    kinds = area.set_index("area_id")["area_type"]
    if own not in kinds.index or pd.isna(kinds[own]):
        return []
    return [name for name in declared if kinds.get(name) == kinds[own]]


def tried(tables: Tables, design: str, built: Panel, name: str) -> Effect | str:
    """Estimate by one of the designs, or return the German sentence why it refuses."""
    try:
        return once(tables, DESIGNS[design], built, name)
    except DesignError as error:
        return error.german


def _figures(tables: Tables, built: Panel | str, design: str, name: str) -> dict[str, object]:
    empty = {"estimate": np.nan, "low": np.nan, "high": np.nan, "p": np.nan, "refusal": ""}
    if isinstance(built, str):
        return empty | {"refusal": built}
    if design in KINDS and len(built.areas) > MOST_WITH_INTERVAL:
        try:
            return empty | {"estimate": once(tables, fits.alone, built, KINDS[design])}
        except DesignError as error:
            return empty | {"refusal": error.german}
    found = tried(tables, design, built, name)
    if isinstance(found, str):
        return empty | {"refusal": found}
    return empty | {key: getattr(found, key) for key in ("estimate", "low", "high", "p")}


def place(table: pd.DataFrame) -> tuple[int, int, float]:
    """Say where the primary estimate lies among the specifications.

    Parameters
    ----------
    table : DataFrame
        ``estimate, primary``, one row a specification; refused ones have no estimate.

    Returns
    -------
    place, n : int
        Place by the estimate, 1 the lowest, and how many could be estimated.
    same : float
        Share of them on the primary one's side of 1.

    Raises
    ------
    DesignError
        When not exactly one row is primary and estimated.
    """
    known = table[table["estimate"].notna()]
    own = known.loc[known["primary"].astype(bool), "estimate"]
    if len(own) != 1:
        raise DesignError(f"{len(own)} primary specifications; exactly one is needed")
    side = (known["estimate"] < 1) == (own.iloc[0] < 1)
    return 1 + int((known["estimate"] < own.iloc[0]).sum()), len(known), float(side.mean())
