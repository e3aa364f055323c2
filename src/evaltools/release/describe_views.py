"""What is described without a verdict: single series, lengths of helps, the scale of intrusion."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from evaltools.effects.its import Segments
from evaltools.evaluation import describe
from evaltools.evaluation.before_after import Evaluation
from evaltools.measures import outcomes
from evaltools.measures.sums import Sum
from evaltools.release import published, wording
from evaltools.release.claim_views import gap_beside
from evaltools.release.count_views import FORMS
from evaltools.release.disclosure import Count, Rule, release
from evaltools.release.display import Prose, prose
from evaltools.release.sensitivity_views import NO_EFFECT, hidden
from evaltools.release.tables import Column, HtmlTable, table
from evaltools.release.views import Tables, public
from evaltools.study import Study

TERMS = {
    "before": "Steigung vorher je Zeitraum",
    "level": "Sprung am Beginn",
    "slope": "Änderung der Steigung",
}
FEWEST = 20
SIDES = {"before": "vorher begonnen", "after": "danach begonnen"}


def series(tables: Tables, study: Study, result: Evaluation, rules: Rule) -> HtmlTable | Prose:
    """Show step and slope of the model area, its comparison and the references, side by side."""
    if hidden(result, rules):
        return prose(NO_EFFECT)
    found = dict(describe.series(tables, study, result))
    if not rules.whole_series(result.area):
        found = {name: item for name, item in found.items() if name != result.name}
    if gap_beside(result, study, rules):
        found.pop("Vergleichsräume", None)
    made = {name: item for name, item in found.items() if isinstance(item, Segments)}
    lost = [f"{name}: {item}" for name, item in found.items() if isinstance(item, str)]
    if not made:
        return prose(*lost)
    rows = [[name, *(_term(item, term) for term in TERMS)] for name, item in made.items()]
    columns = {"group": Column("Reihe")}
    columns |= {term: Column(label, "mit 95-%-Intervall") for term, label in TERMS.items()}
    caption = "Unterbrochene Zeitreihen (Quasi-Poisson), nur zur Beschreibung"
    return table(public(pd.DataFrame(rows, columns=list(columns)), rules), columns, caption=caption)


def lengths(
    cases: pd.DataFrame | None, tables: Tables, study: Study, result: Evaluation, rules: Rule
) -> HtmlTable | Prose:
    """Show how long helps last before and after; :func:`length_sentence` ranks the change."""
    found = _lengths(cases, tables, study, result)
    if isinstance(found, str):
        return prose(found)
    names = ("n", "median", "low", "high")
    rows = [
        [label, *(found.row[f"{name}_{side}"] for name in names)] for side, label in SIDES.items()
    ]
    frame = pd.DataFrame(rows, columns=["group", *names])
    # A median or a bound of few helps is the length of one of them.
    strict = replace(rules, threshold=max(rules.threshold, FEWEST))
    frame["enough"] = frame["n"].clip(upper=strict.threshold)
    begun = _begun(frame["n"], result, rules)
    counts = {"enough": Count(names[1:] if begun is None else names)}
    if begun is None:  # a number that no plan knows could give others away
        frame = frame.drop(columns="n")
    else:
        counts["n"] = Count(names[1:], begun)
    handed = release(frame, strict, counts=counts, public=("group",), again=lambda rounded: rounded)
    columns = {
        "group": Column("Hilfen"),
        "n": Column("Anzahl", digits=0),
        "median": Column("Median", "Monate", 1),
        "low": Column("95 % von", "Monate", 1),
        "high": Column("bis", "Monate", 1),
    }
    caption = (
        "Verweildauer (Median nach Kaplan und Meier), ohne §§ 28 und 35a; ein Mittel nur der "
        "beendeten Hilfen wäre verzerrt, weil die laufenden fehlen"
    )
    shown = {name: column for name, column in columns.items() if name in frame}
    return table(handed, shown, caption=caption)


def length_sentence(
    cases: pd.DataFrame | None, tables: Tables, study: Study, result: Evaluation, rules: Rule
) -> Prose:
    """Say how the change of the lengths ranks among all areas."""
    found = _lengths(cases, tables, study, result)
    smallest = None if isinstance(found, str) else min(found.row["n_before"], found.row["n_after"])
    if isinstance(found, str) or smallest is None or smallest < max(rules.threshold, FEWEST):
        return prose("")
    word = "kürzer" if float(found.row["z"]) > 0 else "länger"
    return prose(
        f"Nach dem Beginn sind die Hilfen eher {word}; nach der Größe dieses Unterschieds "
        f"(Log-Rang-Statistik) steht der Raum auf Rang {wording.number(found.rank)} von "
        f"{wording.number(found.n)} (p = {wording.share(found.p)}). Hilfen, die vorher begannen, "
        "werden nur bis zum Beginn verfolgt. Eine andere Mischung der Hilfeformen verändert die "
        "Dauer auch."
    )


def intrusion(tables: Tables, study: Study, result: Evaluation, rules: Rule) -> HtmlTable | Prose:
    """Show how the helps begun are divided among the forms, before and after."""
    effect = result.effect()
    if effect is None or outcomes.needs(tables, study, "intensitaet", area=result.area):
        return prose("Nicht dargestellt: Begonnene Hilfen liegen nicht nach Form vor.")
    counted = outcomes.distribution(tables["hze_count"], study, length=study.period)
    own = outcomes.within(counted[counted["area_id"] == result.area], study)
    own = own[own["period"].isin(effect.series["period"])]
    sides = (own["period"] >= effect.start).map({False: "before", True: "after"})
    grouped = own.assign(side=sides).groupby(["side", "form"], sort=False)
    summed = grouped[["n"]].sum().reset_index()
    summed["share"] = summed["n"] / summed.groupby("side")["n"].transform("sum") * 100
    periods = dict(
        zip(
            ("before", "after"), published.sides(effect.series["period"], effect.start), strict=True
        )
    )
    sums = [
        published.begun_in(result.area, periods[side], (form,))
        + published.begun_in(result.area, periods[side], ())
        for side, form in zip(summed["side"], summed["form"], strict=True)
    ]
    handed = release(
        summed, rules, counts={"n": Count(("share",), sums)}, public=("side", "form")
    ).wide(index="form", columns="side", values="share")
    columns = {
        "form": Column("Form", labels=FORMS),
        "before": Column("vorher", "Prozent der begonnenen Hilfen", 1),
        "after": Column("nachher", "Prozent der begonnenen Hilfen", 1),
    }
    caption = "Begonnene Hilfen nach Form, ohne §§ 28 und 35a, von wenig bis stark eingreifend"
    return table(handed, columns, caption=caption)


def _begun(counts: pd.Series, result: Evaluation, rules: Rule) -> list[tuple[Sum, ...]] | None:
    """Return the sums of helps begun before and after where it is these that are followed."""
    effect, plan = result.effect(), rules.plan
    if rules.intern:
        return [()] * len(counts)
    if effect is None or plan is None:
        return None
    spans = published.sides(effect.series["period"], effect.start)
    sums = [published.begun_in(result.area, span, ()) for span in spans]
    same = [
        own[0].key in plan.states and plan.values.get(own[0].key, n) == n
        for own, n in zip(sums, counts, strict=True)
    ]
    return sums if all(same) else None


def _lengths(
    cases: pd.DataFrame | None, tables: Tables, study: Study, result: Evaluation
) -> describe.Lengths | str:
    if cases is None:
        return "Nicht dargestellt: Einzelne Hilfen (Tabelle hze_case) liegen nicht vor."
    return describe.lengths(cases, tables, study, result)


def _term(item: Segments, term: str) -> object:
    line = item.terms.loc[term]
    if pd.isna(line["estimate"]):
        return pd.NA
    change = wording.percent_change(float(line["estimate"]), 1)
    return f"{change} ({wording.interval(float(line['low']), float(line['high']))})"
