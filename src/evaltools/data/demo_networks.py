"""Who works with whom in Musterstadt: organisations and forums of twelve Stadträume, three years.

In one model area forums open to other fields after the start; everywhere else new forums come, but
each field stays mostly among itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

AREAS = (
    *("SR01", "SR02", "SR04", "SR06", "SR07", "SR08"),
    *("SR09", "SR10", "SR12", "SR14", "SR15", "SR16"),
)
YEARS = (2017, 2020, 2024)
OPENED = "SR04"
# field → number of organisations in a Stadtraum
ORGANISATIONS = {
    "asd": 2,
    "hze": 4,
    "offene_arbeit": 3,
    "schule": 5,
    "kita": 5,
    "fruehe_hilfen": 2,
    "familienbildung": 2,
    "beratung": 2,
}
RUN_BY_PROVIDERS = ("hze", "offene_arbeit", "fruehe_hilfen", "familienbildung")
PROVIDERS = tuple(f"T{number:02d}" for number in range(2, 13))
# forum → field it belongs to
FORUMS = {
    "kitarunde": "kita",
    "kitatraeger": "kita",
    "schulrunde": "schule",
    "schulleitungen": "schule",
    "hilfetraeger": "hze",
    "hilfekonferenz": "hze",
    "jugendrunde": "offene_arbeit",
    "fruehe_kindheit": "fruehe_hilfen",
}
NEW_FORUMS = {
    "sozialraumrunde": "koordination",
    "gebietsteam": "koordination",
    "familienzentrum": "kifaz",
    "uebergaenge": "kita",
}
CITY_FORUM = "ag78"
ACROSS, ACROSS_OPENED = 0.15, 0.60  # chance that a seat goes to another field


def cooperation(rng: np.random.Generator, models: tuple[str, ...]) -> pd.DataFrame:
    """Draw who takes part in which forum, and the direct ties between organisations.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the draws.
    models : tuple of str
        Areas with coordinator, KiFaZ and new forums from 2018 on.

    Returns
    -------
    DataFrame
        Columns of the table ``cooperation``; without a partner where the row is a seat in a forum.
    """
    rows: list[dict[str, Any]] = []
    for year in YEARS:
        whole: list[tuple[str, str]] = []
        for area in AREAS:
            begun = area in models and year >= 2018
            people = _organisations(area, begun=begun)
            across = ACROSS_OPENED if area == OPENED and begun else ACROSS
            for forum, own in (FORUMS | (NEW_FORUMS if begun else {})).items():
                for name, field in _seats(rng, people, own, across):
                    rows.append(_row(area, year, name, field, forum=f"{area}-{forum}"))
            rows += _ties(rng, area, year, people, across)
            whole += people[:2]
        rows += [_row(None, year, name, field, forum=CITY_FORUM) for name, field in whole]
    return pd.DataFrame(rows)


def _organisations(area: str, *, begun: bool) -> list[tuple[str, str]]:
    first = int(area[2:]) % len(PROVIDERS)
    providers = iter(PROVIDERS[first:] + PROVIDERS[:first])
    found = [
        (next(providers) if field in RUN_BY_PROVIDERS else f"{area}-{field}-{number}", field)
        for field, n in ORGANISATIONS.items()
        for number in range(1, n + 1)
    ]
    new = [(f"{area}-koordination", "koordination"), (f"{area}-kifaz", "kifaz")]
    return found + (new if begun else [])


def _seats(
    rng: np.random.Generator, people: list[tuple[str, str]], own: str, across: float
) -> list[tuple[str, str]]:
    """Draw four to six organisations for a forum; with a chance, a seat goes to another field."""
    inside = [item for item in people if item[1] == own]
    outside = [item for item in people if item[1] != own]
    n = int(rng.integers(4, 7))
    n_across = min(int(rng.binomial(n, across)), n - 1)
    n_inside = min(n - n_across, len(inside))
    n_across = max(n_across, 2 - n_inside)  # a forum of one is none
    picked = [inside[at] for at in rng.choice(len(inside), n_inside, replace=False)]
    return picked + [outside[at] for at in rng.choice(len(outside), n_across, replace=False)]


def _ties(
    rng: np.random.Generator, area: str, year: int, people: list[tuple[str, str]], across: float
) -> list[dict[str, Any]]:
    rows = []
    kinds = ("fallspezifisch", "falluebergreifend", "fallunspezifisch")
    for _ in range(20):
        name, field = people[rng.integers(len(people))]
        elsewhere = rng.random() < across
        others = [item for item in people if (item[1] != field) == elsewhere]
        partner, other = others[rng.integers(len(others))]
        if name == partner:
            continue
        row = _row(area, year, name, field, to=(partner, other))
        rows.append(row | {"kind": kinds[rng.integers(3)], "intensity": int(rng.integers(1, 4))})
    return list({(row["from_id"], row["to_id"], row["kind"]): row for row in rows}.values())


def _row(
    area: str | None,
    year: int,
    name: str,
    field: str,
    *,
    forum: str | None = None,
    to: tuple[str | None, str | None] = (None, None),
) -> dict[str, Any]:
    names = {"area_id": area, "from_id": name, "to_id": to[0]}
    fields = {"field_from": field, "field_to": to[1], "forum": forum}
    return names | fields | {"kind": "falluebergreifend", "intensity": None, "year": year}
