"""What the search for a pattern knows of an outsider: his linear programme, its duals, witnesses.

A witness is a full set of inner cells that fits all that is shown. Two of them that put a cell far
enough apart prove it safe under every pattern that hides at least what sets them apart, so most
cells need no solve. A cell that is not safe yields an inequality which every safe pattern meets.
Source: Fischetti & Salazar 2001 (doi:10.1287/mnsc.47.7.1008.9805), with sliding protection.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from evaltools.errors import ReleaseError
from evaltools.release.cells import Bools, Cells, Floats, listed
from evaltools.release.lp import INF, Answer, Programme

Rows = npt.NDArray[np.intp]
TOLERANCE = 1e-6
TINY = 1e-7  # below it a dual counts as zero
TRACE = 0.01
KEPT = 600  # witnesses remembered
COMBINED = 12  # joint solves at most before every cell is looked at by itself


@dataclass(frozen=True, eq=False)
class Problem:
    """Cells as the search needs them; arrays over rows unless said otherwise.

    ``room`` is how far a hidden row may fall from its value by what is known of it, ``fixed`` are
    the rows hidden in any pattern, ``free`` those a pattern may hide, ``targets`` the sensitive
    ones (indices), ``whole`` whether inner cells are whole numbers, ``empty`` which inner cells
    are known to be zero, ``lines`` see :class:`Cells`.
    """

    matrix: csr_array
    values: Floats
    room: Floats
    fixed: Bools
    free: Bools
    targets: Rows
    empty: Bools
    width: float
    whole: bool

    def bounds(self, hidden: Bools) -> tuple[Floats, Floats]:
        """Return what is known of each row when `hidden` ones are not shown."""
        low = np.where(hidden, self.values - self.room, self.values)
        return low, np.where(hidden, INF, self.values)

    def relaxed(self, share: Floats) -> tuple[Floats, Floats]:
        """Return bounds where rows are hidden by a share between 0 and 1."""
        room, rise = np.minimum(self.room, self.width), np.where(self.fixed, INF, self.width)
        low = self.values - np.where(self.fixed, self.room, room * share)
        open_ = share > TINY
        rise = np.multiply(rise, share, where=open_, out=np.zeros_like(share))
        return low, self.values + rise


@dataclass(frozen=True, eq=False)
class Gap:
    """A cell that is not safe: its bounds, and the inequality ``weights @ hidden >= need``."""

    target: int
    low: float
    high: float
    weights: Floats
    need: float


def problem(cells: Cells, width: float, lowest: float) -> Problem:
    """Prepare cells for the search; hidden rows are known to be at least `lowest`."""
    joined = cells.merged()
    matrix, values = joined.matrix, cells.values
    room = values - np.where(cells.withheld, 0.0, lowest)
    bad = np.flatnonzero(~cells.shown & (room < 0))
    if len(bad):
        raise ReleaseError(
            f"cells below {lowest:g} could be hidden: {listed([cells.names[row] for row in bad])}; "
            "mark them as shown, or lower what is known of a hidden cell"
        )
    least = matrix.min(axis=1).toarray().ravel()
    nothing = cells.shown & (values == 0) & (least >= 0)
    fixed = cells.sensitive | cells.withheld
    return Problem(
        matrix=matrix,
        values=values,
        room=np.where(cells.shown, 0.0, room),
        fixed=fixed,
        free=~fixed & ~cells.shown,
        targets=np.flatnonzero(cells.sensitive),
        empty=np.asarray((np.abs(matrix[np.flatnonzero(nothing)]).sum(axis=0)) > 0).ravel(),
        width=width,
        whole=bool((matrix.data == np.round(matrix.data)).all() and (values % 1 == 0).all()),
    )


class Probe:
    """The outsider's programme over one set of cells, warm from solve to solve."""

    def __init__(self, given: Problem) -> None:
        self.given = given
        highs = np.where(given.empty, 0.0, INF)
        self._model = Programme(given.matrix, (given.values, given.values), highs, primal=True)
        self._seen = np.full((KEPT, len(given.values)), np.nan)
        self._whole = np.zeros(KEPT, dtype=bool)
        self._next = 0
        self._asked = False
        self._random = np.random.default_rng(1)
        self._low = self._high = self._least = self._most = given.values
        truth = self._model.solve()
        if not truth.found:
            raise ReleaseError(
                "the values of the cells contradict each other: no table of counts has these sums"
            )
        self._keep(truth)

    @property
    def seconds(self) -> float:
        """Time spent solving."""
        return self._model.seconds

    def gaps(self, hidden: Bools, *, first: bool = False, whole: bool = True) -> list[Gap]:
        """Return the cells not safe under a pattern, or the first one found.

        `whole` asks that a cell is safe from an outsider who knows that counts are whole, too.
        """
        return self._gaps(self.given.bounds(hidden), first, whole and self.given.whole, hidden)

    def relaxed(self, share: Floats) -> list[Gap]:
        """Return cells not safe where rows are hidden by a share only, for their inequalities.

        All rows are taken as hidden by a trace, which prefers inequalities over few rows.
        """
        share = np.where(self.given.free, np.maximum(share, TRACE), share)
        return self._gaps(self.given.relaxed(share), False, False, share > TINY)

    def _gaps(
        self, bounds: tuple[Floats, Floats], first: bool, whole: bool, hidden: Bools
    ) -> list[Gap]:
        self._low, self._high = bounds
        self._model.rows(*bounds)
        self._asked = whole
        self._recall()
        self._combine()
        found = []
        for target in self.given.targets:
            if self._safe(int(target)):
                continue
            gap = self._look(int(target))
            if gap is None and whole and not self._apart(int(target)):
                gap = self._no_good(int(target), hidden)
            if gap is not None:
                found.append(gap)
                if first:
                    break
        return found

    def _recall(self) -> None:
        """Take the smallest and largest value of each row over the witnesses that still fit."""
        fits = (self._seen >= self._low - TOLERANCE) & (self._seen <= self._high + TOLERANCE)
        usable = self._seen[fits.all(axis=1) & (self._whole | (not self._asked))]
        self._least = usable.min(axis=0, initial=INF)
        self._most = usable.max(axis=0, initial=-INF)

    def _safe(self, target: int) -> bool:
        return bool(self._most[target] - self._least[target] >= self.given.width - TOLERANCE)

    def _keep(self, answer: Answer) -> None:
        whole = bool((np.abs(answer.columns - np.round(answer.columns)) < TOLERANCE).all())
        self._seen[self._next], self._whole[self._next] = answer.rows, whole
        self._next = self._next % (KEPT - 1) + 1  # the truth, the first, is never forgotten
        if whole or not self._asked:
            self._least = np.minimum(self._least, answer.rows)
            self._most = np.maximum(self._most, answer.rows)

    def _combine(self) -> None:
        """Move many cells at once, at random up or down, as long as that settles some."""
        given = self.given
        for _ in range(COMBINED):
            left = given.targets[[not self._safe(int(row)) for row in given.targets]]
            if len(left) < 4:
                return
            sign = self._random.choice([-1.0, 1.0], len(left))
            for row in left:
                self._cap(int(row), given.width)
            self._model.cost(np.asarray(given.matrix[left].T @ sign))
            answer = self._model.solve()
            for row in left:
                self._cap(int(row), INF)
            if answer.found:
                self._keep(answer)
            if np.mean([self._safe(int(row)) for row in left]) < 0.1:
                return

    def _cap(self, row: int, rise: float) -> None:
        high = min(float(self._high[row]), float(self.given.values[row]) + rise)
        self._model.row(row, float(self._low[row]), high)

    def _move(self, target: int, sign: float) -> Answer:
        """Push a cell up (sign −1) or down (sign 1) as far as it goes, or far enough."""
        self._cap(target, self.given.width)
        self._model.cost(np.asarray(sign * self.given.matrix[[target]].toarray()[0]))
        answer = self._model.solve()
        self._cap(target, INF)
        if answer.found:
            self._keep(answer)
        return answer

    def _look(self, target: int) -> Gap | None:
        given = self.given
        value, enough = float(given.values[target]), given.width - TOLERANCE
        up = self._move(target, -1.0)
        rise = -up.value - value
        if rise >= enough:
            return None
        fall, duals = value - float(self._low[target]), np.zeros(len(given.values))
        duals[target] = 1.0  # the fall by what is known of the cell itself, which may be all
        if rise + fall >= enough:
            down = self._move(target, 1.0)
            fall, duals = value - down.value, down.duals
            if rise + fall >= enough:
                return None
        weights, need = self._inequality(target, up.duals, duals)
        return Gap(target, value - fall, value + rise, weights, need)

    def _inequality(self, target: int, up: Floats, down: Floats) -> tuple[Floats, float]:
        """Return what must be hidden so that the cell can move by the width, by weak duality.

        With duals λ, a move is at most Σ (λ⁺ room + λ⁻ rise) hidden + (± value − Σ λ values), for
        any pattern; the last term is what inner cells below no published bound may add.
        """
        given = self.given
        weights, need = np.zeros(len(given.values)), given.width
        for sign, duals in ((-1.0, up), (1.0, down)):
            used = np.where(np.abs(duals) > TINY, duals, 0.0)
            need -= sign * float(given.values[target]) - float(used @ given.values)
            weights += np.maximum(used, 0.0) * given.room
            weights[used < 0] = INF
        need -= float(weights[given.fixed].sum())
        weights = np.where(given.free, np.minimum(weights, need), 0.0)
        return weights, need

    def _apart(self, target: int) -> bool:
        """Push a cell with whole numbers only; true if that, or what is known, is far enough."""
        if self._safe(target):
            return True
        self._model.whole(True)
        for sign in (-1.0, 1.0):
            self._move(target, sign)
        self._model.whole(False)
        return self._safe(target)

    def _no_good(self, target: int, hidden: Bools) -> Gap:
        """Ask for one more hidden row where only whole numbers give a cell away."""
        weights = (self.given.free & ~hidden).astype(np.float64)
        return Gap(target, float(self._least[target]), float(self._most[target]), weights, 1.0)
