"""The before/after evaluation as an evaluator shows it: claims, figures, diagnostics, limits."""

from __future__ import annotations

import math

import pandas as pd

from evaltools.effects.results import Effect
from evaltools.evaluation.before_after import Evaluation
from evaltools.evaluation.claims import Claim
from evaltools.evaluation.structure import Standing
from evaltools.measures.catalogue import indicator
from evaltools.release import count_views, figures, published, wording
from evaltools.release.disclosure import SUPPRESSED, UNKNOWN, Rule
from evaltools.release.display import Board, Prose, prose
from evaltools.release.estimates import (
    comparison,
    permitted,
    release_change,
    release_placebos,
    release_series,
)
from evaltools.release.figures import Figure
from evaltools.release.tables import Column, HtmlTable, table
from evaltools.release.views import Tables, public
from evaltools.study import Study

NO_EFFECT = "Für diese Darstellung reichen die Daten nicht; die Liste am Ende nennt, was fehlt."
SMALL = "Die Fallzahlen sind zu klein, um sie zu zeigen."
NO_DRIFT = "Der Verlauf vor dem Beginn wird nicht beziffert, weil einzelne Fallzahlen geheim sind."
RESULTS = ("own", "comparison", "reference", "ratio", "interval", "rank")
EVIDENCE = "Für die Urteile zählt der Vergleich mit unbehandelten Räumen und der Placebo-Rang."


def board(evaluation: Evaluation) -> Board:
    """Leave the verdicts for the study's index."""
    return Board({str(claim.number): claim.verdict for claim in evaluation.claims})


def summary(evaluation: Evaluation, study: Study, rules: Rule) -> Prose:
    """Say the primary result in plain sentences."""
    effect = evaluation.effect()
    start = f" seit {evaluation.start}" if evaluation.start else ", Beginn nicht angegeben"
    where = f"{study.area_label} {evaluation.name}, Modellraum{start}."
    if effect is None:
        tested = [claim for claim in evaluation.claims if claim.verdict != "nicht prüfbar"]
        number = "Keine der sieben Aussagen ist" if not tested else "Nicht alle Aussagen sind"
        why = wording.claim_sentence(evaluation.claims[1])
        return prose(where, f"{number} mit den vorliegenden Daten prüfbar.", why)
    if not permitted(effect, rules):
        return prose(where, SMALL)
    primary = evaluation.claims[1]
    what = f"Die {indicator(study.outcomes.hze).label}"
    return prose(
        f"{where} „{primary.title}“: {primary.verdict}.",
        wording.effect_sentence(effect, what=what),
        wording.selection_sentence(effect, study.model_area(evaluation.area).selection),
        _selection_year(effect, rules),
    )


def claims(evaluation: Evaluation, study: Study, rules: Rule) -> HtmlTable:
    """Show the seven claims with verdict, own, comparison and reference change, and rank."""
    names = ["claim", "verdict", *RESULTS, "reason"]
    rows = [_row(claim, study, rules) for claim in evaluation.claims]
    reference = study.level_label(study.reference[0]) if study.reference else "Bund"
    columns = {
        "claim": Column("Aussage"),
        "verdict": Column("Urteil", css="verdict"),
        "own": Column("Modellraum"),
        "comparison": Column("Vergleich"),
        "reference": Column(reference),
        "ratio": Column("Abweichung"),
        "interval": Column("90-%-Intervall"),
        "rank": Column("Placebo-Rang"),
    }
    frame = pd.DataFrame(rows, columns=names)
    caption = "Die sieben Aussagen: Veränderung nachher gegen vorher, und das Urteil"
    return table(public(frame, rules), columns, caption=caption)


def reasons(evaluation: Evaluation) -> Prose:
    """Say for each tested claim why its verdict is what it is."""
    tested = [claim for claim in evaluation.claims if claim.verdict != "nicht prüfbar"]
    if not tested:
        return prose("Keine Aussage ist mit den vorliegenden Daten prüfbar.")
    return prose(*(wording.claim_sentence(claim) for claim in tested), EVIDENCE, listed=True)


def missing(evaluation: Evaluation) -> Prose:
    """List what would make the claims testable that are not."""
    lines = [wording.claim_sentence(c) for c in evaluation.claims if c.verdict == "nicht prüfbar"]
    return prose(*(lines or ["Alle Aussagen sind mit den Daten prüfbar."]), listed=True)


