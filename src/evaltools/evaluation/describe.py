"""What is described beside the estimate, without a verdict: lengths of helps, single series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from evaltools.data.kept import once
from evaltools.effects import its, placebo
from evaltools.effects.its import Segments
from evaltools.errors import DesignError
from evaltools.evaluation.before_after import Evaluation, Tables, comparison_areas
from evaltools.measures import durations, outcomes
from evaltools.study import Study

SEASONS = {"year": (0, 1), "quarter": (1, 4), "month": (2, 12)}


@dataclass(frozen=True)
class Lengths:
    """How long helps lasted before and after in one area, and the place of its change.

    ``row`` is the area's row of :func:`durations.durations`; ``rank`` of ``n`` its place by the
    size of the log-rank statistic among the areas that have one.
    """

    row: pd.Series
    rank: int
    n: int

    @property
    def p(self) -> float:
        """Share of areas whose helps changed their length at least as much."""
        return self.rank / self.n


def lengths(
    cases: pd.DataFrame, tables: Tables, study: Study, evaluation: Evaluation
) -> Lengths | str:
    """Compare how long helps last before and after, and rank the change among all areas.

    Parameters
    ----------
    cases : DataFrame
        ``hze_case``; not changed.
    tables, study, evaluation
        The study, its tables and the evaluation of the model area.

    Returns
    -------
    Lengths or str
        The German sentence why there is none where the rows do not suffice.
    """
    model = study.model_area(evaluation.area)
    if not model.start:
        return "Die Studie nennt keinen Beginn."
    try:
        found = durations.durations(
            cases,
            start=model.start,
            censored_at=durations.observed_until(cases, study),
            observed_from=str(study.first) if study.first else None,
            left_out=model.selection.periods if model.selection else (),
        ).set_index("area_id")
    except DesignError as error:
        return error.german
    known = found[found["z"].notna()]
    own = known[known.index == model.area]
    if own.empty:
        return "Im Modellraum gibt es zu wenige Hilfen für einen Vergleich der Dauer."
    others = known[known.index.isin(comparison_areas(tables["area"], study, model))]
    sizes = others["z"].abs().to_numpy(float)
    place = placebo.rank(float(own["z"].abs().iloc[0]), sizes)
    return Lengths(own.iloc[0], place, 1 + len(sizes))


def series(tables: Tables, study: Study, evaluation: Evaluation) -> Mapping[str, Segments | str]:
    """Describe the model area, its comparison and the references as single series.

    Returns
    -------
    mapping of str to Segments or str
        By German label; where a series is too short, the sentence that says so. The comparison
        is the sum over the areas of the panel, so the model areas are not in it.
    """
    primary = evaluation.outcomes["hze"].panel
    if primary is None:
        return {}
    rows = {evaluation.name: slice(0, 1), "Vergleichsräume": slice(1, None)}
    season = SEASONS[study.period]
    found = {}
    for label, part in rows.items():
        sums = (primary.counts[part].sum(0), primary.exposure[part].sum(0))
        counts, base = (pd.Series(values, index=primary.periods) for values in sums)
        found[label] = once(tables, _described, counts, base, primary.start, season)
    for level in study.reference:
        name = study.outcomes.hze
        try:
            values = outcomes.reference(tables, study, name, level, length=study.period)
        except DesignError as error:
            found[study.level_label(level)] = error.german
            continue
        own = values[values["period"].isin(primary.periods)].dropna(subset=["value"])
        own = (
            own.set_index("period").sort_index().astype({"numerator": float, "denominator": float})
        )
        label = study.level_label(level)
        parts = own["numerator"], own["denominator"]
        found[label] = once(tables, _described, *parts, primary.start, season)
    return found


def _described(
    counts: pd.Series, base: pd.Series, start: str, season: tuple[int, int]
) -> Segments | str:
    after = pd.Series(counts.index >= start, index=counts.index)
    try:
        return its.poisson(counts, base, after=after, season=season)
    except DesignError as error:
        return error.german
