"""The Steckbrief of an area: what a planning report says first, in one table; and its texts."""

from __future__ import annotations

import pandas as pd

from evaltools.errors import DesignError
from evaltools.measures import profile, survey
from evaltools.measures.helps import counts_helps
from evaltools.release import wording
from evaltools.release.disclosure import SUPPRESSED, UNKNOWN, Count, Rule, release
from evaltools.release.display import Prose, prose
from evaltools.release.profile_views import INDICATORS, KINDS, ROLES
from evaltools.release.short_survey_views import told
from evaltools.release.tables import Column, HtmlTable, table
from evaltools.release.views import Tables, area_name
from evaltools.study import Study
from evaltools.studyprofile import CityFolder

SURVEY = {
    "mean": "Kurzbefragung: Zustimmung zum Stadtraumtyp, Mittelwert",
    "n": "Kurzbefragung: Zahl der Bewertungen",
    "sd": "Kurzbefragung: Standardabweichung",
}
SURVEY_AS = {
    "mean": "kurzbefragung_mittelwert",
    "n": "kurzbefragung_n",
    "sd": "kurzbefragung_standardabweichung",
}
DIGITS = {"prekarisierungsindex": 3, "vk_differenz": 2, "mean": 1, "sd": 2}
UNKNOWN_HERE = "keine Angabe"
ELSEWHERE = "siehe Bericht zu den Fallzahlen"
NO_TEXT = "Dazu hat das Amt keinen Text hinterlegt."
Row = tuple[str, str | None, str, str, float | None, bool]


def steckbrief(
    tables: Tables, study: Study, area: str, rules: Rule, *, answers: Tables | None = None
) -> HtmlTable:
    """Show in one table what a planning report says first of an area.

    Parameters
    ----------
    tables, study, area, rules
        As everywhere.
    answers : mapping of str to DataFrame, optional
        Holds ``short_survey`` where it was delivered; published figures serve otherwise.

    Returns
    -------
    HtmlTable
        What is not known is there in full words. Figures that count helps, and those of a survey
        of too few persons, are withheld; beside case counts the former are in any case.
    """
    rows = [_type(tables, study, area), *_figures(tables, study, area)]
    rows += [*_short(tables, answers or {}, area), *_institutions(tables, area)]
    frame = pd.DataFrame(rows, columns=["name", "shown", "year", "unit", "count", "helps"])
    beside = "hze_count" in tables and not rules.intern
    frame["reason"] = (frame["helps"] & beside).map({True: SUPPRESSED, False: UNKNOWN})
    frame["shown"] = frame["shown"].fillna(UNKNOWN_HERE).mask(frame["helps"] & beside)
    frame = frame.drop(columns="helps").astype({"count": "Float64", "shown": "string"})
    texts = ("name", "year", "unit")
    handed = release(frame, rules, counts={"count": Count(("shown",))}, public=texts)
    columns = {
        "name": Column("Merkmal"),
        "shown": Column("Angabe"),
        "year": Column("Jahr"),
        "unit": Column("Einheit"),
    }
    return table(
        handed,
        columns,
        caption=f"Steckbrief: {study.area_label} {area_name(tables, area)} ({area})",
    )


def office_text(beside: CityFolder, area: str, heading: str) -> Prose:
    """Show what the office wrote on an area under a heading, as plain paragraphs."""
    return prose(*(beside.texts.get(area, {}).get(heading, ()) or (NO_TEXT,)))


def _type(tables: Tables, study: Study, area: str) -> Row:
    table = tables["area"].reindex(columns=["area_id", "area_type"])
    own = table.loc[table["area_id"] == area, "area_type"].dropna()
    letter = str(own.iloc[0]) if len(own) else ""
    called = {str(key): name for key, name in study.profile.types.items()}.get(letter, "")
    text = f"{letter} ({called})" if called else letter
    return ("Stadtraumtyp", text or None, "", "", None, False)


def _figures(tables: Tables, study: Study, area: str) -> list[Row]:
    """Index, forecast, staff and helps: as published, the second and third else computed."""
    forecast = _published(tables, area, "prognose_0_21_differenz")
    if forecast[1] is None:
        forecast = _forecast(tables, study, area) or forecast
    staff = _published(tables, area, "vk_differenz")
    if staff[1] is None:
        staff = _staff(tables, area) or staff
    helps = [_published(tables, area, f"faelle_{form}") for form in ("ambulant", "stationaer")]
    if "hze_count" in tables:
        helps = [(row[0], row[1] or ELSEWHERE, *row[2:]) for row in helps]
    return [_published(tables, area, "prekarisierungsindex"), forecast, staff, *helps]


