"""CPU time of all placebos in evaltools against the packages that solve the same problem.

Usage: make bench, or python benchmarks/effects.py with requirements-bench.lock installed.

Synthetic control (with intercept, outcomes only) against pysyncon and CausalPy, synthetic
difference-in-differences against synthdid-py, Poisson difference-in-differences against refits of
statsmodels' GLM. Each alternative gets the same numbers and must give the same estimates. Where it
is slow, some of its placebos are run and its time is scaled up, as the line says. CPU time of one
thread; prints how time grows, then ``name: ratio`` lines, and exits non-zero when a target is
missed.
"""

from __future__ import annotations

import contextlib
import io
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import statsmodels.api as sm
from threadpoolctl import threadpool_limits

from evaltools.effects import did, synth
from evaltools.effects.design import Panel

SEED = 20261122
SMALL, LARGE = (17, 40, 28), (200, 120, 84)
GROWTH = ((17, 40), (17, 80), (17, 160), (34, 40), (68, 40), (136, 40), (200, 120))
TARGETS = {
    "synthetic_control_17x40_pysyncon_over_evaltools": 100.0,
    "synthetic_control_17x40_causalpy_over_evaltools": 100.0,
    "synthetic_control_200x120_pysyncon_over_evaltools": 20.0,
    "synthetic_control_200x120_causalpy_over_evaltools": 20.0,
    "sdid_200_placebos_synthdid_over_evaltools": 50.0,
    "poisson_placebos_statsmodels_over_evaltools": 300.0,
}
SAME = 2e-3  # printed precision of a log rate: the alternatives stop before the exact optimum


def city(n_areas: int, n_periods: int, n_before: int, k: int = 1) -> Panel:
    """Simulate a panel: levels, three common factors, noise; every cell has a case."""
    rng = np.random.default_rng([SEED, n_areas, n_periods])
    factors = rng.standard_normal((3, n_periods)).cumsum(1) * 0.05
    load = 0.3 * rng.standard_normal((n_areas, 3)) @ factors
    level = np.log(60 * rng.uniform(0.4, 2, (n_areas, 1)))
    noise = 0.08 * rng.standard_normal((n_areas, n_periods))
    counts = rng.poisson(np.exp(level + load + noise)) + 1.0
    exposure = np.repeat(1000 * rng.uniform(0.5, 2, (n_areas, 1)), n_periods, axis=1)
    periods = tuple(str(1000 + t) for t in range(n_periods))
    areas = tuple(f"A{row:03d}" for row in range(n_areas))
    return Panel(counts, exposure, areas, periods, (periods[n_before],) * k, {})


def clocked(run: Callable[[], np.ndarray], repeat: int = 1) -> tuple[np.ndarray, float]:
    """Return the result and the CPU seconds of one run, the median of some."""
    run()
    times = []
    for _ in range(repeat):
        begun = time.process_time()
        found = run()
        times.append(time.process_time() - begun)
    return found, float(np.median(times))


def once(run: Callable[[], np.ndarray]) -> tuple[np.ndarray, float]:
    """Return result and CPU seconds without a warm-up, for the slow; what they print is dropped."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        begun = time.process_time()
        return run(), time.process_time() - begun


def by_pysyncon(outcomes: np.ndarray, after: np.ndarray, rows: list[int]) -> np.ndarray:
    """Synthetic control with intercept by pysyncon: its scaling undone by the weights V."""
    from pysyncon import Synth

    centred = outcomes - outcomes[:, ~after].mean(1, keepdims=True)
    names = [f"A{row:03d}" for row in range(len(outcomes))]
    before = pd.DataFrame(centred[:, ~after].T, columns=names)
    variance = before.std(axis=1).to_numpy() ** 2
    found = []
    for row in rows:
        others, own = before.drop(columns=names[row]), before[names[row]]
        model = Synth()
        model.fit(X0=others, X1=own, Z0=others, Z1=own, custom_V=variance / variance.sum())
        gap = centred[row] - np.asarray(model.W) @ np.delete(centred, row, 0)
        found.append(gap[after].mean())
    return np.array(found)


def by_causalpy(outcomes: np.ndarray, after: np.ndarray, rows: list[int]) -> np.ndarray:
    """Synthetic control with intercept by CausalPy's least-squares model."""
    import causalpy as cp

    centred = outcomes - outcomes[:, ~after].mean(1, keepdims=True)
    names = [f"A{row:03d}" for row in range(len(outcomes))]
    data = pd.DataFrame(centred.T, columns=names)
    found = []
    for row in rows:
        made = cp.SyntheticControl(
            data,
            int((~after).sum()),
            control_units=[name for name in names if name != names[row]],
            treated_units=[names[row]],
            model=cp.skl_models.WeightedProportion(),
        )
        found.append(float(np.mean(np.asarray(made.post_impact))))
    return np.array(found)


def by_synthdid(outcomes: np.ndarray, after: np.ndarray, sets: np.ndarray) -> np.ndarray:
    """Synthetic difference-in-differences by synthdid-py; treated rows go last there."""
    from synthdid import synthdid_estimate

    found = []
    for rows in sets:
        ordered = np.vstack([np.delete(outcomes, rows, 0), outcomes[rows]])
        n = len(outcomes) - len(rows)
        found.append(float(synthdid_estimate(ordered, n, int((~after).sum()))))
    return np.array(found)


