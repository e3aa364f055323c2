"""What stands around the helps of Musterstadt: areas, people, families, offers, staff.

Every function draws from the generator it is given and returns canonical frames.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaltools.data.schema import DTYPES, TABLES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

YEARS, FORECAST = tuple(range(2010, 2025)), tuple(range(2025, 2031))
MODEL_START = 2018
# name, type, people under 21 in 2010, growth in % a year, level of starts, tilt to stationary
_AREAS = (
    ("Am Mühlgrund", "D", 4900, 0.8, 0.98, 1.00),
    ("Sonnenhang", "E", 3900, 0.4, 0.74, 0.92),
    ("Äußere Werft", "C", 4600, 1.6, 1.12, 1.06),
    ("Kesselwiese", "D", 4300, 1.0, 1.46, 1.05),
    ("Ziegelbogen", "C", 5200, 0.7, 1.02, 0.98),
    ("Lerchenkehre", "B", 3200, 0.2, 0.80, 1.02),
    ("Weißdornring", "A", 2700, 0.5, 0.72, 0.90),
    ("Obere Gleise", "E", 5100, 1.1, 0.93, 0.97),
    ("Fährmannshof", "C", 4700, 0.6, 1.08, 1.08),
    ("Hüttenanger", "C", 3600, 0.8, 1.47, 1.03),
    ("Kastanienbogen", "B", 4200, 1.2, 0.95, 0.96),
    ("Glasbläserfeld", "E", 4800, 0.3, 0.88, 1.00),
    ("Großer Quellhof", "E", 3700, 1.4, 0.84, 0.94),
    ("Tuchmacheranger", "E", 3900, 0.9, 1.20, 1.04),
    ("Drosselkehre", "E", 4600, 0.5, 1.00, 1.02),
    ("Süßkirschgarten", "D", 4600, 0.6, 1.15, 1.07),
    ("Windrosenplatz", "B", 2600, 0.3, 0.86, 0.98),
    ("Schleusenzipfel", "B", 1400, 0.2, 0.88, 1.00),
)
AREAS = pd.DataFrame(_AREAS, columns=["name", "area_type", "people", "growth", "level", "tilt"])
AREAS.insert(0, "area_id", [f"SR{number:02d}" for number in range(1, len(AREAS) + 1)])
MODELS = {"SR04": "effect", "SR10": "null", "SR14": "regression_to_the_mean"}
_TODAY = AREAS["area_id"][:-1]
BANDS = ((0, 5, 0.30), (6, 9, 0.19), (10, 13, 0.185), (14, 17, 0.18), (18, 20, 0.145))

_PROVIDERS = (
    *("Jugendamt Musterstadt", "Musterhilfe Ahorn e. V.", "Musterhilfe Birke gGmbH"),
    *("Musterwerk Buche e. V.", "Musterwerk Eiche gGmbH", "Musterhaus Erle e. V."),
    *("Musterhaus Linde, gemeinnützige GmbH", "Musterkreis Ulme e. V.", "Musterkreis Lärche e. V."),
    *("Musterstiftung Weißtanne", "Mustersorge Kiefer e. V.", "Musterpflege Esche GmbH"),
)
# paragraph, life phase, access, exclusive, places, hours a week, funding
_OFFERS = (
    ("16", "schwangerschaft_0_3", "offen", False, 15, 12, "Zuwendung"),
    ("16", "schwangerschaft_0_3", "aufsuchend", True, 10, 20, "Zuwendung"),
    ("16", "eltern", "niedrigschwellig", False, 12, 8, "Projekt"),
    ("16", "kita", "offen", False, 20, 19.5, "Projekt"),
    ("22", "kita", "vermittelt", False, 90, 50, "Leistungsentgelt"),
    ("11", "grundschule", "offen", False, 30, 25, "Zuwendung"),
    ("11", "jugend", "offen", False, 45, 38.5, "Zuwendung"),
    ("12", "jugend", "offen", False, 25, 6, "Zuwendung"),
    ("13a", "grundschule", "niedrigschwellig", False, 40, 39, "Zuwendung"),
    ("13", "junge_erwachsene", "aufsuchend", True, 20, 29.5, "Projekt"),
    ("14", "jugend", "niedrigschwellig", False, 15, 4.5, "Projekt"),
    ("27ff", "eltern", "bewilligt", True, 8, 15, "Leistungsentgelt"),
)
PHASES = (
    *("Schwangerschaft – 3 Jahre", "Kita-Alter", "Grundschule"),
    *("Jugend", "Junge Erwachsene", "Eltern"),
)
# kind: German name, number per 1,000 under 21, places each
KINDS = {
    "okja": ("Offene Kinder- und Jugendarbeit", 0.6, 40),
    "schulsozialarbeit": ("Schulsozialarbeit", 0.7, None),
    "kita": ("Kita", 2.4, 85),
    "hort": ("Hort", 0.9, 150),
    "grundschule": ("Grundschule", 0.8, 240),
    "oberschule": ("Oberschule", 0.35, 420),
    "gymnasium": ("Gymnasium", 0.2, 780),
    "beratung": ("Beratungsstelle", 0.3, None),
    "familienbildung": ("Familienbildung", 0.4, 15),
}
# indicator: German name, mean, slope per unit of level, change from 2017 to 2023, unit
PROFILE = {
    "arbeitslosenquote": ("Arbeitslosenquote", 6.4, 7.5, -0.4, "%"),
    "sgb2_quote_u15": ("SGB-II-Quote unter 15", 14.2, 22.0, -1.1, "%"),
    "alleinerziehende_anteil": ("Anteil Alleinerziehender", 23.0, 13.0, 0.6, "%"),
    "prekarisierungsindex": ("Prekarisierungsindex", 0.0, 4.2, 0.0, "z-Wert"),
}


def typed(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the frame with the columns of a table in its order and its dtypes."""
    table = TABLES[name]
    names = [column for column in table.names if column in frame]
    return frame[names].astype({column: DTYPES[table.column(column).kind] for column in names})


