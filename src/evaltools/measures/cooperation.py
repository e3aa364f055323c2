"""The table ``cooperation`` as a network: organisations, the forums they meet in, direct ties.

An area's network holds the organisations that its own rows name. Two members of a forum with k
members are tied with weight 1/(k − 1), so that every seat weighs the same however large the forum
(Newman 2001, doi:10.1103/PhysRevE.64.016132). In city-wide forums (no area) all members count in
k, but only ties among the area's organisations are the area's. A direct tie weighs 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import networkx as nx
import pandas as pd

from evaltools.errors import DataError

COLUMNS = ["area_id", "from_id", "to_id", "field_from", "field_to", "forum", "intensity", "year"]
ENDS = ("from_id", "to_id")
TIES = {"cluster": str, "forum": bool, "city": bool, "a": str, "b": str, "weight": float}
Tie = tuple[str, bool, bool, str, str, float]


@dataclass(frozen=True)
class Network:
    """The cooperation of one area in one year.

    Attributes
    ----------
    fields : mapping of str to str
        Field of each organisation, in alphabetical order; the one named most often where several
        are, ``""`` where none is.
    ties : DataFrame
        ``cluster, forum, city, a, b, weight``: what each forum and each direct tie (a cluster of
        its own, ``forum`` false) adds to a pair; ``city`` where it is city-wide.
    """

    fields: Mapping[str, str]
    ties: pd.DataFrame

    def graph(self) -> nx.Graph:
        """Return the one-mode graph: nodes with ``field``, edges with the sum of ``weight``."""
        graph = nx.Graph()
        graph.add_nodes_from((name, {"field": field}) for name, field in self.fields.items())
        weights = self.ties.groupby(["a", "b"], sort=True)["weight"].sum().round(12)
        graph.add_weighted_edges_from(weights.reset_index().itertuples(index=False, name=None))
        return graph

    def known(self) -> pd.DataFrame:
        """Return the ties between organisations of known field, with ``cross``: fields differ."""
        one, other = (self.ties[end].map(dict(self.fields)) for end in ("a", "b"))
        held = (one != "") & (other != "")
        return self.ties.assign(cross=one != other)[held]


def years(cooperation: pd.DataFrame, area: str) -> tuple[int, ...]:
    """Return the years for which the area has rows of its own, in order."""
    own = cooperation.reindex(columns=COLUMNS)
    return tuple(sorted({int(year) for year in own["year"][own["area_id"] == area]}))


def local(cooperation: pd.DataFrame) -> pd.DataFrame:
    """Return the rows without the city-wide ones."""
    return cooperation[cooperation.reindex(columns=COLUMNS)["area_id"].notna()]


def network(cooperation: pd.DataFrame, area: str, year: int) -> Network:
    """Build the network of an area and year.

    Parameters
    ----------
    cooperation : DataFrame
        Table ``cooperation``: a row with ``to_id`` alone is a direct tie, one with ``forum`` alone
        a seat in that forum, one with both seats of both. Intensity 0 (asked, and none) is no tie
        and no seat; an unknown one is a tie.
    area : str
        The area.
    year : int
        The year.

    Raises
    ------
    DataError
        When the area has no row of its own in that year.
    """
    rows = cooperation.reindex(columns=COLUMNS)
    rows = rows[(rows["year"] == year).fillna(False).astype(bool)]
    here = (rows["area_id"] == area).fillna(False).astype(bool)
    own = rows[here]
    if own.empty:
        held = ", ".join(map(str, years(cooperation, area))) or "none"
        raise DataError(
            f"cooperation: no row of area {area} in year={year}; years with rows: {held}; "
            "deliver the year or choose another"
        )
    rows = rows[rows["area_id"].isna() | here]
    names = sorted({str(name) for end in ENDS for name in own[end].dropna()})
    met = rows[rows["intensity"].isna() | (rows["intensity"] > 0)]
    ties = [*_through_forums(met, set(names)), *_direct(met, set(names))]
    return Network(_fields(rows, names), pd.DataFrame(ties, columns=list(TIES)).astype(TIES))


def _through_forums(met: pd.DataFrame, names: set[str]) -> Iterator[Tie]:
    """Tie the members of each forum."""
    held = met[met["forum"].notna()]
    ends = [
        held[["area_id", "forum", end]].set_axis(["area", "forum", "who"], axis=1) for end in ENDS
    ]
    seats = pd.concat(ends).astype("string").dropna(subset=["who"]).drop_duplicates()
    for (area, forum), part in seats.groupby(["area", "forum"], dropna=False, sort=True):
        own = sorted(names & set(part["who"]))
        city = area is pd.NA
        cluster = f"forum {'' if city else area} {forum}"
        for one, other in combinations(own, 2):
            yield cluster, True, city, one, other, 1 / (len(part) - 1)


def _direct(met: pd.DataFrame, names: set[str]) -> Iterator[Tie]:
    """Tie pairs named directly, each once; one named in the area and city-wide is the area's."""
    held = met[met["forum"].isna() & met["to_id"].notna()]
    pairs: dict[tuple[str, str], bool] = {}
    for area, one, other in held[["area_id", *ENDS]].itertuples(index=False):
        pair = (min(one, other), max(one, other))
        if one != other and names.issuperset(pair):
            pairs[pair] = pairs.get(pair, True) and bool(pd.isna(area))
    for (one, other), city in sorted(pairs.items()):
        yield f"tie {one} {other}", False, city, one, other, 1.0


def _fields(rows: pd.DataFrame, names: list[str]) -> dict[str, str]:
    """Give each organisation the field that it is named with most often."""
    ends = zip(ENDS, ("field_from", "field_to"), strict=True)
    parts = [rows[list(pair)].set_axis(["who", "field"], axis=1) for pair in ends]
    named = pd.concat(parts).dropna().value_counts().rename("n").reset_index()
    named = named.sort_values(["n", "field"], ascending=[False, True]).drop_duplicates("who")
    found = dict(zip(named["who"], named["field"], strict=True))
    return {name: str(found.get(name, "")) for name in names}
