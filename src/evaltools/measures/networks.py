"""How connected the fields of an area are: density, mixing, centrality, change between years."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import networkx as nx
import numpy as np
import pandas as pd

from evaltools import german
from evaltools.measures import permutation
from evaltools.measures.cooperation import Network, local, network, years
from evaltools.measures.mixing import (
    assortativity,
    density,
    ei_expected,
    ei_index,
    ei_of_counts,
    ei_p,
    mixed,
)
from evaltools.measures.permutation import Floats

__all__ = [
    "CrossChange",
    "Network",
    "Structure",
    "between_fields",
    "by_field",
    "centrality",
    "cross_change",
    "density",
    "ei_index",
    "local",
    "network",
    "structure",
    "years",
]

LEAST_FORUMS = 5
LEVEL = 0.95
NO_WIDTH = 1e-12
ALIKE = (
    "Kein Intervall: Alle Foren eines Jahres sind gleich gemischt, die Ziehung zeigt keine Breite."
)


@dataclass(frozen=True)
class Structure:
    """Figures of one area's network in one year; nan where undefined.

    ``n_forums`` counts forums that join at least two of the organisations, ``density`` is that of
    the one-mode graph without weights. ``cross_share`` is weight between different fields by all
    weight, ``cross_share_local`` the same without city-wide forums and ties. ``external`` and
    ``internal`` count pairs; ``ei`` is Krackhardt and Stern's (1988, doi:10.2307/2786835), beside
    its expectation under random mixing and the two-sided p of exchanged fields.
    """

    area: str
    year: int
    n_organisations: int
    n_forums: int
    n_ties: int
    density: float
    cross_share: float
    cross_share_local: float
    external: int
    internal: int
    ei: float
    ei_expected: float
    ei_p: float
    assortativity: float

    @property
    def ei_weighted(self) -> float:
        """The E-I index of weights in place of pairs."""
        return 2 * self.cross_share - 1


@dataclass(frozen=True)
class CrossChange:
    """Change of the cross-field share between two years; low and high are nan with a refusal."""

    area: str
    before: int
    after: int
    share_before: float
    share_after: float
    difference: float
    low: float
    high: float
    level: float
    n_forums_before: int
    n_forums_after: int
    refusal: str


def structure(
    cooperation: pd.DataFrame, area: str, year: int, *, seed: int = 20240131, draws: int = 999
) -> Structure:
    """Compute the figures of an area's network.

    Parameters
    ----------
    cooperation, area, year
        As for :func:`network`.
    seed, draws : int, optional
        Of the exchanged fields; see :func:`evaltools.measures.permutation.two_sided`.

    Raises
    ------
    DataError
        When the area has no row of its own in that year.
    """
    net = network(cooperation, area, year)
    graph, known = net.graph(), net.known()
    groups = {name: field for name, field in net.fields.items() if field}
    external, internal = mixed(graph, groups)
    ei, expected = ei_of_counts(external, internal), ei_expected(groups)
    return Structure(
        area=area,
        year=year,
        n_organisations=len(net.fields),
        n_forums=int(net.ties.loc[net.ties["forum"], "cluster"].nunique()),
        n_ties=graph.number_of_edges(),
        density=density(graph),
        cross_share=_share(known),
        cross_share_local=_share(known[~known["city"]]),
        external=external,
        internal=internal,
        ei=ei,
        ei_expected=expected,
        ei_p=ei_p(graph, groups, draws=draws, seed=seed),
        assortativity=assortativity(graph, groups),
    )


def cross_change(
    cooperation: pd.DataFrame,
    area: str,
    before: int,
    after: int,
    *,
    seed: int = 20240131,
    draws: int = 1999,
) -> CrossChange:
    """Compare the cross-field share of two years, with an interval by bootstrap over forums.

    Forums and direct ties are drawn whole, each year on its own; that the same forum meets in both
    years is not used, which makes the interval wider rather than narrower.

    Parameters
    ----------
    cooperation, area
        As for :func:`network`.
    before, after : int
        The two years.
    seed, draws : int, optional
        Of the bootstrap.

    Raises
    ------
    DataError
        When the area has no row of its own in one of the years.
    """
    known = [network(cooperation, area, year).known() for year in (before, after)]
    sums = [_clusters(part) for part in known]
    shares = [_share(part) for part in known]
    forums = [int(part.loc[part["forum"], "cluster"].nunique()) for part in known]
    refusal = _few((before, after), forums)
    low = high = nan
    if not refusal:
        random = np.random.default_rng(seed)
        drawn = [permutation.ratios(*one, draws=draws, random=random) for one in sums]
        least = min(len(whole) for _, whole in sums)
        low, high = permutation.percentiles(drawn[1] - drawn[0], least, LEVEL)
        if high - low < NO_WIDTH:
            low, high, refusal = nan, nan, ALIKE
    return CrossChange(
        area=area,
        before=before,
        after=after,
        share_before=shares[0],
        share_after=shares[1],
        difference=shares[1] - shares[0],
        low=low,
        high=high,
        level=LEVEL,
        n_forums_before=forums[0],
        n_forums_after=forums[1],
        refusal=refusal,
    )


def between_fields(net: Network) -> pd.DataFrame:
    """Add up the ties between fields.

    Returns
    -------
    DataFrame
        ``field_a, field_b, pairs, weight``, heaviest first; a field with itself included, ties of
        organisations of unknown field left out.
    """
    ties = net.known()
    if ties.empty:
        return pd.DataFrame(columns=["field_a", "field_b", "pairs", "weight"])
    both = np.sort([ties[end].map(dict(net.fields)).astype(str) for end in ("a", "b")], axis=0)
    ends = ties.assign(field_a=both[0], field_b=both[1], pair=ties["a"] + " " + ties["b"])
    found = ends.groupby(["field_a", "field_b"], as_index=False).agg(
        pairs=("pair", "nunique"), weight=("weight", "sum")
    )
    order = ["weight", "field_a", "field_b"]
    return found.sort_values(order, ascending=[False, True, True], ignore_index=True)


def by_field(net: Network) -> pd.DataFrame:
    """Count organisations and add up ties by field.

    Returns
    -------
    DataFrame
        ``field, n, inside, outside``: organisations, weight within the field, weight to other
        fields; an unknown field is ``""`` and has no weights.
    """
    n = pd.Series(list(net.fields.values()), dtype="string").value_counts().sort_index()
    found = between_fields(net)
    alike = found["field_a"] == found["field_b"]
    inside = found[alike].set_index("field_a")["weight"]
    ends = [found[~alike].groupby(name)["weight"].sum() for name in ("field_a", "field_b")]
    outside = ends[0].add(ends[1], fill_value=0)
    frame = n.rename("n").rename_axis("field").reset_index()
    for name, sums in (("inside", inside), ("outside", outside)):
        known = frame["field"].map(sums.to_dict()).astype("Float64").fillna(0)
        frame[name] = known.mask(frame["field"] == "")
    return frame


def centrality(net: Network) -> pd.DataFrame:
    """Rank the organisations by weighted degree and by betweenness.

    Returns
    -------
    DataFrame
        ``organisation, field, degree, degree_rank, betweenness, betweenness_rank, n``; rank 1 is
        the most central, equal values share the better rank. Betweenness goes by distances of
        1/weight and lies between 0 and 1 (Newman 2001, doi:10.1103/PhysRevE.64.016132).
    """
    graph = net.graph()
    for _, _, tie in graph.edges(data=True):
        tie["distance"] = round(1 / tie["weight"], 9)
    frame = pd.DataFrame(
        {"organisation": list(net.fields), "field": list(net.fields.values())}, dtype="string"
    )
    between = nx.betweenness_centrality(graph, weight="distance")
    for name, values in (("degree", dict(graph.degree(weight="weight"))), ("betweenness", between)):
        frame[name] = frame["organisation"].map(values).astype(float).round(9)
        frame[f"{name}_rank"] = frame[name].rank(ascending=False, method="min").astype(int)
    return frame.assign(n=len(frame))


def _share(known: pd.DataFrame) -> float:
    weights = known["weight"]
    return float(weights[known["cross"]].sum() / weights.sum()) if len(known) else nan


def _clusters(known: pd.DataFrame) -> tuple[Floats, Floats]:
    """Add up each forum and direct tie: weight between fields, and all weight."""
    weights = known.assign(part=known["weight"].where(known["cross"], 0.0))
    sums = weights.groupby("cluster", sort=True)[["part", "weight"]].sum()
    return sums["part"].to_numpy(float), sums["weight"].to_numpy(float)


def _few(when: tuple[int, int], forums: list[int]) -> str:
    few = [
        f"{year}: {german.number(n)}"
        for year, n in zip(when, forums, strict=True)
        if n < LEAST_FORUMS
    ]
    if not few:
        return ""
    return (
        f"Kein Intervall: Nötig sind in jedem Jahr mindestens {german.number(LEAST_FORUMS)} Foren, "
        f"die Organisationen des Raums verbinden ({'; '.join(few)})."
    )
