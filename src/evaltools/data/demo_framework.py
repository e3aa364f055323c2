"""What the framework concept built in Musterstadt: teams, budget, milestones, early help.

In SR10 the Kinder- und Familienzentrum is understaffed and the area team never came about; in
SR14 one grant of the action budget pays for a regular task, and two offers are parallel.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from evaltools.data import demo_networks, demo_offers, demo_parts, demo_surveys
from evaltools.data.demo_context import AREAS, MODEL_START, MODELS
from evaltools.data.schema_framework import (
    COMMUNITY,
    DIMENSIONS,
    EARLY_HELP,
    OPERATIVE,
    PURPOSES,
    ROLES,
    STRATEGIC,
    TASKS,
)

LAST = 2024
PAYS_REGULAR = "SR14"
LEAST_KIFAZ = 1.5  # VZÄ
# area → staff of its KiFaZ and of which for the coordinator (VZÄ)
KIFAZ = {"SR04": (1.75, 1.0), "SR10": (0.9, 0.5), "SR14": (1.5, 1.0)}
# area → operative element → months between plan and reach; None: not reached
DELAYS: dict[str, dict[str, int | None]] = {
    "SR04": {"koordination": 0, "gebietsteam": 2, "kifaz": 3, "handlungsbudget": 1},
    "SR10": {"koordination": 14, "gebietsteam": None, "kifaz": 9, "handlungsbudget": 6},
    "SR14": {"koordination": 1, "gebietsteam": 5, "kifaz": 12, "handlungsbudget": 2},
}
_PLANNED = {
    "arbeitsgruppe": date(2017, 3, 1),
    "globalrichtlinie": date(2018, 7, 1),
    "planung": date(2018, 10, 1),
    "asd": date(2019, 4, 1),
    "versaeulungsanalyse": date(2022, 10, 1),
    "koordination": date(2018, 2, 1),
    "gebietsteam": date(2018, 6, 1),
    "kifaz": date(2018, 9, 1),
    "handlungsbudget": date(2019, 1, 1),
}
_STRATEGIC_DELAY: dict[str, int | None] = {
    "arbeitsgruppe": 0,
    "globalrichtlinie": 4,
    "planung": 3,
    "asd": 9,
    "versaeulungsanalyse": None,
}
_TEAM = ("asd", "schule", "kita", "hze", "offene_arbeit", "koordination", "beratung")
_HELPED = demo_networks.AREAS


def built(seed: int, known: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return what the programme built, from draws of its own: the helps stay as they were.

    Parameters
    ----------
    seed : int
        Seed of the city.
    known : mapping of str to DataFrame
        Tables area, offer and social_profile, which come back with more in them; not changed.
    """
    draws = [np.random.default_rng([seed, 8, n]) for n in range(5)]
    offering, tying, building, asking, parting = draws
    today = AREAS[:-1]
    tables = {"offer": demo_offers.offers(offering, known["offer"])}
    tables["area"] = demo_parts.areas(known["area"])
    tables["social_profile"] = demo_parts.profile(parting, known["social_profile"])
    tables["cooperation"] = demo_networks.cooperation(tying, tuple(MODELS))
    tables |= _elements(building, today)
    return tables | demo_surveys.surveys(asking, today)