def trend_figure(
    tables: Tables, study: Study, evaluation: Evaluation, rules: Rule
) -> Figure | Prose:
    """Draw the primary indicator of the area, its comparison and the reference trends."""
    if evaluation.effect() is None:
        return prose(NO_EFFECT)
    name = study.outcomes.hze
    return count_views.trend_figure(tables, study, evaluation.area, name, rules)


def counterfactual_figure(evaluation: Evaluation, study: Study, rules: Rule) -> Figure | Prose:
    """Draw what was observed beside what the comparison lets expect."""
    effect = evaluation.effect()
    if effect is None or not permitted(effect, rules):
        return prose(NO_EFFECT if effect is None else SMALL)
    item = indicator(effect.measure)
    sums = published.by_period(effect, study)
    beside = comparison(evaluation.outcomes["hze"].panel, effect.measure, study)
    handed = release_series(effect, rules, per=item.per, sums=sums, beside=beside)
    left_out = effect.left_out_periods
    without = f" Ohne {wording.listing(left_out)} (Auswahljahr)." if left_out else ""
    return figures.counterfactual(
        handed,
        unit=f"{item.label}, {item.unit}",
        title=wording.headline(effect, evaluation.name),
        caption="Beobachtet und nach dem Verlauf der Vergleichsräume erwartet; die helle Fläche "
        f"ist das {wording.number(effect.level * 100)}-%-Intervall der Erwartung.{without}",
        start=effect.start,
        name=evaluation.name,
        bounds=_expected(effect),
    )


def _expected(effect: Effect) -> tuple[float, float]:
    """Shares of the expectation that the interval of the effect allows after the start.

    Whole per cent, like every interval: a longer number would be one unnamed area's estimate.
    """
    low = effect.estimate / effect.low if effect.low > 0 else math.inf
    return round(effect.estimate / effect.high, 2), round(low, 2)


def placebo_figure(evaluation: Evaluation, rules: Rule) -> Figure | Prose:
    """Draw the model area's effect among those of all areas treated in turn."""
    effect = evaluation.effect()
    if effect is None or not permitted(effect, rules):
        return prose(NO_EFFECT if effect is None else SMALL)
    handed = release_placebos(effect, rules)
    shown = len(handed.frame)
    if shown < 2:
        return prose(SMALL)
    lost = len(effect.placebos) - shown
    caption = (
        "Abweichung jedes Raums vom Verlauf der übrigen, wenn er als Modellraum behandelt wird. "
        "Ein Punkt ist ein Raum."
    )
    if lost:
        caption += f" Nicht gezeigt: {wording.number(lost)}, wegen kleiner Fallzahlen."
    return figures.placebos(handed, caption=caption, name=evaluation.name)


def diagnostics(evaluation: Evaluation, study: Study, rules: Rule) -> Prose:
    """Say rank, overdispersion, pre-trend, and which areas and periods were left out."""
    effect = evaluation.effect()
    if effect is None or not permitted(effect, rules):
        return prose(NO_EFFECT if effect is None else SMALL)
    lines = [
        wording.rank_sentence(effect),
        wording.dispersion_sentence(effect),
        # A drift to a tenth of a per cent is an equation over the counts of single periods.
        wording.pre_trend_sentence(effect) if whole(evaluation, study, rules) else NO_DRIFT,
        f"Verwendet wurden {wording.number(effect.n_periods)} Zeiträume, davon "
        f"{wording.number(effect.n_before)} vor dem Beginn.",
        _unknown(effect),
        _left_out(effect, evaluation),
        *(f"Nicht zum Vergleich herangezogen: {why}." for why in study.excluded.values()),
    ]
    return prose(*lines, listed=True)


def whole(evaluation: Evaluation, study: Study, rules: Rule) -> bool:
    """Say whether the primary count of area and comparison is shown in every period."""
    return rules.whole_series(evaluation.area) and not gap_beside(evaluation, study, rules)


def gap_beside(evaluation: Evaluation, study: Study, rules: Rule) -> bool:
    """Say whether the comparison's count of some period is hidden."""
    effect, plan = evaluation.effect(), rules.plan
    if effect is None or plan is None or rules.intern:
        return False
    beside = comparison(evaluation.outcomes["hze"].panel, effect.measure, study)
    keys = [item.key for _, sums in beside.values() for item in sums]
    return any(plan.states.get(key, "shown") != "shown" for key in keys)