def population(rng: np.random.Generator) -> pd.DataFrame:
    """Return people by area of 2010, year and age band, actual until 2024, then a forecast."""
    frames = []
    for year in (*YEARS, *FORECAST):
        ahead = year - YEARS[0] - 0.5 * max(year - YEARS[-1], 0)
        total = AREAS["people"] * (1 + AREAS["growth"] / 100) ** ahead
        for low, high, share in BANDS:
            older = 1 + (low - 8) * 0.0008 * (year - YEARS[0])
            noise = 1 + 0.004 * rng.standard_normal(len(AREAS))
            cells = {"area_id": AREAS["area_id"], "year": year, "age_from": low, "age_to": high}
            n = (total * share * older * noise).round().astype(int)
            frames.append(pd.DataFrame(cells | {"n": n}))
    result = pd.concat(frames, ignore_index=True)
    kind = np.where(result["year"] > YEARS[-1], "forecast", "actual")
    return result.assign(sex="alle", kind=kind)


def merged(people: pd.DataFrame) -> pd.DataFrame:
    """Return the population with SR18 in SR17 from 2014 on."""
    key = ["area_id", "year", "sex", "age_from", "age_to", "kind"]
    moved = (people["area_id"] == "SR18") & (people["year"] > 2013)
    area = people["area_id"].mask(moved, "SR17")
    return people.assign(area_id=area).groupby(key, as_index=False)[["n"]].sum()


def persons(rng: np.random.Generator, drawn: pd.DataFrame, *, once: int) -> tuple[Ints, Ints]:
    """Return person and family numbers: some helps follow an earlier one or go to a sibling.

    A person's helps never overlap, and a family has the help `once` (family help) once.
    """
    rows = len(drawn)
    back = np.where(rng.random(rows) < 0.3, rng.integers(1, 200, rows), rows + 1)
    days = drawn[["begin", "end"]].to_numpy().astype("M8[D]").astype(int)
    known: list[tuple[int, int]] = []
    earlier: dict[int, list[int]] = {}
    busy: dict[int, int] = {}
    served: set[int] = set()
    for i, (cell, help_) in enumerate(drawn[["cell", "help"]].itertuples(index=False)):
        past = earlier.setdefault(cell, [])
        person, family = known[past[-back[i]]] if back[i] <= len(past) else (-1, -1)
        if person < 0 or (help_ == once and family in served):
            person = family = i
        elif busy[person] >= days[i, 0]:
            person = i
        busy[person] = days[i, 1]
        served |= {family} if help_ == once else set()
        past.append(i)
        known.append((person, family))
    numbers = np.array(known)
    return tuple(np.unique(column, return_inverse=True)[1] + 1 for column in numbers.T)  # type: ignore[return-value]


def surroundings(rng: np.random.Generator, running: Floats) -> dict[str, pd.DataFrame]:
    """Return the tables that stand around the helps.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the draws.
    running : array
        Helps running on 31 December by area (SR18 last) and year from 2010, without any programme.

    Returns
    -------
    dict of str to DataFrame
        Tables area, provider, offer, staffing, infrastructure, social_profile.
    """
    kinds = ["oeffentlich", *["frei_gemeinnuetzig"] * (len(_PROVIDERS) - 2), "gewerblich"]
    ids = [f"T{number:02d}" for number in range(1, len(_PROVIDERS) + 1)]
    return {
        "area": _area(),
        "provider": pd.DataFrame({"provider_id": ids, "name": _PROVIDERS, "type": kinds}),
        "offer": _offer(rng),
        "staffing": _staffing(rng, running),
        "infrastructure": _infrastructure(rng),
        "social_profile": _social_profile(rng),
    }


