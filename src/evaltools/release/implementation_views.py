"""What is in place of the framework concept in one area: milestones and the dose."""

from __future__ import annotations

import pandas as pd

from evaltools.data.headings_framework import ELEMENT
from evaltools.errors import DesignError
from evaltools.measures import delivered, implementation
from evaltools.measures.implementation import Dose
from evaltools.release import figures, implementation_figures, wording
from evaltools.release.disclosure import Rule
from evaltools.release.display import Prose, prose
from evaltools.release.profile_views import NONE_HERE
from evaltools.release.refusals import Shown, explained
from evaltools.release.tables import Column, table
from evaltools.release.views import Tables, area_name, lacking, public
from evaltools.study import Study

FORMULA = (
    "Umsetzungsgrad = Summe der Gewichte der Bausteine, die am 31.12. erreicht sind, geteilt durch "
    "die Zahl der Bausteine, zu denen ein Meilenstein vorliegt. Jeder Baustein hat das Gewicht 1; "
    "die Koordination zählt nur mit dem Anteil ihrer Stellen nach Bemessung, der besetzt ist, das "
    "KiFaZ mit besetzten VZÄ geteilt durch 1,5 (bei mehreren das Mittel), beide höchstens mit 1. "
    "Ist die Besetzung nicht bekannt, zählt der Baustein ganz."
)


@explained
def milestones(tables: Tables, study: Study, area: str, rules: Rule) -> Shown:
    """Draw the milestones as a timeline."""
    frame = _milestones(tables, study, area)
    if isinstance(frame, Prose):
        return frame
    return implementation_figures.timeline(
        public(frame, rules),
        name=area_name(tables, area),
        last=_last(tables, study),
        start=study.model_area(area).start or "",
        caption="Bausteine des Rahmenkonzepts: geplanter Tag und Tag, an dem sie erreicht waren.",
    )


@explained
def milestone_list(tables: Tables, study: Study, area: str, rules: Rule) -> Shown:
    """List the milestones, and whether there is evidence; its words stay in the office."""
    frame = _milestones(tables, study, area)
    if isinstance(frame, Prose):
        return frame
    given = frame["evidence"].notna().map({True: "liegt vor", False: pd.NA})
    told = frame.assign(
        evidence=frame["evidence"] if rules.intern else given,
        whole_city=frame["whole_city"].map({True: "ganze Stadt", False: "dieser Raum"}),
    )
    columns = {
        "element": Column("Baustein", labels=ELEMENT),
        "whole_city": Column("gilt für"),
        "planned": Column("geplant"),
        "told": Column("erreicht"),
        "state": Column(f"Stand 31.12.{_last(tables, study)}"),
        "delay_days": Column("Verzug", "Tage", 0),
        "evidence": Column("Beleg"),
    }
    return table(public(told, rules), columns, caption="Meilensteine des Rahmenkonzepts")


@explained
def dose_path(tables: Tables, study: Study, area: str, rules: Rule) -> Shown:
    """Draw the dose, and the share of elements reached, over the years."""
    lost = lacking(tables, "milestone")
    if lost:
        return lost
    last = _last(tables, study)
    named = _years(tables)
    begun = study.first or (named[0] - 1 if named else last)
    years = range(min(begun, last), last + 1)
    doses = [implementation.dose(tables, area, year) for year in years]
    groups = {"Umsetzungsgrad": "share", "Anteil erreichter Bausteine": "reached"}
    rows = [
        [group, str(found.year), getattr(found, name) * 100]
        for group, name in groups.items()
        for found in doses
    ]
    frame = pd.DataFrame(rows, columns=["group", "period", "value"])
    return figures.trend(
        public(frame, rules),
        unit="Prozent des Rahmenkonzepts",
        caption="Umsetzungsgrad am Ende jedes Jahres.",
        start=(study.model_area(area).start or "")[:4],
    )


@explained
def dose(tables: Tables, study: Study, area: str) -> Shown:
    """Say the dose at the end of the last year, by which formula, and what it rests on."""
    lost = lacking(tables, "milestone")
    if lost:
        return lost
    found = implementation.dose(tables, area, _last(tables, study))
    return prose(FORMULA, *_dose_sentences(found))


def _dose_sentences(found: Dose) -> list[str]:
    n = len(found.in_place) + len(found.missing)
    whole = f"{wording.number(len(found.in_place))} von {wording.number(n)}"
    staffed = (
        f"Koordination und KiFaZ sind, soweit erreicht und bekannt, im Mittel zu "
        f"{wording.percent(found.staffed)} der Norm besetzt."
        if found.staffed == found.staffed
        else "Wie Koordination und KiFaZ besetzt sind, ist nicht bekannt."
    )
    lists = {
        "Erreicht": found.in_place,
        "Nicht erreicht": found.missing,
        "Ohne Meilenstein und deshalb nicht gezählt": found.unknown,
    }
    return [
        f"Am 31.12.{found.year} beträgt der Umsetzungsgrad {wording.percent(found.share)}. "
        f"Erreicht sind {whole} Bausteinen. {staffed}",
        *(
            f"{word}: {wording.listing([ELEMENT[name] for name in names], most=9)}."
            for word, names in lists.items()
            if names
        ),
    ]


def _milestones(tables: Tables, study: Study, area: str) -> pd.DataFrame | Prose:
    lost = lacking(tables, "milestone")
    if lost:
        return lost
    last = _last(tables, study)
    frame = implementation.milestones(tables["milestone"], area, last=last)
    days = ["offen" if pd.isna(day) else wording.day(str(day)) for day in frame["reached"]]
    return prose(NONE_HERE) if frame.empty else frame.assign(told=pd.array(days, dtype="string"))


def _last(tables: Tables, study: Study) -> int:
    """Return the study's last year; without one, the last that a milestone names."""
    named = _years(tables)
    if study.last is None and not named:
        raise DesignError(
            "study without last, milestones without a day: give last: in the study file",
            german="Weder die Studie noch die Meilensteine nennen ein letztes Jahr.",
        )
    return study.last or named[-1]


def _years(tables: Tables) -> list[int]:
    """List the years that milestones name."""
    days = delivered.typed(tables["milestone"], "milestone")
    years = pd.concat([days["planned"], days["reached"]]).dropna().dt.year
    return sorted(int(year) for year in years.unique())