def _elements(rng: np.random.Generator, areas: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables of the framework's own elements."""
    return {
        "milestone": _milestone(),
        "kifaz": _kifaz(rng),
        "coordinator_activity": _activity(rng),
        "area_team_meeting": _meetings(rng),
        "action_budget": _budget(rng),
        "community_work": _community(rng),
        "early_help": _early_help(rng, areas),
        "selection_criterion": _criteria(rng, areas),
    }


def truth(budget: pd.DataFrame) -> dict[str, Any]:
    """Return what is true of the framework's elements by construction."""
    paid = budget[budget["regular_task"] & (budget["eur_granted"] > 0)]
    return {
        "cross_field": {"rises": [demo_networks.OPENED]},
        "acceptance": {"rises": [demo_surveys.RISEN], "points": demo_surveys.RISE},
        "understaffed_kifaz": [f"KF{area[2:]}" for area in KIFAZ if KIFAZ[area][0] < LEAST_KIFAZ],
        "regular_task": paid["application_id"].tolist(),
        "parallel_offers": {"area": demo_offers.PARALLEL, "providers": list(demo_offers.TWINS)},
        "not_reached": {
            area: [name for name, delay in own.items() if delay is None]
            for area, own in DELAYS.items()
        },
    }


def _shift(day: date, months: int) -> date:
    year, month = divmod(12 * day.year + day.month - 1 + months, 12)
    return date(year, month + 1, day.day)


def _milestone() -> pd.DataFrame:
    rows = [
        (element, None, _PLANNED[element], _STRATEGIC_DELAY[element]) for element in STRATEGIC
    ] + [
        (element, area, _PLANNED[element], delays[element])
        for area, delays in DELAYS.items()
        for element in OPERATIVE
    ]
    said = {True: "Protokoll der Lenkungsrunde (erfunden)", False: "noch offen (erfunden)"}
    return pd.DataFrame(
        [
            {
                "element": element,
                "area_id": area,
                "planned": planned,
                "reached": None if delay is None else _shift(planned, delay),
                "evidence": said[delay is not None],
            }
            for element, area, planned, delay in rows
        ]
    )


def _kifaz(rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for area, (vzae, coordinator) in KIFAZ.items():
        for year in range(MODEL_START + 1, LAST + 1):
            visits = int(rng.poisson(round(900 * vzae * (0.6 if year in (2020, 2021) else 1))))
            names = {"kifaz_id": f"KF{area[2:]}", "area_id": area, "year": year}
            staff = {"vzae": vzae, "vzae_coordinator": coordinator, "visits": visits}
            rows.append(names | staff | {"access_restricted": year in (2020, 2021)})
    return pd.DataFrame(rows)


def _activity(rng: np.random.Generator) -> pd.DataFrame:
    share = {"SR04": (30, 20, 10, 15, 15, 7, 3), "SR10": (8, 2, 10, 20, 5, 50, 5)}
    share["SR14"] = (20, 15, 10, 20, 10, 20, 5)
    rows = []
    for area, parts in share.items():
        for year in range(MODEL_START + 1, LAST + 1):
            whole = 1600 * KIFAZ[area][1]
            drawn = np.array(parts) * rng.uniform(0.9, 1.1, len(parts))
            hours = (whole * drawn / drawn.sum()).round()
            rows += [(area, year, task, own) for task, own in zip(TASKS, hours, strict=True)]
    return pd.DataFrame(rows, columns=["area_id", "year", "task", "hours"])


def _meetings(rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for area, chance in (("SR04", 0.85), ("SR14", 0.55)):
        for year in range(2019, LAST + 1):
            for month in range(1, 13, 1 if area == "SR04" else 2):
                there = [field for field in _TEAM if rng.random() < chance] or ["asd"]
                day = date(year, month, int(rng.integers(2, 27)))
                cases, agreed = int(rng.poisson(3)), int(rng.poisson(2))
                rows.append((area, day, ", ".join(there), cases, agreed))
    names = ["area_id", "date", "fields_present", "cases_discussed", "agreements"]
    return pd.DataFrame(rows, columns=names)


def _budget(rng: np.random.Generator) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for area in KIFAZ:
        for year in range(2019, LAST + 1):
            for _ in range(int(rng.integers(4, 9))):
                begin = date(year, 1, 8) + timedelta(days=int(rng.integers(0, 330)))
                applied = float(100 * rng.integers(4, 60))
                granted = applied * rng.choice([0.0, 0.6, 1.0, 1.0, 1.0])
                days = int(rng.integers(5, 60 if area == "SR10" else 25))
                spent = round(granted * rng.uniform(0.8, 1.0) / 10) * 10.0
                row = {"area_id": area, "date_in": begin, "regular_task": False}
                row |= {"date_decision": begin + timedelta(days=days), "eur_applied": applied}
                row |= {"eur_granted": granted, "eur_spent": spent}
                rows.append(row | {"purpose": PURPOSES[rng.integers(len(PURPOSES))]})
    paid = {"area_id": PAYS_REGULAR, "date_in": date(2022, 3, 1), "regular_task": True}
    paid |= {"date_decision": date(2022, 3, 15), "eur_applied": 4800.0, "eur_granted": 4800.0}
    rows.append(paid | {"eur_spent": 4800.0, "purpose": "beratung"})
    asked = {"area_id": "SR04", "date_in": date(2021, 5, 3), "regular_task": True}
    asked |= {"date_decision": date(2021, 5, 20), "eur_applied": 2500.0, "eur_granted": 0.0}
    rows.append(asked | {"eur_spent": 0.0, "purpose": "ausstattung"})
    frame = pd.DataFrame(rows)
    return frame.assign(application_id=[f"B{at:03d}" for at in range(1, len(frame) + 1)])


def _community(rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for area in KIFAZ:
        for year in range(MODEL_START + 1, LAST + 1):
            for _ in range(int(rng.integers(6, 13))):
                day = date(year, 1, 5) + timedelta(days=int(rng.integers(0, 350)))
                benefit = rng.choice(["ja", "nein", ""], p=[0.5, 0.3, 0.2])
                row: dict[str, Any] = {"area_id": area, "date": day}
                row |= {"provider_id": f"T{int(rng.integers(2, 12)):02d}"}
                row |= {"category": COMMUNITY[rng.integers(len(COMMUNITY))]}
                row |= {"role": ROLES[rng.integers(2)], "hours": float(rng.integers(2, 41)) / 2}
                rows.append(row | {"hze_benefit": {"ja": True, "nein": False}.get(benefit)})
    frame = pd.DataFrame(rows)
    return frame.assign(entry_id=[f"FU{at:03d}" for at in range(1, len(frame) + 1)])


def _early_help(rng: np.random.Generator, areas: pd.DataFrame) -> pd.DataFrame:
    people = dict(zip(areas["area_id"], areas["people"], strict=True))
    rows = []
    for area in _HELPED:
        for year in range(2014, LAST + 1):
            births = int(rng.poisson(round(0.052 * people[area])))
            later = area in KIFAZ and year > MODEL_START
            for kind, share in zip(EARLY_HELP[:4], (0.45, 0.05, 0.12, 0.10), strict=True):
                grown = share * (1.4 if later and area == "SR04" else 1.0)
                reached = int(rng.binomial(births, min(grown, 0.95)))
                passed = int(rng.binomial(reached, 0.15))
                names = ("T03" if kind == "elterncafe" else "T01", area, year, kind)
                rows.append((*names, reached, births, passed))
    columns = ["provider_id", "area_id", "year", "kind", "families_reached", "births"]
    return pd.DataFrame(rows, columns=[*columns, "referred_to"])


def _criteria(rng: np.random.Generator, areas: pd.DataFrame) -> pd.DataFrame:
    asked = dict(
        zip(
            DIMENSIONS,
            (
                "kinderarmut",
                "einrichtungen_je_1000",
                "bedarfseinschaetzung",
                "kooperationsbereitschaft",
            ),
            strict=True,
        )
    )
    rows = []
    for area, level in areas[["area_id", "level"]].itertuples(index=False):
        noise = rng.standard_normal(4)
        values = {
            "sozialstruktur": 15 + 20 * (level - 1) + noise[0],
            "infrastruktur": 6.5 - 2 * (level - 1) + 0.4 * noise[1],
            "bedarf_leistung": float(np.clip(round(3 + 3 * (level - 1) + 0.3 * noise[2]), 1, 5)),
            "sozialraum": float(np.clip(round(3 + noise[3]), 1, 5)),
        }
        for dimension, criterion in asked.items():
            rows.append((area, dimension, criterion, round(values[dimension], 1), 1.0))
    frame = pd.DataFrame(rows, columns=["area_id", "dimension", "criterion", "value", "weight"])
    return frame.assign(rationale="Erfundene Bewertung der Planungsgruppe, 2017")
