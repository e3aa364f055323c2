"""The before/after evaluation of one model area: from checked tables to effects and claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from evaltools.effects import did
from evaltools.effects.claims import CLAIM_OUTCOMES, Outcome, judge
from evaltools.effects.design import panel
from evaltools.effects.results import Change, Claim, Effect
from evaltools.errors import DesignError
from evaltools.measures.catalogue import Indicator, indicator
from evaltools.measures.indicators import ONLY_TOTAL, compute, compute_reference
from evaltools.study import ModelArea, Study

Tables = Mapping[str, pd.DataFrame]
SECONDARY = ("placements", "intensity")
NEEDS = {
    "hze_count": "area_id, period, paragraph, form, stock_3112, started, ended",
    "population": "area_id, year, sex, age_from, age_to, n, kind",
}


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
    """

    area: str
    name: str
    start: str
    outcomes: Mapping[str, Outcome]
    claims: tuple[Claim, ...]

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
    model = study.model_area(area)
    begun = model.start or ""
    outcomes = {
        name: _outcome(tables, study, model, getattr(study.outcomes, name), begun)
        for name in CLAIM_OUTCOMES.values()
    }
    outcomes |= _secondary({name: outcomes[name] for name in SECONDARY})
    names = tables["area"].set_index("area_id")["name"]
    claims = judge(outcomes, tables, study)
    return Evaluation(area, str(names.get(area, area)), begun, outcomes, claims)


def comparison_areas(area: pd.DataFrame, study: Study, model: ModelArea) -> list[str]:
    """Ids a model area is compared with: those the study names, or all untreated today's areas."""
    if not isinstance(model.comparison, str):
        return [name for name in model.comparison if name not in study.excluded]
    today = area[area["successor"].isna()] if "successor" in area else area
    out = set(study.treated) | set(study.excluded)
    return [name for name in today["area_id"] if name not in out]


def _secondary(outcomes: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """Adjust the secondary outcomes for being several; the primary one stands alone."""
    effects = {name: item.effect for name, item in outcomes.items() if item.effect is not None}
    return {name: Outcome(effect, (), "") for name, effect in did.adjusted(effects).items()}


def _outcome(
    tables: Tables, study: Study, model: ModelArea, name: str | None, start: str
) -> Outcome:
    """Estimate the effect on one indicator, or say what is missing for it."""
    if name is None:
        return Outcome(None, ("hze_count: paragraph, form (nach Hilfeart aufgeteilt)",), "")
    item = indicator(name)
    missing = [f"{table}: {columns}" for table, columns in NEEDS.items() if table not in tables]
    if not start:
        missing.append("Studiendatei: start (Beginn der Maßnahme)")
    if missing:
        return Outcome(None, tuple(missing), "")
    left_out = model.selection.periods if model.selection else ()
    try:
        values = compute(tables["hze_count"], tables["population"], name, ages=study.population)
        own = values[values["area_id"] == model.area]
        if own["numerator"].isna().all():
            return Outcome(None, (_lacking(item, own),), "")
        built = panel(
            within(values, study),
            treated=model.area,
            start=start,
            comparison=comparison_areas(tables["area"], study, model),
            left_out_periods=left_out,
        )
        changes = _reference_changes(tables, study, name, built.periods, start)
        changes |= _selection_change(within(values, study), model, start)
        return Outcome(did.rate_ratio(built, measure=name, changes=changes), (), "")
    except DesignError as error:
        return Outcome(None, (), error.german)


def _lacking(item: Indicator, own: pd.DataFrame) -> str:
    """Name what the counts lack for an indicator of which the area has no value at all."""
    if (own["reason"] == ONLY_TOTAL).any():
        return (
            f"hze_count: nach paragraph und form aufgeteilt für „{item.label}“; geliefert ist nur "
            "die Summe (alle), zu der unter outcomes der Indikator inanspruchnahme gehört"
        )
    return f"hze_count: Zahlen für „{item.label}“ = {item.formula}"


def _selection_change(values: pd.DataFrame, model: ModelArea, start: str) -> dict[str, Change]:
    """Describe the misleading comparison with the selection periods alone, where there are any."""
    looked_at = model.selection.periods if model.selection else ()
    own = values[values["area_id"] == model.area]
    kept = own[own["period"].isin(looked_at) | (own["period"] >= start)]
    try:
        return {"selection": did.change("Auswahljahr", kept, start=start, left_out=())}
    except DesignError:
        return {}


def within(values: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Keep the periods between the study's first and last year."""
    year = values["period"].str[:4].astype(int)
    first, last = study.first or year.min(), study.last or year.max()
    return values[(year >= first) & (year <= last)]


def _reference_changes(
    tables: Tables, study: Study, name: str, periods: tuple[str, ...], start: str
) -> dict[str, Change]:
    """Describe city, state and nation over the same periods, where they are delivered."""
    if "reference_trend" not in tables:
        return {}
    values = compute_reference(tables["reference_trend"], name, ages=study.population)
    changes: dict[str, Change] = {}
    for level in study.reference:
        own = values[(values["area_id"] == level) & values["period"].isin(periods)]
        try:
            changes[level] = did.change(study.level_label(level), own, start=start, left_out=())
        except DesignError:
            continue
    return changes
