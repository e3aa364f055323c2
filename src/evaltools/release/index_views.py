"""An index of the study's own over all areas, and how far apart the parts of one area lie."""

from __future__ import annotations

import pandas as pd

from evaltools.measures import composite, inequality, levels
from evaltools.measures.population import base
from evaltools.release import wording
from evaltools.release.disclosure import Rule
from evaltools.release.display import prose
from evaltools.release.profile_views import INDICATORS
from evaltools.release.refusals import Shown, explained
from evaltools.release.tables import Column, table
from evaltools.release.views import Tables, area_name, lacking, public
from evaltools.study import Study
from evaltools.studyprofile import Index

NOT_DECLARED = "Die Studiendatei legt keinen Index fest (profile: index)."
NO_PARTS = (
    "Für Teilräume dieses Raums liegen keine sozialen Merkmale vor; wie groß die Unterschiede in "
    "seinem Innern sind, lässt sich deshalb nicht sagen."
)


@explained
def index(tables: Tables, study: Study, area: str, rules: Rule) -> Shown:
    """Show the declared index of all areas, the most burdened first, with its parts."""
    declared = study.profile.index
    if declared is None:
        return prose(NOT_DECLARED)
    lost = lacking(tables, "social_profile")
    if lost:
        return lost
    made = composite.index(_level(tables, area), declared)
    frame = made.table.sort_values(["rank", "area_id"], ignore_index=True)
    frame["name"] = [_marked(tables, str(one), area) for one in frame["area_id"]]
    parts = {name: Column(_label(name), "z-Wert", 1) for name in declared.indicators}
    columns = {
        "name": Column(study.area_label),
        "rank": Column("Rang"),
        "value": Column(declared.label, "z-Wert", 2),
        **parts,
    }
    caption = f"{declared.label}, {made.year}: {_recipe(declared)}"
    shown = frame[["name", "rank", "value", *parts, "reason"]]
    return table(public(shown, rules), columns, caption=caption)


@explained
def agreement(tables: Tables, study: Study, area: str) -> Shown:
    """Say whether the declared index reproduces the published one, or by how much it differs."""
    declared = study.profile.index
    if declared is None or declared.published is None:
        return prose(
            "Ein veröffentlichter Index, an dem sich der eigene misst, ist nicht angegeben."
        )
    lost = lacking(tables, "social_profile")
    if lost:
        return lost
    level = _level(tables, area)
    made = composite.index(level, declared)
    theirs = level[(level["indicator"] == declared.published) & (level["year"] == made.year)]
    found = composite.against(made, theirs, digits=declared.digits)
    name = _label(declared.published)
    verdict = (
        f"Der eigene Index gibt den veröffentlichten ({name}, {made.year}) wieder: Nach bester "
        "Umrechnung der Skala weicht kein Raum um mehr ab, als das Runden erklärt."
        if found.reproduces
        else f"Der eigene Index gibt den veröffentlichten ({name}, {made.year}) nicht wieder: Auch "
        "nach bester Umrechnung der Skala beträgt die größte Abweichung "
        f"{wording.number(found.largest, declared.digits + 1)} "
        f"({area_name(tables, found.worst)}); durch Runden erklärlich wären "
        f"{wording.number(found.tolerance, declared.digits + 1)}."
    )
    return prose(
        verdict,
        f"Über {found.n} Räume beträgt die Korrelation {wording.number(found.pearson, 2)} "
        f"(Pearson), die der Ränge {wording.number(found.spearman, 2)} (Spearman).",
    )


@explained
def heterogeneity(tables: Tables, study: Study, area: str, rules: Rule) -> Shown:
    """Show how far the sub-areas of a Stadtraum lie apart, beside the whole city."""
    lost = lacking(tables, "social_profile")
    if lost:
        return lost
    source = tables["social_profile"]
    frame = inequality.heterogeneity(source, tables["area"], area, _people(tables, study))
    if frame.empty:
        return prose(NO_PARTS)
    frame["share"] = frame["within"].astype("Float64") / frame["city"].astype("Float64") * 100
    columns = {
        "indicator": Column("Merkmal", labels=INDICATORS),
        "unit": Column("Einheit"),
        "year": Column("Jahr"),
        "n": Column("Teilräume", digits=0),
        "lowest": Column("niedrigster", digits=1),
        "highest": Column("höchster", digits=1),
        "range": Column("Spannweite", digits=1),
        "cv": Column("Variationskoeffizient", digits=2),
        "theil": Column("Theil-Index im Raum", digits=3),
        "city": Column("Theil-Index der Stadt", digits=3),
        "share": Column("davon im Innern der Räume", "Prozent", 0),
    }
    weights = "mit der Bevölkerung gewichtet" if frame["weighted"].all() else "ungewichtet"
    numbers = ["n", "lowest", "highest", "range", "cv", "theil", "city", "share"]
    typed = frame[list(columns)].astype(dict.fromkeys(numbers, "Float64"))
    caption = f"Unterschiede zwischen den Teilräumen, {weights}"
    return table(public(typed, rules), columns, caption=caption)


def _level(tables: Tables, area: str) -> pd.DataFrame:
    """Keep the social indicators of the areas of one level."""
    among = levels.peers(tables["area"], area)
    frame = tables["social_profile"]
    return frame[frame["area_id"].isin(among)]


def _people(tables: Tables, study: Study) -> pd.DataFrame | None:
    if "population" not in tables:
        return None
    table = tables["population"]
    years = sorted(set(table["year"].dropna().astype(int)))
    plain = study.population.model_copy(update={"lag_years": 0})
    found = base(table, plain, [str(year) for year in years])
    return found.assign(year=found["period"].astype("Int64"))


def _recipe(declared: Index) -> str:
    """Say how the index is made: weights, and which indicators are turned."""
    parts = [
        f"{wording.number(part.weight, 0 if part.weight == int(part.weight) else 1)} × "
        f"{'−' if part.higher_is == 'entlasteter' else ''}{_label(name)}"
        for name, part in declared.indicators.items()
    ]
    return f"gewichtetes Mittel von z-Werten, {' + '.join(parts)}; hoch heißt belastet"


def _marked(tables: Tables, one: str, area: str) -> str:
    return f"{area_name(tables, one)}{' (dieser Raum)' if one == area else ''}"


def _label(name: str) -> str:
    return INDICATORS.get(name, name)
