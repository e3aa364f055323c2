"""Make a pattern safe, then take out what it does not need.

Each cell that is not safe gets the cheapest set of further rows through which it can move far
enough, from one linear programme with a price on moving a row that is shown (the classic heuristic
of Kelly, Golden & Assad 1992, doi:10.1002/net.3230220407, for any linear structure).
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array, eye_array, hstack

from evaltools.release.cells import Bools, Floats
from evaltools.release.lp import INF, Answer, Programme
from evaltools.release.master import Master
from evaltools.release.probing import TOLERANCE, Gap, Probe, Problem


class Mender:
    """The programme that finds further rows to hide for a cell."""

    def __init__(self, given: Problem) -> None:
        self._given = given
        self._rows = np.flatnonzero(given.free)
        n, inner = len(given.values), given.matrix.shape[1]
        moves = eye_array(n, format="csr")[:, self._rows]
        low, high = given.bounds(given.fixed)
        highs = [np.where(given.empty, 0.0, INF), np.full(len(self._rows), INF)]
        matrix = csr_array(hstack([given.matrix, -moves, moves], format="csr"))
        self._model = Programme(
            matrix, (low, high), np.concatenate([*highs, given.room[self._rows]])
        )
        self._bounds = low, high
        self._inner, self._n = inner, n

    @property
    def seconds(self) -> float:
        """Time spent solving."""
        return self._model.seconds

    def further(self, hidden: Bools, gap: Gap, prices: Floats) -> Bools:
        """Return the pattern with further rows hidden so that a cell can move; at worst all."""
        own = np.where(hidden, 0.0, prices)[self._rows]
        self._model.cost(np.concatenate([np.zeros(self._inner), own, own]))
        answer = self._push(gap)
        everything = hidden | self._given.free
        if not answer.found:
            return everything
        moved = answer.columns[self._inner :].reshape(2, -1).max(axis=0) > TOLERANCE
        more = hidden.copy()
        more[self._rows[moved]] = True
        return more if (more > hidden).any() else self._push_whole(hidden, gap)

    def _push(self, gap: Gap) -> Answer:
        width = self._given.width
        low, high = (float(part[gap.target]) for part in self._bounds)
        self._model.row(gap.target, gap.low + width, high)
        answer = self._model.solve()
        if not answer.found:
            self._model.row(gap.target, low, gap.high - width)
            answer = self._model.solve()
        self._model.row(gap.target, low, high)
        return answer

    def _push_whole(self, hidden: Bools, gap: Gap) -> Bools:
        """Do the same with whole numbers, for a cell that only they give away."""
        self._model.whole(True)
        answer = self._push(gap)
        self._model.whole(False)
        more = hidden.copy()
        if answer.found:
            moved = answer.columns[self._inner :].reshape(2, -1).max(axis=0) > TOLERANCE
            more[self._rows[moved]] = True
        return more if (more > hidden).any() else hidden | self._given.free


def mended(hidden: Bools, probe: Probe, mender: Mender, prices: Floats) -> Bools:
    """Hide further rows, at low `prices`, until an outsider learns too much of no cell."""
    while found := probe.gaps(hidden, first=True):
        hidden = mender.further(hidden, found[0], prices)
    return hidden


def trimmed(hidden: Bools, probe: Probe, master: Master, order: Floats) -> Bools:
    """Show hidden rows again, the costliest first, where the pattern stays safe.

    Inequalities found on the way go to `master`.
    """
    given, kept = probe.given, hidden.copy()
    for row in sorted(np.flatnonzero(hidden & given.free), key=lambda row: -order[row]):
        kept[row] = False
        if master.broken(kept):
            kept[row] = True
        elif found := probe.gaps(kept, first=True):
            kept[row] = True
            master.add(found)
    return kept