def by_glm(panel: Panel, sets: np.ndarray) -> np.ndarray:
    """Poisson difference-in-differences by statsmodels, one GLM an assignment."""
    n, t = panel.counts.shape
    area, period = np.repeat(np.arange(n), t), np.tile(np.arange(t), n)
    fixed = np.hstack([np.eye(n)[area], np.eye(t)[period][:, 1:]])
    offset = np.log(panel.exposure.ravel())
    found = []
    for rows in sets:
        treated = np.isin(area, rows) & panel.after[period]
        design = np.column_stack([fixed, treated])
        model = sm.GLM(panel.counts.ravel(), design, sm.families.Poisson(), offset=offset)
        found.append(model.fit(tol=1e-12).params[-1])
    return np.array(found)


def compared(
    name: str, ours: tuple[np.ndarray, float], theirs: tuple[np.ndarray, float], n: int
) -> tuple[float, bool]:
    """Ratio of CPU times for `n` placebos, and whether the estimates agree."""
    part = len(theirs[0])
    ratio = theirs[1] * n / part / ours[1]
    apart = float(np.abs(theirs[0] - ours[0][:part]).max())
    scaled = "" if part == n else f", {part} of {n} run and scaled up"
    print(
        f"{name}: alternative {theirs[1] * n / part:.3f} s{scaled}; evaltools {ours[1]:.4f} s; "
        f"largest difference of estimates {apart:.1e}"
    )
    return ratio, apart <= SAME


def controls(shape: tuple[int, int, int], tries: int) -> dict[str, tuple[float, bool]]:
    """Synthetic control with all placebos, against both packages."""
    panel = city(*shape)
    outcomes, after = np.log(panel.counts / panel.exposure), panel.after
    n = shape[0]
    sets = np.arange(n)[:, None]
    ours = clocked(lambda: synth.fits(outcomes, after, sets, kind="demeaned").estimate, 5)
    found = {}
    for peer, run in (("pysyncon", by_pysyncon), ("causalpy", by_causalpy)):
        rows = list(range(min(n, tries)))
        once(lambda run=run: run(outcomes, after, [0]))  # imports are not timed
        theirs = once(lambda run=run, rows=rows: run(outcomes, after, rows))
        name = f"synthetic_control_{n}x{shape[1]}_{peer}_over_evaltools"
        found[name] = compared(name, ours, theirs, n)
    return found


def differences() -> tuple[float, bool]:
    """Synthetic difference-in-differences with 200 placebos of two areas each."""
    panel = city(40, 40, 28)
    outcomes, after = np.log(panel.counts / panel.exposure), panel.after
    rng = np.random.default_rng(SEED)
    sets = np.array([rng.choice(40, 2, replace=False) for _ in range(200)])
    ours = clocked(lambda: synth.fits(outcomes, after, sets, kind="sdid").estimate, 3)
    once(lambda: by_synthdid(outcomes, after, sets[:1]))
    theirs = once(lambda: by_synthdid(outcomes, after, sets[:50]))
    return compared("sdid_200_placebos_synthdid_over_evaltools", ours, theirs, 200)


def refits() -> tuple[float, bool]:
    """All 680 placebo assignments of three areas among 17."""
    panel = city(*SMALL, k=3)
    found = did.placebos(panel)
    ours = clocked(lambda: did.placebos(panel).log_ratio, 5)
    theirs = once(lambda: by_glm(panel, found.sets[:40]))
    return compared("poisson_placebos_statsmodels_over_evaltools", ours, theirs, len(found.sets))


def growth() -> None:
    """Print how time grows with areas and periods, all placebos of one area."""
    print("areas x periods: CPU ms for all placebos: Poisson DiD, synthetic control, SDID")
    for n, t in GROWTH:
        panel = city(n, t, int(0.7 * t))
        outcomes, sets = np.log(panel.counts / panel.exposure), np.arange(n)[:, None]
        runs = [lambda panel=panel: did.placebos(panel).log_ratio]
        runs += [
            lambda kind=kind, y=outcomes, a=panel.after, s=sets: (
                synth.fits(y, a, s, kind=kind).units
            )
            for kind in ("demeaned", "sdid")
        ]
        cells = ", ".join(f"{clocked(run)[1] * 1000:.1f}" for run in runs)
        print(f"{n} x {t}: {cells}")


def main() -> int:
    """Run all comparisons; targets and equality decide the exit code."""
    threadpool_limits(1)
    growth()
    found = controls(SMALL, SMALL[0]) | controls(LARGE, 3)
    found["sdid_200_placebos_synthdid_over_evaltools"] = differences()
    found["poisson_placebos_statsmodels_over_evaltools"] = refits()
    for name, (ratio, _) in found.items():
        print(f"{name}: {ratio:.1f}")
    missed = [name for name, (ratio, same) in found.items() if ratio < TARGETS[name] or not same]
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
