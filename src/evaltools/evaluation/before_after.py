"""The before/after evaluation of one model area: from checked tables to effects and claims."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from evaltools.data import tables as processed
from evaltools.data.kept import once
from evaltools.effects import did, dynamics
from evaltools.effects.design import Panel, panel
from evaltools.effects.results import Effect
from evaltools.errors import DesignError
from evaltools.evaluation import fits, structure
from evaltools.evaluation.claims import CLAIM_OUTCOMES, Claim, Outcome, judge
from evaltools.evaluation.structure import Judged
from evaltools.measures import levels, outcomes
from evaltools.measures.change import Change, change
from evaltools.study import ModelArea, Study

Tables = Mapping[str, pd.DataFrame]
SECONDARY = ("placements", "intensity")
NO_START = "Studiendatei: start (Beginn der Maßnahme)"


@dataclass(frozen=True)
class Evaluation:
    """All results of one model area.

    Attributes
    ----------
    area, name, start : str
        The model area; `start` is empty when the study names none.
    outcomes : mapping of str to Outcome
        ``hze``, ``placements``, ``intensity``: an effect, or what is missing for it.
    claims : tuple of Claim
        The seven claims with their verdicts.
    names : mapping of str to str
        Names of the areas by id, where no two share one.
    """

    area: str
    name: str
    start: str
    outcomes: Mapping[str, Outcome]
    claims: tuple[Claim, ...]
    names: Mapping[str, str] = field(default_factory=dict)

    def called(self, area: str) -> str:
        """Return the name of an area, or its id where it has none of its own."""
        return self.names.get(area, area)

    def effect(self, outcome: str = "hze") -> Effect | None:
        """Return the effect on an outcome; None when it could not be estimated."""
        return self.outcomes[outcome].effect


def before_after(tables: Tables, study: Study, area: str) -> Evaluation:
    """Evaluate one model area before and after its start.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Processed tables by name; those that are missing make claims untestable.
    study : Study
        The study.
    area : str
        Id of a model area.

    Returns
    -------
    Evaluation
        Effects and the seven claims.

    Raises
    ------
    RunError
        When `area` is no model area of the study.
    """
    model, tables = study.model_area(area), compared(tables, study, area)
    found = {
        name: outcome(tables, study, model, getattr(study.outcomes, name))
        for name in CLAIM_OUTCOMES.values()
    }
    found |= several(tables, {name: found[name] for name in SECONDARY})
    every = tables["area"].set_index("area_id")["name"].dropna().astype(str)
    own = str(every.get(area, area))
    alone = every[~every.duplicated(keep=False)]
    names = {str(key): name for key, name in alone.items()}
    claims = judge(found, tables, study, _built(tables, study, model))
    every = tables["area"].set_index("area_id")["name"].dropna().astype(str)
    own = str(every.get(area, area))
    alone = every[~every.duplicated(keep=False)]
    names = {str(key): name for key, name in alone.items()}
    claims = judge(found, tables, study, _built(tables, study, model))
    return Evaluation(area, own, model.start or "", found, claims, names)


def _built(tables: Tables, study: Study, model: ModelArea) -> dict[int, Judged]:
    """Judge what rests on surveys, networks and milestones."""
    others = comparison_areas(tables["area"], study, model)
    asked, tied = (
        {name: tables[name] for name in names if name in tables} for names in structure.USED
    )
    return {
        5: once(tables, structure.acceptance, asked, study, model, others),
        7: once(tables, structure.interfaces, tied, study, model, others),
    }


def compared(tables: Tables, study: Study, area: str) -> Tables:
    """Narrow the counts of helps to a model area and those it may be compared with.

    Another model area's counts then change neither what is computed from the tables nor, where it
    comes from ``store.load``, the page that shows it.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Processed tables by name; not changed.
    study : Study
        The study.
    area : str
        Id of a model area.

    Returns
    -------
    mapping of str to DataFrame
        The same tables; ``hze_count`` holds the area, those the study compares it with and, for
        the guard that asks how these were chosen, all that were not treated.

    Raises
    ------
    RunError
        When `area` is no model area of the study.
    """
    model = study.model_area(area)
    everyone = model.model_copy(update={"comparison": "untreated"})
    wanted = {area}.union(
        *(comparison_areas(tables["area"], study, item) for item in (model, everyone))
    )
    if isinstance(tables, processed.Tables):
        return tables.only(wanted)
    narrowed = {
        name: frame[frame["area_id"].isin(wanted)].reset_index(drop=True)
        for name, frame in tables.items()
        if name == processed.NARROWED
    }
    return {**tables, **narrowed}


def outcome(tables: Tables, study: Study, model: ModelArea, name: str | None) -> Outcome:
    """Estimate the effect on one indicator, or say what is missing for it."""
    if name is None:
        return Outcome(None, ("hze_count: paragraph, form (nach Hilfeart aufgeteilt)",), "")
    values, missing = outcomes.delivered(tables, study, name, area=model.area, length=study.period)
    if missing or not model.start:
        return Outcome(None, (*missing, *(() if model.start else (NO_START,))), "")
    try:
        if values is None:
            values = outcomes.values(tables, study, name, length=study.period)
        built = build(values, tables, study, model)
        changes = _reference_changes(tables, study, name, built.periods, built.start)
        changes |= _selection_change(outcomes.within(values, study), model, built.start)
        effect = once(tables, fits.poisson, built, name)
        drift = once(tables, dynamics.pre_trend, built)
        carried = replace(effect, changes={**effect.changes, **changes}, pre_trend=drift)
        return Outcome(carried, (), "", built)
    except DesignError as error:
        return Outcome(None, (), error.german)


def build(
    values: pd.DataFrame,
    tables: Tables,
    study: Study,
    model: ModelArea,
    *,
    comparison: Collection[str] | None = None,
    left_out: Collection[str] | None = None,
) -> Panel:
    """Build the panel of a model area as the study declares it, or with another comparison.

    Parameters
    ----------
    values : DataFrame
        As :func:`outcomes.values` gives.
    tables, study, model
        The study, its tables and the model area.
    comparison, left_out : collection of str, optional
        In place of the areas and selection periods that the study declares.

    Raises
    ------
    DesignError
        When the design refuses the data.
    """
    looked_at = model.selection.periods if model.selection else ()
    return panel(
        outcomes.within(values, study),
        treated=model.area,
        start=model.start or "",
        comparison=comparison_areas(tables["area"], study, model)
        if comparison is None
        else comparison,
        left_out_periods=looked_at if left_out is None else left_out,
    )


def comparison_areas(area: pd.DataFrame, study: Study, model: ModelArea) -> list[str]:
    """Ids a model area is compared with: those the study names, or all untreated of its level."""
    if not isinstance(model.comparison, str):
        return [name for name in model.comparison if name not in study.excluded]
    out = set(study.treated) | set(study.excluded)
    return [name for name in levels.peers(area, model.area) if name not in out]


def several(tables: Tables, found: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """Adjust outcomes for being several; the primary one stands alone."""
    tested = {
        name: (item.panel, fits.bare(item.effect))
        for name, item in found.items()
        if item.effect is not None and item.panel is not None
    }
    if len(tested) < 2:
        return {name: found[name] for name in tested}
    adjusted = once(tables, did.adjusted, tested)
    return {name: _with(found[name], effect) for name, effect in adjusted.items()}


def _with(item: Outcome, effect: Effect) -> Outcome:
    """Put another effect in the place of an outcome's own, with what that one carries along."""
    if item.effect is None:
        return item
    own = item.effect
    return replace(item, effect=replace(effect, changes=own.changes, pre_trend=own.pre_trend))


def _selection_change(values: pd.DataFrame, model: ModelArea, start: str) -> dict[str, Change]:
    """Describe the misleading comparison with the selection periods alone, where there are any."""
    looked_at = model.selection.periods if model.selection else ()
    own = values[values["area_id"] == model.area]
    kept = own[own["period"].isin(looked_at) | (own["period"] >= start)]
    try:
        return {"selection": change("Auswahljahr", kept, start=start)}
    except DesignError:
        return {}


def _reference_changes(
    tables: Tables, study: Study, name: str, periods: tuple[str, ...], start: str
) -> dict[str, Change]:
    """Describe city, state and nation over the same periods, where they are delivered."""
    changes: dict[str, Change] = {}
    for level in study.reference:
        try:
            values = outcomes.reference(tables, study, name, level, length=study.period)
            own = values[values["period"].isin(periods)]
            changes[level] = change(study.level_label(level), own, start=start)
        except DesignError:
            continue
    return changes
