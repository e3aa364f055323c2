"""How far the primary estimate holds: period by period, other choices, and unlike trends."""

from __future__ import annotations

import math

import pandas as pd

from evaltools.effects.results import Effect
from evaltools.errors import DesignError
from evaltools.evaluation.appendix import Appendix
from evaltools.evaluation.before_after import Evaluation
from evaltools.evaluation.specifications import place
from evaltools.measures import outcomes
from evaltools.measures.catalogue import INDICATORS
from evaltools.release import method_figures, wording
from evaltools.release.claim_views import SMALL, rules_for
from evaltools.release.disclosure import (
    LEFT_OUT,
    Released,
    Rule,
    permit_effect,
    permitted,
    release,
    release_series,
)
from evaltools.release.display import Prose, prose
from evaltools.release.figures import Figure
from evaltools.release.tables import Column, HtmlTable, table
from evaltools.release.views import Tables, public
from evaltools.study import Study
from evaltools.studyparts import begun

NO_EFFECT = "Für diese Darstellung reichen die Daten nicht; was fehlt, nennt „Vorher und nachher“."


def event_figure(found: Appendix | None, result: Evaluation, rules: Rule) -> Figure | Prose:
    """Draw the area's ratio to the others period by period, with the placebo band."""
    effect = result.effect()
    if found is None or effect is None or hidden(result, rules):
        return instead(found)
    level = wording.percent(found.event.level)
    caption = (
        f"Abweichung des Raums vom Verlauf der übrigen, gemessen am Mittel vor dem Beginn. Grau: "
        f"Bereich, in dem {level} der Räume liegen, wenn jeder als Modellraum behandelt wird."
    )
    handed = release_event(effect, found, rules)
    return method_figures.event_study(handed, caption=caption, name=result.name, start=effect.start)


def release_event(effect: Effect, found: Appendix, rules: Rule) -> Released:
    """Hand out ``period, ratio, low, high, after``; a ratio goes with its period's small count.

    Raises
    ------
    ReleaseError
        When the effect rests on a small sum.
    """
    permit_effect(effect, rules)
    observed = effect.series[["period", "observed"]].rename(columns={"observed": "count"})
    frame = found.event.table.merge(observed, on="period", validate="one_to_one")
    gaps = pd.DataFrame({"period": list(effect.left_out_periods), "reason": LEFT_OUT})
    whole = pd.concat([frame, gaps]).sort_values("period", ignore_index=True)
    whole["after"] = whole["period"] >= effect.start
    shown = ("period", "low", "high", "after")
    return release(whole, rules, counts={"count": ("ratio",)}, public=shown, within=("after",))


def before_start(found: Appendix | None, result: Evaluation, rules: Rule) -> Prose:
    """Say the joint test of the periods before, and the leave-two-out share."""
    if found is None or hidden(result, rules):
        return instead(found)
    pairs = wording.pairs_sentence(found.pairs, found.pairs_bound)
    return prose(wording.movement_sentence(found.event), pairs)


def specification_figure(
    found: Appendix | None, result: Evaluation, tables: Tables, study: Study, rules: Rule
) -> Figure | Prose:
    """Draw the estimates of every defensible choice, lowest first, with what was chosen."""
    if found is None or hidden(result, rules):
        return instead(found)
    shown = _shown(found.specifications, result, tables, study, rules)
    known = shown[shown["estimate"].notna()].drop(columns=["refusal", "p"])
    caption = (
        "Die primäre Frage mit jeder anderen vertretbaren Festlegung geschätzt, mit Intervall. "
        "Striche unten zeigen, was bei der Schätzung darüber festgelegt war."
    )
    return method_figures.specification_curve(public(known, rules), caption=caption)


def specification_sentences(
    found: Appendix | None, result: Evaluation, tables: Tables, study: Study, rules: Rule
) -> Prose:
    """Say where the primary estimate lies among the others, and how many were refused."""
    if found is None or hidden(result, rules):
        return instead(found)
    shown = _shown(found.specifications, result, tables, study, rules)
    refused, small = int(shown["estimate"].isna().sum()), len(found.specifications) - len(shown)
    return prose(
        wording.place_sentence(*place(shown)),
        f"Für {wording.number(refused)} weitere lehnt das Verfahren die Daten ab."
        if refused
        else "Alle Festlegungen ließen sich rechnen.",
        f"Nicht gezeigt werden {wording.number(small)}, weil sie auf kleinen Fallzahlen beruhen."
        if small
        else "",
    )


