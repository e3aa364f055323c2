"""A map of codes: codes that come together lie together, as well as a plane allows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.spatial.distance import pdist, squareform


@dataclass(frozen=True)
class CodeMap:
    """Positions of codes and how far they can be trusted.

    Attributes
    ----------
    table : DataFrame
        code_id, x, y, n (the size), in the order in which the codes were given.
    stress : float
        Kruskal's stress-1: 0 is a perfect map; above 0.2 the distances on it mislead.
    """

    table: pd.DataFrame
    stress: float


def positions(pairs: pd.DataFrame, codes: pd.Series) -> CodeMap:
    """Lay codes out in a plane by classical multidimensional scaling of 1 − Jaccard.

    The axes have no meaning, only distances have. The first one is the longer, and each points
    to where the code farthest out lies, so equal data give an equal map, in whatever order.

    Parameters
    ----------
    pairs : DataFrame
        What :func:`evaltools.codings.cooccurrence.pairs` found: code_a, code_b, jaccard. Pairs
        of codes that are not in `codes` are left aside; codes without a pair are 1 apart.
    codes : Series
        The codes to lay out: a size, such as the number of segments, by code_id. Codes that
        nobody used only crowd the map.

    Returns
    -------
    CodeMap
        One code lies at the origin; two lie on the first axis.

    References
    ----------
    Torgerson (1952), Multidimensional scaling: I, doi:10.1007/BF02288916; Kruskal (1964),
    Multidimensional scaling by optimizing goodness of fit, doi:10.1007/BF02289565
    """
    # Sorted, since equal eigenvalues leave the turn of the map to the order of its rows.
    given = pd.Series(codes.index, dtype="string")
    names = pd.Index(given.sort_values())
    apart = _distances(pairs, names)
    points = _scaled(apart)
    drawn = pdist(points)
    wanted = squareform(apart, checks=False)
    total = float((wanted**2).sum())
    stress = float(np.sqrt(((wanted - drawn) ** 2).sum() / total)) if total else 0.0
    own = points[names.get_indexer(pd.Index(given))]
    columns = {"code_id": given, "x": own[:, 0], "y": own[:, 1], "n": codes.to_numpy()}
    return CodeMap(pd.DataFrame(columns), stress)


def _distances(pairs: pd.DataFrame, names: pd.Index) -> np.ndarray:
    apart = np.ones((len(names), len(names)))
    np.fill_diagonal(apart, 0)
    a, b = (names.get_indexer(pd.Index(pairs[name])) for name in ("code_a", "code_b"))
    inside = (a >= 0) & (b >= 0)
    near = 1 - pairs["jaccard"].to_numpy(dtype=float)[inside]
    apart[a[inside], b[inside]] = near
    apart[b[inside], a[inside]] = near
    return apart


def _scaled(apart: np.ndarray) -> np.ndarray:
    """Return the two principal coordinates of a matrix of distances."""
    size = len(apart)
    points = np.zeros((size, 2))
    if size < 2:
        return points
    squares = apart**2
    centred = squares - squares.mean(axis=0) - squares.mean(axis=1)[:, None] + squares.mean()
    values, vectors = np.linalg.eigh(-centred / 2)
    lengths = np.sqrt(np.clip(values[::-1][:2], 0, None))
    points = vectors[:, ::-1][:, :2] * lengths
    # Rounded, so that of two codes equally far out it is always the first that decides.
    farthest = np.abs(points).round(9).argmax(axis=0)
    signs = np.where(points[farthest, [0, 1]] < 0, -1.0, 1.0)
    return np.asarray(points * signs) + 0.0
