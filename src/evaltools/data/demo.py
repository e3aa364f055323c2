"""The simulated city *Musterstadt*: help cases with a known effect, and what stands around them.

Three model Stadträume are chosen in 2018 because their burden was high in 2017. In SR04 the
programme works, in SR10 nothing happens, in SR14 a passing surge was taken for a trend. Nothing
here is taken from a real city; the rates only have the size that official statistics report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammaincc

from evaltools.data import demo_context, demo_files, demo_framework
from evaltools.data.beside import Beside
from evaltools.data.demo_context import AREAS, MODELS, YEARS, typed

Floats = NDArray[np.float64]
Span = tuple[int, ...]

FIRST = 2000  # ten years of burn-in, so that the stock of 2010 is in equilibrium
QUARTERS = np.arange(4 * (YEARS[-1] - FIRST + 1))
DAYS = (np.datetime64(f"{FIRST}-01", "M") + 3 * np.arange(len(QUARTERS) + 1)).astype("M8[D]")
PRE, POST = tuple(range(2010, 2017)), tuple(range(2018, 2025))  # the selection year is left out
OUTCOMES = ("hze", "placements", "intensity")

# paragraph, form, starts per 10,000 under 21 and year in 2010, mean months
HELPS = (
    ("27_2", "ambulant", 14, 9),
    ("27_2", "stationaer", 4, 16),
    ("28", "beratung", 16, 6),
    ("29", "ambulant", 8, 8),
    ("30", "ambulant", 38, 9),
    ("31", "ambulant", 58, 12),
    ("32", "teilstationaer", 10, 14),
    ("33", "stationaer", 10, 34),
    ("34", "stationaer", 26, 17),
    ("35", "ambulant", 4, 9),
    ("35a", "ambulant", 12, 18),
    ("35a", "stationaer", 2, 20),
    ("41", "ambulant", 9, 8),
    ("41", "stationaer", 8, 15),
)
SHIFTED = {1: 0, 7: 5, 8: 0, 11: 10, 13: 12}  # stationary help → the ambulant one in its place
FAMILY_HELP = 5
PARAGRAPH = np.array([row[0] for row in HELPS])
FORM = np.array([row[1] for row in HELPS])
MONTHS = np.array([row[3] for row in HELPS], dtype=float)
SHAPE, DAYS_PER_MONTH = 1.4, 365.25 / 12
LOCAL = ~np.isin(PARAGRAPH, ["28", "35a"])
PLACED = np.isin(PARAGRAPH, ["33", "34"]) | ((PARAGRAPH == "27_2") & (FORM == "stationaer"))

GROWTH_OF_STARTS = 1.02
SEASON = (1.06, 0.97, 0.92, 1.05)
PANDEMIC = {2020: (0.97, 0.72, 0.85, 0.86), 2021: (0.95, 0.97, 1.0, 1.0)}
SHOCK_SD, SHOCK_RHO = 0.07, 0.6
STATE_UNDER_21 = 700_000


@dataclass(frozen=True)
class City:
    """A simulated city: canonical tables by name, and what is true of it by construction."""

    tables: Mapping[str, pd.DataFrame]
    truth: Mapping[str, Any]


def simulate(
    seed: int = 20240131, *, effect: float = 0.28, shift: float = 0.35, surge: float = 0.35
) -> City:
    """Simulate Musterstadt.

    Parameters
    ----------
    seed : int, optional
        Seed of the only random generator; the same seed gives the same city.
    effect : float, optional
        Share by which the starts of all helps fall in SR04 from 2018-Q3 on (half before).
    shift : float, optional
        Share of SR04's would-be stationary starts that become ambulant, phased in likewise.
    surge : float, optional
        Passing rise of SR14's starts from 2016-Q3 to 2017-Q4.

    Returns
    -------
    City
        All tables, and the truth: for each model area its kind, the rate ratio on starts, and
        for each outcome three expected ratios. ``ratio`` is the causal one, with against without
        the programme, 2018–2024. ``against_untreated`` is what comparing with the untreated
        areas gives on average (2018–2024 over 2010–2016); ``against_selection_year`` the same
        over 2017, the year of choice, and therefore misleading.
    """
    rng = np.random.default_rng(seed)
    population = demo_context.population(rng)
    people = _by_area(population)
    usual = _starts(people, AREAS["level"].to_numpy(), AREAS["tilt"].to_numpy())
    without = _surge(usual, surge)
    expected = _programme(without, effect, shift)
    tables = {
        "population": demo_context.merged(population),
        "hze_case": _described(rng, _cases(rng, expected * _shocks(rng)[:, :, None])),
        "reference_trend": _reference(rng),
    }
    running = _volumes(usual)["stock"][:, :, LOCAL].sum(axis=2)
    tables |= demo_context.surroundings(rng, running)
    tables |= demo_framework.built(seed, tables)
    settings = {"seed": seed, "effect": effect, "shift": shift, "surge": surge}
    truth = {"settings": settings, "pre": list(PRE), "post": list(POST)}
    truth["areas"] = _truth(expected, without, people[:, -4 * len(YEARS) :: 4], effect=effect)
    truth["framework"] = demo_framework.truth(tables["action_budget"])
    return City({name: typed(frame, name) for name, frame in tables.items()}, truth)


def write(folder: Path, city: City, beside: Beside | None = None) -> list[Path]:
    """Write a city as an office would deliver it; see :func:`evaltools.data.demo_files.write`."""
    return demo_files.write(folder, city.tables, city.truth, beside or Beside())


def _by_area(population: pd.DataFrame) -> Floats:
    """Return people under 21 by area and quarter; before 2010 those of 2010."""
    actual = population[population["kind"] == "actual"]
    yearly = actual.groupby(["area_id", "year"])["n"].sum().unstack().to_numpy(dtype=float)
    return yearly[:, np.clip(FIRST + QUARTERS // 4 - YEARS[0], 0, None)]


def _starts(people: Floats, level: Floats, tilt: Floats) -> Floats:
    """Return expected starts by cell, quarter and help, before anything happens to an area."""
    ahead = np.clip((QUARTERS - 4 * (YEARS[0] - FIRST)) / 4, 0, None)
    path = GROWTH_OF_STARTS**ahead * np.tile(SEASON, len(QUARTERS) // 4)
    for year, factors in PANDEMIC.items():
        path[4 * (year - FIRST) :][:4] *= factors
    base = np.array([row[2] for row in HELPS]) / 40_000
    mix = np.where(FORM == "stationaer", tilt[:, None], 1.0) * base
    starts: Floats = (people * level[:, None] * path)[:, :, None] * mix[:, None, :]
    return starts


def _surge(starts: Floats, surge: float) -> Floats:
    result = starts.copy()
    result[_row("SR14"), 4 * (2016 - FIRST) + 2 : 4 * (2018 - FIRST)] *= 1 + surge
    return result


def _programme(starts: Floats, effect: float, shift: float) -> Floats:
    result = starts.copy()
    since = QUARTERS - 4 * (2018 - FIRST)
    phase = np.select([since < 0, since < 2], [0.0, 0.5], 1.0)
    area = result[_row("SR04")]
    area *= (1 - effect * phase)[:, None]
    for stationary, ambulant in SHIFTED.items():
        moved = shift * phase * area[:, stationary]
        area[:, stationary] -= moved
        area[:, ambulant] += moved
    return result


def _row(area: str) -> int:
    return int(AREAS.index[AREAS["area_id"] == area][0])


def _shocks(rng: np.random.Generator) -> Floats:
    """Return AR(1) lognormal shocks by area and quarter, with mean one."""
    log = rng.standard_normal((len(AREAS), len(QUARTERS))) * SHOCK_SD
    for now in QUARTERS[1:]:
        log[:, now] *= np.sqrt(1 - SHOCK_RHO**2)
        log[:, now] += SHOCK_RHO * log[:, now - 1]
    return np.exp(log - SHOCK_SD**2 / 2)


def _cases(rng: np.random.Generator, starts: Floats) -> pd.DataFrame:
    """Draw helps as cell, help, begin and end; those that ended before 2010 are left out."""
    # rounded, so that the last bits of a float cannot change a count on another machine
    counts = rng.poisson(starts.round(4))
    cell, quarter, help_ = (axis.repeat(counts.ravel()) for axis in _axes(counts.shape))
    length = (DAYS[quarter + 1] - DAYS[quarter]).astype(int)
    begin = DAYS[quarter] + (rng.random(len(cell)) * length).astype("m8[D]")
    months = rng.gamma(SHAPE, MONTHS[help_] / SHAPE)
    end = begin + np.ceil(months * DAYS_PER_MONTH).astype("m8[D]")
    moved = (cell == _row("SR18")) & (quarter >= 4 * (2014 - FIRST))
    cell = np.where(moved, _row("SR17"), cell)
    frame = pd.DataFrame({"cell": cell, "help": help_, "begin": begin, "end": end})
    frame = frame[frame["end"] >= f"{YEARS[0]}-01-01"]
    return frame.sort_values(["begin", "cell", "help"], kind="stable", ignore_index=True)


def _axes(shape: tuple[int, ...]) -> list[NDArray[np.int64]]:
    return [axis.ravel() for axis in np.indices(shape)]


def _described(rng: np.random.Generator, drawn: pd.DataFrame) -> pd.DataFrame:
    """Give each help its numbers, codes, weekly hours, provider and kind of ending."""
    rows, help_ = len(drawn), drawn["help"].to_numpy()
    person, family = demo_context.persons(rng, drawn, once=FAMILY_HELP)
    provider = (3 * drawn["cell"] + rng.integers(0, 5, rows)) % 11 + 2
    provider = provider.where(~np.isin(PARAGRAPH[help_], ["28", "33"]), 1)
    planned = pd.Series(rng.choice([1.0, 0.0, np.nan], rows, p=[0.58, 0.32, 0.1]))
    weekly = (FORM[help_] == "ambulant") & (rng.random(rows) < 0.9)
    end = drawn["end"].where(drawn["end"] <= f"{YEARS[-1]}-12-31")
    columns = {
        "case_id": [f"F{number:05d}" for number in range(1, rows + 1)],
        "person_id": [f"P{number:05d}" for number in person],
        "family_id": [f"H{number:05d}" for number in family],
        "area_id": AREAS["area_id"].to_numpy()[drawn["cell"]],
        "paragraph": PARAGRAPH[help_],
        "form": FORM[help_],
        "begin": drawn["begin"],
        "end": end,
        "intensity_hours_week": np.where(weekly, rng.integers(4, 25, rows) / 2, np.nan),
        "provider_id": [f"T{number:02d}" for number in provider],
        "end_as_planned": planned.where(end.notna()),
    }
    return pd.DataFrame(columns)


def _volumes(starts: Floats) -> dict[str, Floats]:
    """Return expected stock, started and ended by cell, year and help; the fractions are kept."""
    years = np.array([YEARS[0] - 1, *YEARS])
    lag = 4 * (years[:, None] + 1 - FIRST) - QUARTERS
    inside = (np.arange(24) + 0.5) / 24
    age = 3 * np.clip(lag[..., None] - inside, 0, None)[..., None]
    alive = gammaincc(SHAPE, age * SHAPE / MONTHS).mean(axis=2) * (lag > 0)[..., None]
    stock = np.einsum("cqk,yqk->cyk", starts, alive)
    started = starts.reshape(len(starts), -1, 4, len(HELPS)).sum(axis=2)[:, -len(YEARS) :]
    ended = stock[:, :-1] + started - stock[:, 1:]
    return {"stock": stock[:, 1:], "started": started, "ended": ended}


def _reference(rng: np.random.Generator) -> pd.DataFrame:
    """Return the state's yearly counts: the common trend, without anything the city has alone."""
    people: Floats = STATE_UNDER_21 * 1.004 ** np.arange(float(len(YEARS)))
    quarterly = people[None, np.clip(FIRST + QUARTERS // 4 - YEARS[0], 0, None)]
    starts = _starts(quarterly, np.ones(1), np.ones(1))
    volumes = _volumes(starts * (1 + 0.01 * rng.standard_normal(starts.shape)))
    stock, started, ended = (values[0].ravel().round() for values in volumes.values())
    year, help_ = _axes(volumes["stock"][0].shape)
    columns = {
        "level": "state",
        "period": np.array(YEARS).astype(str)[year],
        "paragraph": PARAGRAPH[help_],
        "form": FORM[help_],
        "stock_3112": stock,
        "started": started,
        "ended": ended,
        "young_people": (0.97 * (stock + ended)).round(),
        "population": people.round()[year],
    }
    return pd.DataFrame(columns)


def _outcomes(volumes: Mapping[str, Floats], people: Floats, rows: list[int], span: Span) -> Floats:
    """Return the outcomes of some areas and years together: sums over sums, local definition."""
    years = [year - YEARS[0] for year in span]
    volume = (volumes["stock"] + volumes["ended"])[rows][:, years].sum(axis=(0, 1))
    started = volumes["started"][rows][:, years].sum(axis=(0, 1)) * LOCAL
    total = people[rows][:, years].sum()
    stationary = started[FORM == "stationaer"].sum() / started.sum()
    return np.array([volume[LOCAL].sum() / total, volume[PLACED].sum() / total, stationary])


def _truth(expected: Floats, without: Floats, people: Floats, *, effect: float) -> dict[str, Any]:
    """Work out from expected values what an estimator without any noise would find."""
    programme, plain = _volumes(expected), _volumes(without)
    untreated = [_row(area) for area in AREAS["area_id"] if area not in MODELS]
    areas: dict[str, Any] = {}
    for area, kind in MODELS.items():
        own = [_row(area)]
        after, before, chosen = (
            _outcomes(programme, people, own, span) / _outcomes(programme, people, untreated, span)
            for span in (POST, PRE, (2017,))
        )
        causal = _outcomes(programme, people, own, POST) / _outcomes(plain, people, own, POST)
        found = {"ratio": causal, "against_untreated": after / before}
        found["against_selection_year"] = after / chosen
        starts = 1 - effect if kind == "effect" else 1.0
        areas[area] = {"kind": kind, "start": 2018, "starts_ratio": round(starts, 4)} | {
            name: dict(zip(OUTCOMES, values.round(4).tolist(), strict=True))
            for name, values in found.items()
        }
    return areas
