"""Figures of plain graphs: density, and how far ties stay within groups."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from math import nan
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd

from evaltools.measures import permutation
from evaltools.measures.permutation import Ints


def density(graph: nx.Graph, first: Collection[Hashable] | None = None) -> float:
    """Return the share of possible ties that exist; with the nodes of one mode, of two-mode ties.

    With fewer nodes than a tie needs, nan.
    """
    n = len(graph)
    possible = n * (n - 1) / 2 if first is None else len(first) * (n - len(first))
    return graph.number_of_edges() / possible if possible else nan


def mixed(graph: nx.Graph, groups: Mapping[Any, Hashable]) -> tuple[int, int]:
    """Count ties between groups and within them; nodes without a group are left out."""
    pairs = [(groups[a], groups[b]) for a, b in graph.edges if a in groups and b in groups]
    external = sum(a != b for a, b in pairs)
    return external, len(pairs) - external


def ei_of_counts(external: float, internal: float) -> float:
    """Return (E − I)/(E + I), from −1 (all within groups) to 1 (all between); nan without ties."""
    return (external - internal) / (external + internal) if external + internal else nan


def ei_index(graph: nx.Graph, groups: Mapping[Any, Hashable]) -> float:
    """Return Krackhardt and Stern's E-I index (1988, doi:10.2307/2786835) of a plain graph."""
    return ei_of_counts(*mixed(graph, groups))


def ei_expected(groups: Mapping[Any, Hashable]) -> float:
    """Return the E-I index of random mixing: that of all possible pairs, given the group sizes."""
    sizes = pd.Series(list(groups.values()), dtype=object).value_counts()
    n = int(sizes.sum())
    internal = float((sizes * (sizes - 1) / 2).sum())
    return ei_of_counts(n * (n - 1) / 2 - internal, internal)


def assortativity(graph: nx.Graph, groups: Mapping[Any, Hashable]) -> float:
    """Return Newman's assortativity by group (2003, doi:10.1103/PhysRevE.67.026126).

    nan without ties, or where all ties are of one group.
    """
    tied = graph.edge_subgraph([(a, b) for a, b in graph.edges if a in groups and b in groups])
    if len({groups[name] for name in tied}) < 2:
        return nan
    copy = nx.Graph(tied)
    nx.set_node_attributes(copy, {name: groups[name] for name in copy}, "group")
    return float(nx.attribute_assortativity_coefficient(copy, "group"))


def ei_p(graph: nx.Graph, groups: Mapping[Any, Hashable], *, draws: int, seed: int) -> float:
    """Return the two-sided p of the E-I index when groups are exchanged over the nodes.

    The ties stay as they are; nan without ties or with one group only.
    """
    names = list(groups)
    codes = pd.factorize(pd.Series(list(groups.values()), dtype=object))[0].astype(np.int64)
    place = {name: at for at, name in enumerate(names)}
    ends = [(place[a], place[b]) for a, b in graph.edges if a in place and b in place]
    if not ends or len(set(codes)) < 2:
        return nan
    one, other = np.array(ends).T

    def ei(labels: Ints) -> float:
        return float(2 * np.mean(labels[one] != labels[other]) - 1)

    return permutation.two_sided(ei, codes, ei_expected(groups), draws=draws, seed=seed)
