"""Versäulung: four shares with numerator and denominator; unknown is NA and says why."""

from __future__ import annotations

import pandas as pd
import pytest

from evaltools.data import demo
from evaltools.measures import pillars
from network_samples import cooperation, offers, seat, tie


@pytest.fixture
def tables() -> dict[str, pd.DataFrame]:
    """Five offers: T1 meets a school, T2 only itself, T9 is not in the network."""
    offer = offers(
        [
            ("A1", "T1", None, 100.0, "2015-01-01", None),
            ("A2", "T1", "13", 300.0, "2015-01-01", None),
            ("A3", "T2", None, None, "2015-01-01", None),
            ("A4", "T2", None, 200.0, "2015-01-01", None),
            ("A5", "T9", None, 100.0, "2015-01-01", None),
        ]
    )
    rows = [
        seat("SR01", "T1", "hze", "tisch"),
        seat("SR01", "schule1", "schule", "tisch"),
        seat("SR01", "T2", "hze", "hilferunde"),
        seat("SR01", "T1", "hze", "hilferunde"),
        tie("SR01", "kita1", "kita2"),
    ]
    return {"offer": offer, "cooperation": cooperation(rows)}


def _row(frame: pd.DataFrame, measure: str) -> dict[str, object]:
    rows = frame[frame["measure"] == measure].to_dict("records")
    assert len(rows) == 1
    return rows[0]


def test_four_shares_by_hand(tables: dict[str, pd.DataFrame]) -> None:
    found = pillars.panel(tables, "SR01", (2017,))
    assert found["measure"].tolist() == list(pillars.MEASURES)
    one = _row(found, "offers_one_paragraph")
    assert (one["numerator"], one["denominator"], one["share"]) == (4, 5, 0.8)
    own = _row(found, "offers_own_field")
    assert (own["numerator"], own["denominator"], own["left_out"]) == (2, 4, 1)
    cross = _row(found, "cross_field")
    assert (cross["numerator"], cross["denominator"]) == (1, 3)
    assert cross["share"] == pytest.approx(1 / 3)
    eur = _row(found, "eur_one_paragraph")
    assert (eur["numerator"], eur["denominator"], eur["left_out"]) == (400, 700, 1)
    assert found["reason"].tolist() == [""] * 4


def test_wilson_interval_for_counts_of_offers_only(tables: dict[str, pd.DataFrame]) -> None:
    found = pillars.panel(tables, "SR01", (2017,)).set_index("measure")
    assert found.loc["offers_one_paragraph", "low"] == pytest.approx(0.3755, abs=1e-4)
    assert found.loc["offers_one_paragraph", "high"] == pytest.approx(0.9638, abs=1e-4)
    assert found.loc[["cross_field", "eur_one_paragraph"], ["low", "high"]].isna().all(axis=None)
    # four offers are too few for an interval
    assert pd.isna(found.loc["offers_own_field", "low"])


@pytest.mark.parametrize(
    ("change", "measures", "reason"),
    [
        ("paragraph_2", ["offers_one_paragraph", "eur_one_paragraph"], "Spalte paragraph_2 nicht"),
        ("offer", [m for m in pillars.MEASURES if m != "cross_field"], "Tabelle offer nicht"),
        ("cooperation", ["offers_own_field", "cross_field"], "Tabelle cooperation nicht"),
        ("provider_id", ["offers_own_field"], "kein Träger der Angebote"),
        ("eur_year", ["eur_one_paragraph"], "zu keinem Angebot ist eine Summe"),
    ],
)
def test_what_is_not_delivered_is_unknown_with_its_reason(
    tables: dict[str, pd.DataFrame], change: str, measures: list[str], reason: str
) -> None:
    if change in tables:
        left = {name: frame for name, frame in tables.items() if name != change}
    else:
        left = tables | {"offer": tables["offer"].drop(columns=change)}
    found = pillars.panel(left, "SR01", (2017,)).set_index("measure")
    assert found.index[found["share"].isna()].tolist() == measures
    assert found.loc[measures, "reason"].str.startswith(reason).all()
    assert (found.drop(index=measures)["reason"] == "").all()


def test_years_and_areas_without_rows_are_unknown(tables: dict[str, pd.DataFrame]) -> None:
    early = pillars.panel(tables, "SR01", (2010, 2017)).set_index(["measure", "year"])
    assert early.xs(2010, level="year")["share"].isna().all()
    assert early.loc[("offers_own_field", 2010), "reason"] == pillars.NO_OFFERS
    assert early.loc[("cross_field", 2010), "reason"] == pillars.NO_ROWS
    assert early.xs(2017, level="year")["share"].notna().all()
    assert pillars.panel(tables, "SR99", (2017,))["share"].isna().all()
    assert pillars.panel(tables, "SR01", ()).empty
    nothing = pillars.panel({"offer": pd.DataFrame()}, "SR01", (2017,))
    assert nothing["reason"].str.contains("nicht geliefert").all()


def test_a_second_paragraph_column_without_values_is_known(
    tables: dict[str, pd.DataFrame],
) -> None:
    bare = tables["offer"].assign(paragraph_2=pd.array([pd.NA] * 5, dtype="string"))
    found = pillars.panel(tables | {"offer": bare}, "SR01", (2017,))
    assert _row(found, "offers_one_paragraph")["share"] == 1


def test_ties_of_unknown_fields_make_no_share(tables: dict[str, pd.DataFrame]) -> None:
    rows = [("SR01", "x", "kita", "y", None, None, 1, 2017)]
    found = pillars.panel({"cooperation": cooperation(rows)}, "SR01", (2017,))
    assert _row(found, "cross_field")["reason"] == pillars.NO_TIES


def test_neither_order_nor_names_matter_and_frames_stay(tables: dict[str, pd.DataFrame]) -> None:
    copies = {name: frame.copy(deep=True) for name, frame in tables.items()}
    mixed = {
        name: frame.sample(frac=1, random_state=1).assign(area_id="Süd")
        for name, frame in tables.items()
    }
    pd.testing.assert_frame_equal(
        pillars.panel(mixed, "Süd", (2017,)), pillars.panel(tables, "SR01", (2017,))
    )
    for name, copy in copies.items():
        pd.testing.assert_frame_equal(tables[name], copy)


def test_the_demo_city_opens_in_one_area() -> None:
    tables = demo.simulate().tables
    found = pillars.panel(tables, "SR04", (2017, 2024)).set_index(["measure", "year"])["share"]
    assert found["cross_field", 2024] > found["cross_field", 2017] + 0.2
    assert found["offers_one_paragraph", 2024] < found["offers_one_paragraph", 2017]
