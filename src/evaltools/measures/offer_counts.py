"""Offers of one Stadtraum by law, life phase, access and target; places per 1,000 of their age."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from evaltools.errors import DesignError
from evaltools.measures.offers import CODES, UNKNOWN, By, current, known, named
from evaltools.measures.population import bands_of
from evaltools.study import Population

AGES: Mapping[str, tuple[int, int]] = {
    "schwangerschaft_0_3": (0, 2),
    "kita": (3, 5),
    "grundschule": (6, 9),
    "jugend": (10, 17),
    "junge_erwachsene": (18, 26),
}
WIDEST = 2  # times the years of an age group that other ages standing for it may span


def counts(offer: pd.DataFrame, area: str, years: Collection[int], *, by: By) -> pd.DataFrame:
    """Count the area's running offers by group and year, with their hours and staff.

    An offer that names two laws (``paragraph``, ``paragraph_2``) counts once under each, so that
    shares by law may add up to more than one.

    Returns
    -------
    DataFrame
        ``group, year, n, n_offers, share, hours, hours_lacking, vzae, vzae_lacking``: share = n /
        n_offers (NA without offers); hours a week and VZÄ are sums of what is known (NA when all
        lack it). All codes of the column are listed, ``unbekannt`` where it occurs.
    """
    parts = []
    for year in years:
        now = current(offer, area, year)
        sums = _sums(named(now, by), by).assign(year=year, n_offers=len(now))
        parts.append(sums)
    empty = ["group", "n", "hours", "hours_lacking", "vzae", "vzae_lacking", "year", "n_offers"]
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=empty)
    seen = frame.groupby("group")["n"].transform("sum") > 0
    frame = frame[(frame["group"] != UNKNOWN) | seen]
    frame["share"] = (frame["n"] / frame["n_offers"]).where(frame["n_offers"] > 0)
    columns = ["group", "year", "n", "n_offers", "share", *empty[2:6]]
    return frame[columns].reset_index(drop=True)


def reach(
    offer: pd.DataFrame, population: pd.DataFrame, area: str, years: Collection[int]
) -> pd.DataFrame:
    """Set places of running offers against the age group of their life phase.

    The ages used are those of :func:`ages`, printed beside each rate.

    Returns
    -------
    DataFrame
        ``life_phase, year, n, lacking, places, age_from, age_to, persons, per_1000, problem``:
        offers, how many of them lack places, the sum of known places (NA when all lack them), the
        ages used, persons of these ages in the area, places per 1,000; ``problem`` is ``parents``,
        ``ages`` or ``population`` where there is no rate for want of that, else empty.
    """
    rows = []
    for year in years:
        now = current(offer, area, year)
        phase = known(now, "life_phase")
        places = now["places"] if "places" in now else pd.Series(pd.NA, now.index, dtype="Int64")
        people = population[(population["area_id"] == area) & (population["year"] == year)]
        people = people[people["kind"] == "actual"]
        for name in [*AGES, "eltern"]:
            part = places[phase == name]
            total = int(part.sum()) if part.notna().any() or part.empty else pd.NA
            rows.append(
                [name, year, len(part), int(part.isna().sum()), total, *_base(people, name)]
            )
    columns = ["life_phase", "year", "n", "lacking", "places", "age_from", "age_to", "persons"]
    frame = pd.DataFrame(rows, columns=[*columns, "problem"])
    frame[columns[2:]] = frame[columns[2:]].astype("Int64")
    base = frame["persons"].where(frame["persons"] > 0)
    return frame.assign(per_1000=(frame["places"] / base * 1000).astype("Float64"))


def ages(population: pd.DataFrame, life_phase: str) -> tuple[int, int] | None:
    """Find the ages of the population table that stand for a life phase.

    The rule: the narrowest run of bands, without gap or overlap, that covers the whole age group
    (bands that add up exactly are the narrowest), if it spans at most :data:`WIDEST` times its
    years. Where the table ends within the age group, the ages from its first to the table's last,
    if bands add up exactly to them. Otherwise none.

    Parameters
    ----------
    population : DataFrame
        Actual figures of one area and year.
    life_phase : str
        One of :data:`AGES`.
    """
    low, high = AGES[life_phase]
    starts, ends = sorted(set(population["age_from"])), sorted(set(population["age_to"]))
    runs = [(one, two) for one in starts for two in ends if one <= low and two >= high]
    if ends and low <= ends[-1] < high:
        runs = [(low, ends[-1])]
    most = WIDEST * (high - low + 1)
    runs = [(one, two) for one, two in runs if two - one + 1 <= most]
    for one, two in sorted(runs, key=lambda run: (run[1] - run[0], run[0])):
        try:
            bands_of(population, Population(age_from=one, age_to=two))
        except DesignError:
            continue
        return int(one), int(two)
    return None


def _base(people: pd.DataFrame, life_phase: str) -> tuple[object, object, object, str]:
    """Return the ages used, their persons, and what is in the way of a rate."""
    if life_phase not in AGES:
        return pd.NA, pd.NA, pd.NA, "parents"
    if people.empty:
        return pd.NA, pd.NA, pd.NA, "population"
    used = ages(people, life_phase)
    if used is None:
        return pd.NA, pd.NA, pd.NA, "ages"
    group = Population(age_from=used[0], age_to=used[1])
    n = bands_of(people, group)["n"].sum(skipna=False)
    return *used, n, "population" if pd.isna(n) or n == 0 else ""


def _sums(grouped: pd.DataFrame, by: By) -> pd.DataFrame:
    """Add up offers, hours a week and VZÄ by group, with how many lack them."""
    rows = []
    for group in [*CODES[by], UNKNOWN]:
        part = grouped[grouped["group"] == group].reindex(columns=["hours_week", "vzae"])
        row: list[object] = [group, len(part)]
        for name in ("hours_week", "vzae"):
            lacking = int(part[name].isna().sum())
            lost = len(part) > 0 and lacking == len(part)
            row += [pd.NA if lost else float(part[name].sum()), lacking]
        rows.append(row)
    columns = ["group", "n", "hours", "hours_lacking", "vzae", "vzae_lacking"]
    return pd.DataFrame(rows, columns=columns).astype({"hours": "Float64", "vzae": "Float64"})
