"""What an outsider can compute: the interval of each cell from all that is public.

Written apart from the search for a pattern, of which it knows nothing: it gets the structure of the
tables and what is known of each number, and solves for the smallest and largest value of each cell,
by linear programming and, where that leaves little room, in whole numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from evaltools.errors import ReleaseError
from evaltools.release.cells import Bools, Cells, Floats

CLOSE = 1e-6
UNBOUNDED = (
    highspy.HighsModelStatus.kUnbounded,
    highspy.HighsModelStatus.kUnboundedOrInfeasible,
)


@dataclass(frozen=True)
class Interval:
    """What can be computed about a cell.

    Attributes
    ----------
    name : str
        The cell.
    low, high : float
        Smallest and largest value that fits all that is public.
    whole : bool
        Whether the interval uses that counts are whole numbers.
    """

    name: str
    low: float
    high: float
    whole: bool


def seen(cells: Cells, hidden: Bools, lowest: float = 1.0) -> tuple[Floats, Floats]:
    """Return what an outsider sees of cells under a pattern.

    Parameters
    ----------
    cells : Cells
        The true values.
    hidden : ndarray of bool, shape (n_rows,)
        Rows not shown.
    lowest : float, optional
        What is known of a hidden row; of a withheld one only that it is at least 0.

    Returns
    -------
    low, high : ndarray, shape (n_rows,)
        Equal for a row shown.
    """
    if hidden.shape != cells.values.shape:
        raise ReleaseError(f"a pattern of shape {hidden.shape} for {len(cells.names)} cells")
    least = np.where(cells.withheld, 0.0, lowest)
    return np.where(hidden, least, cells.values), np.where(hidden, np.inf, cells.values)


def intervals(
    matrix: csr_array,
    low: Floats,
    high: Floats,
    targets: npt.NDArray[np.intp],
    names: Sequence[str],
    *,
    narrow: float = 4.0,
) -> tuple[Interval, ...]:
    """Compute the interval of each target.

    Parameters
    ----------
    matrix : csr_array, shape (n_rows, n_inner)
        Each row is a sum over inner cells, which are at least 0.
    low, high : ndarray, shape (n_rows,)
        What is known of each row: equal for a number published, the bounds of rounding for a
        rounded one, infinite above for a hidden one.
    targets : ndarray of int, shape (n_targets,)
        Rows of interest.
    names : sequence of str
        Names of all rows.
    narrow : float, optional
        An interval less wide is computed again in whole numbers, if all weights are whole.

    Raises
    ------
    ReleaseError
        Where nothing fits all that is known: two releases contradict each other.
    """
    matrix = csr_array(matrix, dtype=np.float64)
    attacker = _Attacker(matrix, np.asarray(low, float), np.asarray(high, float))
    counts = bool((matrix.data == np.round(matrix.data)).all())
    found = []
    for target in np.asarray(targets, dtype=np.intp):
        weights = matrix[[int(target)]].toarray()[0]
        ends, whole = attacker.ends(weights), False
        if counts and ends[1] - ends[0] < narrow:
            ends, whole = attacker.whole_ends(weights), True
        found.append(Interval(names[target], *ends, whole))
    return tuple(found)


def findings(intervals: Sequence[Interval], width: float) -> tuple[Interval, ...]:
    """Return the intervals that are exact or narrower than `width`."""
    return tuple(found for found in intervals if found.high - found.low < max(width - CLOSE, CLOSE))


class _Attacker:
    """All that is known, as one programme that keeps its place from cell to cell."""

    def __init__(self, matrix: csr_array, low: Floats, high: Floats) -> None:
        self._n = matrix.shape[1]
        self._columns = np.arange(self._n, dtype=np.int32)
        self._solver = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, value in (("output_flag", False), ("threads", 1), ("mip_rel_gap", 0.0)):
            self._solver.setOptionValue(name, value)
        known = highspy.HighsLp()
        known.num_row_, known.num_col_ = matrix.shape
        known.col_cost_, known.col_lower_ = np.zeros(self._n), np.zeros(self._n)
        known.col_upper_ = np.full(self._n, np.inf)
        known.row_lower_, known.row_upper_ = low, high
        known.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        known.a_matrix_.start_ = matrix.indptr.astype(np.int32)
        known.a_matrix_.index_ = matrix.indices.astype(np.int32)
        known.a_matrix_.value_ = matrix.data
        self._solver.passModel(known)
        self._minimum(np.zeros(self._n))

    def ends(self, weights: Floats) -> tuple[float, float]:
        """Return the smallest and largest value of a weighted sum."""
        return self._minimum(weights), -self._minimum(-weights)

    def whole_ends(self, weights: Floats) -> tuple[float, float]:
        """Return the same over whole numbers."""
        self._kind(highspy.HighsVarType.kInteger)
        low, high = self.ends(weights)
        self._kind(highspy.HighsVarType.kContinuous)
        return float(math.ceil(low - CLOSE)), float(math.floor(high + CLOSE))

    def _kind(self, kind: highspy.HighsVarType) -> None:
        kinds = np.full(self._n, int(kind), dtype=np.uint8)
        self._solver.changeColsIntegrality(self._n, self._columns, kinds)

    def _minimum(self, weights: Floats) -> float:
        self._solver.changeColsCost(self._n, self._columns, weights)
        self._solver.run()
        status = self._solver.getModelStatus()
        if status == highspy.HighsModelStatus.kOptimal:
            return float(self._solver.getInfo().objective_function_value)
        # what is known was found to fit before any cell was looked at
        if status in UNBOUNDED and weights.any():
            return -math.inf
        raise ReleaseError(
            "no table of counts fits all that is known: two releases contradict each other; "
            "compare their numbers, and the rounding that was assumed"
        )
