"""A linear or integer programme in HiGHS: built once, changed in place, solved from where it was.

One thread and no output, so that the same input gives the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from evaltools.release.cells import Floats

Ints = npt.NDArray[np.int32]
INF = float("inf")
DUAL, PRIMAL = 1, 4  # simplex strategies of HiGHS
NODES = 2000  # of a branching; a limit on time would make the answer depend on the machine


@dataclass(frozen=True)
class Answer:
    """What a solve found.

    Attributes
    ----------
    value, bound : float
        Objective and proven bound on it (the same for a linear programme).
    columns, rows : ndarray
        Solution and row activities; empty where there is none.
    duals : ndarray, shape (n_rows,)
        Of a linear programme; at least zero where the lower bound of a row holds.
    found, solved, impossible : bool
        Whether there is a solution, whether it is optimal, and whether there is proof of none.
    """

    value: float
    bound: float
    columns: Floats
    rows: Floats
    duals: Floats
    found: bool
    solved: bool
    impossible: bool


class Programme:
    """Minimise a cost over columns and rows within bounds.

    A row that is a single column becomes bounds of it, which makes the programme much smaller.
    """

    def __init__(
        self, matrix: csr_array, rows: tuple[Floats, Floats], highs: Floats, *, primal: bool = False
    ) -> None:
        """Take a matrix, the bounds of its rows and the upper bounds of its columns (lower: 0).

        `primal` is for programmes of which mostly the cost changes.
        """
        self._matrix, self._highs = matrix, highs
        self._bounds = rows[0].copy(), rows[1].copy()
        self._single = _single(matrix)
        self._kept = np.flatnonzero(self._single < 0)
        self._place = np.full(len(self._single), -1)
        self._place[self._kept] = np.arange(len(self._kept))
        self._n = matrix.shape[1]
        self._all = np.arange(self._n, dtype=np.int32)
        self._solver = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, value in (("output_flag", False), ("threads", 1), ("mip_heuristic_effort", 0.0)):
            self._solver.setOptionValue(name, value)
        self._solver.setOptionValue("simplex_strategy", PRIMAL if primal else DUAL)
        self._solver.passModel(self._problem())
        for row in np.flatnonzero(self._single >= 0):
            self.row(int(row), float(rows[0][row]), float(rows[1][row]))

    def _problem(self) -> highspy.HighsLp:
        problem, part = highspy.HighsLp(), csr_array(self._matrix[self._kept])
        problem.num_row_, problem.num_col_ = part.shape
        problem.col_cost_, problem.col_lower_ = np.zeros(self._n), np.zeros(self._n)
        problem.col_upper_ = self._highs
        problem.row_lower_, problem.row_upper_ = (side[self._kept] for side in self._bounds)
        problem.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        problem.a_matrix_.start_ = part.indptr.astype(np.int32)
        problem.a_matrix_.index_ = part.indices.astype(np.int32)
        problem.a_matrix_.value_ = part.data
        return problem

    @property
    def seconds(self) -> float:
        """Time spent in all solves so far."""
        return float(self._solver.getRunTime())

    def cost(self, cost: Floats) -> None:
        """Set the cost of all columns."""
        self._solver.changeColsCost(self._n, self._all, cost)

    def highs(self, highs: Floats) -> None:
        """Set the upper bounds of all columns of a programme without rows that are columns."""
        self._solver.changeColsBounds(self._n, self._all, np.zeros(self._n), highs)

    def rows(self, low: Floats, high: Floats) -> None:
        """Set the bounds of all rows given at first; those that stay cost nothing."""
        for row in np.flatnonzero((self._bounds[0] != low) | (self._bounds[1] != high)):
            self.row(int(row), float(low[row]), float(high[row]))

    def row(self, row: int, low: float, high: float) -> None:
        """Set the bounds of a row."""
        self._bounds[0][row], self._bounds[1][row] = low, high
        column = int(self._single[row])
        if column < 0:
            self._solver.changeRowBounds(int(self._place[row]), low, high)
        else:
            top = min(high, float(self._highs[column]))
            self._solver.changeColBounds(column, max(low, 0.0), top)

    def add(self, low: float, columns: Ints, weights: Floats) -> None:
        """Add a row: the weighted sum is at least `low`."""
        self._solver.addRow(low, INF, len(columns), columns, weights)

    def whole(self, whole: bool, *, nodes: int = NODES) -> None:
        """Ask for whole numbers in all columns, or no longer."""
        kind = highspy.HighsVarType.kInteger if whole else highspy.HighsVarType.kContinuous
        kinds = np.full(self._n, int(kind), dtype=np.uint8)
        self._solver.changeColsIntegrality(self._n, self._all, kinds)
        self._solver.setOptionValue("mip_max_nodes", nodes)

    def solve(self, *, seconds: float = INF, gap: float = 0.0) -> Answer:
        """Solve for at most `seconds`, branching down to a relative `gap`."""
        solver, status = self._solver, highspy.HighsModelStatus
        solver.setOptionValue("time_limit", self.seconds + max(seconds, 0.0))
        solver.setOptionValue("mip_rel_gap", gap)
        solver.run()
        state, info = solver.getModelStatus(), solver.getInfo()
        found = info.primal_solution_status == int(highspy.SolutionStatus.kSolutionStatusFeasible)
        solution = solver.getSolution()
        columns = np.array(solution.col_value)
        integer = info.mip_node_count >= 0
        return Answer(
            value=float(info.objective_function_value),
            bound=float(info.mip_dual_bound if integer else info.objective_function_value),
            columns=columns,
            rows=np.asarray(self._matrix @ columns if len(columns) else columns),
            duals=self._duals(solution),
            found=found,
            solved=state == status.kOptimal,
            impossible=state in (status.kInfeasible, status.kUnboundedOrInfeasible),
        )

    def _duals(self, solution: highspy.HighsSolution) -> Floats:
        duals = np.zeros(len(self._single))
        if solution.dual_valid:
            duals[self._kept] = np.array(solution.row_dual)[: len(self._kept)]
            alone = self._single >= 0
            duals[alone] = np.array(solution.col_dual)[self._single[alone]]
        return duals


def _single(matrix: csr_array) -> npt.NDArray[np.intp]:
    """Return the column that a row consists of, −1 for others; each column only once."""
    found = np.full(matrix.shape[0], -1, dtype=np.intp)
    lone = np.flatnonzero(np.diff(matrix.indptr) == 1)
    lone = lone[matrix.data[matrix.indptr[lone]] == 1.0]
    columns, first = np.unique(matrix.indices[matrix.indptr[lone]], return_index=True)
    found[lone[first]] = columns
    return found
