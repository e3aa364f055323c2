"""Secondary suppression: the smallest set of further cells that keeps small counts secret.

A choice of cells meets inequalities which an outsider's linear programme yields, one after another
(cell suppression by Benders cuts), first with shares of cells, then with whole ones. When the time
is up the best pattern so far, made safe and trimmed, is the answer, with what is proven about it.
Source: Fischetti & Salazar 2001 (doi:10.1287/mnsc.47.7.1008.9805).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaltools.errors import ReleaseError
from evaltools.release.cells import Bools, Cells, Floats, listed
from evaltools.release.master import PRECISION, Master
from evaltools.release.probing import Probe, problem
from evaltools.release.repair import Mender, mended, trimmed

ROUGH = 0.02  # gap to which a choice is solved while its inequalities are few
PATIENCE, PROGRESS = 8, 1.002  # rounds of shares after which the bound must have risen, by what
STARTS = (0.0, 0.3, 0.3, 0.6)  # spread of random prices, one pattern each
LEAST = 0.1  # share of the time with which no further choice begins
CORE = 0.5  # share of the time kept for choices among all cells, not only those tried
FEW, NEARLY = 60, 0.4  # beyond so many cells, patterns that cost nearly the same count as equal
RELAXED = 0.3  # share of the time for choices by shares


@dataclass(frozen=True, eq=False)
class Pattern:
    """Which cells to hide.

    Attributes
    ----------
    hidden : ndarray of bool, shape (n_rows,)
        Sensitive, withheld and secondary cells.
    n_primary, n_secondary : int
        Cells that are sensitive or withheld, and further ones.
    bound : float
        Proven: no safe pattern has a lower cost of secondary cells. With the default costs, its
        whole part is a bound on their number.
    optimal : bool
        Whether the pattern is proven to have the lowest cost; where more than 60 cells may be
        hidden, to within 0.4 of a cell, so that no pattern hides fewer.
    method : str
        ``exact``, or ``repaired`` where the time was up before the proof.
    """

    hidden: Bools
    n_primary: int
    n_secondary: int
    bound: float
    optimal: bool
    method: str


class _Search:
    """Programmes of one search, its best pattern and the proven bound."""

    def __init__(self, cells: Cells, width: float, lowest: float, seconds: float) -> None:
        self.cells, self._limit = cells, seconds
        self.given = problem(cells, width, lowest)
        self.probe = Probe(self.given)
        self.best = self.given.fixed | self.given.free
        self._check()
        self.master, self.mender = Master(cells, self.given), Mender(self.given)
        self.bound = 0.0
        self.slack = PRECISION if self.given.free.sum() <= FEW else NEARLY
        self.tried = self.given.fixed.copy()

    def _check(self) -> None:
        gaps = self.probe.gaps(self.best)
        if gaps:
            names = [self.cells.names[gap.target] for gap in gaps]
            raise ReleaseError(
                f"no pattern protects these cells, even if all that can be hidden is: "
                f"{listed(names)}; merge areas or periods, or withdraw what was released"
            )

    @property
    def left(self) -> float:
        """Seconds left."""
        spent = self.probe.seconds + self.master.seconds + self.mender.seconds
        return self._limit - spent

    @property
    def done(self) -> bool:
        """Whether the best pattern is proven to be the cheapest, or one of the smallest."""
        return self.bound >= self.price(self.best) - self.slack

    def price(self, hidden: Bools) -> float:
        """Cost of the secondary cells of a pattern."""
        return float(self.cells.cost[hidden & self.given.free].sum())

    def by_shares(self) -> Floats:
        """Collect inequalities with shares of cells; returns the last shares."""
        stop, steps = self._limit * (1 - RELAXED), [0.0]
        while True:
            share, answer = self.master.relaxed(self.left)
            if not answer.solved:
                return share
            self.bound = max(self.bound, answer.value)
            steps = [*steps, self.bound][-PATIENCE:]
            gaps = self.probe.relaxed(share)
            slow = len(steps) == PATIENCE and steps[-1] < steps[0] * PROGRESS
            if not gaps or slow or self.left < stop:
                return share
            self.master.add(gaps)

    def improve(self, hidden: Bools, prices: Floats) -> None:
        """Make a pattern safe and trim it; keep it if it is the best."""
        safe = mended(hidden, self.probe, self.mender, prices)
        self.tried |= safe
        self._keep(trimmed(safe, self.probe, self.master, self.cells.cost))

    def _keep(self, safe: Bools) -> None:
        if self.price(safe) < self.price(self.best) - PRECISION:
            self.best = safe

    def start(self, share: Floats) -> None:
        """Make first patterns, led by the shares and at random around them."""
        random = np.random.default_rng(2)
        for spread in STARTS:
            # the first is made however little time is left: there must be an answer
            if spread == 0.0 or (self.left > 0 and not self.done):
                noise = np.exp(spread * random.standard_normal(len(share)))
                prices = self.cells.cost * (1.05 - share) * noise
                self.improve(self.given.fixed.copy(), prices)

    def by_cells(self, able: Bools, until: float) -> None:
        """Choose whole cells among `able` ones until the choice is safe and the best of them.

        Stops when only `until` seconds are left.
        """
        gap, everything = ROUGH, bool(able[self.given.free].all())
        # a choice may overrun its time, so none begins with hardly any left
        until += LEAST * self._limit
        while self.left > until and not self.done:
            hidden, answer = self.master.best(able, self.left - until, gap)
            if everything:
                self.bound = max(self.bound, answer.bound)
            elif answer.bound >= self.price(self.best) - PRECISION:
                return
            if not answer.found:
                return
            gaps = self.probe.gaps(hidden)
            if gaps:
                self.master.add(gaps)
                self.master.add(self.probe.relaxed(hidden.astype(np.float64)))
                self.improve(hidden, np.where(able, 0.5, 1.0) * self.cells.cost)
            else:
                self._keep(hidden)
                if answer.solved and gap < ROUGH:
                    return
                gap = (
                    self.slack / max(self.price(self.best), 1.0) if self.slack > PRECISION else 0.0
                )


def protect(
    cells: Cells, *, width: float = 2.0, lowest: float = 1.0, seconds: float = 12.0
) -> Pattern:
    """Hide as few further cells as needed so that no sensitive one is known too closely.

    Parameters
    ----------
    cells : Cells
        Numbers to be published.
    width : float, optional
        The interval an outsider can compute for a sensitive cell is at least this wide, with and
        without the knowledge that counts are whole.
    lowest : float, optional
        What is known of a hidden cell: at least 1 where zeros are shown, otherwise 0.
    seconds : float, optional
        Time for solving, after which the best pattern is made safe; that takes a little more.

    Raises
    ------
    ReleaseError
        Where no pattern protects all sensitive cells, or the values contradict each other.
    """
    search = _Search(cells, width, lowest, seconds)
    share = search.by_shares()
    search.start(share)
    search.by_cells(search.given.fixed | search.tried, search.left * CORE)
    search.by_cells(search.given.fixed | search.given.free, 0.0)
    n_primary = int(search.given.fixed.sum())
    return Pattern(
        hidden=search.best,
        n_primary=n_primary,
        n_secondary=int(search.best.sum()) - n_primary,
        bound=min(search.bound, search.price(search.best)),
        optimal=search.done,
        method="exact" if search.done else "repaired",
    )


def greedy(cells: Cells) -> Pattern:
    """Hide, in each line with one hidden cell, the smallest other one: the usual way, not safe.

    Cells need their ``lines``; those that add up to the same row are looked at one by one.
    """
    hidden = cells.sensitive | cells.withheld
    n_primary = int(hidden.sum())
    changed = True
    while changed:
        changed = False
        for line in cells.lines:
            more = _partner(cells, hidden, line)
            if more is not None:
                hidden[more] = changed = True
    return Pattern(hidden, n_primary, int(hidden.sum()) - n_primary, 0.0, False, "greedy")


def _partner(cells: Cells, hidden: Bools, line: Sequence[int]) -> int | None:
    if hidden[list(line)].sum() != 1:
        return None
    able = [row for row in line if not hidden[row] and not cells.shown[row]]
    return min(able, key=lambda row: (cells.values[row], row), default=None)
