"""Interrupted time series: one series described before and after its start, without a verdict.

A series alone cannot tell the start from what else happened, nor from a way back to normal.
Sources: Lopez Bernal, Cummins, Gasparrini 2017 (doi:10.1093/ije/dyw098), Linden 2015
(doi:10.1177/1536867X1501500208), Harvey & Durbin 1986 (doi:10.2307/2981553).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import linalg

from evaltools.effects.design import Floats
from evaltools.effects.results import Scale
from evaltools.errors import DesignError

Values = Floats | pd.Series
EACH = 3  # periods per parameter: with fewer, a line is drawn through the noise of its own points


@dataclass(frozen=True)
class Segments:
    """What changed at a start; on `scale` ratio, estimates are factors and ``error`` the log's.

    ``terms`` has ``estimate, error, low, high`` (95 %) for the step in ``level``, the change of
    ``slope`` and the slope ``before``, NaN where not fitted; ``series`` has a row per period.
    """

    method: str
    scale: Scale
    terms: pd.DataFrame
    series: pd.DataFrame


def poisson(
    counts: Values,
    exposure: Values,
    *,
    after: Values,
    season: tuple[int, int] = (0, 12),
    slope: bool = True,
    quasi: bool = True,
) -> Segments:
    """Describe counts by a segmented Poisson regression with the log base as offset.

    `exposure` is the base, `after` whether a period lies after the start; a Series' index names
    the periods. `season` is the number of sine and cosine pairs and the length of their cycle,
    `slope` whether the slope may change, `quasi` whether errors allow for overdispersion. Gaps,
    disorder, too few periods or cases and collinear columns raise DesignError.
    """
    turns = np.outer(np.arange(len(counts)), 2 * np.pi * np.arange(1, season[0] + 1) / season[1])
    waves = np.hstack([np.sin(turns), np.cos(turns)])
    series, design = _prepare(counts, exposure, after, slope, waves)
    cases = series.groupby("after")["observed"]
    if (cases.min() < 0).any() or (cases.sum() == 0).any():
        text = "no case before or after the start, or a count below zero; correct or merge periods"
        raise DesignError(text, german="Vor oder nach dem Beginn gibt es keine (gültige) Fallzahl.")
    model = sm.GLM(series["observed"], design, sm.families.Poisson(), offset=np.log(series["base"]))
    made = model.fit(scale="X2" if quasi else 1.0, tol=1e-12, maxiter=200)
    method = "Quasi-Poisson-Zeitreihe" if quasi else "Poisson-Zeitreihe"
    return _segments(method, "ratio", series, made, design @ made.params)


def linear(values: Values, *, after: Values, slope: bool = True, lags: int | None = 1) -> Segments:
    """Describe values by segmented least squares; arguments and refusals as in `poisson`.

    Errors are Newey–West over `lags` periods; with None the fit is an iterated Prais–Winsten.
    """
    series, design = _prepare(values, np.ones(len(values)), after, slope, None)
    y, hac = series["observed"], {"maxlags": lags, "use_correction": True}
    made, name = sm.OLS(y, design).fit(cov_type="HAC", cov_kwds=hac, use_t=True), "Newey–West"
    rho = last = 0.0
    for _ in range(100 if lags is None else 0):
        left, name = (y - design @ made.params).to_numpy(), "Prais–Winsten"
        last, rho = rho, left[1:] @ left[:-1] / (left[:-1] @ left[:-1] or 1.0)
        if abs(rho - last) < 1e-9 or abs(rho) >= 1:
            break
        made = sm.GLS(y, design, linalg.toeplitz(rho ** np.arange(len(y)))).fit()
    if abs(rho - last) > 1e-6 or abs(rho) >= 1:
        text = f"Prais–Winsten finds no autocorrelation below 1 (rho={rho:.2f}); give lags instead"
        raise DesignError(text, german="Die Autokorrelation lässt sich nicht schätzen.")
    return _segments(f"Lineare Zeitreihe, {name}", "difference", series, made, design @ made.params)


def structural(
    values: Values, *, after: Values, season: int = 12, covariates: pd.DataFrame | None = None
) -> Segments:
    """Describe the log of values by a wandering level, a fixed season and a step.

    `season` is its length in periods (1: none); `covariates` enter linearly, so give their logs.
    """
    outside = np.empty((len(values), 0)) if covariates is None else covariates.to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs, outside = np.log(values), (outside - outside.mean(0)) / np.ptp(outside, axis=0)
    series, design = _prepare(logs, np.ones(len(logs)), after, False, outside, max(season - 2, 0))
    pattern = {"seasonal": season, "stochastic_seasonal": False} if season > 1 else {}
    design = design.drop(columns=["constant", "before"])
    model = sm.tsa.UnobservedComponents(series["observed"], "llevel", exog=design, **pattern)
    made = model.fit(disp=0, maxiter=500, warn_convergence=False)
    if not made.mle_retvals["converged"] or not np.isfinite(made.bse["beta.level"]):
        text = "the structural model finds no optimum; use its.poisson or its.linear"
        raise DesignError(text, german="Das Strukturmodell findet keine Lösung.")
    series["observed"], eta = np.exp(series["observed"]), made.smoother_results.smoothed_forecasts
    return _segments("Strukturelle Zeitreihe", "ratio", series, made, eta[0])


def _prepare(
    values: Values, base: Values, after: Values, slope: bool, others: Floats | None, hidden: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Table of the periods and design matrix: complete, in order, long enough, of full rank."""
    index = values.index if isinstance(values, pd.Series) else pd.RangeIndex(1, len(values) + 1)
    labels = [part.index for part in (base, after) if isinstance(part, pd.Series)]
    series = pd.DataFrame({"period": index, "observed": np.asarray(values, float)})
    series["base"], series["after"] = np.asarray(base, float), np.asarray(after, bool)
    flag, n_before = series["after"], int((~series["after"]).sum())
    time, n_after = np.arange(len(series)) - n_before, int(flag.sum())
    design = pd.DataFrame({"constant": 1.0, "before": time, "level": flag.astype(float)})
    design = design.assign(slope=flag * time) if slope else design
    design = design.join(pd.DataFrame(others).add_prefix("other_"))
    known = np.isfinite(series["observed"] + series["base"]) & (series["base"] > 0)
    known &= (flag >= flag.shift(fill_value=False)) & (series["period"].rank() == series.index + 1)
    known &= all(one.equals(index) or not isinstance(values, pd.Series) for one in labels)
    bad, start = ", ".join(series.loc[~known, "period"].astype(str)), series["period"].get(n_before)
    least = EACH * (design.shape[1] - 1 - slope + hidden), EACH * (1 + slope)
    full = np.isfinite(design).all(axis=None) and np.linalg.matrix_rank(design) == design.shape[1]
    if bad:
        text = f"period {bad}: unknown, no log, base not above zero or out of order; correct them"
        raise DesignError(text, german=f"Unbekannt, ohne Bezugsgröße oder ungeordnet: {bad}.")
    if n_before < least[0] or n_after < least[1]:
        text = f"start={start} leaves {n_before} periods before it and {n_after} after; at least "
        text += f"{least[0]} and {least[1]} are needed, {EACH} per parameter; fit or pool less"
        raise DesignError(text, german=f"Um {start} liegen zu wenige Zeiträume für eine Reihe.")
    if not full:
        text = "season or covariates are constant, unknown or repeat each other; leave some out"
        raise DesignError(text, german="Jahresgang oder Begleitgrößen sind nicht zu trennen.")
    return series, design


def _segments(method: str, scale: Scale, series: pd.DataFrame, made: Any, eta: Any) -> Segments:
    """Terms and lines of a fit; `eta` is its linear predictor."""
    back = np.exp if scale == "ratio" else np.positive
    bounds = made.conf_int().set_axis(["low", "high"], axis=1)
    terms = pd.DataFrame({"estimate": made.params, "error": made.bse}).join(bounds)
    terms = terms.rename(index={"beta.level": "level"}).reindex(["level", "slope", "before"])
    step, bend, _ = terms["estimate"].fillna(0)
    time = np.arange(len(series)) - (~series["after"]).sum()
    without = eta - series["after"] * (step + bend * time)
    lines = {"fitted": back(eta) * series["base"], "counterfactual": back(without) * series["base"]}
    terms = terms.assign(**{name: back(terms[name]) for name in ("estimate", "low", "high")})
    return Segments(method, scale, terms, series.assign(**lines))
