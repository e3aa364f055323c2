"""Small moves that prove a cell uncertain: other counts, just as whole, that fit all that is shown.

A cell that can be moved by the width while only the small cells are hidden stays uncertain however
much more is hidden. Most cells are settled so, and the search for a pattern is left with the few
that are not. Each move is the smallest one (least sum of changes), which is usually whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, hstack

from evaltools.release.cells import Bools, Cells, Floats
from evaltools.release.lp import Programme

SEED = 3
MOST_TIMES = 12  # a move in twelfths, made whole by repeating it
TOLERANCE = 1e-6


def settled(cells: Cells, inner: Floats, *, width: float, lowest: float) -> Bools:
    """Say which sensitive rows are safe when nothing but sensitive and withheld rows is hidden.

    Parameters
    ----------
    cells : Cells
        The rows; not changed.
    inner : ndarray, shape (n_inner,)
        True values of the inner cells, whole numbers.
    width : float
        How far a cell must be able to move.
    lowest : float
        What is known of a hidden row that is not withheld.

    Returns
    -------
    ndarray of bool, shape (n_rows,)
        True only with proof; the rest may be safe or not.
    """
    hidden = cells.sensitive | cells.withheld
    room = np.where(cells.withheld, cells.values, cells.values - lowest)
    limits = _Limits(
        csr_array(cells.matrix),
        inner,
        np.where(hidden, -room, 0.0),
        np.where(hidden, np.inf, 0.0),
    )
    model, safe = _model(limits), np.zeros(len(room), dtype=bool)
    # One pass with whole moves by the width; where the smallest is a fraction, the attacker's own
    # standard: twice the width, from which on he does not try whole numbers either.
    for times in (1, 2):
        reach = (np.zeros(len(room)), np.zeros(len(room)))
        for row in np.flatnonzero(cells.sensitive & ~safe):
            _reach(model, limits, int(row), times * width, times == 1, reach)
        safe |= reach[1] - reach[0] >= times * width - TOLERANCE
    return cells.sensitive & safe


@dataclass(frozen=True, eq=False)
class _Limits:
    """What a move may change: rows by `low` to `high`, inner cells not below zero."""

    matrix: csr_array
    inner: Floats
    low: Floats
    high: Floats

    def whole(self, move: Floats | None) -> Floats | None:
        """Repeat a move until it is whole, if that stays within the limits."""
        for times in range(1, MOST_TIMES + 1) if move is not None else ():
            many = np.round(times * np.asarray(move))
            if np.abs(times * np.asarray(move) - many).max() < TOLERANCE:
                return many if self._hold(many) else None
        return None

    def _hold(self, move: Floats) -> bool:
        change = self.matrix @ move
        within = (change >= self.low - TOLERANCE) & (change <= self.high + TOLERANCE)
        return bool(within.all() and (self.inner + move >= -TOLERANCE).all())


def _model(limits: _Limits) -> Programme:
    """Set up rises and falls of all inner cells, at cost 1 each; a fall ends at zero."""
    matrix, n = csr_array(hstack([limits.matrix, -limits.matrix], format="csr")), len(limits.inner)
    highs = np.concatenate([np.full(n, np.inf), limits.inner])
    model = Programme(matrix, (limits.low, limits.high), highs)
    # Unequal costs, the same in every run: among moves of the same size the solver is not led
    # to the same fractional one each time.
    model.cost(np.random.default_rng(SEED).uniform(1.0, 1.5, 2 * n))
    return model


def _reach(
    model: Programme,
    limits: _Limits,
    row: int,
    width: float,
    whole: bool,
    reach: tuple[Floats, Floats],
) -> None:
    """Move a row up, then down, until it is far enough apart; keep how far every row came."""
    least, most = reach
    for bounds in ((width, np.inf), (-np.inf, -width)):
        if most[row] - least[row] >= width - TOLERANCE or bounds[1] < limits.low[row]:
            return  # it is far enough apart, or cannot fall that far
        model.row(row, *bounds)
        answer = model.solve()
        model.row(row, float(limits.low[row]), float(limits.high[row]))
        rises, falls = np.split(answer.columns, 2)
        move = rises - falls if answer.solved else None
        move = limits.whole(move) if whole else move
        if move is not None:
            change = limits.matrix @ move
            np.minimum(least, change, out=least)
            np.maximum(most, change, out=most)
