"""How far the primary estimate holds: period by period, other choices, and unlike trends."""

from __future__ import annotations

import math

import pandas as pd

from evaltools.effects.results import Effect
from evaltools.evaluation.appendix import Appendix
from evaltools.evaluation.before_after import Evaluation
from evaltools.evaluation.specifications import place
from evaltools.measures.catalogue import INDICATORS
from evaltools.release import method_figures, published, wording
from evaltools.release.claim_views import SMALL, whole
from evaltools.release.disclosure import Count, Released, Rule, release
from evaltools.release.display import Prose, prose
from evaltools.release.estimates import (
    Beside,
    comparison,
    per_help,
    permit_effect,
    permitted,
    with_gaps,
)
from evaltools.release.figures import Figure
from evaltools.release.tables import Column, HtmlTable, table
from evaltools.release.views import public
from evaltools.study import Study

NO_EFFECT = "Für diese Darstellung reichen die Daten nicht; was fehlt, nennt „Vorher und nachher“."


def event_figure(
    found: Appendix | None, result: Evaluation, study: Study, rules: Rule
) -> Figure | Prose:
    """Draw the area's ratio to the others period by period, with the placebo band."""
    effect = result.effect()
    if found is None or effect is None or hidden(result, rules):
        return instead(found)
    level = wording.percent(found.event.level)
    caption = (
        f"Abweichung des Raums vom Verlauf der übrigen, gemessen am Mittel vor dem Beginn. Grau: "
        f"Bereich, in dem {level} der Räume liegen, wenn jeder als Modellraum behandelt wird."
    )
    beside = comparison(result.outcomes["hze"].panel, effect.measure, study)
    handed = release_event(effect, found, study, rules, beside=beside)
    return method_figures.event_study(handed, caption=caption, name=result.name, start=effect.start)


def release_event(
    effect: Effect, found: Appendix, study: Study, rules: Rule, *, beside: Beside
) -> Released:
    """Hand out ``period, ratio, low, high, after``; a ratio goes with its period's hidden count.

    That of the area, or that of the comparison in `beside`. Figures are rounded to whole per
    cent, like every estimate; where counts are rounded, a ratio follows its rounded count.

    Raises
    ------
    ReleaseError
        When the effect rests on a small sum.
    """
    permit_effect(effect, rules)
    observed = effect.series[["period", "observed"]].rename(columns={"observed": "count"})
    merged = found.event.table.merge(observed, on="period", validate="one_to_one")
    exact = with_gaps(merged, effect)
    sums = published.by_period(effect, study)
    both = [sums.get(p, ()) + beside.get(str(p), (0.0, ()))[1] for p in exact["period"]]
    counts = {"count": Count(("ratio",), both)}
    each = per_help(exact["ratio"], exact["count"])

    def again(rounded: pd.DataFrame) -> pd.DataFrame:
        return rounded.assign(ratio=(rounded["count"] * each).round(2))

    whole = exact.round({"ratio": 2, "low": 2, "high": 2})
    shown = ("period", "low", "high", "after")
    return release(whole, rules, counts=counts, public=shown, again=again)


def before_start(found: Appendix | None, result: Evaluation, rules: Rule) -> Prose:
    """Say the joint test of the periods before, and the leave-two-out share."""
    if found is None or hidden(result, rules):
        return instead(found)
    pairs = wording.pairs_sentence(found.pairs, found.pairs_bound)
    return prose(wording.movement_sentence(found.event), pairs)


def specification_figure(
    found: Appendix | None, result: Evaluation, study: Study, rules: Rule
) -> Figure | Prose:
    """Draw the estimates of every defensible choice, lowest first, with what was chosen."""
    if found is None or hidden(result, rules):
        return instead(found)
    shown = _shown(found.specifications, result, study, rules)
    known = shown[shown["estimate"].notna()].drop(columns=["refusal", "p"])
    caption = (
        "Die primäre Frage mit jeder anderen vertretbaren Festlegung geschätzt, mit Intervall. "
        "Striche unten zeigen, was bei der Schätzung darüber festgelegt war."
    )
    return method_figures.specification_curve(public(known, rules), caption=caption)


def specification_sentences(
    found: Appendix | None, result: Evaluation, study: Study, rules: Rule
) -> Prose:
    """Say where the primary estimate lies among the others, and how many were refused."""
    if found is None or hidden(result, rules):
        return instead(found)
    shown = _shown(found.specifications, result, study, rules)
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


def bounds(
    found: Appendix | None, result: Evaluation, study: Study, rules: Rule
) -> HtmlTable | Prose:
    """Show how the interval widens when trends may differ as much as they did before the start."""
    if found is None or hidden(result, rules) or not whole(result, study, rules):
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


def bounds_sentence(found: Appendix | None, result: Evaluation, study: Study, rules: Rule) -> Prose:
    """Say up to which deviation from parallel trends the result holds."""
    if found is None or hidden(result, rules) or not whole(result, study, rules):
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
    """Say whether the primary effect is unknown or rests on a hidden sum."""
    effect = result.effect()
    return effect is None or not permitted(effect, rules)


def _shown(
    specifications: pd.DataFrame, result: Evaluation, study: Study, rules: Rule
) -> pd.DataFrame:
    """Leave out what rests on a hidden sum, and round to whole per cent."""
    names = {item.label: item.name for item in INDICATORS.values()}
    told = [
        rules.told(result.area, names[outcome], comparison, periods)
        for outcome, comparison, periods in specifications[
            ["outcome", "comparison", "periods"]
        ].itertuples(index=False, name=None)
    ]
    refused = specifications["estimate"].isna()
    kept = specifications[refused | pd.Series(told, specifications.index)]
    return kept.round({"estimate": 2, "low": 2, "high": 2})
