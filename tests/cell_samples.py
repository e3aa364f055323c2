"""Tables for the tests of protection and attack: published ones, and random ones."""

from __future__ import annotations

from itertools import product

import highspy
import numpy as np
import pandas as pd
from hypothesis import strategies as st

from evaltools.release import attack
from evaltools.release.cells import Bools, Cells, Floats, table


def attacked(
    cells: Cells, hidden: Bools, *, lowest: float = 1.0, width: float = 2.0
) -> tuple[attack.Interval, ...]:
    """What an outsider finds out about the sensitive cells."""
    low, high = attack.seen(cells, hidden, lowest)
    targets = np.flatnonzero(cells.sensitive)
    found = attack.intervals(cells.matrix, low, high, targets, cells.names)
    return attack.findings(found, width)


def narrow(cells: Cells, hidden: Bools, *, lowest: float = 1.0, width: float = 2.0) -> list[str]:
    """Sensitive cells of which no two tables of whole counts that fit are `width` apart.

    Each table found serves for all cells, so that few are needed; ``attack.intervals`` asks for
    the ends of every cell, which takes several times as long.
    """
    low, high = attack.seen(cells, hidden, lowest)
    solver, n = _whole(cells, low, high), cells.matrix.shape[1]
    targets = cells.matrix[np.flatnonzero(cells.sensitive)].toarray()
    least, most = np.full(len(targets), np.inf), np.full(len(targets), -np.inf)
    for place, sign in product(range(len(targets)), (1.0, -1.0)):
        if most[place] - least[place] < width:
            solver.changeColsCost(n, np.arange(n, dtype=np.int32), sign * targets[place])
            solver.run()
            assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
            found = targets @ np.round(solver.getSolution().col_value)
            least, most = np.minimum(least, found), np.maximum(most, found)
    kept = np.flatnonzero(cells.sensitive)[most - least < width]
    return [cells.names[row] for row in kept]


def _whole(cells: Cells, low: Floats, high: Floats) -> highspy.Highs:
    """Whole counts that fit what is seen; none is far above the largest, which bounds the search.

    A bound can only make an outsider's intervals narrower.
    """
    lp, (rows, columns) = highspy.HighsLp(), cells.matrix.shape
    lp.num_row_, lp.num_col_ = rows, columns
    lp.col_cost_, lp.col_lower_ = np.zeros(columns), np.zeros(columns)
    lp.col_upper_ = np.full(columns, cells.values.max() + 10)
    lp.row_lower_, lp.row_upper_ = low, high
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = cells.matrix.indptr, cells.matrix.indices
    lp.a_matrix_.value_ = cells.matrix.data
    lp.integrality_ = [highspy.HighsVarType.kInteger] * columns
    solver = highspy.Highs()
    for name, value in (("output_flag", False), ("threads", 1)):
        solver.setOptionValue(name, value)
    solver.passModel(lp)
    return solver


def crossed(rows: str, columns: str, inner: list[list[int]]) -> pd.DataFrame:
    """A two-way table as rows."""
    cells = [(row, column) for row in rows for column in columns]
    frame = pd.DataFrame(cells, columns=["row", "column"])
    return frame.assign(n=np.array(inner).ravel())


def counted(shape: tuple[int, ...], seed: int, mean: float = 3.0) -> pd.DataFrame:
    """Simulated counts over integer keys."""
    drawn = np.random.default_rng(seed).poisson(mean, shape)
    rows = [(*key, int(drawn[key])) for key in product(*map(range, shape))]
    return pd.DataFrame(rows, columns=[*(f"d{dim}" for dim in range(len(shape))), "n"])


def simulated(shape: tuple[int, ...], seed: int, **changed: object) -> Cells:
    """Cells of simulated counts, zeros shown."""
    frame = counted(shape, seed)
    given = {"value": "n", "threshold": 3, "zeros_shown": True} | changed
    return table(frame, list(frame.columns[:-1]), **given)  # type: ignore[arg-type]


@st.composite
def tables(draw: st.DrawFn) -> tuple[Cells, float]:
    """Small random cells of one to four dimensions, and what is known of a hidden one."""
    most = (7, 4, 3, 2)
    n = draw(st.integers(1, 4))
    shape = tuple(draw(st.integers(2, most[n - 1])) for _ in range(n))
    frame = counted(shape, draw(st.integers(0, 10**6)), draw(st.sampled_from([0.7, 2.0, 5.0])))
    keys = draw(st.sampled_from(["int64", "string", "object"]))
    frame["d0"] = frame["d0"].astype(keys)
    trees = {}
    if shape[0] > 2 and draw(st.booleans()):
        leaves = frame["d0"].unique()
        trees = {"d0": {leaf: f"part {i % 2}" for i, leaf in enumerate(leaves)}}
        trees["d0"] |= {"part 0": "all", "part 1": "all"} if draw(st.booleans()) else {}
    zeros_shown = draw(st.booleans())
    cells = table(
        frame,
        [f"d{dim}" for dim in range(n)],
        value="n",
        threshold=draw(st.sampled_from([2, 3, 4])),
        zeros_shown=zeros_shown,
        hierarchies=trees,
    )
    return cells, 1.0 if zeros_shown else 0.0
