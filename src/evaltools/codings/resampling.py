"""Bootstrap intervals of agreement: whole documents are drawn, not units."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import stats

from evaltools import german
from evaltools.codings.coefficients import Floats, Tally

MOST_UNDEFINED = 0.05


@dataclass(frozen=True)
class Bootstrap:
    """How intervals are made: number of draws, seed, nominal coverage."""

    draws: int = 10_000
    seed: int = 19_711_960
    level: float = 0.95


@dataclass(frozen=True)
class Bounds:
    """An interval or the German reason why there is none; draws without a value."""

    low: float = np.nan
    high: float = np.nan
    undefined: int = 0
    reason: str = ""


def weights(table: Tally, how: Bootstrap, *, alone: bool) -> Floats:
    """Draw clusters with replacement (`alone`: units) and return the weights of the patterns."""
    if alone:
        random = np.random.default_rng(how.seed)
        total = table.total[0]
        drawn = random.multinomial(int(total.sum()), total / total.sum(), size=how.draws)
        return drawn.astype(float)
    return np.asarray(_times(len(table.weights), how) @ table.weights, dtype=float)


@lru_cache(maxsize=2)
def _times(n: int, how: Bootstrap) -> Floats:
    """Return how often each of n clusters is in each draw; the same for every code."""
    random = np.random.default_rng(how.seed)
    times = random.multinomial(n, np.full(n, 1 / n), size=how.draws).astype(float)
    times.setflags(write=False)
    return times


def tail(n: int, level: float) -> float:
    """Share of draws beyond each bound: that of Student's t, 0 where draws cannot tell it.

    With n clusters one draw consists of one given cluster throughout with probability n to the
    power of -n; a tail rarer than that lies beyond what resampling can show.
    """
    if n < 2:
        return 0.0
    wide = stats.t.ppf((1 + level) / 2, n - 1) * np.sqrt(n / (n - 1))
    share = float(stats.norm.cdf(-wide))
    return share if share > float(n) ** -n else 0.0


def bounds(values: Floats, n: int, how: Bootstrap, *, alone: bool) -> Bounds:
    """Return the expanded percentile interval of the drawn `values` from `n` clusters."""
    undefined = int(np.isnan(values).sum())
    share = tail(n, how.level)
    what = "Einheiten" if alone else "Dokumente"
    if share == 0:
        text = f"Kein Intervall: Nur {german.number(n)} {what}, zu wenige für eine Ziehung."
        return Bounds(undefined=undefined, reason=text)
    if undefined > MOST_UNDEFINED * how.draws:
        told = german.percent(undefined / how.draws)
        text = f"Kein Intervall: In {told} der Ziehungen war das Maß nicht bestimmt."
        return Bounds(undefined=undefined, reason=text)
    low, high = np.nanquantile(values, [share, 1 - share])
    if high - low < 1e-12:
        text = (
            f"Kein Intervall: Alle {what} stimmen gleich überein, die Ziehung zeigt keine Breite."
        )
        return Bounds(undefined=undefined, reason=text)
    return Bounds(float(low), float(high), undefined)