def _published(tables: Tables, area: str, name: str) -> Row:
    """Take the latest value of a social indicator; what counts helps is marked."""
    found = None
    if "social_profile" in tables:
        found = profile.indicator(tables["social_profile"], area, name)
    if found is None:
        return (INDICATORS[name], None, "", "", None, False)
    value, unit = float(found["value"]), str(found["unit"])
    shown = wording.number(value, DIGITS.get(name, 0))
    helps = bool(counts_helps(pd.DataFrame({"indicator": [name], "unit": [unit]})).iloc[0])
    return (INDICATORS[name], shown, str(found["year"]), unit, value if helps else None, helps)


def _forecast(tables: Tables, study: Study, area: str) -> Row | None:
    label = f"Prognose der Bevölkerung {study.population.label}, Veränderung"
    try:
        found = profile.forecast(tables["population"], area, study.population)
    except (DesignError, KeyError):
        found = None
    if found is None:
        return None
    shown = wording.number(found.n_ahead - found.n)
    return (label, shown, str(found.ahead), f"Personen gegenüber {found.year}", None, False)


def _staff(tables: Tables, area: str) -> Row | None:
    label = "Fachkräfte: Differenz zur Bemessung"
    known = pd.DataFrame()
    if "staffing" in tables:
        known = profile.staffing(tables["staffing"], area).dropna(subset=["difference"])
    if known.empty:
        return None
    year = known["year"].max()
    last = known[known["year"] == year]
    roles = wording.listing([ROLES.get(str(role), str(role)) for role in last["role"]])
    shown = wording.number(float(last["difference"].sum()), 2)
    return (label, shown, str(year), f"VZÄ ({roles})", None, False)


def _short(tables: Tables, answers: Tables, area: str) -> list[Row]:
    """Agreement with the type, from the answers or as published; its n decides on all three."""
    values: dict[str, float | None] = dict.fromkeys(SURVEY)
    unit, year, known = "", "", None
    try:
        found = survey.short(answers["short_survey"], area)
        values = {"mean": found.mean, "n": found.n, "sd": found.sd}
        known = told(found.n, found.sd)
        ends = [wording.number(end) for end in (found.scale_min, found.scale_max)]
        unit = f"Skala {' bis '.join(ends)}"
    except (DesignError, KeyError):
        for part, name in SURVEY_AS.items():
            row = None
            if "social_profile" in tables:
                row = profile.indicator(tables["social_profile"], area, name)
            values[part] = None if row is None else float(row["value"])
            year = year if row is None else str(row["year"])
            unit = str(row["unit"]) if row is not None and part == "mean" else unit
    # A mean of nobody knows how many is withheld like one of a single person.
    n = values["n"] if values["n"] is not None else 1.0
    least = n if known is None else float(known)
    sizes = {"mean": least, "n": n, "sd": least}
    units = {"mean": unit, "n": "Bewertungen", "sd": unit}
    return [
        (SURVEY[part], None, "", "", None, False)
        if value is None or value != value
        else (SURVEY[part], _rounded(value, part), year, units[part], sizes[part], False)
        for part, value in values.items()
    ]


def _rounded(value: float, part: str) -> str:
    return wording.number(value, DIGITS.get(part, 0))


def _institutions(tables: Tables, area: str) -> list[Row]:
    """One row for each kind that the city's table knows, the latest year of the area."""
    table = tables.get("infrastructure", pd.DataFrame())
    if table.empty:
        return [("Einrichtungen nach Art", None, "", "", None, False)]
    own = profile.infrastructure(table, area).dropna(subset=["n"]).sort_values("year")
    last = own.drop_duplicates("kind", keep="last")
    counted = {
        str(kind): (wording.number(float(n)), str(year))
        for kind, year, n in last[["kind", "year", "n"]].itertuples(index=False)
    }
    known = set(table["kind"].astype(str))
    kinds = [kind for kind in KINDS if kind in known] + sorted(known - set(KINDS))
    return [
        (KINDS.get(kind, kind), *counted.get(kind, (None, "")), "Einrichtungen", None, False)
        for kind in kinds
    ]
