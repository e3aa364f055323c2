"""Which rows to hide: the cheapest choice that meets all inequalities known so far."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from evaltools.release.cells import Bools, Cells, Floats
from evaltools.release.lp import INF, Answer, Programme
from evaltools.release.probing import TINY, Gap, Problem

PRECISION = 1e-6


class Master:
    """Cheapest pattern under a growing list of inequalities that every safe pattern meets.

    Attributes
    ----------
    rows : ndarray of int
        Rows that may be hidden, one a column.
    """

    def __init__(self, cells: Cells, given: Problem) -> None:
        self._given = given
        self.rows = np.flatnonzero(given.free)
        self._model = Programme(
            csr_array((0, len(self.rows))), (np.zeros(0), np.zeros(0)), np.ones(len(self.rows))
        )
        self._model.cost(cells.cost[self.rows])
        self._needs: list[float] = []
        self._weights: list[Floats] = []
        self._known: tuple[Floats, Floats] | None = None
        self._target_rows = cells.sensitive
        for line in cells.lines:
            self._line(np.array(line))

    @property
    def seconds(self) -> float:
        """Time spent solving."""
        return self._model.seconds

    def add(self, gaps: list[Gap]) -> None:
        """Take inequalities in."""
        for gap in gaps:
            self._least(gap.weights, gap.need)

    def broken(self, hidden: Bools) -> bool:
        """Whether a pattern is known not to be safe, without any solve."""
        if self._known is None or len(self._known[1]) < len(self._needs):
            self._known = np.array(self._weights), np.array(self._needs)
        if not self._needs:
            return False
        return bool((self._known[0] @ hidden[self.rows] < self._known[1] - PRECISION).any())

    def relaxed(self, seconds: float) -> tuple[Floats, Answer]:
        """Solve with shares between 0 and 1; returns a share for every row."""
        self._model.whole(False)
        self._model.highs(np.ones(len(self.rows)))
        answer = self._model.solve(seconds=seconds)
        return self._spread(answer.columns), answer

    def best(self, able: Bools, seconds: float, gap: float) -> tuple[Bools, Answer]:
        """Solve with 0 and 1, hiding rows among `able` only; returns the rows hidden."""
        self._model.highs(able[self.rows].astype(np.float64))
        self._model.whole(True, nodes=2**31 - 1)
        answer = self._model.solve(seconds=seconds, gap=gap)
        return self._spread(answer.columns) > 0.5, answer

    def _spread(self, columns: Floats) -> Floats:
        share = self._given.fixed.astype(np.float64)
        if len(columns):
            share[self.rows] = np.clip(columns, 0.0, 1.0)
        return share

    def _least(self, weights: Floats, need: float) -> None:
        """Ask that the weights of hidden rows add up to `need`."""
        own = weights[self.rows] / need
        used = np.flatnonzero(own > TINY)
        self._model.add(1.0, used.astype(np.int32), own[used])
        self._needs.append(1.0)
        self._weights.append(own)

    def _line(self, line: np.ndarray[tuple[int], np.dtype[np.intp]]) -> None:
        """Say what a sum and its parts mean for each other: nobody may be hidden alone."""
        given = self._given
        for row in line:
            others = line[line != row]
            target = bool(self._target_rows[row])
            if given.fixed[others].any() and not target:
                continue
            if target:
                self._target(int(row), others, parent=row == line[0])
            elif given.free[row]:
                self._alone(int(row), others)

    def _target(self, row: int, others: np.ndarray, *, parent: bool) -> None:
        given = self._given
        weights = np.zeros(len(given.values))
        if not given.fixed[others].any():
            weights[others] = given.free[others]
            self._least(weights, 1.0)
        # a part can rise only by what its hidden siblings can fall, unless the sum is hidden, too
        rise = given.room.copy()
        if not parent:
            rise[others[0]] = INF
            need = given.width - given.room[row] - float(rise[others[given.fixed[others]]].sum())
            if need > PRECISION:
                weights[others] = np.minimum(rise[others], need) * given.free[others]
                self._least(weights, need)

    def _alone(self, row: int, others: np.ndarray) -> None:
        """Hide no row that its line gives away: to hide it would protect nothing."""
        columns = np.searchsorted(self.rows, [row, *others[self._given.free[others]]])
        weights = np.array([-1.0, *np.ones(len(columns) - 1)])
        self._model.add(0.0, columns.astype(np.int32), weights)
