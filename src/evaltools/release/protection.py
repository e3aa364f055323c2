"""Protect all counts of a study at once, and let the attacker try the result.

What the pages show, what was released before and what an outsider knows anyway (a stock is the
stock a year ago, plus what began, less what ended) is one system of sums over inner cells. Every
small sum in it, and every small inner cell that nobody prints, must stay uncertain by the width
of the rule set. A finding of the attacker ends the run; there is no way around.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array, eye_array, vstack

from evaltools.errors import ReleaseError
from evaltools.measures import sums
from evaltools.measures.outcomes import Tables
from evaltools.measures.periods import together
from evaltools.measures.sums import Sum
from evaltools.release import attack
from evaltools.release.attack import Interval
from evaltools.release.cells import Cells, alike
from evaltools.release.identities import tied as identities
from evaltools.release.identities import with_zeros
from evaltools.release.moves import settled
from evaltools.release.plan import BESIDE, STEP, Plan, State
from evaltools.release.protect import protect
from evaltools.release.published import Published, published, said
from evaltools.study import Study
from evaltools.studyparts import Disclosure

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
SECONDS = 60.0
TIE_BREAK = 0.4
MOST = 300  # cells that the attacker tries one by one
INNER = "inner "
EQUATION = "equation "


@dataclass(frozen=True)
class _Known:
    """Sums with a delivered value, over joined inner cells, and the equations between those."""

    sums: tuple[Sum, ...]
    values: Floats
    matrix: csr_array
    equations: csr_array
    inner: Floats


def plan(tables: Tables, study: Study, earlier: Mapping[Sum, float]) -> Plan:
    """Decide which counts of a study are shown.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Processed tables by name; none is changed.
    study : Study
        The study with its rule set.
    earlier : mapping of Sum to float
        Counts released before, with the values published then.

    Returns
    -------
    Plan
        Attacked together with everything in `earlier`.

    Raises
    ------
    ReleaseError
        When no choice protects the small counts, or the attacker finds one all the same.
    """
    found = published(tables, study)
    if not found.costs:
        return Plan({}, {})
    known = _known(tables["hze_count"], study, list(dict.fromkeys([*found.costs, *earlier])))
    held = {item: n for item, n in zip(known.sums, known.values, strict=True) if item in earlier}
    out = {item for item, n in held.items() if abs(n - earlier[item]) < 1e-6}
    rounds = study.disclosure.method == "round5"
    rules = study.disclosure
    made = (_rounded if rounds else _suppressed)(known, found, rules, out)
    return replace(
        made,
        rests={BESIDE.join(key): _keys(rests) for key, rests in found.estimates.items()},
        series={area: _keys(own) for area, own in found.series.items()},
        set_aside=_keys(item for item in earlier if item not in out),
    )


def _keys(found: Iterable[Sum]) -> tuple[str, ...]:
    return tuple(item.key for item in found)


def _known(count: pd.DataFrame, study: Study, items: Sequence[Sum]) -> _Known:
    """Write the sums, and what an outsider knows of them anyway, over the fewest inner cells."""
    rows = together(count, study.period)
    if not study.disclosure.zeros_shown:
        rows = with_zeros(rows)
    tied = [list(pairs) for pairs in identities(rows, study)]
    extra = list(dict.fromkeys(item for pairs in tied for item, _ in pairs))
    made = sums.system(rows, [*items, *extra])
    place = {item: row for row, item in enumerate(extra, start=len(items))}
    signs = np.zeros((len(tied), len(items) + len(extra)))
    for row, pairs in enumerate(tied):
        for item, sign in pairs:
            signs[row, place[item]] += sign
    holds = np.abs(signs @ made.values) < 1e-6  # an unknown part makes it NaN, which holds not
    equations = csr_array(csr_array(signs[holds]) @ made.matrix)
    equations.eliminate_zeros()
    equations = equations[np.flatnonzero(np.diff(equations.indptr))]
    used = np.isfinite(made.values[: len(items)])
    kept = tuple(item for item, known in zip(items, used, strict=True) if known)
    top = csr_array(made.matrix[: len(items)])[np.flatnonzero(used)]
    joined, inner = _joined(vstack([top, equations], format="csr"), np.nan_to_num(made.cells))
    parts = joined[: len(kept)], joined[len(kept) :]
    return _Known(kept, made.values[: len(items)][used], parts[0], parts[1], inner)


def _joined(matrix: csr_array, cells: Floats) -> tuple[csr_array, Floats]:
    """Join inner cells that stand in the same rows: only their sum can be seen."""
    groups = alike(matrix)
    first = [members[0] for members in groups]
    added = np.array([cells[members].sum() for members in groups])
    return csr_array(matrix[:, first]), added


def _cells(known: _Known, found: Published, rules: Disclosure, out: set[Sum]) -> Cells:
    """Set up all rows: the sums, the equations, and the small inner cells that nobody prints."""
    least = 1 if rules.zeros_shown else 0
    pairs = zip(known.sums, known.values, strict=True)
    small = np.array([_small(item, n, rules) for item, n in pairs], dtype=bool)
    small &= np.diff(known.matrix.indptr) > 0  # without any cell, it is zero for all to see
    shown = np.array([item in out for item in known.sums]) | ((known.values == 0) & ~small)
    inner = np.flatnonzero((known.inner >= least) & (known.inner < rules.threshold))
    own, tied = len(known.sums), known.equations.shape[0]
    within = csr_array(eye_array(len(known.inner), format="csr"))[inner]
    sizes = np.log1p(known.values) / max(float(np.log1p(known.values).sum()), 1.0)
    costs = np.array([found.costs.get(item, 1.0) for item in known.sums]) + TIE_BREAK * sizes
    return Cells(
        names=(
            *_keys(known.sums),
            *(f"{EQUATION}{place}" for place in range(tied)),
            *(f"{INNER}{place}" for place in inner),
        ),
        matrix=csr_array(vstack([known.matrix, known.equations, within], format="csr")),
        values=np.concatenate([known.values, np.zeros(tied), known.inner[inner]]),
        sensitive=np.concatenate([small & ~shown, _flags(tied, False), _flags(len(inner), True)]),
        withheld=np.concatenate([_flags(own + tied, False), _flags(len(inner), True)]),
        shown=np.concatenate([shown, _flags(tied, True), _flags(len(inner), False)]),
        cost=np.concatenate([costs, np.zeros(tied + len(inner))]),
    )


def _small(item: Sum, n: float, rules: Disclosure) -> bool:
    """Say whether a count is small; a weighted sum of few helps may be a large number."""
    heaviest = max([1.0, *(weight for _, weight in item.weights)])
    return 0 < n <= (rules.threshold - 1) * heaviest or (n == 0 and not rules.zeros_shown)


def _flags(n: int, value: bool) -> Bools:
    return np.full(n, value)


def _suppressed(known: _Known, found: Published, rules: Disclosure, out: set[Sum]) -> Plan:
    """Hide small counts, and as little else as protects them."""
    cells = _cells(known, found, rules, out)
    lowest = float(rules.zeros_shown)
    # A settled inner cell needs no more thought: another table that fits has been found.
    easy = settled(cells, known.inner, width=rules.width, lowest=lowest) & cells.withheld
    hard = replace(cells, sensitive=cells.sensitive & ~easy)
    pattern = protect(hard, width=rules.width, lowest=lowest, seconds=SECONDS)
    low, high = attack.seen(cells, pattern.hidden, lowest)
    targets = _targets(pattern.hidden, easy)
    tried = attack.intervals(cells.matrix, low, high, targets, cells.names)
    _refuse(cells, tried, rules)
    made = _plan(cells, known.sums, pattern.hidden, tried)
    return replace(made, bound=pattern.bound, method=pattern.method)


def _targets(hidden: Bools, easy: Bools) -> npt.NDArray[np.intp]:
    """Return what the attacker tries: all that is hidden, unless that is too much.

    Then the settled inner cells are left out, of which another table is known already.
    """
    every = np.flatnonzero(hidden)
    return every if len(every) <= MOST else np.flatnonzero(hidden & ~easy)


def _rounded(known: _Known, found: Published, rules: Disclosure, out: set[Sum]) -> Plan:
    """Round all counts; withhold estimates where their exact sums would help the attacker."""
    cells, own = _cells(known, found, rules, set()), len(known.sums)
    # Over several periods nothing is printed: such a sum is out through an estimate, and exact.
    told = {item for item in out if len(item.periods) > 1}
    whole = told | {item for rests in found.estimates.values() for item in rests}
    sides = []
    for exact in (whole, told):
        kept = cells.shown.copy()
        kept[:own] |= np.array([item in exact for item in known.sums], dtype=bool)
        sides.append(kept)
    made = _plan(cells, known.sums, _flags(len(cells.names), False), ())
    for kept, estimates in zip(sides, (True, False), strict=True):
        low, high = rounding(cells.values)
        low, high = np.where(kept, cells.values, low), np.where(kept, cells.values, high)
        low[cells.withheld], high[cells.withheld] = 0.0, np.inf
        targets = np.flatnonzero(cells.sensitive)
        tried = attack.intervals(cells.matrix, low, high, targets, cells.names)
        if not estimates:
            _refuse(cells, tried, rules)
        if not estimates or not attack.findings(tried, rules.width):
            break
    narrowest = min((item.high - item.low for item in tried), default=None)
    return replace(made, method="rounded", estimates=estimates, narrowest=narrowest)


def rounding(values: Floats) -> tuple[Floats, Floats]:
    """Return the lowest and highest count that is rounded to the same multiple of five."""
    near, whole = STEP * np.round(values / STEP), values % 1 == 0
    reach = np.where(whole, STEP // 2, STEP / 2)  # sums of weights need not be whole
    return np.maximum(near - reach, 0.0), near + reach


def _refuse(cells: Cells, tried: Sequence[Interval], rules: Disclosure) -> None:
    """End the run where the attacker comes too close to a small count."""
    small = {
        name for name, sensitive in zip(cells.names, cells.sensitive, strict=True) if sensitive
    }
    lost = [item for item in attack.findings(tried, rules.width) if item.name in small]
    if lost:
        raise ReleaseError(
            f"the attacker recovers {len(lost)} small counts from what would be published; merge "
            "areas or periods, or leave out a notebook; nothing was released"
        )


def _plan(cells: Cells, sums: tuple[Sum, ...], hidden: Bools, tried: Sequence[Interval]) -> Plan:
    names = cells.names[: len(sums)]
    states: dict[str, State] = {
        name: ("primary" if cells.sensitive[row] else "secondary") if hidden[row] else "shown"
        for row, name in enumerate(names)
    }
    small = {cells.names[row] for row in np.flatnonzero(cells.sensitive)}
    labels = {item.key: said(item) for item in sums if states[item.key] != "shown"}
    widths = [item.high - item.low for item in tried if item.name in small]
    return Plan(
        states=states,
        values={
            name: float(cells.values[row]) for row, name in enumerate(names) if not hidden[row]
        },
        intervals={item.name: (item.low, item.high) for item in tried if item.name in states},
        labels=labels,
        n_inner=int(cells.withheld.sum()),
        narrowest=min(widths, default=None),
    )
