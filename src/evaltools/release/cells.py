"""A table, or several linked ones, as rows that are sums over inner cells.

Every number that is, was or could be published is a row; what an outsider can compute follows from
the matrix alone, whatever the shape: margins, hierarchies, overlapping groups, earlier releases.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from evaltools.errors import ReleaseError
from evaltools.release import celltree
from evaltools.release.celltree import Parents

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Lines = tuple[tuple[int, ...], ...]
TIE_BREAK = 0.5  # all tie-breaks together stay below the cost of one cell


def _no_floats() -> Floats:
    return np.zeros(0)


def _no_bools() -> Bools:
    return np.zeros(0, dtype=bool)


@dataclass(frozen=True, eq=False)
class Cells:
    """Numbers that may be published, and how they hang together.

    Attributes
    ----------
    names : tuple of str
        Unique, one a row.
    matrix : csr_array, shape (n_rows, n_inner)
        Each row is a sum over inner cells, which are at least zero; structural equations may have
        weights of both signs.
    values : ndarray, shape (n_rows,)
        True values.
    sensitive : ndarray of bool, shape (n_rows,)
        Must be protected: neither exact nor known too closely.
    withheld : ndarray of bool, shape (n_rows,)
        Never shown, whatever the pattern; costs nothing. Default: none.
    shown : ndarray of bool, shape (n_rows,)
        Cannot be hidden: zeros that are shown, structural equations (value 0), numbers released
        earlier. Default: none.
    cost : ndarray, shape (n_rows,)
        Cost of hiding a row. Default: 1 each.
    lines : tuple of tuple of int
        Rows of which the first is the sum of the others; may be left out, speeds the search up.
    """

    names: tuple[str, ...]
    matrix: csr_array
    values: Floats
    sensitive: Bools
    withheld: Bools = field(default_factory=_no_bools)
    shown: Bools = field(default_factory=_no_bools)
    cost: Floats = field(default_factory=_no_floats)
    lines: Lines = ()

    def __post_init__(self) -> None:
        n = len(self.names)
        for name, value in (("withheld", False), ("shown", False), ("cost", 1.0)):
            if len(getattr(self, name)) == 0:
                object.__setattr__(self, name, np.full(n, value))
        _check(self)

    def merged(self) -> Cells:
        """Join inner cells that occur in the same rows with the same weights; drop empty ones.

        Nothing is lost: only the sum of such cells can be seen, and it is at least zero and whole
        just as they are.
        """
        kept = [members[0] for members in alike(self.matrix)]
        return replace(self, matrix=csr_array(self.matrix[:, kept]))


def alike(matrix: csr_array) -> list[list[int]]:
    """Group the columns that are not empty and the same in all rows, in order of their first."""
    columns = csr_array(matrix).tocsc()
    columns.sum_duplicates()
    columns.eliminate_zeros()
    groups: dict[tuple[bytes, bytes], list[int]] = {}
    for column in np.flatnonzero(np.diff(columns.indptr)):
        part = slice(columns.indptr[column], columns.indptr[column + 1])
        key = (columns.indices[part].tobytes(), columns.data[part].tobytes())
        groups.setdefault(key, []).append(int(column))
    return list(groups.values())


def _check(cells: Cells) -> None:
    n = len(cells.names)
    if len(set(cells.names)) != n:
        double = sorted({name for name in cells.names if cells.names.count(name) > 1})
        raise ReleaseError(f"cell names must be unique; more than once: {listed(double)}")
    if cells.matrix.shape[0] != n:
        raise ReleaseError(f"{n} cell names but {cells.matrix.shape[0]} rows in the matrix")
    for name in ("values", "sensitive", "withheld", "shown", "cost"):
        if getattr(cells, name).shape != (n,):
            raise ReleaseError(f"{name}: shape {getattr(cells, name).shape}, must be ({n},)")
    numbers = (cells.values, cells.cost, np.asarray(cells.matrix.data))
    if not all(np.isfinite(part).all() for part in numbers):
        raise ReleaseError("values, costs and weights of cells must be finite; fill or drop gaps")
    if (cells.cost < 0).any():
        raise ReleaseError("the cost of hiding a cell must be at least 0")
    for name, other in (("sensitive", cells.sensitive), ("withheld", cells.withheld)):
        both = [cells.names[row] for row in np.flatnonzero(cells.shown & other)]
        if both:
            raise ReleaseError(
                f"cells cannot be both {name} and shown: {listed(both)}; a number that is out "
                "cannot be protected any more: merge areas or periods, or withdraw it"
            )
    _check_lines(cells)


def _check_lines(cells: Cells) -> None:
    n = len(cells.names)
    if any(len(line) < 2 or min(line) < 0 or max(line) >= n for line in cells.lines):
        raise ReleaseError(f"lines must name at least two of the {n} rows, the sum first")
    sides = np.zeros((len(cells.lines), n))
    for side, line in zip(sides, cells.lines, strict=True):
        np.add.at(side, list(line), -1.0)
        side[line[0]] += 2.0
    apart = np.abs(csr_array(sides) @ cells.matrix).sum(axis=1) + np.abs(sides @ cells.values)
    wrong = [
        cells.names[line[0]] for line, far in zip(cells.lines, apart, strict=True) if far > 1e-6
    ]
    if wrong:
        raise ReleaseError(f"cells are not the sum of their parts: {listed(wrong)}")


def listed(names: Collection[str], most: int = 3) -> str:
    """Name at most `most` cells, and say how many there are in all."""
    first = ", ".join(list(names)[:most])
    return f"{first} ({len(names)} in all)" if len(names) > most else first


def costs(values: Floats) -> Floats:
    """Cost 1 a cell plus a tie-break: of equally small patterns the one of smaller counts wins."""
    weight = np.log1p(np.abs(values))
    return np.asarray(1.0 + TIE_BREAK * weight / max(float(weight.sum()), 1.0))


def _counts(
    names: tuple[str, ...],
    matrix: csr_array,
    inner: Floats,
    rule: tuple[int, bool],
    lines: Lines,
) -> Cells:
    threshold, zeros_shown = rule
    if (inner < 0).any() or (inner != np.round(inner)).any():
        raise ReleaseError("cells are made of counts: whole numbers of at least 0")
    values = np.asarray(matrix @ inner, dtype=np.float64)
    least = 1 if zeros_shown else 0
    return Cells(
        names=names,
        matrix=matrix,
        values=values,
        sensitive=(values >= least) & (values < threshold),
        shown=(values == 0) if zeros_shown else np.zeros(len(names), dtype=bool),
        cost=costs(values),
        lines=lines,
    )


def groups(
    values: Mapping[str, float],
    groups: Mapping[str, Collection[str]],
    *,
    threshold: int,
    zeros_shown: bool,
) -> Cells:
    """Make cells of named inner cells and sums over some of them, such as linked tables.

    Parameters
    ----------
    values : mapping of str to float
        Inner cells, all published unless hidden.
    groups : mapping of str to collection of str
        Name of each sum → names of its inner cells.
    threshold : int
        Counts below it are sensitive.
    zeros_shown : bool
        Whether zeros are no secret.

    Raises
    ------
    ReleaseError
        Where a group names an unknown cell, or a value is no count.
    """
    if any(pd.isna(value) for value in values.values()):
        raise ReleaseError("a count is missing; fill it in or leave its cell out")
    place = {name: row for row, name in enumerate(values)}
    unknown = sorted({member for members in groups.values() for member in members} - set(place))
    if unknown:
        raise ReleaseError(f"groups name cells without a value: {listed(unknown)}")
    n = len(place)
    matrix = np.zeros((n + len(groups), n))
    matrix[:n] = np.eye(n)
    lines = []
    for row, members in enumerate(groups.values(), start=n):
        inside = sorted({place[member] for member in members})
        matrix[row, inside] = 1.0
        lines.append((row, *inside))
    inner = np.array([float(value) for value in values.values()])
    rule = (threshold, zeros_shown)
    return _counts((*place, *groups), csr_array(matrix), inner, rule, tuple(lines))


def table(
    frame: pd.DataFrame,
    dims: Collection[str],
    *,
    value: str,
    threshold: int,
    zeros_shown: bool,
    hierarchies: Mapping[str, Parents] | None = None,
) -> Cells:
    """Make cells of a table: its inner cells and all margins over all dimensions.

    Parameters
    ----------
    frame : DataFrame
        One row an inner cell. A combination that is absent counts as impossible, and as known to
        be so: leave none out that could have had a case.
    dims : collection of str
        Key columns, of any type; keys are compared as they are given. A cell is named by its keys
        as text, joined by ``|``, with ``Gesamt`` for a margin.
    value : str
        Column of counts.
    threshold : int
        Counts below it are sensitive, from 1 on, or from 0 on where zeros are not shown.
    zeros_shown : bool
        Whether zeros are no secret; they cannot be hidden then.
    hierarchies : mapping of str to mapping, optional
        For a dimension, child → parent; parents may have parents.

    Raises
    ------
    ReleaseError
        Where keys or counts are missing, not unique or no counts, or a hierarchy does not fit.
    """
    names = list(dims)
    _check_frame(frame, names, value)
    trees = hierarchies or {}
    if set(trees) - set(names):
        raise ReleaseError(
            f"hierarchies of no dimension: {listed(sorted(set(trees) - set(names)))}"
        )
    nodes = [celltree.nodes(frame[dim].tolist(), trees.get(dim, {}), dim) for dim in names]
    keys = list(zip(*(frame[dim].tolist() for dim in names), strict=True))
    rows: dict[tuple[int, ...], int] = {}
    entries = [
        (rows.setdefault(place, len(rows)), column)
        for column, key in enumerate(keys)
        for place in product(*(node.above[part] for node, part in zip(nodes, key, strict=True)))
    ]
    order, columns = np.array(entries, dtype=np.intp).reshape(-1, 2).T
    matrix = csr_array((np.ones(len(order)), (order, columns)), shape=(len(rows), len(keys)))
    labels = tuple(
        "|".join(node.labels[part] for node, part in zip(nodes, place, strict=True))
        for place in rows
    )
    inner = frame[value].to_numpy(dtype=np.float64)
    return _counts(labels, matrix, inner, (threshold, zeros_shown), celltree.lines(nodes, rows))


def _check_frame(frame: pd.DataFrame, dims: list[str], value: str) -> None:
    absent = [name for name in (*dims, value) if name not in frame.columns]
    if absent or not dims:
        raise ReleaseError(f"the table needs its dimensions and a count; absent: {listed(absent)}")
    for name in (*dims, value):
        gaps = int(frame[name].isna().sum())
        if gaps:
            raise ReleaseError(
                f"column {name} has {gaps} gaps; fill in the number, or leave these rows out and "
                "say so on the page"
            )
    if len(frame) == 0 or frame.duplicated(dims).any():
        raise ReleaseError(f"the table needs one row for each combination of {', '.join(dims)}")