def changes(evaluation: Evaluation, rules: Rule) -> HtmlTable | Prose:
    """Show the rates before and after for the area, its comparison and the references."""
    effect = evaluation.effect()
    if effect is None:
        return prose(NO_EFFECT)
    item = indicator(effect.measure)
    handed = release_change(effect, rules, per=item.per, own=evaluation.name)
    columns = {
        "group": Column("Raum"),
        "before": Column("vorher", item.unit, digits=1),
        "after": Column("nachher", item.unit, digits=1),
        "ratio": Column("Veränderung", change=True),
    }
    caption = f"{item.label} vor und ab {effect.start}; beschreibend, ohne Schluss auf die Ursache"
    return table(handed, columns, caption=caption)


def limits(evaluation: Evaluation, study: Study) -> Prose:
    """Say what this design cannot show."""
    note = study.model_area(evaluation.area).note
    secondary = [evaluation.effect(name) for name in ("placements", "intensity")]
    lines = [
        "Ein Rückgang der Fallzahlen sagt nicht, ob der Bedarf gesunken ist oder nur die Hilfe.",
        "Andere Veränderungen, die nur diesen Raum trafen, lassen sich von der Wirkung des Modells "
        "nicht trennen.",
        "Das Urteil setzt voraus, dass sich der Raum ohne das Modell wie die übrigen verändert "
        "hätte; wie weit er davon abweichen dürfte, zeigt „Methoden und Prüfungen“.",
        "Die Aussagen 3 und 4 sind dafür berichtigt, dass mehrere an denselben Räumen geprüft "
        "werden."
        if any(effect is not None and effect.family for effect in secondary)
        else "",
        "Jeder Modellraum wird für sich geprüft; dafür, dass es mehrere sind, ist nicht berichtigt."
        if len(study.model_areas) > 1
        else "",
        f"Anmerkung der Studie: {note}" if note else "",
    ]
    return prose(*lines, listed=True)


def _selection_year(effect: Effect, rules: Rule) -> str:
    """Warn of the comparison with the selection year alone, where its counts may be shown."""
    change = effect.changes.get("selection")
    if change is None or not rules.whole_series(effect.area):
        return ""
    if round(change.ratio, 2) >= round(min(1.0, effect.changes["own"].ratio), 2):
        return ""  # it promises no more than the whole time before does
    return wording.selection_year_sentence(change, effect.left_out_periods)


def _unknown(effect: Effect) -> str:
    if not effect.unknown_periods:
        return ""
    names = wording.listing(effect.unknown_periods)
    return f"Für den Modellraum unbekannt und deshalb nicht verwendet: {names}."


def _left_out(effect: Effect, evaluation: Evaluation) -> str:
    lost = effect.left_out_areas
    if not lost:
        return "Alle Vergleichsräume sind vollständig."
    names = wording.listing([f"{evaluation.called(area)} ({why})" for area, why in lost.items()])
    return f"{wording.number(len(lost))} Vergleichsräume waren unvollständig und fehlen: {names}."


def _row(claim: Claim, study: Study, rules: Rule) -> list[object]:
    title = f"{claim.number}. {claim.title}"
    effect = claim.effect
    if claim.standing is not None:
        return [title, claim.verdict, *_standing(claim.standing), UNKNOWN]
    if effect is None:
        return [title, claim.verdict, *[pd.NA] * len(RESULTS), UNKNOWN]
    if not permitted(effect, rules):
        return [title, claim.verdict, *[pd.NA] * len(RESULTS), SUPPRESSED]
    first = effect.changes.get(study.reference[0]) if study.reference else None
    return [
        title,
        claim.verdict,
        wording.percent_change(effect.changes["own"].ratio),
        wording.percent_change(effect.changes["comparison"].ratio),
        wording.percent_change(first.ratio) if first else pd.NA,
        wording.percent_change(effect.estimate),
        wording.interval(effect.low, effect.high),
        f"{wording.number(effect.rank)} von {wording.number(effect.n)}",
        UNKNOWN,
    ]


def _standing(standing: Standing) -> list[object]:
    """Write a change in points as the row of a claim; no reference trend has such points."""
    found, unit = standing.among, standing.unit
    own, others, difference, low, high = (
        wording.signed(value, unit.digits)
        for value in (found.own, found.others, found.difference, found.low, found.high)
    )
    span = f"{low} bis {high} {unit.name}"
    rank = f"{wording.number(found.rank)} von {wording.number(found.n)}"
    return [
        *(f"{own} {unit.name}", f"{others} {unit.name}", pd.NA),
        *(f"{difference} {unit.name}", span, rank),
    ]
