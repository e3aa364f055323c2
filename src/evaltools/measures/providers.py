"""Who runs the offers of an area: how many providers, how concentrated, who came and went."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import pandas as pd

from evaltools.errors import DesignError
from evaltools.measures.profile import running

COLUMNS = ["offer_id", "provider_id", "area_id", "eur_year", "begin", "end"]
UNKNOWN = "unbekannt"
MARKET = {
    "year": "Int64",
    "n_offers": "Int64",
    "n_unknown": "Int64",
    "n_providers": "Int64",
    "hhi": "Float64",
    "cr3": "Float64",
    "n_eur": "Int64",
    "hhi_eur": "Float64",
    "cr3_eur": "Float64",
}


@dataclass(frozen=True)
class Turnover:
    """Ids of the providers with offers in both years, only in the later, only in the earlier."""

    stayed: tuple[str, ...]
    entered: tuple[str, ...]
    left: tuple[str, ...]


def hhi(amounts: pd.Series) -> float:
    """Return the Herfindahl–Hirschman index: squared shares in per cent, added up.

    Parameters
    ----------
    amounts : Series of float
        What each provider has, in any unit; none unknown or below zero.

    Returns
    -------
    float
        From near 0 (many small ones) to 10,000 (one alone); nan when nothing is there. U.S. DOJ
        and FTC, Horizontal Merger Guidelines (2010), § 5.3.

    Raises
    ------
    DesignError
        When an amount is unknown or below zero.
    """
    return float((_shares(amounts) ** 2).sum() * 10_000) if amounts.sum() else nan


def largest(amounts: pd.Series, n: int = 3) -> float:
    """Return the share of the `n` largest (CR3 with three), from 0 to 1; nan when nothing is there.

    Raises
    ------
    DesignError
        When an amount is unknown or below zero.
    """
    return float(_shares(amounts).nlargest(n).sum()) if amounts.sum() else nan


def market(offers: pd.DataFrame, area: str, years: tuple[int, ...]) -> pd.DataFrame:
    """Describe the providers of the offers that run on 31 December.

    Parameters
    ----------
    offers : DataFrame
        Table ``offer``.
    area : str
        The area.
    years : tuple of int
        The years.

    Returns
    -------
    DataFrame
        One row a year: ``year, n_offers, n_unknown`` (offers without provider), ``n_providers,
        hhi, cr3`` (by offers), ``n_eur`` (offers with provider and known euro), ``hhi_eur,
        cr3_eur``. An index is NA where it rests on nothing; cr3 from 0 to 1.
    """
    rows = []
    for year in years:
        held = _held(offers, area, year)
        named = held.dropna(subset=["provider_id"])
        paid = named.dropna(subset=["eur_year"])
        n = named.groupby("provider_id").size()
        eur = paid.groupby("provider_id")["eur_year"].sum()
        rows.append(
            {
                "year": year,
                "n_offers": len(held),
                "n_unknown": len(held) - len(named),
                "n_providers": len(n),
                "hhi": hhi(n),
                "cr3": largest(n),
                "n_eur": len(paid),
                "hhi_eur": hhi(eur),
                "cr3_eur": largest(eur),
            }
        )
    return pd.DataFrame(rows, columns=list(MARKET)).astype(MARKET)


def types(
    offers: pd.DataFrame, providers: pd.DataFrame, area: str, years: tuple[int, ...]
) -> pd.DataFrame:
    """Count providers and running offers by type of provider.

    Returns
    -------
    DataFrame
        ``type, year, n_providers, n_offers, share`` (of all running offers, 0 to 1); offers
        without a provider or with one of unknown type are ``unbekannt``, and how many providers
        stand behind them is NA when one of them has no provider.
    """
    kind = providers.set_index("provider_id")["type"].to_dict()
    parts = []
    for year in years:
        held = _held(offers, area, year)
        named = held.assign(type=held["provider_id"].map(kind).astype("string").fillna(UNKNOWN))
        found = named.groupby("type", as_index=False).agg(
            n_providers=("provider_id", "nunique"),
            n_offers=("type", "size"),
            blank=("provider_id", lambda ids: bool(ids.isna().any())),
        )
        found["n_providers"] = found["n_providers"].astype("Int64").mask(found["blank"])
        found["share"] = (found["n_offers"] / len(held)).astype("Float64")
        parts.append(found.drop(columns="blank").assign(year=year))
    columns = ["type", "year", "n_providers", "n_offers", "share"]
    return pd.concat(parts, ignore_index=True)[columns].sort_values(
        ["type", "year"], ignore_index=True
    )


def turnover(offers: pd.DataFrame, area: str, before: int, after: int) -> Turnover:
    """Compare which providers have running offers in two years."""
    old, new = (
        {str(name) for name in _held(offers, area, year)["provider_id"].dropna()}
        for year in (before, after)
    )
    return Turnover(tuple(sorted(old & new)), tuple(sorted(new - old)), tuple(sorted(old - new)))


def _held(offers: pd.DataFrame, area: str, year: int) -> pd.DataFrame:
    """Return the area's offers that run on 31 December, each once."""
    own = offers[offers["area_id"] == area]
    return own[running(own, year)].reindex(columns=COLUMNS)


def _shares(amounts: pd.Series) -> pd.Series:
    if amounts.isna().any() or (amounts < 0).any():
        raise DesignError(
            "shares of providers: an amount is unknown or below zero; leave those offers out and "
            "say how many",
            german="Anteile der Träger lassen sich aus unbekannten oder negativen Beträgen nicht "
            "berechnen.",
        )
    return amounts.astype(float) / float(amounts.sum())
