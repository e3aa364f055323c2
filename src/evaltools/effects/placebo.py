"""Placebo ranks: who is treated in turn, how estimates are made comparable, and the interval.

Every set of areas as large as the treated one is treated in turn, and the real one is ranked among
all by the size of a studentised estimate. Without an effect, and with areas that could have changed
places, each rank is equally likely: the test is exact.
Sources: Abadie, Diamond, Hainmueller 2010 (doi:10.1198/jasa.2009.ap08746); MacKinnon & Webb 2020
(doi:10.1016/j.jeconom.2020.04.024).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq, nnls

from evaltools.effects.design import Floats, Panel
from evaltools.errors import DesignError

Rows = npt.NDArray[np.intp]
SAME = 1 - 1e-9
MOST = 50_000
CONSPICUOUS = 0.10  # placebo share up to which a check or a pre-trend stands out
PRECISION = 1e-4  # of the log bounds, which are moved outward to it
FINE = 1e-6
FIRST = 0.1
TINY = 1e-9
FURTHEST = 8.0


def assignments(able: Rows, k: int, name: str) -> Rows:
    """All sets of `k` areas that can be treated, the real one (rows 0 to k − 1) first.

    `able` holds the comparison rows that can be treated in turn, `name` the ids of the treated
    areas for the message. Shape (n_assignments, k); more than 50,000 are refused.
    """
    n = math.comb(len(able) + k, k)
    if n > MOST:
        raise DesignError(
            f"areas {name}: {n} assignments of {k} among {len(able) + k} areas, at most {MOST} "
            "are enumerated; name fewer areas under comparison:",
            german="Es gibt zu viele Möglichkeiten, die Modellräume zu vertauschen.",
        )
    sets = list(combinations([*range(k), *able.tolist()], k))
    return np.array(sets, dtype=np.intp).reshape(n, k)


def spread(single: Floats, sizes: Floats) -> Floats:
    """Variance of each area's log ratio: a part all share and a part that falls with its cases.

    The squared log ratios `single` of areas treated alone are regressed on 1 and 1 / `sizes`
    (cases) with coefficients of at least zero, so that a small area is not called conspicuous for
    its noise, nor a large one for its precision: Ferman & Pinto 2019 (doi:10.1162/rest_a_00759).
    All of shape (n_areas,).
    """
    design = np.column_stack([np.ones_like(sizes), sizes.mean() / sizes])
    fitted = design @ nnls(design, single**2)[0]
    return np.asarray(np.maximum(fitted, 1e-300))


def errors(sets: Rows, single: Floats, sizes: Floats) -> Floats:
    """Return the standard deviation of each set's log ratio; shape (n_assignments,)."""
    share = sizes[sets] / sizes[sets].sum(1, keepdims=True)
    return np.asarray(np.sqrt((share**2 * spread(single, sizes)[sets]).sum(1)))


def table(panel: Panel, sets: Rows, estimates: Floats, studentised: Floats) -> pd.DataFrame:
    """Return a row for each assignment, with the ids of its areas in one text."""
    ids = [", ".join(panel.areas[row] for row in rows) for rows in sets]
    return pd.DataFrame({"area_id": ids, "estimate": estimates, "studentised": studentised})


def rank(own: float, others: Floats) -> int:
    """Place of `own` among all sizes, 1 the largest; ties count against it."""
    return 1 + int((others >= own * SAME).sum())


def fall_rank(own: float, others: Floats) -> int:
    """Place of `own` among all signed estimates, 1 the deepest fall; ties count against it."""
    return 1 + int((others <= own + abs(own) * (1 - SAME)).sum())


def held(others: Floats, level: float) -> float:
    """Reach of an interval with the placebo sizes held; infinite with too few of them."""
    needed = math.floor((1 - level) * (1 + len(others)) + 1e-9)
    return float(np.sort(others)[-needed]) if needed else math.inf


def inverted(
    sizes: Callable[[float], Floats], centre: float, level: float, floor: Floats | float = 0.0
) -> tuple[float, float]:
    """Bounds of the effects that the placebo test does not reject.

    On the log scale; infinite when there are too few areas to reject anything. `sizes` takes a
    supposed log effect, removes it from the treated areas and returns the sizes of all studentised
    estimates, the real one first. `centre` is the estimate, where the size is smallest, `level`
    nominal, such as 0.9, and `floor` what the others' sizes are at least (for max-t).
    """
    least = math.floor((1 - level) * len(sizes(centre)) + 1e-9)  # the lowest rank not rejected - 1
    if not least:
        return -math.inf, math.inf

    @cache
    def compared(effect: float) -> tuple[float, float]:
        try:
            found = sizes(effect)
        except DesignError:  # an effect so large that nothing can be fitted cannot be rejected
            return 0.0, 1.0
        if not np.isfinite(found).all():
            return 0.0, 1.0
        return float(found[0]) * SAME, float(np.sort(np.maximum(found[1:], floor))[-least])

    def slack(effect: float) -> float:  # continuous, below zero where the test rejects
        own, other = compared(effect)
        return other - own

    def bound(sign: int) -> float:
        inside, reach = 0.0, FIRST
        while slack(centre + sign * reach) >= 0:
            own, other = compared(centre + sign * reach)
            further = 1.1 * reach * other / max(own, TINY)  # own grows about as the effect does
            inside, reach = reach, min(max(further, 2 * reach), 4 * reach)
            if reach > FURTHEST:
                return sign * math.inf
        if not inside and slack(centre) < 0:  # the others do not scatter at all
            return centre + sign * PRECISION
        cross: float = brentq(lambda far: slack(centre + sign * far), inside, reach, xtol=FINE)
        return centre + sign * math.ceil(cross / PRECISION) * PRECISION  # outward

    ends = [bound(-1), bound(1), *([0.0] if slack(0.0) >= 0 else [])]  # p need not fall evenly
    return min(ends), max(ends)


def leave_two_out(own: Floats, first: Floats, second: Floats) -> float:
    """Share of pairs of comparison areas of which one is at least as conspicuous as the treated.

    Sizes of shape (n_pairs,): of the treated area and the pair, each against the areas outside
    this triple. Finer than ranks of 1 / n: Lei & Sudijono 2024 (arXiv:2401.07152), unweighted.
    """
    return float((own <= np.maximum(first, second)).mean())


def leave_two_out_bound(n: int, alpha: float) -> float:
    """Largest chance of a leave-two-out share of at most `alpha` without an effect, `n` areas."""
    most = 1 - 1 / n
    inner = 9 * most**2 - 12 * (1 / n - 4 / (3 * n**2) + alpha * most * (1 - 2 / n))
    return math.floor(n * (3 * most - math.sqrt(max(inner, 0.0))) / 2 + 1e-9) / n