def _area() -> pd.DataFrame:
    model, old = AREAS["area_id"].isin(MODELS), AREAS["area_id"] == "SR18"
    return AREAS[["area_id", "name", "area_type"]].assign(
        is_model=model,
        model_start=model.map({True: str(MODEL_START), False: None}),
        valid_from=pd.Timestamp("2010-01-01"),
        valid_to=old.map({True: pd.Timestamp("2013-12-31"), False: pd.NaT}),
        successor=old.map({True: "SR17", False: None}),
    )


def _offer(rng: np.random.Generator) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for area in _TODAY:
        for _ in range(rng.integers(8, 13)):
            rows.append(_one_offer(rng, area, _OFFERS[rng.integers(len(_OFFERS))], 2003, 2022))
        if area in ("SR04", "SR10"):
            rows += [_one_offer(rng, area, offer, 2018, 2020) for offer in _OFFERS[:4]]
    names = ["area_id", "provider_id", "begin", "end", "paragraph", "life_phase", "access"]
    names += ["target_exclusive", "places", "hours_week", "funding_kind", "vzae", "funding_until"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.assign(offer_id=[f"A{number:03d}" for number in range(1, len(frame) + 1)])


def _one_offer(
    rng: np.random.Generator, area: str, offer: tuple[Any, ...], first: int, last: int
) -> tuple[Any, ...]:
    *codes, places, hours, funding = offer
    year = int(rng.integers(first, last + 1))
    begin = date(year, int(rng.choice([1, 1, 4, 8, 9])), 1)
    over = first < MODEL_START and year < 2016 and rng.random() < 0.3
    end = date(year + int(rng.integers(3, 9)), 12, 31) if over else None
    hours = min(hours * rng.choice([0.5, 1, 1, 1.5]), 60)
    known = places * rng.integers(8, 13) // 10 if rng.random() < 0.85 else None
    until = (
        date(int(rng.integers(2025, 2028)), 12, 31) if funding == "Projekt" and not end else None
    )
    provider = f"T{rng.integers(1, len(_PROVIDERS)):02d}"
    vzae = round(hours / 39, 2)
    return (area, provider, begin, end, *codes, known, hours, funding, vzae, until)


def _staffing(rng: np.random.Generator, running: Floats) -> pd.DataFrame:
    rows = []
    for (place, year), helps in np.ndenumerate(running):
        area = AREAS["area_id"][place]
        if area == "SR18" and YEARS[year] > 2013:
            continue
        helps += running[-1, year] if area == "SR17" and YEARS[year] > 2013 else 0
        model = area in MODELS and YEARS[year] >= MODEL_START
        norm = round(4 * helps / 20) / 4
        gap = rng.choice([0, 0, 0.25, 0.25, 0.5])
        rows.append((area, YEARS[year], "case_manager", norm - gap + model, norm))
        if model:
            rows.append((area, YEARS[year], "coordinator", 1.0, 1.0))
    return pd.DataFrame(rows, columns=["area_id", "year", "role", "vzae", "vzae_norm"])


def _infrastructure(rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for place, area in enumerate(_TODAY):
        for kind, (_, density, size) in KINDS.items():
            n = int(rng.poisson(round(density * AREAS["people"][place] / 1000, 3)))
            for year in (2018, 2024):
                n += int(year == 2024 and rng.random() < 0.25)
                known = size is not None and n > 0 and rng.random() < 0.9
                places = n * size * rng.integers(85, 116) // 100 if size and known else None
                rows.append((area, year, kind, n, places))
    return pd.DataFrame(rows, columns=["area_id", "year", "kind", "n", "places"])


def _social_profile(rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for place, area in enumerate(_TODAY):
        for indicator, (_, mean, slope, change, unit) in PROFILE.items():
            value = mean + slope * (AREAS["level"][place] - 1) + 0.1 * slope * rng.standard_normal()
            for year, later in ((2017, 0.0), (2023, change + 0.03 * slope * rng.standard_normal())):
                digits = 2 if unit == "z-Wert" else 1
                low = -9.0 if unit == "z-Wert" else 0.5
                rows.append((area, year, indicator, max(round(value + later, digits), low), unit))
    return pd.DataFrame(rows, columns=["area_id", "year", "indicator", "value", "unit"])
