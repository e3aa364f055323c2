"""A made-up area whose framework concept is half in place, for the tests of its views."""

from __future__ import annotations

import pandas as pd

from evaltools.data.schema import TABLES
from evaltools.measures import delivered

AREA = "SR01"


def _table(name: str, columns: str, rows: list[tuple[object, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=columns.split())
    if "area_id" not in frame:
        frame["area_id"] = AREA
    typed = delivered.typed(frame, name)
    return typed[[column.name for column in TABLES[name].columns if column.name in frame]]


def tables() -> dict[str, pd.DataFrame]:
    """All tables of the concept for one area of ``release_samples.study`` (start 2018)."""
    return {
        "area": pd.DataFrame({"area_id": [AREA], "name": ["Süderbrück"]}),
        "milestone": _milestones(),
        "staffing": _staff(),
        "kifaz": _table(
            "kifaz",
            "kifaz_id year vzae vzae_coordinator visits access_restricted",
            [("K1", 2020, 1.0, 0.75, 2, False), ("K1", 2021, 1.75, 1.0, 2400, True)],
        ),
        "coordinator_activity": _hours(),
        "area_team_meeting": _table(
            "area_team_meeting",
            "date fields_present cases_discussed agreements",
            [
                ("2019-03-01", "asd, schule, kita", 1, 2),
                ("2020-03-01", "asd; schule", 4, 1),
                ("2020-09-01", "asd", 3, 0),
            ],
        ),
        "action_budget": _budget(),
        "community_work": _community(),
        "family_acceptance": families(),
        "short_survey": professionals(("Träger", 6), ("ASD", 4), ("Schule", 1)),
    }


def _milestones() -> pd.DataFrame:
    rows = [
        ("arbeitsgruppe", None, "2017-03-01", "2017-02-01", "Protokoll <b>1</b>"),
        ("globalrichtlinie", None, "2018-06-01", "2019-03-15", None),
        ("planung", None, "2019-01-01", None, None),
        ("asd", None, None, None, None),
        ("koordination", AREA, "2018-01-01", "2018-04-01", "Stelle besetzt"),
        ("gebietsteam", AREA, "2018-06-01", "2018-06-01", None),
        ("kifaz", AREA, "2019-01-01", "2020-02-01", "Eröffnung"),
        ("handlungsbudget", AREA, "2022-06-01", None, None),
    ]
    return _table("milestone", "element area_id planned reached evidence", rows)


def _staff() -> pd.DataFrame:
    rows = [
        (year, role, vzae, norm)
        for year in range(2018, 2022)
        for role, vzae, norm in (("coordinator", 0.75, 1.0), ("case_manager", 4.5, 5.0))
    ]
    return _table("staffing", "year role vzae vzae_norm", [*rows, (2021, "offer", 2.0, None)])


def _hours() -> pd.DataFrame:
    rows = [
        (2018, "vernetzung", 300),
        (2018, "verwaltung", 420),
        (2018, "gebietsteam", 80),
        (2021, "vernetzung", 510),
        (2021, "verwaltung", 180),
        (2021, "gebietsteam", 210),
        (2021, "handlungsbudget", 120),
        (2021, "beteiligung", 60),
        (2020, "vernetzung", 480),
        (2020, "verwaltung", None),
    ]
    return _table("coordinator_activity", "year task hours", rows)


def _budget() -> pd.DataFrame:
    names = "application_id date_in date_decision eur_applied eur_granted eur_spent purpose"
    rows = [
        ("H1", "2019-01-01", "2019-01-11", 1000, 800, 780.5, "ferien", False),
        ("H2", "2019-02-01", "2019-03-02", 1200, 0, None, "ferien", False),
        ("H3", "2020-12-31", None, 5000, None, None, "begegnung", None),
        ("H4", "2020-05-01", "2020-05-20", 2400, 2400, 2400, "beratung", True),
        ("H5", "2021-05-01", "2021-05-06", 900, 900, 850, "bildung", None),
        ("H6", "2021-05-01", "2021-05-12", 14300, 12000, 11000, "ausstattung", False),
    ]
    return _table("action_budget", f"{names} regular_task", rows)


def _community() -> pd.DataFrame:
    rows = [
        ("E1", "P1", "2019-03-01", "projekte", "anstoss", 12.0, True),
        ("E2", "P1", "2019-04-01", "kooperation", "durchfuehrung", 30.0, False),
        ("E3", "P2", "2020-05-01", "oeffentlichkeit", None, None, None),
        ("E4", "P2", "2020-05-01", "projekte", "anstoss", 18.0, True),
    ]
    names = "entry_id provider_id date category role hours hze_benefit"
    return _table("community_work", names, rows)


def families(
    answers: dict[tuple[int, str], list[int | None]] | None = None,
    *,
    invited: int | None = 40,
    high: dict[int, int] | None = None,
) -> pd.DataFrame:
    """One row a person and item; `high` is the highest point of a wave's scale (5)."""
    given = answers or {
        (2016, "ernst_genommen"): [1, 2, 3, 3, 2, 4, 5, 3],
        (2016, "wieder_kommen"): [2, 2, 4, 3, 2, 4, 4, 1],
        (2021, "ernst_genommen"): [4, 5, 3, 4, 3, 5, 4, 4, 3],
        (2021, "wieder_kommen"): [4, 4, 3, 4, 4, 5, 3, 4, 2],
    }
    rows = [
        (f"{wave}-{place}", wave, item, value, 1, (high or {}).get(wave, 5), invited)
        for (wave, item), values in given.items()
        for place, value in enumerate(values)
    ]
    names = "response_id wave item agreement scale_min scale_max invited"
    return _table("family_acceptance", names, rows)


def professionals(*groups: tuple[str | None, int]) -> pd.DataFrame:
    """Groups of that many professionals, who agree with 2, 3, 4, 5, 2, 3 …"""
    people = [group for group, size in groups for _ in range(size)]
    rows = [(f"r{place}", group, "C", 2 + place % 4, 1, 5) for place, group in enumerate(people)]
    return _table(
        "short_survey", "response_id actor_group type_assigned agreement scale_min scale_max", rows
    )
