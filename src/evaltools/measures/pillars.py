"""Versäulung: how far offers, partners and money of an area stay within one pillar of the law."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan

import pandas as pd

from evaltools.measures import networks
from evaltools.measures.profile import running
from evaltools.measures.scales import wilson

MEASURES = ("offers_one_paragraph", "offers_own_field", "cross_field", "eur_one_paragraph")
COLUMNS = ["offer_id", "provider_id", "area_id", "paragraph_2", "eur_year", "begin", "end"]
NO_TABLE = "Tabelle {} nicht geliefert"
NO_COLUMN = "Spalte {} nicht geliefert"
NO_OFFERS = "kein laufendes Angebot"
NO_ROWS = "keine Angaben zur Zusammenarbeit in diesem Jahr"
NO_PROVIDER = "kein Träger der Angebote kommt in den Angaben zur Zusammenarbeit vor"
NO_TIES = "keine Verbindung zwischen Organisationen, deren Feld bekannt ist"
NO_EUR = "zu keinem Angebot ist eine Summe bekannt"


@dataclass(frozen=True)
class _Share:
    """A numerator of a denominator, what was left out of both, or why there is none."""

    part: float = nan
    whole: float = nan
    left_out: int | None = None
    reason: str = ""
    sampled: bool = False


def panel(tables: Mapping[str, pd.DataFrame], area: str, years: tuple[int, ...]) -> pd.DataFrame:
    """Compute the four shares of Versäulung, year by year.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``offer`` and ``cooperation``, as far as delivered.
    area : str
        The area.
    years : tuple of int
        The years; offers are those that run on 31 December.

    Returns
    -------
    DataFrame
        ``measure, year, numerator, denominator, share, low, high, left_out, reason``, one row a
        measure (see below) and year; shares from 0 to 1, NA with a German reason.

        ``offers_one_paragraph``: offers without a second paragraph, of all;
        ``offers_own_field``: offers whose provider has no partner from another field, of those
        whose provider occurs in the area's network with a known field;
        ``cross_field``: weight of the ties between fields, of all weight;
        ``eur_one_paragraph``: euro a year of offers without a second paragraph, of all known.

        ``low`` and ``high`` are Wilson's interval (1927, doi:10.1080/01621459.1927.10502953) for
        counts of at least five offers and NA otherwise; ``left_out`` counts the offers of which
        the share knows nothing.
    """
    found = [
        {"measure": measure, "year": year} | _row(share)
        for year in years
        for measure, share in _shares(tables, area, year).items()
    ]
    names = ["numerator", "denominator", "share", "low", "high", "left_out", "reason"]
    frame = pd.DataFrame(found, columns=["measure", "year", *names])
    kinds = dict.fromkeys(names[:5], "Float64") | {"left_out": "Int64", "reason": "string"}
    order = frame["measure"].map(MEASURES.index)
    return frame.astype(kinds).iloc[order.argsort(kind="stable")].reset_index(drop=True)


def _row(share: _Share) -> dict[str, object]:
    low, high = nan, nan
    if share.sampled:
        ends = wilson(int(share.part), int(share.whole))
        low, high = ends.low, ends.high
    return {
        "numerator": share.part,
        "denominator": share.whole,
        "share": share.part / share.whole,
        "low": low,
        "high": high,
        "left_out": share.left_out,
        "reason": share.reason,
    }


def _shares(tables: Mapping[str, pd.DataFrame], area: str, year: int) -> dict[str, _Share]:
    net, lost = _network(tables, area, year)
    cross = _cross(net) if net else _Share(reason=lost)
    offer = tables.get("offer")
    if offer is None or offer.empty:
        none = _Share(reason=NO_TABLE.format("offer"))
        return dict.fromkeys(MEASURES, none) | {"cross_field": cross}
    own = offer[offer["area_id"] == area]
    held = own[running(own, year)].reindex(columns=COLUMNS)
    if held.empty:
        none = _Share(reason=NO_OFFERS)
        return dict.fromkeys(MEASURES, none) | {"cross_field": cross}
    partners = _own_field(held, net) if net else _Share(reason=lost)
    lone = "paragraph_2" in offer
    none = _Share(reason=NO_COLUMN.format("paragraph_2"))
    return {
        "offers_one_paragraph": _lone(held) if lone else none,
        "offers_own_field": partners,
        "cross_field": cross,
        "eur_one_paragraph": _eur(held) if lone else none,
    }


def _network(
    tables: Mapping[str, pd.DataFrame], area: str, year: int
) -> tuple[networks.Network | None, str]:
    cooperation = tables.get("cooperation")
    if cooperation is None or cooperation.empty:
        return None, NO_TABLE.format("cooperation")
    if year not in networks.years(cooperation, area):
        return None, NO_ROWS
    return networks.network(cooperation, area, year), ""


def _lone(held: pd.DataFrame) -> _Share:
    return _Share(int(held["paragraph_2"].isna().sum()), len(held), 0, sampled=True)


def _own_field(held: pd.DataFrame, net: networks.Network) -> _Share:
    known = {name for name, field in net.fields.items() if field}
    asked = held[held["provider_id"].isin(known)]
    if asked.empty:
        return _Share(left_out=len(held), reason=NO_PROVIDER)
    ties = net.known()
    crossing = set(ties.loc[ties["cross"], ["a", "b"]].to_numpy().ravel())
    alone = int((~asked["provider_id"].isin(crossing)).sum())
    return _Share(alone, len(asked), len(held) - len(asked), sampled=True)


def _cross(net: networks.Network) -> _Share:
    ties = net.known()
    if ties.empty:
        return _Share(reason=NO_TIES)
    weight = ties["weight"]
    return _Share(float(weight[ties["cross"]].sum()), float(weight.sum()))


def _eur(held: pd.DataFrame) -> _Share:
    known = held.dropna(subset=["eur_year"])
    total = float(known["eur_year"].sum())
    if not total:
        return _Share(left_out=len(held) - len(known), reason=NO_EUR)
    lone = known.loc[known["paragraph_2"].isna(), "eur_year"]
    return _Share(float(lone.sum()), total, len(held) - len(known))
