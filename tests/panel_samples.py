"""Small made-up panels that the tests of effects share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evaltools.effects.design import Floats, Panel


def build(counts: Floats, exposure: Floats | None = None, *, before: int, k: int = 1) -> Panel:
    """Panel of areas A00, A01, … over 2001, 2002, …; the first `k` are treated."""
    exposure = np.full(counts.shape, 1000.0) if exposure is None else exposure
    areas = tuple(f"A{place:02d}" for place in range(len(counts)))
    periods = tuple(str(2001 + n) for n in range(counts.shape[1]))
    return Panel(counts.astype(float), exposure, areas, periods, (str(2001 + before),) * k, {})


def noise(
    rng: np.random.Generator, n: int, periods: int, *, ratio: float = 1.0, k: int = 1
) -> Panel:
    """Areas and years of their own level and noise; `ratio` holds for the first `k` from half on.

    The base differs by area and moves by year.
    """
    before = periods // 2
    exposure = 3000 * rng.uniform(0.4, 2, n)[:, None] * rng.uniform(0.95, 1.05, (n, periods))
    mean = 0.03 * exposure * np.exp(0.1 * rng.standard_normal(periods))
    mean = mean * np.exp(0.1 * rng.standard_normal(mean.shape))
    mean[:k, before:] *= ratio
    return build(rng.poisson(mean) + 1.0, exposure, before=before, k=k)


def turned(panel: Panel, first: Sequence[int]) -> Panel:
    """The same panel with other areas in the first rows, which are the treated ones."""
    order = [*first, *(row for row in range(len(panel.areas)) if row not in first)]
    return replace(
        panel,
        counts=panel.counts[order],
        exposure=panel.exposure[order],
        areas=tuple(panel.areas[row] for row in order),
    )


def mixed(panel: Panel, seed: int = 1) -> Panel:
    """The same panel with the comparison areas in another order and under other names."""
    k = len(panel.starts)
    order = [*range(k), *np.random.default_rng(seed).permutation(np.arange(k, len(panel.areas)))]
    moved = turned(panel, order)
    return replace(moved, areas=tuple(f"neu-{area}" for area in moved.areas))


def thousands(panel: Panel) -> Panel:
    """The same panel with the base in another unit."""
    return replace(panel, exposure=panel.exposure / 1000)