def bounds(found: Appendix | None, result: Evaluation, rules: Rule) -> HtmlTable | Prose:
    """Show how the interval widens when trends may differ as much as they did before the start."""
    if found is None or _telling(found, result, rules):
        return instead(found)
    frame = pd.DataFrame(
        {
            "mbar": [_times(float(m)) for m in found.bounds.table["mbar"]],
            "interval": [
                wording.interval(low, high)
                for low, high in found.bounds.table[["low", "high"]].to_numpy(float)
            ],
        }
    )
    columns = {
        "mbar": Column("Abweichung je Zeitraum", "im Verhältnis zum größten Sprung davor"),
        "interval": Column("mit den Daten vereinbar"),
    }
    caption = "Wenn der Verlauf auch ohne Modell ein anderer gewesen wäre"
    return table(public(frame, rules), columns, caption=caption)


def bounds_sentence(found: Appendix | None, result: Evaluation, rules: Rule) -> Prose:
    """Say up to which deviation from parallel trends the result holds."""
    if found is None or _telling(found, result, rules):
        return instead(found)
    source = "Angelehnt an Rambachan und Roth 2023, doi:10.1093/restud/rdad018."
    return prose(wording.breakdown_sentence(found.bounds), source)


def _times(mbar: float) -> str:
    """Write a multiple: 0.5 → ``0,5-fach``."""
    digits = next(n for n in (0, 1, 2) if n == 2 or math.isclose(mbar, round(mbar, n)))
    return f"{wording.number(mbar, digits)}-fach" if mbar else "gleicher Verlauf"


def instead(found: Appendix | None) -> Prose:
    """Say why a figure or table is not shown."""
    return prose(NO_EFFECT if found is None else SMALL)


def hidden(result: Evaluation, rules: Rule) -> bool:
    """Say whether the primary effect is unknown or rests on a small sum."""
    effect = result.effect()
    return effect is None or not permitted(effect, rules)


def _telling(found: Appendix, result: Evaluation, rules: Rule) -> bool:
    """Say whether the largest step before the start could tell a small count."""
    effect = result.effect()
    if effect is None or hidden(result, rules):
        return True
    return release_event(effect, found, rules).n_suppressed > 0


def _shown(
    specifications: pd.DataFrame, result: Evaluation, tables: Tables, study: Study, rules: Rule
) -> pd.DataFrame:
    """Leave out what rests on a small sum, or would give back a small selection period."""
    names = {item.label: item.name for item in INDICATORS.values()}
    allowed = [
        label
        for label in specifications["outcome"].unique()
        if countable(tables, study, result.area, names[label], rules)
    ]
    rows = specifications["outcome"].isin(allowed) | specifications["primary"].astype(bool)
    every = small_selection(result, rules)
    small = [
        label
        for label in allowed
        if every or not _chosen(tables, study, result.area, names[label], rules)
    ]
    rows &= (specifications["periods"] != "mit Auswahljahr") | ~specifications["outcome"].isin(
        small
    )
    return specifications[rows]


def _chosen(tables: Tables, study: Study, area: str, name: str, rules: Rule) -> bool:
    """Say whether no selection period of an area holds a small count of an outcome."""
    selection = study.model_area(area).selection
    values = outcomes.values(tables, study, name, length=study.period)
    own = values[values["area_id"] == area]
    counts = own.loc[own["period"].isin(selection.periods if selection else ()), "numerator"]
    return not (counts < rules_for(name, study, rules).threshold).any()


def small_period(result: Evaluation, rules: Rule) -> bool:
    """Say whether any period used holds a small count, or nothing may be shown at all."""
    effect = result.effect()
    return effect is None or release_series(effect, rules, per=1).n_suppressed > 0


def small_selection(result: Evaluation, rules: Rule) -> bool:
    """Say whether the periods that led to the choice hold a small count."""
    effect = result.effect()
    change = effect.changes.get("selection") if effect else None
    return change is not None and change.count_before < rules.threshold


def countable(tables: Tables, study: Study, area: str, name: str, rules: Rule) -> bool:
    """Say whether an area's sums before and after are large enough to show what rests on them."""
    model = study.model_area(area)
    try:
        values = outcomes.values(tables, study, name, length=study.period)
    except DesignError:
        return False
    own = outcomes.within(values[values["area_id"] == area], study)
    own = own[~own["period"].isin(model.selection.periods if model.selection else ())]
    after = own["period"].map(lambda period: begun(period, model.start or period)).astype(bool)
    least = min(float(own.loc[side, "numerator"].sum()) for side in (after, ~after))
    return least >= rules_for(name, study, rules).threshold
